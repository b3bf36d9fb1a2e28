//! What browsers that wait for a telephone cost: queries a second and memory, with ten thousand of them; and how soon
//! they hear of a confirmation meanwhile: on PostgreSQL, of one at another instance. It fails where it costs more than
//! issue 4 allows. Each comes as a browser does, its page first, by the connection that it waits with afterwards; then
//! all of it once more where the provider speaks TLS itself.
//!
//! `cargo bench -p tests --bench qr` (with TEST_POSTGRES_URL for PostgreSQL; `BENCH_WAITERS` to vary it, and
//! `BENCH_BINARY` for a binary that is built already). Each waiter is a connection here and one there: the limit of
//! open files (`ulimit -n`) must be higher than their number.

mod database;
mod server;
mod waiter;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use idp::guard::qr::TicketId;
use reqwest::Client;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use self::server::Server;
use self::waiter::{Waiter, arrive};

/// How long each rate is taken.
const WINDOW: Duration = Duration::from_secs(10);
/// Queries a second of an instance, counted in whole ones within `WINDOW`.
const MOST_LOOKS: f64 = 1.1;
/// Of a browser that waits.
const MOST_KILOBYTES: f64 = 20.0;
/// From the telephone's confirmation to the browser.
const LONGEST: Duration = Duration::from_secs(1);

fn main() -> Result<()> {
    let waiters = std::env::var("BENCH_WAITERS").ok().and_then(|value| value.parse().ok()).unwrap_or(10_000);
    let binary = server::binary()?;
    println!("{waiters} browsers that wait, served by {}\n", binary.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = std::env::temp_dir().join(format!("idp-bench-qr-{}", std::process::id()));
    runtime.block_on(database::on_both(&folder, async |name, database| {
        measure(name, &binary, &folder, database, waiters, &[]).await?;
        if database.starts_with("postgres") {
            return Ok(());
        }
        std::fs::remove_dir_all(&folder)?;
        let (certificate, key) = certificate(&folder)?;
        let tls = [("IDP_TLS__CERTIFICATE", certificate.to_str()), ("IDP_TLS__KEY", key.to_str())]
            .map(|(name, file)| (name, file.unwrap_or_default()));
        measure(&format!("{name}, and TLS"), &binary, &folder, database, waiters, &tls).await
    }))
}

/// Of localhost.
fn certificate(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    std::fs::create_dir_all(folder)?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost"])
        .args(["-keyout".as_ref(), key.as_os_str(), "-out".as_ref(), certificate.as_os_str()])
        .stderr(Stdio::null())
        .status()?;
    ensure!(made.success(), "no certificate");
    Ok((certificate, key))
}

async fn measure(
    name: &str,
    binary: &Path,
    folder: &Path,
    database: &str,
    waiters: usize,
    tls: &[(&str, &str)],
) -> Result<()> {
    let operations = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let listen = operations.to_string();
    let client = json!({
        "client_name": "基准测试", "redirect_uris": ["https://bench.example/"],
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
        "scope": "openid", "first_party": true,
    });
    // All of them sit at this machine's address.
    let many = [("IDP_SIGN_IN__ADDRESS_CODES", "100000")];
    let settings = [&[("IDP_OPERATIONS__LISTEN", listen.as_str())], many.as_slice(), tls].concat();
    let server = Server::start_with(binary, folder, database, &client, &settings)?;
    let http = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .danger_accept_invalid_certs(true)
        .build()?;
    // Warm: every cache and pool as it will be.
    drop(arrive(&http, &server.base, 100).await?);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let transactions = Transactions::of(database).await?;
    let idle = rates(&http, &operations.to_string(), &server, transactions.as_ref()).await?;
    let before = server.memory()?;

    let began = Instant::now();
    let waiting = arrive(&http, &server.base, waiters).await?;
    let arrived = began.elapsed();
    let full = rates(&http, &operations.to_string(), &server, transactions.as_ref()).await?;
    let after = server.memory()?;
    let still = metric(&http, &operations.to_string(), "idp_qr_waiting").await?;
    ensure!(still >= waiters as f64 * 0.99, "only {still} of them still wait");
    // SQLite has one instance.
    let other = match &transactions {
        Some(_) => Some(server.beside(binary, folder, database, &many)?),
        None => None,
    };
    let phone_at = other.as_ref().map_or(&server.base, |other| &other.base);
    let heard = confirm_one(&http, phone_at, waiting).await?;
    let each = (after - before) * 1024.0 / waiters as f64;

    println!("{name}: {waiters} browsers came within {:.1} s", arrived.as_secs_f64());
    println!("  queries for news: {:.2} a second without them, {:.2} with them", idle.looks, full.looks);
    if let (Some(idle), Some(full)) = (idle.transactions, full.transactions) {
        println!(
            "  transactions of the whole database: {idle:.1} a second without them, {full:.1} with them"
        );
    }
    println!("  memory: {before:.0} MB without them, {after:.0} MB with them: {each:.1} kB each");
    println!("  CPU: {:.1} % of a core without them, {:.1} % with them", idle.cpu, full.cpu);
    let at = if other.is_some() { "at another instance" } else { "here" };
    println!("  confirmed {at}, and heard of after {:.1} ms\n", heard.as_secs_f64() * 1000.0);
    ensure!(full.looks <= MOST_LOOKS, "{:.2} queries a second are more than one", full.looks);
    ensure!(each <= MOST_KILOBYTES, "{each:.1} kB for each of them are more than {MOST_KILOBYTES}");
    ensure!(heard <= LONGEST, "heard of after {heard:?}");
    Ok(())
}

/// What happens while nothing happens.
struct Rates {
    looks: f64,
    transactions: Option<f64>,
    cpu: f64,
}

async fn rates(
    http: &Client,
    operations: &str,
    server: &Server,
    transactions: Option<&Transactions>,
) -> Result<Rates> {
    if transactions.is_some() {
        // Until then an idle backend keeps to itself what it has done (pg_stat_database).
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    let total = async || -> Result<f64> {
        match transactions {
            Some(transactions) => transactions.count().await,
            None => Ok(0.0),
        }
    };
    let (looks, count, cpu, began) =
        (looks(http, operations).await?, total().await?, server.cpu()?, Instant::now());
    tokio::time::sleep(WINDOW).await;
    let seconds = began.elapsed().as_secs_f64();
    Ok(Rates {
        looks: (self::looks(http, operations).await? - looks) / seconds,
        transactions: match transactions {
            Some(_) => Some((total().await? - count) / seconds),
            None => None,
        },
        cpu: (server.cpu()? - cpu).as_secs_f64() / seconds * 100.0,
    })
}

async fn looks(http: &Client, operations: &str) -> Result<f64> {
    metric(http, operations, "idp_qr_looks_total").await
}

async fn metric(http: &Client, operations: &str, name: &'static str) -> Result<f64> {
    let metrics = http.get(format!("http://{operations}/metrics")).send().await?.text().await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.context(name)?.parse()?)
}

/// PostgreSQL's own count, so that the server does not have to be believed.
struct Transactions {
    /// Another database of the same server, so that looking does not count.
    server: String,
    name: String,
}

impl Transactions {
    async fn of(database: &str) -> Result<Option<Self>> {
        if !database.starts_with("postgres") {
            return Ok(None);
        }
        let mut server = url::Url::parse(database)?;
        let name = server.path().trim_start_matches('/').to_owned();
        server.set_path("/postgres");
        let found = Self { server: server.to_string(), name };
        found.count().await.map(|_| Some(found))
    }

    async fn count(&self) -> Result<f64> {
        // Backends report at most once a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let mut connection = PgConnection::connect(&self.server).await?;
        let sql = "SELECT xact_commit FROM pg_stat_database WHERE datname = $1";
        let count: i64 = sqlx::query_scalar(sql).bind(&self.name).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(count as f64)
    }
}

/// Confirms one of them by a telephone's page at the instance `base`; gives how long after that it was heard of.
async fn confirm_one(http: &Client, base: &str, mut waiting: Vec<Waiter>) -> Result<Duration> {
    let mut waiter = waiting.pop().context("somebody who waits")?;
    let phone = http.get(format!("{base}/sign-in/personal")).send().await?;
    let cookie = |response: &reqwest::Response| -> Result<String> {
        let cookie = response.headers().get(SET_COOKIE).context("a cookie")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    };
    let mut cookies = cookie(&phone)?;
    let post = |cookies: String, path: String, fields: Vec<(&'static str, String)>| {
        let request = http.post(format!("{base}{path}")).header(COOKIE, cookies);
        request.header("sec-fetch-site", "same-origin").form(&fields).send()
    };
    let fields = vec![("account", "xinyue0221".to_owned()), ("password", "Jlrs2026".to_owned())];
    let signed_in = post(cookies.clone(), "/sign-in/legal-entity".to_owned(), fields).await?;
    cookies = format!("{cookies}; {}", cookie(&signed_in)?);
    ensure!(waiter.cookie != cookies, "two devices");
    let code = TicketId::parse(&waiter.ticket).context("a ticket")?.code();
    let path = format!("/scan/{}", code.as_str());
    let opened = post(cookies.clone(), path.clone(), vec![("action", "open".to_owned())]).await?;
    ensure!(opened.status() == 303, "scanned: {}", opened.status());
    let page = http.get(format!("{base}{path}")).header(COOKIE, &cookies).send().await?.text().await?;
    let identity = page.split_once("name=\"identity\" value=\"").and_then(|(_, rest)| rest.split('"').next());
    let scanned: serde_json::Value = serde_json::from_str(&waiter.next().await?)?;
    let fields = vec![
        ("action", "confirm".to_owned()),
        ("identity", identity.context("an identity")?.to_owned()),
        ("number", scanned["number"].to_string()),
    ];
    let confirmed = post(cookies, path, fields).await?;
    let at = Instant::now();
    ensure!(confirmed.status() == 303, "confirmed: {}", confirmed.status());
    ensure!(waiter.next().await?.contains("\"confirmed\""), "not confirmed");
    Ok(at.elapsed())
}

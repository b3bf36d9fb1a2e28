//! The sign-on benchmark: drives the real release binary over HTTP with a live session, and reads what it cost from
//! the server process itself (CPU time and memory of /proc), since machines are shared and clocks on walls are noisy.
//!
//! `cargo bench -p tests` (with TEST_POSTGRES_URL for PostgreSQL; `BENCH_FLOWS` and `BENCH_CONNECTIONS` to vary it).

mod bound;
mod database;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use self::server::Server;

const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-rfc7636";
const CALLBACK: &str = "https://bench.example/callback";

fn main() -> Result<()> {
    let flows = setting("BENCH_FLOWS", 4000);
    let connections = setting("BENCH_CONNECTIONS", 8);
    let binary = server::binary()?;
    println!(
        "{flows} flows over {connections} connections; CPU is the server process's user and system time\n"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = std::env::temp_dir().join(format!("idp-bench-{}", std::process::id()));
    runtime.block_on(database::on_both(&folder, async |name, database| {
        measure(name, &binary, &folder, database, flows, connections).await
    }))
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

async fn measure(
    name: &str,
    binary: &Path,
    folder: &Path,
    database: &str,
    flows: usize,
    connections: usize,
) -> Result<()> {
    let server = Server::start(binary, folder, database, &client_metadata())?;
    let rest = server.memory()?;
    println!(
        "{name}: first answer {} ms after start, {rest:.0} MB resident at rest",
        server.started.as_millis()
    );
    let bench = Arc::new(Bench::sign_in(&server.base, server.secret.clone()).await?);
    run(
        "sign-on",
        &server,
        &bench,
        flows,
        connections,
        |bench| async move { bench.sign_on("").await.map(drop) },
    )
    .await?;
    let bound = bound::Client::new()?;
    server.add_bound_client(binary, folder, database, &bound.metadata(CALLBACK)?)?;
    let bound = Arc::new(bound);
    run("bound sign-on", &server, &bench, flows / 4, connections, move |bench| {
        let bound = Arc::clone(&bound);
        async move { bound.sign_on(&bench).await }
    })
    .await?;
    let tokens = bench.sign_on(" offline_access").await?;
    let refresh = text(&tokens, "refresh_token")?;
    let access = text(&tokens, "access_token")?;
    let of = |params: Vec<(&'static str, String)>, path: &'static str| {
        move |bench: Arc<Bench>| {
            let params = params.clone();
            async move { bench.post(path, &params).await.map(drop) }
        }
    };
    let grant = |name: &str| ("grant_type", name.to_owned());
    let refreshing = vec![grant("refresh_token"), ("refresh_token", refresh)];
    run("refresh", &server, &bench, flows, connections, of(refreshing, "/token")).await?;
    run(
        "client_credentials",
        &server,
        &bench,
        flows,
        connections,
        of(vec![grant("client_credentials")], "/token"),
    )
    .await?;
    run("introspection", &server, &bench, flows, connections, of(vec![("token", access)], "/introspect"))
        .await?;
    run("discovery", &server, &bench, flows, connections, |bench| async move {
        bench.get("/.well-known/openid-configuration").await.map(drop)
    })
    .await?;
    println!("  {:.0} MB resident afterwards\n", server.memory()?);
    Ok(())
}

/// Runs `work` `count` times over `connections` tasks, and prints what it cost.
async fn run<F, W>(
    name: &str,
    server: &Server,
    bench: &Arc<Bench>,
    count: usize,
    connections: usize,
    work: W,
) -> Result<()>
where
    W: Fn(Arc<Bench>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<()>> + Send,
{
    for _ in 0..connections {
        work(Arc::clone(bench)).await?;
    }
    let left = Arc::new(AtomicUsize::new(count));
    let cpu = server.cpu()?;
    let started = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (bench, work, left) = (Arc::clone(bench), work.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                let mut times = Vec::new();
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let began = Instant::now();
                    work(Arc::clone(&bench)).await?;
                    times.push(began.elapsed());
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let wall = started.elapsed().as_secs_f64();
    let cpu = server.cpu()? - cpu;
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "  {name:<19} {:>7.0} /s   p50 {:>6.2} ms   p99 {:>6.2} ms   {:>6.3} ms CPU each",
        count as f64 / wall,
        at(0.5),
        at(0.99),
        cpu.as_secs_f64() * 1e3 / count as f64
    );
    Ok(())
}

fn client_metadata() -> Value {
    json!({
        "client_name": "测量", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid profile legal_entity offline_access reports", "first_party": true,
    })
}

/// A portal, and a browser that is signed in.
struct Bench {
    http: Client,
    base: String,
    secret: String,
    cookies: String,
    authorize: String,
}

impl Bench {
    async fn sign_in(base: &str, secret: String) -> Result<Self> {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        let form = [("account", "xinyue0221"), ("password", "Jlrs2026")];
        let response = http.post(format!("{base}/sign-in/legal-entity")).form(&form).send().await?;
        ensure!(response.status() == 303, "not signed in: {}", response.status());
        let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let cookies: Vec<&str> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        let challenge = challenge();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", "bench"),
                ("redirect_uri", CALLBACK),
                ("response_type", "code"),
                ("scope", "openid profile legal_entitySCOPE"),
                ("state", "af0ifjsldkj"),
                ("nonce", "n-0S6_WzA2Mj"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        Ok(Self {
            cookies: cookies.join("; "),
            authorize: format!("{base}/authorize?{query}"),
            http,
            base: base.to_owned(),
            secret,
        })
    }

    /// authorize → code → token → userinfo; gives the token response.
    async fn sign_on(&self, more_scope: &str) -> Result<Value> {
        let authorize = self.authorize.replace("SCOPE", &more_scope.replace(' ', "+"));
        let response = self.http.get(&authorize).header(COOKIE, &self.cookies).send().await?;
        let location = response.headers().get(LOCATION).context("no redirect")?.to_str()?;
        let url = url::Url::parse(location)?;
        let code = url.query_pairs().find(|(name, _)| name == "code").context("no code")?.1.into_owned();
        let params = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", CALLBACK.to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
        ];
        let tokens = self.post("/token", &params).await?;
        let access = text(&tokens, "access_token")?;
        let userinfo = self.http.get(format!("{}/userinfo", self.base)).bearer_auth(access).send().await?;
        ensure!(userinfo.status() == 200, "userinfo: {}", userinfo.status());
        drop(userinfo.bytes().await?);
        Ok(tokens)
    }

    async fn post(&self, path: &str, params: &[(&'static str, String)]) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).basic_auth("bench", Some(&self.secret));
        let response = request.form(params).send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        ensure!(status == 200, "{path}: {status} {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>> {
        Ok(self
            .http
            .get(format!("{}{path}", self.base))
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?
            .to_vec())
    }
}

fn text(json: &Value, name: &str) -> Result<String> {
    Ok(json[name].as_str().with_context(|| format!("no {name}: {json}"))?.to_owned())
}

fn challenge() -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

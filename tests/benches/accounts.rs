//! What a password sign-in and a registration cost beside the password's hash, in CPU time of the server process.
//!
//! The server hashes with the smallest parameters that argon2 takes, so that what is left is everything else; the
//! hash that a real installation adds is measured beside it. Registers are not asked, and messages go into a folder.
//!
//! `cargo bench -p tests --bench accounts` (with `BENCH_FLOWS` to vary it).

mod server;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use idp::config::PasswordConfig;
use idp::domain::credit_code::CreditCode;
use idp::platform::hasher::Hasher;
use reqwest::Client;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::json;

use self::server::Server;

fn main() -> Result<()> {
    let flows = std::env::var("BENCH_FLOWS").ok().and_then(|value| value.parse().ok()).unwrap_or(500);
    let binary = server::binary()?;
    let folder = std::env::temp_dir().join(format!("idp-bench-accounts-{}", std::process::id()));
    let database = format!("sqlite://{}/idp.db", folder.display());
    let texts = folder.join("sms");
    let texts_setting = texts.display().to_string();
    let many = "1000000";
    let settings = [
        ("IDP_PASSWORD__ARGON2_MEMORY_KIB", "8"),
        ("IDP_PASSWORD__ARGON2_ITERATIONS", "1"),
        ("IDP_SMS__TRANSPORT", "folder"),
        ("IDP_SMS__FOLDER", &texts_setting),
        ("IDP_SMS__CAPTCHA", "false"),
        ("IDP_SMS__ADDRESS_HOUR", many),
        ("IDP_SMS__ADDRESS_DAY", many),
        ("IDP_SMS__DEVICE_HOUR", many),
        ("IDP_SMS__DEVICE_DAY", many),
    ];
    let client = json!({
        "client_name": "基准测试", "redirect_uris": ["https://bench.example/"],
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
        "scope": "openid", "first_party": true,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let server = Server::start_with(&binary, &folder, &database, &client, &settings)?;
        measure(&server, &texts, flows).await
    });
    drop(fs::remove_dir_all(&folder));
    outcome
}

async fn measure(server: &Server, texts: &Path, flows: usize) -> Result<()> {
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    let first = http.get(format!("{}/sign-in/legal-entity", server.base)).send().await?;
    let cookie = first.headers().get(SET_COOKIE).context("a visitor's cookie")?.to_str()?;
    let visitor = cookie.split(';').next().unwrap_or_default().to_owned();
    let post = |path: &str, fields: Vec<(&'static str, String)>| {
        http.post(format!("{}{path}", server.base))
            .header(COOKIE, &visitor)
            .header("sec-fetch-site", "same-origin")
            .form(&fields)
            .send()
    };

    let began = server.cpu()?;
    for _ in 0..flows {
        let fields = vec![("account", "xinyue0221".to_owned()), ("password", "Jlrs2026".to_owned())];
        let reply = post("/sign-in/legal-entity", fields).await?;
        ensure!(reply.status() == 303, "sign-in: {}", reply.status());
    }
    report("password sign-in", server.cpu()? - began, flows);

    let began = server.cpu()?;
    for number in 0..flows {
        let mut fields = form(number)?;
        fields.push(("action", "send_code".to_owned()));
        let reply = post("/registration/legal-entity", fields).await?;
        ensure!(reply.status() == 200, "code: {}", reply.status());
    }
    let codes = codes(texts, flows).await?;
    report("a code for registration (form, message)", server.cpu()? - began, flows);

    let began = server.cpu()?;
    for number in 0..flows {
        let mut fields = form(number)?;
        fields.push(("phone_code", codes.get(&phone(number)).context("no code")?.clone()));
        let reply = post("/registration/legal-entity", fields).await?;
        ensure!(reply.status() == 303, "registration: {}", reply.text().await?);
    }
    report("registration (form with the code)", server.cpu()? - began, flows);

    let hasher = Hasher::new(&PasswordConfig::default())?;
    hasher.hash("Jlrs2026").await??;
    let began = Instant::now();
    for _ in 0..20 {
        hasher.hash("Jlrs2026").await??;
    }
    println!("the hash itself, with the default parameters: {:.1} ms", millis(began.elapsed()) / 20.0);
    Ok(())
}

fn report(what: &str, cpu: Duration, flows: usize) {
    println!("{what}: {:.2} ms of server CPU each, beside the hash", millis(cpu) / flows as f64);
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

fn phone(number: usize) -> String {
    format!("194{number:08}")
}

fn form(number: usize) -> Result<Vec<(&'static str, String)>> {
    // Of the 31 check characters one is right, and so is one of the eleven inside: nothing is to be confirmed.
    let last = |inner: char| {
        "0123456789ABCDEFGHJKLMNPQRTUWXY"
            .chars()
            .map(move |check| format!("91220101{number:08}{inner}{check}"))
    };
    let code = "0123456789X"
        .chars()
        .flat_map(last)
        .filter_map(|code| CreditCode::parse(&code).ok())
        .find(CreditCode::inner_check_holds);
    let code = code.context("a credit code")?.as_str().to_owned();
    let fields = [
        ("login_name", format!("unit_{number:08}")),
        ("entity_type", "enterprise".to_owned()),
        ("unit_name", format!("示例单位{number}")),
        ("credit_code", code),
        ("representative_name", "周婷".to_owned()),
        ("document_type", "111".to_owned()),
        ("document_number", "22010219700101000X".to_owned()),
        ("term", "long_term".to_owned()),
        ("valid_from", "2016-01-01".to_owned()),
        ("phone", phone(number)),
        ("new_password", "Nanhu-2027".to_owned()),
        ("new_password_again", "Nanhu-2027".to_owned()),
        ("agreed", "yes".to_owned()),
        ("agreement_version", "2026-11".to_owned()),
    ];
    Ok(fields.into())
}

/// The codes that have arrived, by telephone; waits until as many as expected have.
async fn codes(folder: &Path, count: usize) -> Result<HashMap<String, String>> {
    for _ in 0..600 {
        let mut found = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = fs::read_to_string(entry.path())?;
            let code = text.split("验证码").nth(1).map(|after| after.chars().take(6).collect());
            if let (Some((phone, _)), Some(code)) = (name.split_once('-'), code) {
                found.insert(phone.to_owned(), code);
            }
        }
        if found.len() >= count {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the messages did not arrive")
}

//! Off-the-shelf clients, unmodified, against the real server: what their authors understand of the standards is not
//! what we do. Each is a small script that uses its library as the manual says; the test is its visitor's browser.
//!
//! `tests/run.sh` fetches them into a folder and names it in `INTEROP_PATH`; without it these tests are skipped, aloud.

mod apache;
mod libraries;
mod mod_auth_openidc;
mod openidconnect;

use std::path::PathBuf;
use std::process::Stdio;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, Command};

use crate::support::{Agent, Reply, TestApp, site};

/// Where the clients are; `None`, said aloud, where nobody has fetched them.
fn tools() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = set("INTEROP_PATH") {
        return Some(PathBuf::from(path));
    }
    assert!(set("TEST_REQUIRE_INTEROP").is_none(), "INTEROP_PATH is required here: use tests/run.sh");
    eprintln!(
        "SKIPPED: no INTEROP_PATH, so off-the-shelf clients are not tested. tests/run.sh fetches them."
    );
    None
}

/// Runs a script; where it asks for a visit, `agent` goes there, and it is told where the visit leads.
async fn drive(tools: &std::path::Path, script: &str, settings: &Value, agent: &mut Agent) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interoperability").join(script);
    let mut command = if script.ends_with(".mjs") {
        // A module finds packages beside itself only. Renamed into its place: another test may be reading it.
        let copy = tools.join(script);
        let fresh = tools.join(format!("{:016x}-{script}", getrandom::u64().unwrap()));
        std::fs::copy(&path, &fresh).unwrap();
        std::fs::rename(&fresh, &copy).unwrap();
        let mut command = Command::new("node");
        command.arg(copy);
        command
    } else {
        let mut command = Command::new(tools.join("venv/bin/python"));
        command.arg(path);
        command
    };
    command.arg(settings.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("HTTP_PROXY").env_remove("http_proxy").env("AUTHLIB_INSECURE_TRANSPORT", "1");
    let mut child = command.kill_on_drop(true).spawn().unwrap_or_else(|error| panic!("{script}: {error}"));
    let mut answers = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stderr = child.stderr.take().unwrap();
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        drop(stderr.read_to_string(&mut text).await);
        text
    });
    let mut done = false;
    while let Some(line) = lines.next_line().await.unwrap() {
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{script} says {line}"));
        if let Some(url) = said["visit"].as_str() {
            visit(agent, url, &mut answers).await;
        }
        done |= said["done"] == true;
    }
    let status = child.wait().await.unwrap();
    let complaints = complaints.await.unwrap();
    assert!(status.success() && done, "{script} {}: {status}\n{complaints}", settings["scenario"]);
}

async fn visit(agent: &mut Agent, url: &str, answers: &mut ChildStdin) {
    let reply = agent.get(url).await;
    let mut reply = agent.follow(reply).await;
    if let Some(user_code) = reply.attribute("form[action='/device'] [name=user_code]", "value") {
        reply = agent.post("/device", &[("user_code", &user_code)]).await;
        reply = agent.follow(reply).await;
    }
    if reply.has("[name=decision][value=allow]") {
        reply = allow(agent, &reply).await;
    }
    let location = reply.location().unwrap_or_default();
    answers.write_all(format!("{location}\n").as_bytes()).await.unwrap();
}

/// Says yes on a page of ours.
async fn allow(agent: &mut Agent, page: &Reply) -> Reply {
    let action = page.attribute("form:has([name=decision])", "action").expect("a form");
    let sid = page.attribute("input[name=sid]", "value").unwrap();
    agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await
}

/// Ends TLS in front of the provider, as a proxy does, for what talks to https only; gives its origin.
async fn tls_front(app: &TestApp) -> String {
    let base = app.base.clone();
    site::serve(Router::new().fallback(move |request: Request| pass(base.clone(), request)))
}

async fn pass(base: String, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut agent = Agent::new(&base);
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut sent = agent.request(parts.method, parts.uri.path()).body(body);
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
        if let Some(value) = parts.headers.get(&name) {
            sent = sent.header(name, value);
        }
    }
    let reply = agent.send(sent).await;
    let kind = reply.header("content-type").to_owned();
    (reply.status, [(header::CONTENT_TYPE, kind)], reply.body).into_response()
}

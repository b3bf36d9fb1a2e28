//! 法人库 and 人口库 beside a test's provider: the demonstration's stand-ins, on a port of their own.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::routing::post;
use idp::config::Config;
use idp::platform::random;
use relying_party_demo::{StandIn, serve_registers, use_registers};
use serde_json::json;
use tokio::sync::Semaphore;

use super::TestApp;

/// For `on_both!`: starts the stand-ins and has the provider ask them.
pub fn with_registers(config: &mut Config) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let token = random::token();
    use_registers(config, &StandIn { url: &url, token: &token });
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    // Serves as long as the test's runtime lives.
    tokio::spawn(serve_registers(listener, token, std::future::pending()));
}

/// Takes the registers down, or brings them back.
pub async fn switch(app: &TestApp, down: bool) {
    let request = &app.app.config.registers.legal_entities.as_ref().unwrap().request;
    let url = request.url.replace("/legal-entities/query", "/switch");
    let outgoing = reqwest::Client::builder().no_proxy().build().unwrap().post(url);
    let outgoing = outgoing.header("authorization", &request.headers["authorization"]);
    let answer = outgoing.body(json!({ "down": down }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Both registers, slow: each question waits until the test lets it be answered. Everybody is as they say.
pub struct SlowRegisters {
    asked: Semaphore,
    answers: Semaphore,
}

static SLOW: LazyLock<Mutex<HashMap<String, Arc<SlowRegisters>>>> = LazyLock::new(Mutex::default);

/// For `on_both!`; [`SlowRegisters::of`] gives what it starts.
pub fn with_slow_registers(config: &mut Config) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let slow = Arc::new(SlowRegisters { asked: Semaphore::new(0), answers: Semaphore::new(0) });
    SLOW.lock().unwrap().insert(url.clone(), Arc::clone(&slow));
    let answer = async move || {
        slow.asked.add_permits(1);
        slow.answers.acquire().await.unwrap().forget();
        r#"{"same":true}"#
    };
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    // Serves as long as the test's runtime lives.
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    let request = json!({ "url": url, "body": "{}", "timeout_seconds": 20 });
    let same = json!({ "pointer": "/same", "value": "true" });
    let unit = json!({ "request": request, "found": same, "name": "/same", "representative_name": "/same" });
    config.registers.legal_entities = Some(serde_json::from_value(unit).unwrap());
    let resident = json!({ "request": request, "matches": same });
    config.registers.residents = Some(serde_json::from_value(resident).unwrap());
}

impl SlowRegisters {
    pub fn of(app: &TestApp) -> Arc<Self> {
        let url = &app.app.config.registers.residents.as_ref().unwrap().request.url;
        Arc::clone(&SLOW.lock().unwrap()[url])
    }

    /// Waits until somebody asks.
    pub async fn is_asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }

    pub fn answer(&self) {
        self.answers.add_permits(1);
    }
}

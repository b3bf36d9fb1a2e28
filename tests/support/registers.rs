//! 法人库 and 人口库 beside a test's provider: the demonstration's stand-ins, on a port of their own.

use idp::config::Config;
use idp::platform::random;
use relying_party_demo::{StandIn, serve_registers, use_registers};
use serde_json::json;

use super::TestApp;

/// For `on_both!`: starts the stand-ins and has the provider ask them.
pub fn with_registers(config: &mut Config) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
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

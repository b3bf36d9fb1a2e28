//! 人口库 says whether name and number belong together: at once, or later if it is away.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idp::config::Config;

use super::*;

/// A register that answers `body`, or that is away.
async fn register(answer: Result<&'static str, StatusCode>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/resident", listener.local_addr().unwrap().port());
    let router = Router::new().route("/resident", post(async move || answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn ask(config: &mut Config, url: &str) {
    let json = serde_json::json!({
        "request": { "url": url, "body": r#"{"name":"{name}","number":"{document_number}"}"# },
        "matches": { "pointer": "/same", "value": "true" },
    });
    config.registers.residents = Some(serde_json::from_value(json).unwrap());
}

async fn app_with(answer: Result<&'static str, StatusCode>) -> TestApp {
    let url = register(answer).await;
    TestApp::start_with(crate::support::Engine::Sqlite, |config| ask(config, &url)).await.unwrap()
}

async fn assurance(app: &TestApp) -> i64 {
    let id = id_of(app, NEW_PHONE).await;
    sql::number(app, &format!("SELECT assurance FROM accounts WHERE id = '{id}'")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_is_worth_more() {
    let app = app_with(Ok(r#"{"same":true}"#)).await;
    let mut agent = unit(&app).await;
    add(&app, &mut agent, &[]).await;
    assert_eq!(assurance(&app).await, 2);
    assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM register_checks").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mismatch_is_refused_beside_the_number() {
    let app = app_with(Ok(r#"{"same":false}"#)).await;
    let mut agent = unit(&app).await;
    let token = prove(&app, &mut agent, NEW_PHONE).await;
    let reply = agent.post(ADD, &form(&token, &[])).await;
    assert_eq!(reply.status, 422);
    assert_eq!(error(&reply, "document_number"), "姓名与证件号码不一致，请核对");
    assert_eq!(count(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_away_the_operator_works_meanwhile() {
    let app = app_with(Err(StatusCode::SERVICE_UNAVAILABLE)).await;
    let mut agent = unit(&app).await;
    add(&app, &mut agent, &[]).await;
    assert_eq!(assurance(&app).await, 1);
    assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM register_checks").await, 1);
    operator(&app, NEW_PHONE, NEW_PASSWORD).await;
}

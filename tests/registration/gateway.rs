//! The province's SMS gateway: asked as configuration says, and asked again until it takes the message.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use idp::config::{Config, ExpectConfig, GatewayConfig, RequestConfig, SmsTransport};
use idp::guard::text_message;

use super::*;

/// What the gateway was asked: its header and its body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// Is away at first, then says no, and then takes what comes.
async fn gateway(State(asked): State<Asked>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
    let token = headers["x-token"].to_str().unwrap().to_owned();
    let mut asked = asked.lock().unwrap();
    asked.push((token, body));
    match asked.len() {
        1 => (StatusCode::BAD_GATEWAY, ""),
        2 => (StatusCode::OK, r#"{"result":{"code":17}}"#),
        _ => (StatusCode::OK, r#"{"result":{"code":0}}"#),
    }
}

fn with_gateway(config: &mut Config, asked: Asked) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/send?to={{phone}}", listener.local_addr().unwrap());
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let router = Router::new().route("/send", post(gateway)).with_state(asked);
    tokio::spawn(async move { axum::serve(listener, router).await });
    config.sms.transport = SmsTransport::Http;
    config.sms.signature = "【\"示例\"】".to_owned();
    let headers = [("x-token", "secret"), ("content-type", "application/json")];
    config.sms.gateway = Some(GatewayConfig {
        request: RequestConfig {
            url,
            method: "POST".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: r#"{"mobiles":["{phone}"],"content":"{text}"}"#.to_owned(),
            timeout_seconds: 3,
        },
        success: Some(ExpectConfig { pointer: "/result/code".to_owned(), value: "0".to_owned() }),
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_tried_until_it_is_taken() {
    let asked = Asked::default();
    let engine = crate::support::Engine::Sqlite;
    let app = TestApp::start_with(engine, |config| with_gateway(config, Arc::clone(&asked))).await.unwrap();
    let mut agent = Agent::new(&app.base);
    let form = Form::person().with("action", "send_code");
    assert_eq!(form.send(&mut agent).await.status, 200);
    for _ in 0..400 {
        if asked.lock().unwrap().len() == 3 {
            break;
        }
        app.advance_seconds(1);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3, "{asked:?}");
    for (token, body) in &asked {
        assert_eq!(token, "secret");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["mobiles"][0], "19400000201");
        let text = body["content"].as_str().unwrap();
        assert!(text.starts_with("【\"示例\"】验证码"), "{text}");
    }
    assert_eq!(asked[0].1, asked[2].1, "the same message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_nobody_takes_is_given_up() {
    let engine = crate::support::Engine::Sqlite;
    let app = TestApp::start_with(engine, |config| {
        with_gateway(config, Asked::default());
        config.sms.gateway.as_mut().unwrap().request.url = "http://127.0.0.1:9/".to_owned();
    });
    let app = app.await.unwrap();
    let mut agent = Agent::new(&app.base);
    Form::person().with("action", "send_code").send(&mut agent).await;
    for _ in 0..400 {
        if crate::support::sql::number(&app, "SELECT COUNT(*) FROM outbox").await == 0 {
            return;
        }
        app.advance_seconds(5);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it is still tried after its five minutes");
}

on_both! {
    async fn to_one_telephone_messages_keep_their_order(app: TestApp) {
        // All at once, so that no janitor has taken the first ones before.
        let mut tx = app.app.store.begin().await.unwrap();
        for count in 0..9 {
            for phone in ["19400000201", "19400000202"] {
                let text = format!("第{count}条");
                text_message::notify(&app.app, &mut tx, Some(phone), &text).await.unwrap();
            }
            app.advance_seconds(1);
        }
        tx.commit().await.unwrap();
        for phone in ["19400000201", "19400000202"] {
            let texts = app.texts(phone).await;
            let order: Vec<_> = (0..9).map(|count| format!("第{count}条")).collect();
            assert!(texts.iter().map(|text| text.rsplit('】').next().unwrap()).eq(&order), "{texts:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_not_overtaken() {
    let asked = Asked::default();
    let engine = crate::support::Engine::Sqlite;
    let app = TestApp::start_with(engine, |config| with_gateway(config, Arc::clone(&asked))).await.unwrap();
    let mut tx = app.app.store.begin().await.unwrap();
    for text in ["第一条", "第二条"] {
        text_message::notify(&app.app, &mut tx, Some("19400000201"), text).await.unwrap();
        app.advance_seconds(1);
    }
    tx.commit().await.unwrap();
    for _ in 0..400 {
        if asked.lock().unwrap().len() == 4 {
            break;
        }
        app.advance_seconds(1);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let asked: Vec<_> = asked.lock().unwrap().iter().map(|(_, body)| body.contains("第一条")).collect();
    assert_eq!(asked, [true, true, true, false], "the gateway takes the third");
}

/// A code is worth five minutes: it does not wait for a notice that fails, and what waits too long is not sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_come_too_late_does_not_wait() {
    let asked = Asked::default();
    let engine = crate::support::Engine::Sqlite;
    let app = TestApp::start_with(engine, |config| {
        with_gateway(config, Arc::clone(&asked));
        // Says no for ever.
        config.sms.gateway.as_mut().unwrap().success.as_mut().unwrap().value = "7".to_owned();
    });
    let app = app.await.unwrap();
    let mut tx = app.app.store.begin().await.unwrap();
    text_message::notify(&app.app, &mut tx, Some("19400000201"), "通知").await.unwrap();
    app.advance_seconds(1);
    let brief = idp::domain::timestamp::Span::seconds(3);
    text_message::queue(&app.app, &mut tx, "19400000201", "短命", brief).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..400 {
        if crate::support::sql::number(&app, "SELECT COUNT(*) FROM outbox").await == 1 {
            break;
        }
        app.advance_seconds(1);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(
        crate::support::sql::number(&app, "SELECT COUNT(*) FROM outbox").await,
        1,
        "the notice waits on"
    );
    let first = asked.lock().unwrap()[0].1.clone();
    assert!(first.contains("通知"), "{first}");
}

//! What the registers answer.

use axum::body::{Body, to_bytes};
use axum::http::header;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

async fn ask(registers: &Router, path: &str, token: &str, body: String) -> (u16, Value) {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body))
        .expect("a request");
    let response = registers.clone().oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

async fn query(path: &str, body: Value) -> (u16, Value) {
    ask(&router("right".into()), path, "right", body.to_string()).await
}

#[tokio::test]
async fn a_unit_is_found_by_its_credit_code_alone() {
    let expected = json!({ "code": 0, "data": {
        "credit_code": "91220101TEXT00017E",
        "name": "长春欣悦信息技术有限公司（演示）",
        "status": "存续",
        "representative_name": "王颖",
        "representative_document_number": "220102199912310002",
    }});
    let whole = json!({
        "credit_code": "91220101TEXT00017E",
        "name": "别的名称",
        "representative_name": "别人",
        "representative_document_type": "111",
        "representative_document_number": "220102199001010009",
    });
    for asked in [json!({ "credit_code": "91220101TEXT00017E" }), whole] {
        assert_eq!(query("/legal-entities/query", asked).await, (200, expected.clone()));
    }
    let unknown = json!({ "code": 1, "message": "未查询到登记信息", "data": null });
    let asked = json!({ "credit_code": "91220101TEXT00041Y" });
    assert_eq!(query("/legal-entities/query", asked).await, (200, unknown));
}

#[tokio::test]
async fn a_resident_matches_by_name_and_number() {
    for (name, document_type, number, expected) in [
        ("李颖", "111", "220102199001010009", true),
        ("周婷", "111", "22010219700101000X", true),
        ("李影", "111", "220102199001010009", false),
        ("李颖 ", "111", "220102199001010009", false),
        ("李颖", "414", "220102199001010009", false),
        ("李颖", "111", "220102199912310002", false),
        ("张三", "111", "220102199504170005", false),
    ] {
        let asked = json!({ "name": name, "document_type": document_type, "document_number": number });
        let answer = query("/residents/verify", asked).await;
        assert_eq!(answer, (200, json!({ "code": 0, "match": expected })), "{name} {number}");
    }
}

#[test]
fn brackets_are_equal_whatever_their_width() {
    assert_eq!(narrow("示例（演示）"), narrow("示例(演示)"));
    assert_ne!(narrow("示例（演示）"), narrow("示例演示"));
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    let registers = router("right".into());
    for path in ["/legal-entities/query", "/residents/verify", "/switch", "/nowhere"] {
        let (status, answer) = ask(&registers, path, "wrong", "{}".into()).await;
        assert_eq!((status, &answer["code"]), (401, &json!(401)), "{path}");
    }
    for path in ["/legal-entities/query", "/residents/verify", "/switch"] {
        for body in ["", "{}", "[]", "nonsense", &"x".repeat(20_000)] {
            let (status, answer) = ask(&registers, path, "right", body.into()).await;
            assert_eq!((status, &answer["code"]), (400, &json!(400)), "{path}");
        }
    }
}

#[tokio::test]
async fn the_switch_takes_the_queries_down() {
    let registers = router("right".into());
    for (down, expected) in [(true, 503), (false, 200)] {
        let answer = ask(&registers, "/switch", "right", json!({ "down": down }).to_string()).await;
        assert_eq!(answer, (200, json!({ "code": 0, "down": down })));
        let unit = json!({ "credit_code": "91220101TEXT00017E" }).to_string();
        let (status, _) = ask(&registers, "/legal-entities/query", "right", unit).await;
        assert_eq!(status, expected);
        let person = json!({ "name": "李颖", "document_type": "111", "document_number": "1" }).to_string();
        let (status, _) = ask(&registers, "/residents/verify", "right", person).await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn serves_until_told_to_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/residents/verify", listener.local_addr().expect("bound"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let service = tokio::spawn(serve(listener, "right".into(), async { drop(stopped.await) }));
    let asked = r#"{"name":"陈静","document_type":"111","document_number":"220102198506150002"}"#;
    let answer = reqwest::Client::new().post(url).bearer_auth("right").body(asked).send().await.expect("up");
    assert_eq!(answer.text().await.expect("a body"), r#"{"code":0,"match":true}"#);
    drop(stop);
    service.await.expect("no panic").expect("a clean end");
}

//! The gateway and the pages of the phone, through the portals' own router.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::Settings;
use crate::portal::Portal;
use crate::router::router;

fn portals() -> Router {
    let settings = Settings {
        issuer: "http://localhost:8000".into(),
        public_url: "http://localhost:9000".into(),
        clients: Vec::new(),
        sms_token: "right".into(),
    };
    router(Portal::new(settings).expect("good settings"))
}

async fn send(portals: &Router, token: &str, body: String) -> (StatusCode, Value) {
    let request = Request::post("/phone/gateway")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .expect("a request");
    let response = portals.clone().oneshot(request).await.expect("an answer");
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

async fn get(portals: &Router, path: &str) -> (StatusCode, String, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = portals.clone().oneshot(request).await.expect("an answer");
    let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let (status, about) = (response.status(), header(header::LOCATION) + &header(header::CACHE_CONTROL));
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, about, String::from_utf8(body.to_vec()).expect("text"))
}

fn order(to: &str, text: &str) -> String {
    json!({ "to": to, "text": text }).to_string()
}

#[tokio::test]
async fn what_the_gateway_takes_is_on_the_phone() {
    let portals = portals();
    for text in ["【统一身份认证】验证码 135790，5分钟内有效。", "<b>密码已修改</b>"] {
        let (status, answer) = send(&portals, "right", order("19400000001", text)).await;
        assert_eq!((status, answer), (StatusCode::OK, json!({ "code": "0", "message": "ok" })));
    }
    let (status, about, body) = get(&portals, "/phone/19400000001.json").await;
    assert_eq!((status, &*about), (StatusCode::OK, "no-store"));
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["number"], "19400000001");
    assert_eq!(body["messages"][0]["text"], "<b>密码已修改</b>");
    let received = body["messages"][1]["received_at"].as_str().expect("a time");
    assert!(received.len() == 25 && received.ends_with("+08:00"), "{received}");

    let (_, _, page) = get(&portals, "/phone/19400000001").await;
    assert!(page.contains("<strong class=\"code\">135790</strong>"), "{page}");
    assert!(!page.contains("<b>"), "texts are no markup");
    let (_, _, page) = get(&portals, "/phone").await;
    assert!(page.contains("href=\"/phone/19400000001\""), "{page}");
}

#[tokio::test]
async fn without_the_token_nothing_arrives() {
    let portals = portals();
    for (token, body) in
        [("wrong", order("19400000001", "x")), ("", order("19400000001", "x")), ("wrong", "{".into())]
    {
        let (status, answer) = send(&portals, token, body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::UNAUTHORIZED, &json!("401")));
    }
    let (_, _, body) = get(&portals, "/phone/19400000001.json").await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body, json!({ "number": "19400000001", "messages": [] }));
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let portals = portals();
    for (body, expected) in [
        (order("12345", "x"), 422),
        (order("04310000000", "x"), 422),
        (order("19400000001", " "), 422),
        (order("19400000001", &"长".repeat(501)), 422),
        (r#"{"to":"19400000001"}"#.into(), 400),
        ("nonsense".into(), 400),
        ("x".repeat(70 * 1024), 400),
    ] {
        let (status, answer) = send(&portals, "right", body).await;
        assert_eq!((status.as_u16(), &answer["code"]), (expected, &json!(expected.to_string())));
    }
    let (status, _) = send(&portals, "right", order("+86 194-0000-0001", &"长".repeat(500))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_number_is_looked_up() {
    let portals = portals();
    let (status, about, _) = get(&portals, "/phone?number=%2B86+194+0000+0001").await;
    assert_eq!((status, &*about), (StatusCode::SEE_OTHER, "/phone/19400000001no-store"));
    let (status, _, page) = get(&portals, "/phone?number=123%22%3E").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("手机号码格式不正确") && page.contains("value=\"123&#34;&#62;\""), "{page}");
    for path in ["/phone", "/phone?number=", "/phone/19400000001"] {
        assert_eq!(get(&portals, path).await.0, StatusCode::OK, "{path}");
    }
    for path in ["/phone/123", "/phone/123.json", "/phone/+8619400000001", "/phone/19400000001.xml"] {
        assert_eq!(get(&portals, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn everything_free_is_on_the_page_of_the_registers() {
    let (status, _, page) = get(&portals(), "/registers").await;
    assert_eq!(status, StatusCode::OK);
    let free = crate::registered_but_free();
    for text in free.units.iter().map(|unit| unit.credit_code).chain(free.persons.iter().map(|it| it.number))
    {
        assert!(page.contains(text), "{text}");
    }
}

//! A telephone with the app, and in the provider's place a server that answers as it is told and writes down what it
//! was asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::account::Account;
use crate::dpop::ProofKey;
use crate::portal::Portal;
use crate::provider::TokenResponse;
use crate::relying_party::RelyingParty;
use crate::router::router;
use crate::sessions::Session;
use crate::tokens::Tokens;
use crate::{ClientCredentials, Settings};

pub const SECRET: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";

/// The provider's stand-in.
#[derive(Default)]
pub struct Provider {
    url: String,
    /// The access token that is good.
    token: String,
    /// Path and body of each question to its API, to `/token` and to `/revoke`.
    asked: Vec<(String, String)>,
    answers: HashMap<&'static str, (u16, Value)>,
}

pub struct Phone {
    router: Router,
    provider: Arc<Mutex<Provider>>,
    pub signed_in: bool,
}

pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn says(&self, text: &str) {
        assert!(self.body.contains(text), "no {text} in {} {}", self.status, self.body);
    }
}

pub fn facts() -> Value {
    json!({
        "client_name": "吉林智慧人社网上办事大厅", "browser": "Chrome 131", "system": "Windows",
        "address": "203.0.113.*", "asked_at": "2026-11-24T02:00:30Z", "expires_in": 173,
        "numbers": [17, 42, 85],
        "identities": [
            { "id": "p", "account_type": "natural_person", "name": "*颖" },
            { "id": "o", "account_type": "operator", "name": "*颖", "organization_name": "长春示例有限公司" },
        ],
    })
}

pub fn refusal(status: u16, error: &str) -> (u16, Value) {
    (status, json!({ "error": error, "message": format!("平台：{error}") }))
}

impl Phone {
    /// Signed in with an access token that the provider takes, and a refresh token.
    pub async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let identities = json!({ "identities": facts()["identities"] });
        let provider = Arc::new(Mutex::new(Provider {
            url: url.clone(),
            token: "first".to_owned(),
            answers: HashMap::from([
                ("identities", (200, identities)),
                ("scan", (200, facts())),
                ("confirm", (200, json!({ "status": "confirmed" }))),
                ("cancel", (200, json!({ "status": "cancelled" }))),
            ]),
            ..Provider::default()
        }));
        let server = Router::new().fallback(answer).with_state(provider.clone());
        tokio::spawn(async { axum::serve(listener, server).await });
        let portal = Portal::new(Settings {
            issuer: url,
            public_url: "http://localhost:9000".into(),
            clients: vec![ClientCredentials { client_id: "mobile-app".into(), client_secret: None }],
            sms_token: String::new(),
        });
        let portal = portal.unwrap();
        portal.sessions.begin("mine".into(), session());
        portal.sessions.begin("another".into(), session());
        Self { router: router(portal), provider, signed_in: true }
    }

    pub fn answers(&self, action: &'static str, status: u16, body: Value) {
        self.provider.lock().unwrap().answers.insert(action, (status, body));
    }

    pub fn takes_only(&self, token: &str) {
        self.provider.lock().unwrap().token = token.to_owned();
    }

    /// What the provider was asked since the last look, without the question who one may be.
    pub fn asked(&self) -> Vec<(String, String)> {
        let mut asked = std::mem::take(&mut self.provider.lock().unwrap().asked);
        asked.retain(|(path, _)| path != "/scan/api/identities");
        asked
    }

    pub fn address(&self) -> String {
        format!("{}/scan/{SECRET}", self.provider.lock().unwrap().url)
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    pub async fn frame(&self, picture: Vec<u8>) -> Page {
        let request = Request::post("/app/scan/frame").header(header::CONTENT_TYPE, "image/jpeg");
        self.send(request, Body::from(picture)).await
    }

    /// The form with a file in it.
    pub async fn upload(&self, field: &str, file: &[u8]) -> Page {
        let mut body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\n1\r\n--x\r\n\
             content-disposition: form-data; name=\"{field}\"; filename=\"c.png\"\r\n\
             content-type: image/png\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = Request::post("/app/scan/picture")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        self.send(request, Body::from(body)).await
    }

    /// Scans the code by its address; gives the path of its page.
    pub async fn scan(&self) -> String {
        let reply = self.post("/app/scan/address", &[("address", &self.address())]).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        reply.header("location").to_owned()
    }

    pub async fn send(&self, request: axum::http::request::Builder, body: Body) -> Page {
        let request =
            if self.signed_in { request.header(header::COOKIE, "portal-mobile-app=mine") } else { request };
        self.send_as_it_is(request, body).await
    }

    pub async fn send_as_it_is(&self, request: axum::http::request::Builder, body: Body) -> Page {
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Page { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

fn session() -> Session {
    let tokens = json!({
        "access_token": "first", "token_type": "Bearer", "refresh_token": "r1", "expires_in": 600,
    });
    let tokens: TokenResponse = serde_json::from_value(tokens).unwrap();
    Session {
        party: RelyingParty::MobileApp,
        account: Account { name: Some("李颖".into()), ..Account::default() },
        subject: "s".into(),
        provider_session: None,
        id_token: String::new(),
        tokens: Some(Tokens::of(&tokens).shared()),
        proof_key: Some(Arc::new(ProofKey::new().unwrap())),
        began: Instant::now(),
        ratings: BTreeMap::new(),
    }
}

async fn answer(
    State(provider): State<Arc<Mutex<Provider>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut provider = provider.lock().unwrap();
    let path = uri.path().to_owned();
    let url = provider.url.clone();
    let action = match path.as_str() {
        "/.well-known/openid-configuration" => {
            return Json(json!({
                "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
                "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
                "revocation_endpoint": format!("{url}/revoke"), "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["ES256"],
            }))
            .into_response();
        }
        "/keys" => return Json(json!({ "keys": [] })).into_response(),
        path => path.trim_start_matches("/scan/api/").trim_start_matches('/').to_owned(),
    };
    provider.asked.push((path.clone(), String::from_utf8(body.to_vec()).unwrap()));
    if path.starts_with("/scan/api/") {
        assert_eq!(method == Method::GET, action == "identities");
        let bound = format!("DPoP {}", provider.token);
        if headers.get(header::AUTHORIZATION).is_none_or(|given| *given != *bound)
            || !headers.contains_key("dpop")
        {
            let (_, body) = refusal(401, "invalid_token");
            return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
        }
    }
    let (status, body) = provider.answers.get(&*action).cloned().unwrap_or((404, json!({})));
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = (status, [(header::RETRY_AFTER, "30")], Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let step_up = "DPoP realm=\"idp\", error=\"insufficient_user_authentication\", max_age=\"0\"";
        response.headers_mut().insert(header::WWW_AUTHENTICATE, step_up.parse().unwrap());
    }
    response
}

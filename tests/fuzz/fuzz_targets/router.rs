//! The whole product: a request as it comes over the wire, without a connection. `$SESSION`, `$BASIC` and `$PORTAL` in it
//! stand for a cookie and credentials that are good, and an authorization request that is.

#![no_main]

use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fuzz::Provider;
use idp::guard::Caller;
use idp::guard::sessions::{self, Proof};
use idp::router;
use idp::store::accounts;
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;

static ROUTER: LazyLock<Router> = LazyLock::new(|| router::build(&Provider::get().app).unwrap());
const PORTAL: &str =
    "client_id=hall&redirect_uri=https://hall.example/callback&response_type=code&scope=openid";

/// A session of the demo's legal entity: a new one now and then, since inputs sign out.
fn session() -> String {
    static SESSION: Mutex<(u32, String)> = Mutex::new((0, String::new()));
    let mut held = SESSION.lock().unwrap();
    if held.0 == 0 {
        *held = (200, Provider::get().wait(sign_in()));
    }
    held.0 -= 1;
    held.1.clone()
}

async fn sign_in() -> String {
    let app = &Provider::get().app;
    let found = accounts::find_legal_entity(&app.store, "xinyue0221", "91220101TEXT00017E").await.unwrap();
    let caller =
        Caller { address: "192.0.2.7".to_owned(), user_agent: String::new(), device_hash: vec![0; 32] };
    let proof = Proof {
        account_id: &found.unwrap().account_id,
        holder_id: None,
        acr: "urn:jl-uia:loa:2",
        amr: "pwd",
        password_set_at: None,
        authenticated_at: None,
        signed_in_at: None,
        valid_until: None,
    };
    let mut tx = app.store.begin().await.unwrap();
    let token = sessions::start(app, &mut tx, &caller, None, &proof).await.unwrap();
    tx.commit().await.unwrap();
    token.unwrap_or_default()
}

/// `None` for what no HTTP server would pass on.
fn request(data: &[u8]) -> Option<Request<Body>> {
    let (head, body) = match data.windows(2).position(|two| two == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (data, &[][..]),
    };
    let head = std::str::from_utf8(head).ok()?;
    let provider = Provider::get();
    let basic = STANDARD.encode(format!("hall:{}", provider.hall_secret));
    let head = head.replace("$BASIC", &basic).replace("$PORTAL", PORTAL);
    let head = if head.contains("$SESSION") { head.replace("$SESSION", &session()) } else { head };
    let mut lines = head.lines();
    let (method, uri) = lines.next()?.split_once(' ')?;
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = uri.parse::<Uri>().ok().filter(|uri| uri.path().starts_with('/'))?;
    for line in lines.take(50) {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.parse().ok()?;
        request.headers_mut().append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    Some(request)
}

fuzz_target!(init: { LazyLock::force(&ROUTER); }, |data: &[u8]| {
    let Some(request) = request(data) else { return };
    Provider::get().wait(async {
        let Ok(response) = ROUTER.clone().oneshot(request).await;
        assert!(!response.status().is_server_error(), "{}", response.status());
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let kind = kind.unwrap_or_default();
        if kind.starts_with("text/html") {
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; ") && policy.contains("; frame-ancestors 'none'")
            );
        }
        if let Some(location) = response.headers().get(header::LOCATION) {
            let location = location.to_str().unwrap();
            let known = ["/", "https://hall.example/", "http://127.0.0.1"];
            assert!(
                known.iter().any(|known| location.starts_with(known)) && !location.starts_with("//"),
                "{location}"
            );
        }
        if kind.starts_with("text/event-stream") {
            return; // never ends
        }
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        if kind.starts_with("application/json") && status != StatusCode::NO_CONTENT && !body.is_empty() {
            serde_json::from_slice::<serde_json::Value>(&body).unwrap();
        }
    });
});

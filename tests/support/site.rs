//! A client's own web site, over TLS: documents that the provider fetches, and what it posts.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_server::tls_openssl::OpenSSLConfig;

/// What was asked of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub content_type: String,
    pub accept: String,
    pub body: String,
}

/// Status, content type, body.
type Document = (StatusCode, String, String);

#[derive(Clone, Default)]
struct Content {
    documents: Arc<Mutex<HashMap<String, Document>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Serves as long as the test's runtime lives. Every [`TestApp`](super::TestApp) trusts its certificate.
pub struct Site {
    /// `https://localhost:port`
    pub base: String,
    content: Content,
}

impl Site {
    pub async fn start() -> Self {
        let content = Content::default();
        let router = Router::new().fallback(answer).with_state(content.clone());
        Self { base: serve(router), content }
    }

    /// Puts a JSON document there; gives its URL.
    pub fn put_json(&self, path: &str, document: &serde_json::Value) -> String {
        self.put(path, StatusCode::OK, "application/json", &document.to_string())
    }

    /// Says what the site answers at a path, whatever the method; gives its URL.
    pub fn put(&self, path: &str, status: StatusCode, content_type: &str, body: &str) -> String {
        let document = (status, content_type.to_owned(), body.to_owned());
        self.content.documents.lock().unwrap().insert(path.to_owned(), document);
        format!("{}{path}", self.base)
    }

    /// What was asked at a path so far.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.content.asked.lock().unwrap();
        asked.iter().filter(|one| one.path == path).cloned().collect()
    }
}

/// Serves a router in the same way; gives its origin.
pub fn serve(router: Router) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (certificate, key) = certificate();
    let tls = OpenSSLConfig::from_pem_file(certificate, key).unwrap();
    let acceptor = axum_server::tls_openssl::OpenSSLAcceptor::new(tls);
    let server = axum_server::from_tcp(listener).unwrap().acceptor(acceptor);
    tokio::spawn(server.serve(router.into_make_service()));
    base
}

async fn answer(State(content): State<Content>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let said =
        |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    content.asked.lock().unwrap().push(Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        content_type: said(header::CONTENT_TYPE),
        accept: said(header::ACCEPT),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let found = content.documents.lock().unwrap().get(parts.uri.path()).cloned();
    match found {
        Some((status, kind, body)) if status.is_redirection() => {
            (status, [(header::LOCATION, body), (header::CONTENT_TYPE, kind)]).into_response()
        }
        Some((status, kind, body)) => (status, [(header::CONTENT_TYPE, kind)], body).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A certificate for localhost that nobody has signed but itself, and its key; made once a run.
pub fn certificate() -> (PathBuf, PathBuf) {
    static MADE: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let make = || {
        let folder = std::env::temp_dir().join(format!("idp-test-tls-{:016x}", getrandom::u64().unwrap()));
        std::fs::create_dir_all(&folder).unwrap();
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-keyout".as_ref(), key.as_os_str(), "-out".as_ref(), certificate.as_os_str()])
            .stderr(Stdio::null())
            .status()
            .expect("the openssl program");
        assert!(made.success());
        (certificate, key)
    };
    MADE.get_or_init(make).clone()
}

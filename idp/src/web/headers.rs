//! Security headers on every page, and the error page for whatever went wrong behind it.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::Problem;
use super::page::Frame;
use super::requests::RequestId;
use super::visitor::Visitor;
use crate::app::App;

/// For answers to programs.
pub const NO_STORE: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// The origin that a page's form may lead to, beside our own.
#[derive(Debug, Clone)]
pub struct FormTarget(pub String);

/// The origin that a page's pictures may come from, beside our own.
#[derive(Debug, Clone)]
pub struct ImageSource(pub String);

/// The origins that a page may load in frames.
#[derive(Debug, Clone)]
pub struct FrameSources(pub Vec<String>);

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame<'a>,
    status: u16,
    title: &'a str,
    message: &'a str,
    detail: Option<&'a str>,
    onward: Option<&'a (&'static str, String)>,
    request_id: Option<&'a str>,
}

/// The layer around every page: errors become pages, and no page leaves without its headers.
pub async fn protect(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::new(&parts, &app);
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.or_else(|| is_bare(&response).then(|| Problem::of_status(response.status())));
    if let Some(problem) = problem {
        response = replace(response, &visitor, &problem, request_id.as_deref());
    }
    let form_target = response.extensions_mut().remove::<FormTarget>();
    let image_source = response.extensions_mut().remove::<ImageSource>();
    let form_target = form_target.map(|target| format!(" {}", target.0)).unwrap_or_default();
    let image_source = image_source.map(|source| format!(" {}", source.0)).unwrap_or_default();
    let frames = response.extensions_mut().remove::<FrameSources>();
    let frames =
        frames.map(|FrameSources(origins)| format!(" frame-src {};", origins.join(" "))).unwrap_or_default();
    secure(response.headers_mut(), &form_target, &image_source, &frames);
    if app.config.issuer.starts_with("https:") {
        // RFC 6797. Not for subdomains: they are not ours to speak for.
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Whether something is refused with a status alone, or with some layer's plain words: neither a page nor JSON.
pub fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_told =
        kind.is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"));
    (status.is_client_error() || status.is_server_error()) && !is_told
}

/// Whether a header is about the words of an answer, and goes with them.
pub fn is_of_body(name: &HeaderName) -> bool {
    [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CACHE_CONTROL].contains(name)
}

fn replace(old: Response, visitor: &Visitor, problem: &Problem, request_id: Option<&str>) -> Response {
    let page = ErrorPage {
        frame: visitor.frame(),
        status: problem.status.as_u16(),
        title: problem.title,
        message: &problem.message,
        detail: problem.detail.as_deref(),
        onward: problem.onward.as_ref(),
        request_id,
    };
    let mut response =
        visitor.show(&page).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    *response.status_mut() = problem.status;
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = old.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn secure(headers: &mut HeaderMap, form_target: &str, image_source: &str, frames: &str) {
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{image_source}; font-src 'self'; \
         connect-src 'self';{frames} form-action 'self'{form_target}; base-uri 'none'; frame-ancestors 'none'",
    );
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.entry(name).or_insert(value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
}

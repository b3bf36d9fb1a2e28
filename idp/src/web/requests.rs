//! Every request: an id, a line in the log, a count in the metrics. Never a query, a cookie or a body.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::app::App;
use crate::platform::random;
use crate::platform::telemetry::{RequestLabels, RouteLabel};

/// Also in the `x-request-id` header of the answer, and on error pages.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

pub async fn watch(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = random::id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_label(request.method()).to_owned();
    let span = tracing::info_span!("request", request_id = %id, method = %method, route = %route);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    let status = response.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    span.in_scope(|| tracing::info!(status, micros = (seconds * 1e6) as u64, "answered"));
    app.metrics.request_seconds.get_or_create(&RouteLabel { route: route.clone() }).observe(seconds);
    app.metrics.requests.get_or_create(&RequestLabels { route, method, status }).inc();
    response
}

/// Only methods that exist: each label's value is kept for good, and anybody can invent methods.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::HEAD
        | Method::OPTIONS
        | Method::PUT
        | Method::DELETE
        | Method::PATCH => method.as_str(),
        _ => "other",
    }
}

//! Headers that every answer carries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::portal::Portal;

/// What a page needs beyond style sheet and pictures: its handler says so as an extension of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Our own script.
    Script,
    /// Our own script, and the camera for it.
    Camera,
}

/// Nothing but our own style sheet and pictures, except where a page needs more.
pub async fn protect(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    // 退出登录 is a form whose answer redirects to the provider, and browsers apply `form-action` to
    // redirects too.
    let mut response = next.run(request).await;
    let needs = response.extensions().get::<Needs>().copied();
    let script = if needs.is_some() { " script-src 'self'; connect-src 'self';" } else { "" };
    let policy = format!(
        "default-src 'none';{script} style-src 'self'; img-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        portal.provider.origin()
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), permissions(needs)),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if portal.cookies.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // Pages speak of whoever is signed in. Assets have said otherwise already.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn permissions(needs: Option<Needs>) -> &'static str {
    match needs {
        Some(Needs::Camera) => "camera=(self), geolocation=(), microphone=(), payment=()",
        Some(Needs::Script) | None => "camera=(), geolocation=(), microphone=(), payment=()",
    }
}

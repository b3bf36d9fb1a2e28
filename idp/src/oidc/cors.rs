//! Cross-origin calls by portals that live in the browser: only from origins that public clients return to. Never on
//! `/authorize`; discovery and keys are open to all.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::Result;
use crate::app::App;

/// OPTIONS on an endpoint that browsers may call.
///
/// # Errors
/// When the database fails.
pub async fn preflight(State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if allow(&app, &headers, response.headers_mut()).await? {
        let mut set = |name, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop");
        set(header::ACCESS_CONTROL_MAX_AGE, "600");
    }
    Ok(response)
}

/// The layer around an endpoint that browsers may call: its refusals must be readable as well, or a script could not
/// tell a dead token from a dead network.
///
/// # Errors
/// When the database fails.
pub async fn share(State(app): State<App>, request: Request, next: Next) -> Result<Response> {
    let mut allowed = HeaderMap::new();
    allow(&app, request.headers(), &mut allowed).await?;
    let mut response = next.run(request).await;
    response.headers_mut().extend(allowed);
    Ok(response)
}

/// Lets the calling origin read the answer, if a public client lives there.
///
/// # Errors
/// When the database fails.
async fn allow(app: &App, request: &HeaderMap, response: &mut HeaderMap) -> anyhow::Result<bool> {
    let Some(origin) = request.get(header::ORIGIN) else { return Ok(false) };
    response.insert(header::VARY, HeaderValue::from_static("origin"));
    let known = match origin.to_str() {
        Ok(text) => app.clients.is_browser_origin(&app.store, text).await?,
        Err(_) => false,
    };
    if known {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("www-authenticate, dpop-nonce, x-request-id"),
        );
    }
    Ok(known)
}

//! The authorization response: a redirect whose query carries code or error, `state` as it came, and `iss` (RFC 9207).

use axum::response::Response;
use url::form_urlencoded;

use crate::app::App;
use crate::oidc::authorization_request::ReturnAddress;
use crate::oidc::error::OAuthError;
use crate::web::Visitor;

pub fn granted(app: &App, visitor: &Visitor, address: &ReturnAddress, code: &str) -> Response {
    go(app, visitor, address, &[("code", code)])
}

pub fn refused(app: &App, visitor: &Visitor, address: &ReturnAddress, error: &OAuthError) -> Response {
    tracing::info!(error = error.code.as_str(), reason = error.description, "authorization refused");
    go(app, visitor, address, &[("error", error.code.as_str()), ("error_description", error.description)])
}

/// The registered URI stays as it is, byte by byte: a URL parser would normalise it.
fn go(app: &App, visitor: &Visitor, address: &ReturnAddress, answer: &[(&str, &str)]) -> Response {
    let joint = if address.redirect_uri.contains('?') { '&' } else { '?' };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(answer);
    if let Some(state) = &address.state {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &app.config.issuer);
    visitor.go(&format!("{}{joint}{}", address.redirect_uri, query.finish()))
}

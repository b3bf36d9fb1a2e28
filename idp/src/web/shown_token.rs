//! What became of the access token that an app showed with its request.

use axum::http::{HeaderMap, StatusCode};

/// The token, if it is alive, for the provider itself, and in the right hands (RFC 6750, RFC 9449, RFC 8705); else the
/// status and headers with which it was refused.
#[derive(Clone)]
pub struct ShownToken(pub Result<Shown, (StatusCode, HeaderMap)>);

#[derive(Clone)]
pub struct Shown {
    /// Of the token's row.
    pub key: Vec<u8>,
    /// In which scheme of the `Authorization` header it came; a challenge is told in the same.
    pub scheme: &'static str,
}

//! What became of the access token that an app showed with its request.

use axum::http::{HeaderMap, StatusCode};

/// The key of the token's row, if the token is alive, for the provider itself, and in the right hands (RFC 6750, RFC
/// 9449, RFC 8705); else the status and headers with which it was refused.
#[derive(Clone)]
pub struct ShownToken(pub Result<Vec<u8>, (StatusCode, HeaderMap)>);

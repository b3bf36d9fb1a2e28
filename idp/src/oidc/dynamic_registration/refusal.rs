//! How registration says no (RFC 7591 section 3.2.2, RFC 7592 section 2).

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::client::Wrong;
use crate::oidc::error::{Failure, NO_STORE, OAuthError};
use crate::web::Problem;

#[derive(Debug)]
pub enum Refusal {
    /// Nobody may register here.
    Off,
    TooMany,
    Metadata(Wrong),
    Other(Failure),
}

pub type Result<T, E = Refusal> = std::result::Result<T, E>;

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::Metadata(wrong)
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::Other(error.into())
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        Self::Other(Failure::Web(Problem::of_status(rejection.status()).into()))
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let told = |status, error: &str, description: &str| {
            let body = json!({ "error": error, "error_description": description });
            (status, NO_STORE, Json(body)).into_response()
        };
        match self {
            Self::Off => {
                told(StatusCode::FORBIDDEN, "access_denied", "only the administrator registers clients")
            }
            Self::TooMany => {
                let mut response = told(
                    StatusCode::TOO_MANY_REQUESTS,
                    "temporarily_unavailable",
                    "too many registrations from this address, try again in an hour",
                );
                response.headers_mut().insert(header::RETRY_AFTER, 3600.into());
                response
            }
            Self::Metadata(wrong) => {
                let is_redirect = wrong.member.starts_with("redirect_uris");
                let error = if is_redirect { "invalid_redirect_uri" } else { "invalid_client_metadata" };
                told(StatusCode::BAD_REQUEST, error, &describable(&wrong.to_string()))
            }
            Self::Other(failure) => failure.into_response(),
        }
    }
}

/// The characters that RFC 6749 section 5.2 lets a description have.
fn describable(text: &str) -> String {
    let allowed = |char: char| matches!(char, ' '..='~') && char != '"' && char != '\\';
    text.chars().map(|char| if allowed(char) { char } else { '?' }).take(300).collect()
}

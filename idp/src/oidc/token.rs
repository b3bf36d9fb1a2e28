//! The token endpoint (RFC 6749 section 3.2).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::{Code, OAuthError, Result};
use super::{client_auth, grants};
use crate::app::App;
use crate::domain::client::GrantType;
use crate::platform::telemetry::GrantLabel;
use crate::web::forms::form_params;

/// RFC 6749 section 5.1, with the `id_token` of OpenID Connect.
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    pub scope: String,
}

/// POST `/token`.
///
/// # Errors
/// The OAuth error that the client is told.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let params = form_params(request, &app).await.map_err(super::error::Failure::Web)?;
    let missing = OAuthError::new(Code::InvalidRequest, "grant_type is missing");
    let named = params.get("grant_type").ok_or(missing)?;
    let client = client_auth::authenticate(&app, &headers, &params).await?;
    let unsupported = OAuthError::new(Code::UnsupportedGrantType, "this grant_type is not supported");
    let grant = GrantType::parse(named).ok_or(unsupported)?;
    if !client.may_use(grant) {
        return Err(
            OAuthError::new(Code::UnauthorizedClient, "the client may not use this grant_type").into()
        );
    }
    let response = match grant {
        GrantType::AuthorizationCode => grants::authorization_code::redeem(&app, &client, &params).await?,
        GrantType::RefreshToken => grants::refresh_token::refresh(&app, &client, &params).await?,
        GrantType::ClientCredentials => grants::client_credentials::issue(&app, &client, &params).await?,
    };
    app.metrics.tokens.get_or_create(&GrantLabel { grant_type: grant.as_str() }).inc();
    let uncached = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((uncached, Json(response)).into_response())
}

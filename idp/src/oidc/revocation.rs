//! Token revocation (RFC 7009). A token that is unknown or another client's is answered like one that was revoked.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::client_auth;
use super::error::{Code, Failure, NO_STORE, OAuthError, Result};
use crate::app::App;
use crate::platform::random;
use crate::store::{grants, tokens};
use crate::web::forms::form_params;

/// POST `/revoke`.
///
/// # Errors
/// `invalid_client` for whoever does not prove who they are.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let params = form_params(request, &app).await.map_err(Failure::Web)?;
    let client = client_auth::authenticate(&app, &headers, &params).await?;
    let missing = OAuthError::new(Code::InvalidRequest, "token is missing");
    let hash = random::hash(params.get("token").ok_or(missing)?);
    tokens::revoke_access(&app.store, &hash, &client.id).await?;
    let refresh = tokens::find_refresh(&app.store, &hash).await?;
    if let Some(token) = refresh.filter(|token| token.client_id == client.id) {
        // The access tokens of the same grant go with it (RFC 7009 section 2.1).
        grants::revoke(&app.store, &token.grant_id, app.clock.now()).await?;
    }
    Ok(NO_STORE.into_response())
}

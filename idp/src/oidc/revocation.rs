//! Token revocation (RFC 7009). A token that is unknown or another client's is answered like one that was revoked.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::envelope::Envelope;
use super::error::{Code, Failure, NO_STORE, OAuthError, Result};
use super::{access_token, client_auth};
use crate::app::App;
use crate::platform::random;
use crate::store::{grants, tokens};
use crate::web::forms::form_params;

/// POST `/revoke`.
///
/// # Errors
/// `invalid_client` for whoever does not prove who they are.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let envelope = Envelope::of(&app, &request);
    let params = form_params(request, &app).await.map_err(Failure::Web)?;
    let client = client_auth::authenticate(&app, &envelope, &params).await?;
    let missing = OAuthError::new(Code::InvalidRequest, "token is missing");
    let token = params.get("token").ok_or(missing)?;
    if let Some(key) = access_token::key_of(&app, token) {
        tokens::revoke_access(&app.store, &key, &client.id).await?;
    }
    let refresh = tokens::find_refresh(&app.store, &random::hash(token)).await?;
    if let Some(token) = refresh.filter(|token| token.client_id == client.id) {
        // The access tokens of the same grant go with it (RFC 7009 section 2.1).
        grants::revoke(&app.store, &token.grant_id, app.clock.now()).await?;
    }
    Ok(NO_STORE.into_response())
}

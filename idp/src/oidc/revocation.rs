//! Token revocation (RFC 7009). A token that is unknown is answered like one that was revoked (section 2.2), one that was
//! issued to another client is refused (section 2.1).

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
/// `invalid_client` for whoever does not prove who they are, `invalid_grant` for another client's token.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let envelope = Envelope::of(&app, &request);
    let params = form_params(request, &app).await.map_err(Failure::Web)?;
    let client = client_auth::authenticate(&app, &envelope, &params).await?;
    let missing = OAuthError::new(Code::InvalidRequest, "token is missing");
    let token = params.get("token").ok_or(missing)?;
    let anothers = || OAuthError::new(Code::InvalidGrant, "the token was issued to another client");
    if let Some(key) = access_token::key_of(&app, token) {
        let known = tokens::find_access(&app.store, &key, app.clock.now()).await?;
        if known.is_some_and(|token| token.client_id != client.id) {
            return Err(anothers().into());
        }
        tokens::revoke_access(&app.store, &key, &client.id).await?;
    }
    if let Some(token) = tokens::find_refresh(&app.store, &random::hash(token)).await? {
        if token.client_id != client.id {
            return Err(anothers().into());
        }
        // The access tokens of the same grant go with it (RFC 7009 section 2.1).
        grants::revoke(&app.store, &token.grant_id, app.clock.now()).await?;
    }
    Ok(NO_STORE.into_response())
}

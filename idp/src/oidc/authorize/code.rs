//! The code, which is the grant.

use crate::app::App;
use crate::domain::timestamp::Span;
use crate::guard::sessions::Session;
use crate::oidc::authorization_request::AuthorizationRequest;
use crate::oidc::scopes;
use crate::platform::random;
use crate::store::authorization_requests;
use crate::store::grants::{self, GrantRow};
use crate::web;

/// Writes the grant that the code stands for; a pending request is taken with it, so that it is answered once.
pub async fn issue(
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
    acr: &str,
    pending_id: Option<&str>,
) -> web::Result<Option<String>> {
    let code = random::token();
    let now = app.clock.now();
    let access = now + Span::seconds(app.config.tokens.code_seconds + app.config.tokens.access_token_seconds);
    // As long as the session, so that its end is told to this portal; longer only with a refresh token.
    let longest = if scopes::contains(&request.scope, "offline_access") {
        access + Span::minutes(app.config.tokens.refresh_token_days * 24 * 60)
    } else {
        session.expires_at
    };
    let claims = request.claims.as_ref().map(|claims| serde_json::to_string(&claims.names())).transpose();
    let grant = GrantRow {
        id: random::hash(&code),
        client_id: request.client_id.clone(),
        account_id: session.account_id.clone(),
        sid: session.sid.clone(),
        scope: request.scope.clone(),
        redirect_uri: request.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        claims: claims.map_err(|error| web::Error::Fault(error.into()))?,
        acr: acr.to_owned(),
        amr: session.amr.clone(),
        authenticated_at: session.authenticated_at.millis(),
        code_expires_at: (now + Span::seconds(app.config.tokens.code_seconds)).millis(),
        code_consumed_at: None,
        expires_at: access.max(longest).millis(),
        revoked_at: None,
        resources: None,
        authorization_details: None,
        dpop_jkt: None,
    };
    match pending_id {
        None => grants::insert(&app.store, &grant, now).await?,
        Some(id) => {
            let mut tx = app.store.begin().await?;
            if !authorization_requests::take(&mut tx, &random::hash(id)).await? {
                return Ok(None);
            }
            grants::insert_in(&mut tx, &grant, now).await?;
            tx.commit().await?;
        }
    }
    Ok(Some(code))
}

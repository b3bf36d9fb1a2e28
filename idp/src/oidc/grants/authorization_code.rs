//! `authorization_code` (RFC 6749 section 4.1.3): one statement, one signature.

use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::Span;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::token::TokenResponse;
use crate::oidc::{id_token, oxide, scopes};
use crate::platform::random;
use crate::store::grants::{self, GrantRow, Redemption};
use crate::store::tokens::{self, NewToken};
use crate::web::params::Params;

/// # Errors
/// `invalid_grant` for a code that is spent, expired, somebody else's or not proved by its verifier.
pub async fn redeem(app: &App, client: &Client, params: &Params) -> Result<TokenResponse> {
    let missing = OAuthError::new(Code::InvalidRequest, "code is missing");
    let code = params.get("code").ok_or(missing)?;
    let id = random::hash(code);
    let access_token = random::token();
    let access_hash = random::hash(&access_token);
    let now = app.clock.now();
    let lifetime = app.config.tokens.access_token_seconds;
    let redemption = Redemption {
        id: &id,
        client_id: &client.id,
        access_hash: &access_hash,
        access_expires_at: now + Span::seconds(lifetime),
        now,
    };
    let Some(grant) = grants::redeem(&app.store, &redemption).await? else {
        return Err(refuse_and_revoke(app, &id).await?.into());
    };
    if let Err(error) = oxide::redeem(params, &client.id, &grant) {
        // The code stays spent: whoever guesses at its verifier gets one guess. What it bought was told to nobody.
        grants::revoke(&app.store, &id, now).await?;
        return Err(error.into());
    }
    let refresh_token = issue_refresh(app, &grant).await?;
    let id_token = id_token::make(app, client, &grant, &access_token, grant.nonce.as_deref()).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: lifetime,
        refresh_token,
        id_token: Some(id_token),
        scope: grant.scope,
    })
}

/// With `offline_access`, the refresh token that outlives the session. A statement of its own: should it fail, the
/// client was told of nothing, and the code stays spent.
async fn issue_refresh(app: &App, grant: &GrantRow) -> Result<Option<String>> {
    if !scopes::contains(&grant.scope, "offline_access") {
        return Ok(None);
    }
    let refresh_token = random::token();
    let now = app.clock.now();
    let token = NewToken {
        hash: &random::hash(&refresh_token),
        grant_id: Some(&grant.id),
        client_id: &grant.client_id,
        scope: &grant.scope,
        now,
        expires_at: now + Span::minutes(app.config.tokens.refresh_token_days * 24 * 60),
    };
    tokens::insert_refresh(&app.store, &token).await?;
    Ok(Some(refresh_token))
}

/// A code that can't be taken. If that is because it was taken before, somebody has a copy: what it bought ends
/// (RFC 9700 section 4.5.3).
async fn refuse_and_revoke(app: &App, id: &[u8]) -> Result<OAuthError> {
    let spent = grants::find(&app.store, id).await?.is_some_and(|grant| grant.code_consumed_at.is_some());
    if spent {
        grants::revoke(&app.store, id, app.clock.now()).await?;
        tracing::warn!("an authorization code was used twice; its grant is revoked");
        return Ok(OAuthError::new(Code::InvalidGrant, "the code was used before"));
    }
    Ok(OAuthError::new(Code::InvalidGrant, "the code is unknown, expired or not this client's"))
}

//! `authorization_code` (RFC 6749 section 4.1.3): one transaction, one signature.

use crate::app::App;
use crate::domain::client::{Client, GrantType};
use crate::domain::timestamp::Span;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::token::TokenResponse;
use crate::oidc::{id_token, oxide, scopes};
use crate::platform::random;
use crate::store::grants::{self, GrantRow};
use crate::store::tokens::{self, NewToken};
use crate::web::params::Params;

/// # Errors
/// `invalid_grant` for a code that is spent, expired, somebody else's or not proved by its verifier.
pub async fn redeem(app: &App, client: &Client, params: &Params) -> Result<TokenResponse> {
    let missing = OAuthError::new(Code::InvalidRequest, "code is missing");
    let code = params.get("code").ok_or(missing)?;
    let id = random::hash(code);
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let Some(grant) = grants::redeem(&mut tx, &id, &client.id, now).await? else {
        tx.rollback().await?;
        return Err(refuse_and_revoke(app, &id).await?.into());
    };
    if let Err(error) = oxide::redeem(params, &client.id, &grant) {
        // The code stays spent: whoever guesses at its verifier gets one guess.
        tx.commit().await?;
        return Err(error.into());
    }
    let access_token = random::token();
    let hash = random::hash(&access_token);
    let lifetime = app.config.tokens.access_token_seconds;
    let access = NewToken {
        hash: &hash,
        grant_id: Some(&id),
        client_id: &client.id,
        scope: &grant.scope,
        now,
        expires_at: now + Span::seconds(lifetime),
    };
    tokens::insert_access(&mut tx, &access).await?;
    let refresh_token = issue_refresh(app, &mut tx, client, &grant).await?;
    tx.commit().await?;
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

/// A refresh token, if the grant is to outlive its session.
async fn issue_refresh(
    app: &App,
    tx: &mut sqlx::AnyConnection,
    client: &Client,
    grant: &GrantRow,
) -> Result<Option<String>> {
    if !client.may_use(GrantType::RefreshToken) || !scopes::contains(&grant.scope, "offline_access") {
        return Ok(None);
    }
    let refresh_token = random::token();
    let hash = random::hash(&refresh_token);
    let now = app.clock.now();
    let expires_at = now + Span::minutes(app.config.tokens.refresh_token_days * 24 * 60);
    let token = NewToken {
        hash: &hash,
        grant_id: Some(&grant.id),
        client_id: &client.id,
        scope: &grant.scope,
        now,
        expires_at,
    };
    tokens::insert_refresh(tx, &token).await?;
    // The grant must be there for as long as any of its tokens can be shown.
    grants::extend(tx, &grant.id, expires_at + Span::seconds(app.config.tokens.access_token_seconds)).await?;
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

//! `refresh_token` (RFC 6749 section 6). A public client's token is rotated and its reuse ends the family (RFC 9700
//! section 4.14.2); a confidential client's stays, since its secret protects it (FAPI 2.0 section 5.3.2.1).

use super::redemption::{self, Good};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::{Span, Timestamp};
use crate::oidc::access_token::Draft;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::oidc::{id_token, oxide, scopes, sender_constraint};
use crate::platform::random;
use crate::platform::vault::Purpose;
use crate::store::grants;
use crate::store::tokens::{self, NewToken, RefreshTokenRow};

/// An answer can be lost on its way: within this time the old token gets the same successor again.
const GRACE: Span = Span::seconds(30);

/// # Errors
/// `invalid_grant` for a token that is unknown, expired, revoked, rotated away, somebody else's or bound to what is not
/// proved; `invalid_scope`, `invalid_target` and `invalid_authorization_details` for more than was granted.
pub async fn refresh(app: &App, request: &TokenRequest<'_>) -> Result<TokenResponse> {
    let client = request.client;
    let presented = request.require("refresh_token", "refresh_token is missing")?;
    let dead = || OAuthError::new(Code::InvalidGrant, "the refresh token is unknown, expired or revoked");
    let hash = random::hash(presented);
    let draft = Draft::new(app);
    let found = tokens::find_refresh(&app.store, &hash).await?;
    let token = found.filter(|token| token.is_alive(draft.now)).ok_or_else(dead)?;
    let grant = grants::find(&app.store, &token.grant_id).await?.ok_or_else(dead)?;
    let scope = oxide::refresh(request.params, &client.id, &grant)?;
    if !scope.split(' ').all(|scope| scopes::contains(&token.scope, scope)) {
        return Err(OAuthError::new(Code::InvalidScope, "the scope is wider than what was granted").into());
    }
    let details = request.params.get("authorization_details");
    let good = Good::of(&grant, &request.params.all("resource"), details)?;
    sender_constraint::check_kept(client, token.binding.as_deref(), request.binding.as_ref())?;
    let (access_hash, issued_at, expires_at) = (draft.hash.clone(), draft.now, draft.expires_at());
    let contents = redemption::contents(app, client, &grant, &scope, &good, request.binding.as_ref());
    let response = TokenResponse::new(app, request, draft, &contents)?;
    // Core section 12.2: the same identity, and no nonce that could be taken for a fresh sign-in's.
    let id_token = if scopes::contains(&scope, "openid") {
        let made = id_token::make(app, client, &grant, &response.access_token, None);
        Some(request.while_heard(made).await?)
    } else {
        None
    };
    // Only now: what fails for no fault of the client, or is heard by nobody, has used nothing up.
    let refresh_token = if client.is_public() {
        let now = app.clock.now();
        let Some(successor) = rotate(app, client, &token, (presented, &hash), now).await? else {
            grants::revoke(&app.store, &token.grant_id, now).await?;
            tracing::warn!("a refresh token was used after its rotation; its grant is revoked");
            return Err(dead().into());
        };
        successor
    } else {
        presented.to_owned()
    };
    let access = NewToken {
        hash: &access_hash,
        grant_id: Some(&token.grant_id),
        client_id: &client.id,
        scope: &scope,
        audience: good.audience.as_deref(),
        binding: request.stored_binding.as_deref(),
        actor: None,
        authorization_details: good.authorization_details.as_deref().filter(|_| details.is_some()),
        exchanged_from: None,
        now: issued_at,
        expires_at,
    };
    tokens::insert_access(&app.store, &access).await?;
    Ok(TokenResponse { refresh_token: Some(refresh_token), id_token, ..response })
}

/// The successor of a public client's token; `None` if the token was rotated away before and the grace is over.
///
/// The successor is derived from the token, so that whoever shows the old one again gets the same.
async fn rotate(
    app: &App,
    client: &Client,
    token: &RefreshTokenRow,
    (presented, hash): (&str, &[u8]),
    now: Timestamp,
) -> Result<Option<String>> {
    let successor = app.vault.derive(Purpose::RefreshSuccessor, presented);
    let successor_hash = random::hash(&successor);
    let mut tx = app.store.begin().await?;
    if tokens::consume_refresh(&mut tx, hash, now).await? {
        let next = NewToken {
            hash: &successor_hash,
            grant_id: Some(&token.grant_id),
            client_id: &client.id,
            scope: &token.scope,
            audience: None,
            binding: token.binding.as_deref(),
            actor: None,
            authorization_details: None,
            exchanged_from: None,
            now,
            // The family ends when its first token would have: rotation does not prolong it.
            expires_at: Timestamp::from_millis(token.expires_at),
        };
        tokens::insert_refresh_in(&mut tx, &next).await?;
        tx.commit().await?;
        return Ok(Some(successor));
    }
    let rotated = tokens::rotation(&mut tx, hash, &successor_hash).await?;
    tx.rollback().await?;
    let within_grace = rotated.is_some_and(|at| now - Timestamp::from_millis(at) <= GRACE);
    Ok(within_grace.then_some(successor))
}

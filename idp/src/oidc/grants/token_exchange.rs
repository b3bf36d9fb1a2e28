//! Token exchange (RFC 8693): a portal's back end swaps its user's access token for one for another resource, where it
//! acts for the same user. Never for more than the token was good for, and never for longer.

use serde_json::json;

use crate::app::App;
use crate::domain::timestamp::Timestamp;
use crate::oidc::access_token::{self, Contents, Draft, SignIn};
use crate::oidc::error::{Code, Failure, OAuthError, Result};
use crate::oidc::subject::subject;
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::oidc::{scopes, sender_constraint};
use crate::store::audit;
use crate::store::tokens::{self, AccessTokenRow, NewToken};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// # Errors
/// `invalid_request` for what we can't exchange, `invalid_target` for a resource that this client may not act at,
/// `invalid_scope` for more than the token has.
pub async fn exchange(app: &App, request: &TokenRequest<'_>) -> Result<TokenResponse> {
    let refuse = |code, description| Err(OAuthError::new(code, description).into());
    let (params, client) = (request.params, request.client);
    let presented = request.require("subject_token", "subject_token is missing")?;
    let kind = request.require("subject_token_type", "subject_token_type is missing")?;
    if kind != ACCESS_TOKEN && !(kind == JWT && presented.contains('.')) {
        return refuse(Code::InvalidRequest, "subject_token_type must be access_token");
    }
    if params.get("actor_token").is_some() || params.get("actor_token_type").is_some() {
        return refuse(Code::InvalidRequest, "actor_token is not supported: the client itself acts");
    }
    if params.get("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN && wanted != JWT) {
        return refuse(Code::InvalidRequest, "requested_token_type must be access_token");
    }
    if params.get("authorization_details").is_some() {
        // They were agreed to for where the first token goes.
        let why = "authorization_details can't be exchanged";
        return refuse(Code::InvalidAuthorizationDetails, why);
    }
    if client.is_public() {
        // Anybody could act in its name. Registration refuses it; this is for those from before.
        return refuse(Code::UnauthorizedClient, "a public client may not exchange tokens");
    }
    let named = [params.all("resource"), params.all("audience")].concat();
    if named.is_empty() {
        return refuse(Code::InvalidRequest, "resource is missing");
    }
    if !named.iter().all(|uri| app.config.protocol.exchangeable(uri, &client.id).is_some()) {
        return refuse(Code::InvalidTarget, "the client may not exchange tokens for this resource");
    }
    let (key, row, account_id) = subject_token(app, request, presented).await?;
    let scope = match params.get("scope") {
        None => row.scope.clone(),
        Some(wanted) if wanted.split(' ').all(|one| scopes::contains(&row.scope, one)) => wanted.to_owned(),
        Some(_) => return refuse(Code::InvalidScope, "the scope is wider than that of subject_token"),
    };
    // Section 4.1: the client acts, for the account.
    let actor = json!({ "sub": client.id }).to_string();
    let audience = named.join(" ");
    let draft = Draft::until(app, Some(Timestamp::from_millis(row.expires_at)));
    let token = NewToken {
        hash: &draft.hash,
        grant_id: row.grant_id.as_deref(),
        client_id: &client.id,
        scope: &scope,
        audience: Some(&audience),
        binding: request.stored_binding.as_deref(),
        actor: Some(&actor),
        authorization_details: None,
        exchanged_from: Some(&key),
        now: draft.now,
        expires_at: draft.expires_at(),
    };
    let entry = audit::Entry {
        event: "token_exchange",
        account_id: Some(&account_id),
        client_id: Some(&client.id),
        address: request.address,
        user_agent: request.user_agent,
        detail: &audience,
    };
    let mut tx = app.store.begin().await?;
    // It was read before: by now it may have been revoked, and what is made of it would not go with it.
    if !tokens::hold_access(&mut tx, &key).await? {
        return Err(dead().into());
    }
    tokens::insert_access_in(&mut tx, &token).await?;
    audit::insert(&mut tx, &entry, draft.now).await?;
    tx.commit().await?;
    let sign_in = SignIn {
        subject: subject(app, client, &account_id),
        acr: row.acr.as_deref().unwrap_or_default(),
        amr: row.amr.as_deref().unwrap_or_default(),
        authenticated_at: row.authenticated_at.unwrap_or_default(),
    };
    let contents = Contents {
        scope: &scope,
        audience: Some(&audience),
        binding: request.binding.as_ref(),
        sign_in: Some(sign_in),
        // They were agreed to for the first client.
        authorization_details: None,
        actor: Some(&actor),
    };
    let response = TokenResponse::new(app, request, draft, &contents)?;
    // Section 2.2.1: as it was asked for; it is both.
    let issued = if params.get("requested_token_type") == Some(JWT) { JWT } else { ACCESS_TOKEN };
    Ok(TokenResponse { issued_token_type: Some(issued), ..response })
}

const fn dead() -> OAuthError {
    OAuthError::new(Code::InvalidRequest, "subject_token is unknown, expired or not this client's")
}

/// The live token that is exchanged, by its key, with the account that it speaks of: the client's own, as its user's sign-in got
/// it.
async fn subject_token(
    app: &App,
    request: &TokenRequest<'_>,
    presented: &str,
) -> Result<(Vec<u8>, AccessTokenRow, String)> {
    let key = access_token::key_of(app, presented).ok_or_else(dead)?;
    let row = tokens::find_access(&app.store, &key, app.clock.now()).await?.ok_or_else(dead)?;
    if row.client_id != request.client.id {
        return Err(dead().into());
    }
    if row.actor.is_some() {
        return Err(OAuthError::new(Code::InvalidRequest, "subject_token was exchanged before").into());
    }
    let kept =
        sender_constraint::check_kept(request.client, row.binding.as_deref(), request.binding.as_ref());
    kept.map_err(|failure| match failure {
        // Section 2.2.2: whatever is wrong with it.
        Failure::OAuth(error) => OAuthError::new(Code::InvalidRequest, error.description).into(),
        fault @ Failure::Web(_) => fault,
    })?;
    let nobody = OAuthError::new(Code::InvalidRequest, "subject_token speaks of no account");
    let account_id = row.account_id.clone().ok_or(nobody)?;
    Ok((key, row, account_id))
}

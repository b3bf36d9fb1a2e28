//! Token introspection (RFC 7662): a client asks what a token is worth; a resource server asks about any.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::client_auth;
use super::error::{Code, Failure, NO_STORE, OAuthError, Result};
use super::subject::subject;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::store::tokens;
use crate::web::forms::form_params;

/// POST `/introspect`.
///
/// # Errors
/// `invalid_client` for whoever does not prove who they are.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let params = form_params(request, &app).await.map_err(Failure::Web)?;
    let client = client_auth::authenticate(&app, &headers, &params).await?;
    if client.is_public() {
        return Err(OAuthError::new(Code::InvalidClient, "a public client may not introspect").into());
    }
    let missing = OAuthError::new(Code::InvalidRequest, "token is missing");
    let token = params.get("token").ok_or(missing)?;
    let answer = match access(&app, &client, token).await? {
        Some(answer) => answer,
        None => refresh(&app, &client, token).await?.unwrap_or_else(|| json!({ "active": false })),
    };
    Ok((NO_STORE, Json(answer)).into_response())
}

/// Nobody learns of a token that is neither theirs nor theirs to serve.
fn may_know(asking: &Client, owner: &str) -> bool {
    asking.id == owner || asking.metadata.resource_server
}

async fn access(app: &App, asking: &Client, token: &str) -> Result<Option<Value>> {
    let found = tokens::find_access(&app.store, &random::hash(token), app.clock.now()).await?;
    let Some(row) = found.filter(|row| may_know(asking, &row.client_id)) else { return Ok(None) };
    let Some(owner) = app.clients.find(&app.store, &row.client_id).await? else { return Ok(None) };
    let mut answer = json!({
        "active": true,
        "token_type": "Bearer",
        "client_id": row.client_id,
        "scope": row.scope,
        "iss": app.config.issuer,
        "iat": Timestamp::from_millis(row.issued_at).seconds(),
        "exp": Timestamp::from_millis(row.expires_at).seconds(),
    });
    // A back end's own token is about the client; its id can't be that of an account.
    answer["sub"] = match &row.account_id {
        Some(account_id) => json!(subject(app, &owner, account_id)),
        None => json!(row.client_id),
    };
    if let (Some(acr), Some(at)) = (&row.acr, row.authenticated_at) {
        answer["acr"] = json!(acr);
        answer["auth_time"] = json!(Timestamp::from_millis(at).seconds());
    }
    Ok(Some(answer))
}

async fn refresh(app: &App, asking: &Client, token: &str) -> Result<Option<Value>> {
    let now = app.clock.now();
    let found = tokens::find_refresh(&app.store, &random::hash(token)).await?;
    let alive = |row: &tokens::RefreshTokenRow| row.is_alive(now) && row.consumed_at.is_none();
    let Some(row) = found.filter(|row| alive(row) && may_know(asking, &row.client_id)) else {
        return Ok(None);
    };
    let Some(owner) = app.clients.find(&app.store, &row.client_id).await? else { return Ok(None) };
    Ok(Some(json!({
        "active": true,
        "client_id": row.client_id,
        "scope": row.scope,
        "iss": app.config.issuer,
        "sub": subject(app, &owner, &row.account_id),
        "iat": Timestamp::from_millis(row.issued_at).seconds(),
        "exp": Timestamp::from_millis(row.expires_at).seconds(),
    })))
}

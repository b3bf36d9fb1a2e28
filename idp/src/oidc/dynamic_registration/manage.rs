//! A client and its own registration (RFC 7592).

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::refusal::Result;
use super::{answer, bearer, body, dead_token, note, row};
use crate::app::App;
use crate::domain::client::{ClientMetadata, Wrong};
use crate::oidc::error::NO_STORE;
use crate::oidc::registration;
use crate::platform::random;
use crate::store::clients::{self, ClientRow};
use crate::store::registrations;
use crate::web::Visitor;

/// A registration whose token was shown.
struct Known {
    row: ClientRow,
    issued_at: i64,
    token: String,
}

async fn known(app: &App, id: &str, headers: &HeaderMap) -> Result<Known> {
    let token = bearer(headers)?;
    // PostgreSQL would fail at the question.
    let found = match id.contains('\0') {
        true => None,
        false => registrations::registered_at(&app.store, id, &random::hash(&token)).await?,
    };
    let issued_at = found.ok_or_else(dead_token)?;
    let row = clients::find(&app.store, id).await?.ok_or_else(dead_token)?;
    Ok(Known { row, issued_at, token })
}

/// GET `/register/{id}`: what is registered. The secret is not told again, since only its hash is kept.
///
/// # Errors
/// 401 for whoever does not have the registration access token.
pub async fn get(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response> {
    let known = known(&app, &id, &headers).await?;
    let metadata: ClientMetadata = serde_json::from_str(&known.row.metadata).map_err(anyhow::Error::from)?;
    let told = answer(&app, &id, &metadata, known.issued_at, None, &known.token);
    Ok((NO_STORE, Json(told)).into_response())
}

/// PUT `/register/{id}`: replaces the whole registration; what is left out goes back to its default.
///
/// # Errors
/// 401 for whoever does not have the registration access token, 400 for what can't be registered.
pub async fn put(
    State(app): State<App>,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let known = known(&app, &id, &headers).await?;
    let body = body?;
    let sent = body::object(&headers, &body)?;
    check_identity(&sent, &known.row)?;
    let metadata = body::metadata(sent, &app.config.registration.scopes)?;
    registration::check(&app, &metadata).await?;
    let (row, secret) = row(&app, &id, &metadata, Some(known.row))?;
    let mut tx = app.store.begin().await?;
    if !clients::replace_registered(&mut tx, &row).await? {
        // Deleted while this was looked at: it must not come back to life.
        return Err(dead_token().into());
    }
    note(&mut tx, "client_updated", &id, &visitor.caller, &app).await?;
    tx.commit().await?;
    app.clients.forget(&id);
    let told = answer(&app, &id, &metadata, known.issued_at, secret.as_deref(), &known.token);
    Ok((NO_STORE, Json(told)).into_response())
}

/// RFC 7592 section 2.2: whose registration it is, and what the provider alone decides.
fn check_identity(sent: &Map<String, Value>, row: &ClientRow) -> Result<(), Wrong> {
    if sent.get("client_id").and_then(Value::as_str) != Some(&row.id) {
        return Err(Wrong::new("client_id", "must be this client's"));
    }
    for ours in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        if sent.contains_key(ours) {
            return Err(Wrong::new(ours, "must not be sent"));
        }
    }
    if let Some(secret) = sent.get("client_secret") {
        let sent = random::hash(secret.as_str().unwrap_or_default());
        let same = row.secret_hash.as_ref().is_some_and(|hash| bool::from(sent.ct_eq(hash)));
        if !same {
            return Err(Wrong::new("client_secret", "must be the current one"));
        }
    }
    Ok(())
}

/// DELETE `/register/{id}`: the client is gone, and with it everything that it holds.
///
/// # Errors
/// 401 for whoever does not have the registration access token.
pub async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response> {
    known(&app, &id, &headers).await?;
    let mut tx = app.store.begin().await?;
    if !registrations::delete(&mut tx, &id, app.clock.now()).await? {
        return Err(dead_token().into());
    }
    note(&mut tx, "client_deleted", &id, &visitor.caller, &app).await?;
    tx.commit().await?;
    app.clients.forget(&id);
    Ok((StatusCode::NO_CONTENT, NO_STORE).into_response())
}

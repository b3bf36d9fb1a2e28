//! Clients that register themselves: RFC 7591, OpenID Connect Dynamic Client Registration 1.0, and RFC 7592 for what
//! they do with their registration afterwards.

pub mod body;
mod manage;
mod refusal;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub use self::manage::{delete, get, put};
use self::refusal::{Refusal, Result};
use super::client_auth::authorization;
use super::error::{Code, NO_STORE, OAuthError};
use super::registration;
use crate::app::App;
use crate::config::RegistrationMode;
use crate::domain::client::{AuthMethod, ClientMetadata, OURS};
use crate::domain::timestamp::Span;
use crate::guard::Caller;
use crate::platform::random;
use crate::platform::vault::Purpose;
use crate::store::clients::{self, ClientRow};
use crate::store::{attempts, audit, registrations};
use crate::web::Visitor;

/// POST `/register`.
///
/// # Errors
/// A [`Refusal`] for the client's engineer.
pub async fn register(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let initial_token = admit(&app, &visitor.caller, &headers).await?;
    let body = body?;
    let metadata = body::read(&headers, &body, &app.config.registration.scopes)?;
    registration::check(&app, &metadata).await?;
    let id = format!("d{}", random::id());
    let registration_token = random::token();
    let now = app.clock.now();
    let (row, secret) = row(&app, &id, &metadata, None)?;
    let mut tx = app.store.begin().await?;
    if let Some(token_hash) = initial_token
        && !registrations::use_initial_token(&mut tx, &token_hash, now).await?
    {
        return Err(dead_token().into());
    }
    clients::put_in(&mut tx, &row, now).await?;
    registrations::insert(&mut tx, &id, &random::hash(&registration_token), now).await?;
    note(&mut tx, "client_registered", &id, &visitor.caller, &app).await?;
    tx.commit().await?;
    let told = answer(&app, &id, &metadata, now.millis(), secret.as_deref(), &registration_token);
    Ok((StatusCode::CREATED, NO_STORE, Json(told)).into_response())
}

/// Whether somebody may register; gives the initial access token that lets them, hashed.
async fn admit(app: &App, caller: &Caller, headers: &HeaderMap) -> Result<Option<Vec<u8>>> {
    let config = &app.config.registration;
    match config.mode {
        RegistrationMode::Off => Err(Refusal::Off),
        RegistrationMode::Token => {
            let token_hash = random::hash(&bearer(headers)?);
            if !registrations::is_initial_token_alive(&app.store, &token_hash, app.clock.now()).await? {
                return Err(dead_token().into());
            }
            Ok(Some(token_hash))
        }
        RegistrationMode::Open => {
            let value = app.vault.derive(Purpose::AttemptBucket, &format!("register|{}", caller.address));
            let hour = Span::minutes(60);
            let mut tx = app.store.begin().await?;
            let bucket = format!("register:{value}");
            let count = attempts::add_in_window(&mut tx, &bucket, app.clock.now(), hour).await?;
            tx.commit().await?;
            if count > i64::from(config.address_hour) { Err(Refusal::TooMany) } else { Ok(None) }
        }
    }
}

/// The client's row, and its secret: a new one if its way of authentication uses one and it has none that serves.
fn row(
    app: &App,
    id: &str,
    metadata: &ClientMetadata,
    old: Option<ClientRow>,
) -> Result<(ClientRow, Option<String>)> {
    let method = metadata.token_endpoint_auth_method;
    let needs_itself = method == AuthMethod::ClientSecretJwt;
    let serves = |row: &ClientRow| {
        method.uses_secret() && row.secret_hash.is_some() && (!needs_itself || row.secret_sealed.is_some())
    };
    let mut row = ClientRow {
        id: id.to_owned(),
        secret_hash: None,
        secret_sealed: None,
        metadata: serde_json::to_string(metadata).map_err(anyhow::Error::from)?,
        disabled_at: None,
    };
    if let Some(old) = old.filter(serves) {
        row.secret_hash = old.secret_hash;
        row.secret_sealed = old.secret_sealed.filter(|_| needs_itself);
        return Ok((row, None));
    }
    let Some(secret) = registration::new_secret(app, id, method)? else { return Ok((row, None)) };
    row.secret_hash = Some(secret.hash);
    row.secret_sealed = secret.sealed;
    Ok((row, Some(secret.plain)))
}

/// RFC 7591 section 3.2.1 and RFC 7592 section 3: everything that is registered, and how it is managed.
fn answer(
    app: &App,
    id: &str,
    metadata: &ClientMetadata,
    issued_at: i64,
    secret: Option<&str>,
    registration_token: &str,
) -> Value {
    let mut told = match serde_json::to_value(metadata) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    told.retain(|name, value| !value.is_null() && !OURS.contains(&name.as_str()));
    let mut set = |name: &str, value: Value| told.insert(name.to_owned(), value);
    set("client_id", json!(id));
    set("client_id_issued_at", json!(issued_at / 1000));
    if let Some(secret) = secret {
        set("client_secret", json!(secret));
        // It does not expire.
        set("client_secret_expires_at", json!(0));
    }
    set("registration_client_uri", json!(format!("{}/register/{id}", app.config.issuer)));
    set("registration_access_token", json!(registration_token));
    Value::Object(told)
}

/// The token of the Authorization header: there is no other way here.
fn bearer(headers: &HeaderMap) -> Result<String, OAuthError> {
    let value = authorization(headers)?.ok_or_else(OAuthError::no_bearer_token)?;
    let split = value.to_str().ok().and_then(|value| value.split_once(' '));
    let (_, token) =
        split.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).ok_or_else(dead_token)?;
    Ok(token.trim().to_owned())
}

const fn dead_token() -> OAuthError {
    OAuthError::new(Code::InvalidToken, "the token is unknown, expired or used up")
}

async fn note(
    tx: &mut sqlx::AnyConnection,
    event: &str,
    client_id: &str,
    caller: &Caller,
    app: &App,
) -> sqlx::Result<()> {
    let entry = audit::Entry {
        event,
        account_id: None,
        client_id: Some(client_id),
        address: &caller.address,
        user_agent: &caller.user_agent,
        detail: "",
    };
    audit::insert(tx, &entry, app.clock.now()).await
}

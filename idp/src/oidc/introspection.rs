//! Token introspection (RFC 7662): a client asks what its own tokens are worth, a resource server those that are for it.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::envelope::Envelope;
use super::error::{Code, Failure, NO_STORE, OAuthError, Result};
use super::subject::subject;
use super::{access_token, client_auth, sender_constraint};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::confirmation::Confirmation;
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::store::tokens::{self, AccessTokenRow};
use crate::web::forms::form_params;

const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// POST `/introspect`.
///
/// # Errors
/// `invalid_client` for whoever does not prove who they are.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let envelope = Envelope::of(&app, &request);
    let params = form_params(request, &app).await.map_err(Failure::Web)?;
    let client = client_auth::authenticate(&app, &envelope, &params).await?;
    if client.is_public() {
        return Err(OAuthError::new(Code::InvalidClient, "a public client may not introspect").into());
    }
    let missing = OAuthError::new(Code::InvalidRequest, "token is missing");
    let token = params.get("token").ok_or(missing)?;
    let answer = match access(&app, &client, token).await? {
        Some(answer) => answer,
        None => refresh(&app, &client, token).await?.unwrap_or_else(|| json!({ "active": false })),
    };
    if let Some(alg) = signed_with(&client, &envelope.headers) {
        let signed = sign(&app, &client, alg, &answer)?;
        return Ok((NO_STORE, [(header::CONTENT_TYPE, MEDIA_TYPE)], signed).into_response());
    }
    Ok((NO_STORE, Json(answer)).into_response())
}

/// Whoever registered an algorithm gets its answers signed, and so does whoever asks for that (RFC 9701 sections 4
/// and 6); by default with RS256.
fn signed_with(client: &Client, headers: &HeaderMap) -> Option<SigningAlg> {
    let wanted = weight(headers, MEDIA_TYPE).unwrap_or_default();
    let json =
        ["application/json", "application/*", "*/*"].into_iter().find_map(|named| weight(headers, named));
    let asked = wanted > 0.0 && wanted >= json.unwrap_or_default();
    let registered = client.metadata.introspection_signed_response_alg;
    registered.or_else(|| asked.then_some(SigningAlg::RS256))
}

/// How much a media type is wanted that `Accept` names, from 0 to 1 (RFC 9110 section 12.4.2).
fn weight(headers: &HeaderMap, media_type: &str) -> Option<f32> {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).find_map(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next()?.eq_ignore_ascii_case(media_type).then_some(())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        weight.map_or(Some(1.0), |weight| weight.parse().ok())
    })
}

/// RFC 9701 section 5. The claims of the token stand inside, so that the answer never passes for the token.
fn sign(app: &App, client: &Client, alg: SigningAlg, answer: &Value) -> Result<String> {
    let now = app.clock.now();
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(app.config.issuer));
    claims.insert("aud".to_owned(), json!(client.id));
    claims.insert("iat".to_owned(), json!(now.seconds()));
    claims.insert("token_introspection".to_owned(), answer.clone());
    Ok(app.keys.sign(alg, "token-introspection+jwt", &claims, now)?)
}

/// RFC 9701 section 5: nobody learns of a token that is neither theirs nor meant for them. What is meant for us alone
/// (userinfo) concerns no resource server.
fn may_know(app: &App, asking: &Client, row: &AccessTokenRow) -> bool {
    let mut audience = row.audience.as_deref().unwrap_or_default().split(' ');
    asking.id == row.client_id || audience.any(|uri| app.config.protocol.is_served_by(uri, &asking.id))
}

async fn access(app: &App, asking: &Client, token: &str) -> Result<Option<Value>> {
    let Some(key) = access_token::key_of(app, token) else { return Ok(None) };
    let found = tokens::find_access(&app.store, &key, app.clock.now()).await?;
    let Some(row) = found.filter(|row| may_know(app, asking, row)) else { return Ok(None) };
    let Some(owner) = app.clients.find(&app.store, &row.client_id).await? else { return Ok(None) };
    let binding = sender_constraint::stored(row.binding.as_deref())?;
    let mut answer = json!({
        "active": true,
        "token_type": Confirmation::token_type(binding.as_ref()),
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
    if let Some(audience) = &row.audience {
        answer["aud"] = json!(audience.split(' ').collect::<Vec<_>>());
    }
    if let Some(binding) = &binding {
        answer["cnf"] = binding.claim();
    }
    for (name, text) in [("authorization_details", &row.authorization_details), ("act", &row.actor)] {
        if let Some(text) = text {
            answer[name] = serde_json::from_str(text).map_err(anyhow::Error::from)?;
        }
    }
    Ok(Some(answer))
}

async fn refresh(app: &App, asking: &Client, token: &str) -> Result<Option<Value>> {
    let now = app.clock.now();
    let found = tokens::find_refresh(&app.store, &random::hash(token)).await?;
    let alive = |row: &tokens::RefreshTokenRow| row.is_alive(now) && row.consumed_at.is_none();
    // No resource is ever shown one.
    let Some(row) = found.filter(|row| alive(row) && row.client_id == asking.id) else {
        return Ok(None);
    };
    let binding = sender_constraint::stored(row.binding.as_deref())?.filter(|_| asking.is_public());
    let mut answer = json!({
        "active": true,
        "client_id": row.client_id,
        "scope": row.scope,
        "iss": app.config.issuer,
        "sub": subject(app, asking, &row.account_id),
        "iat": Timestamp::from_millis(row.issued_at).seconds(),
        "exp": Timestamp::from_millis(row.expires_at).seconds(),
    });
    if let Some(binding) = binding {
        answer["cnf"] = binding.claim();
    }
    Ok(Some(answer))
}

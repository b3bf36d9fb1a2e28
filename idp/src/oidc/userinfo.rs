//! The userinfo endpoint (OpenID Connect Core section 5.3).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::at_resource::Scheme;
use super::claims::{self, ClaimsRequest};
use super::error::{Code, NO_STORE, Result};
use super::subject::subject;
use super::verified_claims::{self, Known};
use super::{at_resource, dpop};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::client_keys::Inside;
use crate::domain::scopes;
use crate::store::principals;

/// Not the `JWT` of ID tokens, so that one does not pass for the other (RFC 8725 section 3.11).
const TYPE: &str = "userinfo+jwt";

/// GET and POST `/userinfo`.
///
/// # Errors
/// The error of RFC 6750 or RFC 9449 that the bearer is told.
pub async fn handle(State(app): State<App>, request: Request) -> Result<Response> {
    let (scheme, row) = at_resource::token_of(&app, request).await?;
    let dead = || scheme.refuse(Code::InvalidToken, "the access token is unknown, expired or revoked");
    let account = row.account_id.as_deref().zip(row.account_kind.as_deref());
    let narrow = scheme.refuse(Code::InsufficientScope, "the access token lacks the scope openid");
    let (account_id, kind) = account.filter(|_| scopes::contains(&row.scope, "openid")).ok_or(narrow)?;
    let client = app.clients.find(&app.store, &row.client_id).await?.ok_or_else(dead)?;
    let principal = principals::find_of_kind(&app.store, &app.vault, kind, account_id).await?;
    let (principal, confirmed) = principal.ok_or_else(dead)?;
    let asked: Option<ClaimsRequest> =
        row.claims.as_deref().map(serde_json::from_str).transpose().map_err(anyhow::Error::from)?;
    let mut claims = claims::userinfo(&client, &principal, &row.scope, asked.as_ref());
    let wanted = asked.as_ref().and_then(|asked| asked.userinfo.get(verified_claims::NAME));
    let known = Known { client: &client, principal: &principal, confirmed, in_userinfo: true };
    if let Some(verified) = verified_claims::of(&app, &known, wanted, &row.scope) {
        claims.insert(verified_claims::NAME.to_owned(), verified);
    }
    claims.insert("sub".to_owned(), json!(subject(&app, &client, account_id)));
    let mut response = told(&app, &client, claims).await?;
    if scheme == Scheme::Dpop {
        dpop::tell_nonce(&app, &mut response);
    }
    Ok(response)
}

/// As the client registered (Core section 5.3.2): JSON, or a JWT that is signed, encrypted, or both.
async fn told(app: &App, client: &Client, mut claims: Map<String, Value>) -> Result<Response> {
    let metadata = &client.metadata;
    let wanted = metadata.userinfo_encrypted_response_alg.zip(metadata.userinfo_encrypted_response_enc);
    let token = match (metadata.userinfo_signed_response_alg, wanted) {
        (None, None) => return Ok((NO_STORE, Json(claims)).into_response()),
        (None, Some(_)) => {
            let plain = Value::Object(claims).to_string();
            app.sealed_for(client, wanted, Inside::Json, plain).await?
        }
        (Some(alg), _) => {
            claims.insert("iss".to_owned(), json!(app.config.issuer));
            claims.insert("aud".to_owned(), json!(client.id));
            let signed = app.keys.sign(alg, TYPE, &claims, app.clock.now())?;
            app.sealed_for(client, wanted, Inside::Jwt, signed).await?
        }
    };
    Ok((NO_STORE, [(header::CONTENT_TYPE, "application/jwt")], token).into_response())
}

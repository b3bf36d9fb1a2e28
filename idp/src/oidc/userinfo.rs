//! The userinfo endpoint (OpenID Connect Core section 5.3).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::claims::{self, ClaimsRequest};
use super::error::{Code, Failure, NO_STORE, OAuthError, Result};
use super::scopes;
use super::subject::subject;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::client_keys::Inside;
use crate::platform::random;
use crate::store::{principals, tokens};
use crate::web::forms::form_params;
use crate::web::params::Params;

/// Not the `JWT` of ID tokens, so that one does not pass for the other (RFC 8725 section 3.11).
const TYPE: &str = "userinfo+jwt";

/// GET and POST `/userinfo`.
///
/// # Errors
/// The bearer error of RFC 6750.
pub async fn handle(State(app): State<App>, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let token = bearer(&app, &headers, request).await?;
    let dead = || OAuthError::new(Code::InvalidToken, "the access token is unknown, expired or revoked");
    let row =
        tokens::find_access(&app.store, &random::hash(&token), app.clock.now()).await?.ok_or_else(dead)?;
    let account = row.account_id.as_deref().zip(row.account_kind.as_deref());
    let narrow = OAuthError::new(Code::InsufficientScope, "the access token lacks the scope openid");
    let (account_id, kind) = account.filter(|_| scopes::contains(&row.scope, "openid")).ok_or(narrow)?;
    let client = app.clients.find(&app.store, &row.client_id).await?.ok_or_else(dead)?;
    let principal = principals::find_of_kind(&app.store, &app.vault, kind, account_id).await?;
    let principal = principal.ok_or_else(dead)?;
    let asked: Option<ClaimsRequest> =
        row.claims.as_deref().map(serde_json::from_str).transpose().map_err(anyhow::Error::from)?;
    let mut claims = claims::userinfo(&client, &principal, &row.scope, asked.as_ref());
    claims.insert("sub".to_owned(), json!(subject(&app, &client, account_id)));
    told(&app, &client, claims).await
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

/// The token of the Authorization header, or of a POSTed form; never of the query (RFC 9700 section 4.3.2), and never
/// of both (RFC 6750 section 2).
async fn bearer(app: &App, headers: &HeaderMap, request: Request) -> Result<String> {
    let in_header = headers.get(header::AUTHORIZATION).map(of_header).transpose()?;
    let form = if request.method() == Method::POST && headers.contains_key(header::CONTENT_TYPE) {
        Some(form_params(request, app).await)
    } else {
        None
    };
    let in_form = |params: &Params| params.get("access_token").map(str::to_owned);
    match (in_header, form) {
        (Some(_), Some(Ok(params))) if in_form(&params).is_some() => {
            Err(OAuthError::at_resource(Code::InvalidRequest, "the access token was sent in two ways").into())
        }
        (Some(token), _) => Ok(token),
        (None, Some(form)) => {
            in_form(&form.map_err(Failure::Web)?).ok_or_else(|| OAuthError::no_token().into())
        }
        (None, None) => Err(OAuthError::no_token().into()),
    }
}

fn of_header(value: &HeaderValue) -> Result<String, OAuthError> {
    let malformed = OAuthError::new(Code::InvalidToken, "the Authorization header must be Bearer");
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(malformed.clone())?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim().to_owned()) } else { Err(malformed) }
}

//! Pushed authorization requests (RFC 9126): a client says what it wants before it sends its visitor, who then carries
//! nothing but a name for it.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::authorization_request::{self, REPEATABLE, ReturnAddress};
use super::envelope::Envelope;
use super::error::{Code, Failure, NO_STORE, OAuthError, Result};
use super::{client_auth, dpop, request_object};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::store::pushed_requests::{self, NewRequest};
use crate::web::forms::form_params_as_sent;
use crate::web::params::Params;

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a browser may take to bring it.
const SECONDS: u32 = 60;
const FIELD: &str = "pushed_requests.parameters";
/// What only proves who the client is.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// POST `/par`.
///
/// # Errors
/// Whatever the authorization endpoint would tell of the request, and what client authentication does.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response> {
    let envelope = Envelope::of(&app, &request);
    let params = form_params_as_sent(request, &app).await.map_err(Failure::Web)?;
    if params.repeated_but(&REPEATABLE).is_some() {
        return Err(OAuthError::new(Code::InvalidRequest, "a parameter is repeated").into());
    }
    let client = client_auth::authenticate(&app, &envelope, &params).await?;
    if params.get("request_uri").is_some() {
        return Err(OAuthError::new(Code::InvalidRequest, "a request_uri can't be pushed").into());
    }
    let proved = dpop::proved_key(&app, &envelope, None).await?;
    let asked = request_object::resolve(&app, &client, asked(&client, params)).await?;
    let params = bind(asked.params, proved.as_deref())?;
    let wrong_address = |why| OAuthError::new(Code::InvalidRequest, why);
    let address = ReturnAddress::read(&client, &params).map_err(wrong_address)?;
    authorization_request::read(&app, &client, &params, address)?;
    let request_uri = format!("{PREFIX}{}", keep(&app, &client, &params).await?);
    // Last: what is refused, or fails, uses nothing up. A request that nobody is told of expires.
    if let Some(once) = asked.once {
        once.use_up(&app).await?;
    }
    let answer = Json(json!({ "request_uri": request_uri, "expires_in": SECONDS }));
    let mut response = (StatusCode::CREATED, NO_STORE, answer).into_response();
    if proved.is_some() {
        dpop::tell_nonce(&app, &mut response);
    }
    Ok(response)
}

/// A proof here means as much as `dpop_jkt`: the code will be bound to its key (RFC 9449 section 10.1).
fn bind(params: Params, proved: Option<&str>) -> Result<Params, OAuthError> {
    match (proved, params.get("dpop_jkt")) {
        (Some(proved), Some(named)) if proved != named => {
            Err(OAuthError::new(Code::InvalidDpopProof, "dpop_jkt is not the DPoP proof's key"))
        }
        (Some(proved), None) => {
            let mut pairs = params.without(&["dpop_jkt"]).into_pairs();
            pairs.push(("dpop_jkt".to_owned(), proved.to_owned()));
            Ok(Params::from(pairs))
        }
        _ => Ok(params),
    }
}

/// The request itself. Its `client_id` is whoever has proved to be it.
fn asked(client: &Client, params: Params) -> Params {
    let mut pairs = params.without(&CREDENTIALS).without(&["client_id"]).into_pairs();
    pairs.push(("client_id".to_owned(), client.id.clone()));
    Params::from(pairs)
}

async fn keep(app: &App, client: &Client, params: &Params) -> anyhow::Result<String> {
    let id = random::token();
    // Sealed: a login_hint is often a telephone or document number.
    let parameters = random::base64url(&app.vault.seal(FIELD, &id, &params.encoded())?);
    let visit_before = app.clock.now() + Span::seconds(SECONDS);
    let request = NewRequest {
        id_hash: &random::hash(&id),
        client_id: &client.id,
        parameters: &parameters,
        visit_before,
        expires_at: visit_before + Span::minutes(app.config.sign_in.request_minutes),
    };
    pushed_requests::insert(&app.store, &request).await?;
    Ok(id)
}

/// The end of a `request_uri` that names a pushed request; `None` for one that names a document.
pub fn pushed_id(request_uri: &str) -> Option<&str> {
    request_uri.strip_prefix(PREFIX)
}

/// What a client pushed; `None` if it is unknown, answered, too old or another client's.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, client: &Client, id: &str) -> anyhow::Result<Option<Params>> {
    let found = pushed_requests::find(&app.store, &random::hash(id), &client.id, app.clock.now()).await?;
    let Some(parameters) = found else { return Ok(None) };
    let encoded = app.vault.open_text(FIELD, id, &URL_SAFE_NO_PAD.decode(parameters)?)?;
    Ok(Some(Params::parse(encoded.as_bytes())?))
}

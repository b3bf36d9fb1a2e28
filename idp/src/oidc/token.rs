//! The token endpoint (RFC 6749 section 3.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::access_token::{Contents, Draft};
use super::envelope::Envelope;
use super::error::{Code, OAuthError, Result};
use super::{client_auth, dpop, grants, sender_constraint};
use crate::app::App;
use crate::domain::client::{Client, GrantType};
use crate::domain::confirmation::Confirmation;
use crate::guard::Caller;
use crate::platform::telemetry::GrantLabel;
use crate::web::Visitor;
use crate::web::forms::form_params_as_sent;
use crate::web::params::Params;

/// A token request whose client has proved who it is.
pub struct TokenRequest<'a> {
    pub client: &'a Client,
    pub params: &'a Params,
    /// What its tokens will be bound to.
    pub binding: Option<Confirmation>,
    /// The same as the store keeps it.
    pub stored_binding: Option<String>,
    /// Where it comes from, for the audit log.
    pub address: &'a str,
    pub user_agent: &'a str,
    /// Closed once nobody waits for the answer any more.
    waiting: watch::Sender<()>,
}

impl TokenRequest<'_> {
    /// A parameter that the grant can't do without.
    ///
    /// # Errors
    /// `invalid_request` with `missing` when it is not there.
    pub fn require(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.params.get(name).ok_or(OAuthError::new(Code::InvalidRequest, missing))
    }

    /// `work` that may take others' time, given up once the client has hung up: it need not wait for what it will not
    /// be told, and what it has used up is free for its next try at once.
    ///
    /// # Errors
    /// What `work` says; one that nobody hears if it was given up.
    pub async fn while_heard<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.waiting.closed() => Err(anyhow::anyhow!("the client has hung up").into()),
            done = work => done,
        }
    }
}

/// RFC 6749 section 5.1, with the `id_token` of OpenID Connect.
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    pub scope: String,
    /// RFC 9396 section 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// RFC 8693 section 2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
}

impl TokenResponse {
    /// A finished access token with what the token itself says of it, and nothing beside it yet.
    ///
    /// # Errors
    /// When signing fails, or the store holds what is no JSON.
    pub fn new(app: &App, request: &TokenRequest<'_>, draft: Draft, contents: &Contents<'_>) -> Result<Self> {
        let details = contents.authorization_details.map(serde_json::from_str).transpose();
        Ok(Self {
            token_type: Confirmation::token_type(contents.binding),
            expires_in: draft.lifetime,
            scope: contents.scope.to_owned(),
            authorization_details: details.map_err(anyhow::Error::from)?,
            access_token: draft.finish(app, request.client, contents)?,
            refresh_token: None,
            id_token: None,
            issued_token_type: None,
        })
    }
}

/// POST `/token`.
///
/// # Errors
/// The OAuth error that the client is told.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response> {
    let envelope = Envelope::of(&app, &request);
    let params = form_params_as_sent(request, &app).await.map_err(super::error::Failure::Web)?;
    // RFC 8707 section 2.2, RFC 8693 section 2.1: only these may be repeated.
    if params.repeated_but(&["resource", "audience"]).is_some() {
        return Err(OAuthError::new(Code::InvalidRequest, "a parameter is repeated").into());
    }
    let missing = OAuthError::new(Code::InvalidRequest, "grant_type is missing");
    let named = params.get("grant_type").ok_or(missing)?;
    let client = client_auth::authenticate(&app, &envelope, &params).await?;
    let grant = GrantType::of_token_request(named).ok_or_else(unsupported)?;
    if !client.may_use(grant) {
        return Err(
            OAuthError::new(Code::UnauthorizedClient, "the client may not use this grant_type").into()
        );
    }
    let binding = sender_constraint::of_request(&app, &envelope, &client).await?;
    // A client that hangs up takes the handler with it: what it begins is a task of its own, which knows whether
    // anybody still listens.
    let (waiting, _listens) = watch::channel(());
    let asked = Asked { client, grant, params, binding, caller: visitor.caller };
    app.begun.finish(answer(app.clone(), asked, waiting)).await
}

const fn unsupported() -> OAuthError {
    OAuthError::new(Code::UnsupportedGrantType, "this grant_type is not supported")
}

/// Who asks for what is known: what is left is to give it.
struct Asked {
    client: Arc<Client>,
    grant: GrantType,
    params: Params,
    binding: Option<Confirmation>,
    caller: Caller,
}

async fn answer(app: App, asked: Asked, waiting: watch::Sender<()>) -> Result<Response> {
    let Asked { client, grant, params, binding, caller } = asked;
    let proved = matches!(binding, Some(Confirmation::Key(_)));
    let request = TokenRequest {
        client: &client,
        params: &params,
        stored_binding: binding.as_ref().map(ToString::to_string),
        binding,
        address: &caller.address,
        user_agent: &caller.user_agent,
        waiting,
    };
    let response = match grant {
        GrantType::AuthorizationCode => grants::authorization_code::redeem(&app, &request).await?,
        GrantType::RefreshToken => grants::refresh_token::refresh(&app, &request).await?,
        GrantType::ClientCredentials => grants::client_credentials::issue(&app, &request).await?,
        GrantType::Implicit => return Err(unsupported().into()),
        GrantType::DeviceCode => grants::device_code::poll(&app, &request).await?,
        GrantType::TokenExchange => grants::token_exchange::exchange(&app, &request).await?,
    };
    app.metrics.tokens.get_or_create(&GrantLabel { grant_type: grant.as_str() }).inc();
    let uncached = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    let mut response = (uncached, Json(response)).into_response();
    if proved {
        dpop::tell_nonce(&app, &mut response);
    }
    Ok(response)
}

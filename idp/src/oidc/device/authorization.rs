//! The device authorization endpoint (RFC 8628 section 3.1): a device asks for a code to show.

use anyhow::Context;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::user_code::UserCode;
use crate::app::App;
use crate::domain::client::{Client, GrantType};
use crate::domain::timestamp::Span;
use crate::guard::rate_limit::Limit;
use crate::oidc::authorization_request::read_details;
use crate::oidc::envelope::Envelope;
use crate::oidc::error::{Code, Failure, NO_STORE, OAuthError, Result};
use crate::oidc::{access_token, client_auth, dpop, scopes};
use crate::platform::random;
use crate::store::device_codes::{self, NewDeviceCode};
use crate::web::Visitor;
use crate::web::forms::form_params_as_sent;

/// Seconds between two questions of a device.
const INTERVAL: u32 = 5;
/// Of one client from one address: a hall's terminals may share one.
const ASKED: Limit = Limit { what: "device_code", most: 60, window: Span::minutes(10) };

/// POST `/device_authorization`.
///
/// # Errors
/// The OAuth error that the device is told.
pub async fn post(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response> {
    let refuse = |code, description| Err(OAuthError::new(code, description).into());
    let envelope = Envelope::of(&app, &request);
    let params = form_params_as_sent(request, &app).await.map_err(Failure::Web)?;
    if params.repeated_but(&["resource"]).is_some() {
        return refuse(Code::InvalidRequest, "a parameter is repeated");
    }
    let client = client_auth::authenticate(&app, &envelope, &params).await?;
    if !client.may_use(GrantType::DeviceCode) {
        return refuse(Code::UnauthorizedClient, "the client may not use the device grant");
    }
    let scope = scope(&client, params.get("scope"))?;
    let resources = access_token::known_resources(&app, &client, &params.all("resource"))?;
    let details = match params.get("authorization_details") {
        Some(named) => Some(Value::Array(read_details(&app.config.protocol, &client, named)?).to_string()),
        None => None,
    };
    let binding = dpop::proved_key(&app, &envelope, None).await?;
    let address = &visitor.caller.address;
    if !ASKED.allows(&app, &format!("{}|{address}", client.id)).await? {
        return Ok(too_many());
    }
    let device_code = random::token();
    let lifetime = app.config.tokens.device_code_seconds;
    let id_hash = random::hash(&device_code);
    let now = app.clock.now();
    let mut new = NewDeviceCode {
        id_hash: &id_hash,
        user_code_index: "",
        client_id: &client.id,
        scope: &scope,
        resources: resources.as_deref(),
        authorization_details: details.as_deref(),
        binding: binding.as_deref(),
        address,
        now,
        expires_at: now + Span::seconds(lifetime),
        interval_seconds: INTERVAL,
    };
    let user_code = keep(&app, &mut new).await?.to_string();
    let page = format!("{}/device", app.config.issuer);
    let answer = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        // Ours: the same as a picture, for devices that can't draw one.
        "verification_qr_uri": format!("{page}/qr.svg?user_code={user_code}"),
        "expires_in": lifetime,
        "interval": INTERVAL,
    });
    let mut response = (NO_STORE, Json(answer)).into_response();
    if binding.is_some() {
        dpop::tell_nonce(&app, &mut response);
    }
    Ok(response)
}

/// Errors here are those of RFC 6749 section 5.2 (RFC 8628 section 3.2); `slow_down` is for polling, at the token endpoint.
fn too_many() -> Response {
    let description = "too many device codes were asked for from this address";
    let error = OAuthError::new(Code::TemporarilyUnavailable, description);
    let later = [(header::RETRY_AFTER, ASKED.window.as_seconds().to_string())];
    (StatusCode::TOO_MANY_REQUESTS, later, error).into_response()
}

/// Keeps the code under a user code that no other device has.
async fn keep(app: &App, new: &mut NewDeviceCode<'_>) -> anyhow::Result<UserCode> {
    for _ in 0..10 {
        let user_code = UserCode::random();
        let index = user_code.index(app);
        let new = NewDeviceCode { user_code_index: &index, ..*new };
        if device_codes::insert(&app.store, &new).await? {
            return Ok(user_code);
        }
    }
    None.context("no user code is free")
}

/// Without one, who the account is and nothing else.
fn scope(client: &Client, asked: Option<&str>) -> Result<String, OAuthError> {
    let scope = asked.unwrap_or("openid");
    // What the page can't explain is not granted.
    if !scope.split(' ').all(|name| scopes::find(name).is_some() && client.may_ask_for(name)) {
        return Err(OAuthError::new(Code::InvalidScope, "the client may not ask for one of these scopes"));
    }
    if scopes::contains(scope, "offline_access") && !client.may_use(GrantType::RefreshToken) {
        return Err(OAuthError::new(Code::InvalidScope, "offline_access needs the grant_type refresh_token"));
    }
    Ok(scope.to_owned())
}

//! What has arrived at the authorization endpoint: who asks, what they ask, and where the answer goes. A request comes
//! as plain parameters, as a request object, or as the name of one that was pushed or waits at the client.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::app::App;
use crate::domain::client::Client;
use crate::oidc::authorization_request::{self, AuthorizationRequest, ReturnAddress};
use crate::oidc::error::{Code, OAuthError};
use crate::oidc::{par, request_object};
use crate::web::params::Params;
use crate::web::{self, Problem};

/// A request from a client that is known, for an address that it registered.
pub struct Arrival {
    pub client: Arc<Client>,
    pub address: ReturnAddress,
    pub outcome: Result<AuthorizationRequest, OAuthError>,
}

/// Reads a request. Until client and address are known for sure, nothing is told by redirect (RFC 9700 4.11).
///
/// # Errors
/// When the database fails, or a [`Problem`] that the visitor is told.
pub async fn read(app: &App, params: Params) -> web::Result<Arrival> {
    let client = client_of(app, &params).await?;
    if let Some(id) = params.get("request_uri").and_then(par::pushed_id) {
        return pushed(app, client, &params, id).await;
    }
    let outside = ReturnAddress::read(&client, &params);
    let params = match inside(app, &client, params).await {
        Ok(params) => params,
        Err(error) => return Ok(Arrival { address: or_page(outside, &error)?, outcome: Err(error), client }),
    };
    let address = ReturnAddress::read(&client, &params).map_err(wrong_address)?;
    let outcome = authorization_request::read(app, &client, &params, address.clone());
    Ok(Arrival { client, address, outcome })
}

async fn client_of(app: &App, params: &Params) -> web::Result<Arc<Client>> {
    if params.is_repeated("client_id") {
        let message = "来源网站的登录请求不正确，请返回该网站重试。";
        return Err(problem(message, "invalid_request: client_id is repeated").into());
    }
    let unknown =
        || problem("来源网站未在本平台登记，请从正确的网站进入。", "invalid_request: client_id is unknown");
    let client_id = params.get("client_id").ok_or_else(unknown)?;
    Ok(app.clients.find(&app.store, client_id).await?.ok_or_else(unknown)?)
}

/// RFC 9126 section 4: nothing but the two names counts. It may be visited again until it is answered.
async fn pushed(app: &App, client: Arc<Client>, params: &Params, id: &str) -> web::Result<Arrival> {
    let gone = || problem("登录请求已失效或已完成，请返回来源网站重新登录。", GONE);
    if params.is_repeated("request_uri") {
        return Err(gone().into());
    }
    let pushed = par::find(app, &client, id).await?.ok_or_else(gone)?;
    // Read again: the client may have been changed meanwhile.
    let address = ReturnAddress::read(&client, &pushed).map_err(wrong_address)?;
    let outcome = authorization_request::read(app, &client, &pushed, address.clone());
    let outcome = outcome.map(|request| AuthorizationRequest { pushed_id: Some(id.to_owned()), ..request });
    Ok(Arrival { client, address, outcome })
}

pub const GONE: &str = "invalid_request_uri: the request is unknown, has expired or was answered";

/// The parameters that count, of a request that was not pushed.
async fn inside(app: &App, client: &Client, params: Params) -> Result<Params, OAuthError> {
    let must_push = client.metadata.require_pushed_authorization_requests
        || app.config.protocol.require_pushed_authorization_requests;
    if must_push {
        return Err(OAuthError::new(Code::InvalidRequest, "requests must be pushed first (RFC 9126)"));
    }
    if ["request", "request_uri"].into_iter().any(|name| params.is_repeated(name))
        || params.get("request").is_some() && params.get("request_uri").is_some()
    {
        return Err(OAuthError::new(Code::InvalidRequest, "a request comes in one way"));
    }
    // Whoever goes back or reloads has done nothing wrong: a jti counts only where programs push.
    let asked = match params.get("request_uri") {
        Some(uri) => request_object::fetch(app, client, uri).await?,
        None => request_object::resolve(app, client, params).await?,
    };
    Ok(asked.params)
}

/// Where to tell of a request whose inside can't be read: at the address beside it, if that is registered.
fn or_page(
    outside: Result<ReturnAddress, &'static str>,
    error: &OAuthError,
) -> Result<ReturnAddress, Problem> {
    outside.map_err(|_| {
        let detail = format!("{}: {}", error.code.as_str(), error.description);
        problem("来源网站的登录请求不正确，请返回该网站重试。", detail)
    })
}

fn wrong_address(why: &'static str) -> Problem {
    problem("来源网站的返回地址未在本平台登记，请联系该网站的管理员。", format!("invalid_request: {why}"))
}

fn problem(message: &str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "无法继续登录", message).detail(detail)
}

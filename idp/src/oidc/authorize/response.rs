//! The authorization response: code, ID token or error, with `state` as it came and `iss` (RFC 9207), in the mode that
//! the request asked for.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use url::form_urlencoded;

use crate::app::App;
use crate::domain::client::Client;
use crate::oidc::authorization_request::ReturnAddress;
use crate::oidc::error::OAuthError;
use crate::oidc::jarm;
use crate::oidc::response_mode::Carrier;
use crate::web::page::Frame;
use crate::web::visitor::form_target;
use crate::web::{self, Problem, Visitor};

/// A form that goes on by itself, or by its button.
#[derive(Template)]
#[template(path = "oidc/form_post.html")]
struct FormPost<'a> {
    frame: Frame<'a>,
    portal_name: &'a str,
    action: &'a str,
    fields: &'a [(&'a str, &'a str)],
}

fn unencryptable() -> Problem {
    let message = "来源网站未提供可用的加密密钥，请联系该网站的管理员。";
    let problem = Problem::new(StatusCode::BAD_REQUEST, "无法返回来源网站", message);
    problem.detail("the client has published no key to encrypt for")
}

/// # Errors
/// When signing fails.
pub async fn refused(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    address: &ReturnAddress,
    error: &OAuthError,
) -> web::Result<Response> {
    tracing::info!(error = error.code.as_str(), reason = error.description, "authorization refused");
    let answer = [("error", error.code.as_str()), ("error_description", error.description)];
    go(app, visitor, client, address, &answer).await
}

/// # Errors
/// When signing fails.
pub async fn go(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    address: &ReturnAddress,
    answer: &[(&str, &str)],
) -> web::Result<Response> {
    let state = address.state.as_deref().map(|state| ("state", state));
    let mut fields: Vec<(&str, &str)> = answer.iter().copied().chain(state).collect();
    let response;
    if address.mode.jwt {
        response = jarm::response(app, client, &fields).await?.ok_or_else(unencryptable)?;
        fields = vec![("response", &response)];
    } else {
        fields.push(("iss", &app.config.issuer));
    }
    let encoded = || form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    // The registered URI stays as it is, byte by byte: a URL parser would normalise it.
    let uri = &address.redirect_uri;
    let joint = match address.mode.carrier {
        Carrier::Query if uri.contains('?') => '&',
        Carrier::Query => '?',
        Carrier::Fragment => '#',
        Carrier::FormPost => {
            let portal_name = &client.metadata.client_name;
            let page = FormPost { frame: visitor.frame(), portal_name, action: uri, fields: &fields };
            return Ok(Visitor::allow_form_to(visitor.show(&page)?, form_target(uri)));
        }
    };
    Ok(visitor.go(&format!("{uri}{joint}{}", encoded())))
}

//! `/device`: somebody types the code that a device shows.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Deserialize;

use super::DeviceRequest;
use super::user_code::UserCode;
use crate::app::App;
use crate::domain::timestamp::Span;
use crate::guard::pending;
use crate::guard::rate_limit::Limit;
use crate::store::device_codes;
use crate::web::params::Params;
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

/// Codes that were wrong, from one address.
const WRONG: Limit = Limit { what: "user_code", most: 10, window: Span::minutes(10) };

#[derive(Template)]
#[template(path = "oidc/device/enter.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    user_code: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    user_code: String,
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Refusal {
    #[error("请输入设备上显示的代码")]
    Missing,
    #[error("代码不正确或已过期，请核对设备上显示的代码")]
    Unknown,
    #[error("尝试次数过多，请10分钟后再试")]
    TooOften,
}

/// # Errors
/// When the template fails.
pub async fn get(visitor: Visitor, RawQuery(query): RawQuery) -> web::Result<Response> {
    let params = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    // What is no code is not shown again: the page says nothing in somebody else's words.
    let user_code = params.get("user_code").and_then(UserCode::parse);
    let user_code = user_code.map(|code| code.to_string()).unwrap_or_default();
    visitor.show(&Page { frame: visitor.frame(), errors: Errors::none(), user_code })
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    match find(&app, &visitor, &form.user_code).await? {
        Ok(request) => Ok(visitor.go(&urls::with_request(urls::DEVICE_CONFIRM, Some(&request)))),
        Err(refusal) => {
            let errors = Errors::none().at("user_code", refusal.to_string());
            visitor.show_refused(&Page { frame: visitor.frame(), errors, user_code: form.user_code })
        }
    }
}

/// The rule: a try is counted before the code is looked for, and only wrong ones stay counted.
async fn find(app: &App, visitor: &Visitor, typed: &str) -> web::Result<Result<String, Refusal>> {
    if typed.trim().is_empty() {
        return Ok(Err(Refusal::Missing));
    }
    let address = &visitor.caller.address;
    if !WRONG.allows(app, address).await? {
        return Ok(Err(Refusal::TooOften));
    }
    let Some(code) = UserCode::parse(typed) else { return Ok(Err(Refusal::Unknown)) };
    let found = device_codes::find_by_user_code(&app.store, &code.index(app), app.clock.now()).await?;
    let Some(waiting) = found else { return Ok(Err(Refusal::Unknown)) };
    let Some(client) = app.clients.find(&app.store, &waiting.client_id).await? else {
        return Ok(Err(Refusal::Unknown));
    };
    WRONG.take_back(app, address).await?;
    let request = serde_json::to_value(DeviceRequest::new(&waiting.id_hash)).map_err(anyhow::Error::from)?;
    let name = &client.metadata.client_name;
    Ok(Ok(pending::keep_for_page(app, &visitor.caller, name, urls::DEVICE_CONFIRM, request).await?))
}

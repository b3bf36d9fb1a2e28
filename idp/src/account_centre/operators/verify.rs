//! 验证信息: whoever manages operators first proves the telephone of the account, once in half an hour.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::access::Manager;
use crate::account_centre::shared::Centre;
use crate::app::App;
use crate::guard::sms_code::{self, Purpose};
use crate::web::captcha::CaptchaView;
use crate::web::phone::{CodeFields, sent_to};
use crate::web::return_to::ReturnTo;
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/operators/verify.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    next: String,
    /// Empty if no telephone is bound.
    masked_phone: String,
    captcha: Option<CaptchaView>,
    notice: Option<String>,
}

#[derive(Deserialize)]
pub struct Target {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    next: String,
    #[serde(flatten)]
    code: CodeFields,
}

/// # Errors
/// When the database fails, or the visitor may not manage operators.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Query(target): Query<Target>,
) -> web::Result<Response> {
    show(&app, &visitor, &manager, &target.next, Errors::none(), None).await
}

/// # Errors
/// As [`get`].
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let Some(phone) = manager.owner.phone() else {
        return show(&app, &visitor, &manager, &form.next, Errors::none(), None).await;
    };
    let purpose = Purpose::ManageOperators;
    let (errors, notice) = if form.code.is_submission() {
        let (code, sid) = (form.code.code(), &manager.owner.session.sid);
        match sms_code::prove_as(&app, &visitor.caller, purpose, &phone, code, sid).await? {
            Ok(()) => return Ok(visitor.go(&inside(&form.next))),
            Err(refusal) => (Errors::none().at("phone_code", refusal.to_string()), None),
        }
    } else {
        match form.code.send_if_asked(&app, &visitor, purpose, &phone).await? {
            Ok(under_way) => (Errors::none(), under_way.then(|| sent_to(&phone))),
            Err(errors) => (errors, None),
        }
    };
    show(&app, &visitor, &manager, &form.next, errors, notice).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    manager: &Manager,
    next: &str,
    errors: Errors,
    notice: Option<String>,
) -> web::Result<Response> {
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        centre: manager.centre().headed("验证信息"),
        errors,
        next: inside(next),
        masked_phone: manager.owner.phone().map(|phone| phone.masked()).unwrap_or_default(),
        captcha: CaptchaView::before_sending(app).await?,
        notice,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

/// Only pages of this chapter come after it.
fn inside(next: &str) -> String {
    let next = ReturnTo::parse(next);
    let fits = next.as_str().strip_prefix(urls::ACCOUNT_OPERATORS).is_some_and(|rest| {
        (rest.is_empty() || rest.starts_with(['/', '?']))
            && !rest.contains("..")
            && !rest.starts_with("/verify")
    });
    if fits { next.as_str().to_owned() } else { urls::ACCOUNT_OPERATORS.to_owned() }
}

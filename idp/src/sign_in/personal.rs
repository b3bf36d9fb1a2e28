//! 个人登录: a person signs in with account name, telephone or ID number.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::shared::{self, Around, Common, Links, Outcome, PageUrls};
use crate::app::App;
use crate::config::UpstreamConfig;
use crate::guard::identifiers::Identifier;
use crate::web::captcha::CaptchaView;
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "sign_in/personal.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    form: Typed,
    portal_name: Option<String>,
    notice: Option<String>,
    qr_link: Option<String>,
    upstreams: Vec<UpstreamConfig>,
    captcha: Option<CaptchaView>,
    links: Links,
}

/// What is shown again after a refusal.
#[derive(Default)]
struct Typed {
    account: String,
}

#[derive(Deserialize)]
pub struct Form {
    #[serde(default)]
    account: String,
    #[serde(flatten)]
    common: Common,
}

const URLS: PageUrls = PageUrls { own: urls::SIGN_IN_PERSONAL, register: urls::REGISTER_PERSONAL };

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
) -> web::Result<Response> {
    let around = shared::around(&app, &visitor, query, &URLS).await?;
    let form = Typed { account: around.login_hint() };
    show(&app, &visitor, around, form, Errors::none())
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let identifier = Identifier::person(&form.account);
    let fields = [("account", form.account.as_str(), "请输入账号")];
    match shared::submit(&app, &visitor, query.request(), &fields, &form.common, &identifier).await? {
        Outcome::SignedIn(response) => Ok(response),
        Outcome::Refused(errors) => {
            let around = shared::around(&app, &visitor, query, &URLS).await?;
            show(&app, &visitor, around, Typed { account: form.account }, errors)
        }
    }
}

fn show(app: &App, visitor: &Visitor, around: Around, form: Typed, errors: Errors) -> web::Result<Response> {
    let refused = errors.any();
    let form_target = around.display.form_target.clone();
    let page = Page {
        frame: visitor.frame(),
        errors,
        form,
        portal_name: around.portal_name(),
        notice: around.notice(),
        qr_link: around.qr_link,
        upstreams: app.config.site.upstreams.clone(),
        captcha: around.captcha,
        links: around.links,
    };
    let response = if refused { visitor.show_refused(&page)? } else { visitor.show(&page)? };
    Ok(Visitor::allow_form_to(response, form_target))
}

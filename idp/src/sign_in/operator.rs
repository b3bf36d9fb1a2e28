//! 经办人账号登录: who acts for a unit names the unit and themselves.

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
#[template(path = "sign_in/operator.html")]
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
    unit: String,
    operator: String,
}

#[derive(Deserialize)]
pub struct Form {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    operator: String,
    #[serde(flatten)]
    common: Common,
}

const URLS: PageUrls = PageUrls { own: urls::SIGN_IN_OPERATOR, register: urls::REGISTER_LEGAL_ENTITY };

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
) -> web::Result<Response> {
    let around = shared::around(&app, &visitor, query, &URLS).await?;
    let form = Typed { unit: around.login_hint(), operator: String::new() };
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
    let identifier = Identifier::operator(&form.unit, &form.operator);
    let fields = [
        ("unit", form.unit.as_str(), "请输入单位统一信用代码/法人账号"),
        ("operator", form.operator.as_str(), "请输入经办人手机号/身份证号"),
    ];
    match shared::submit(&app, &visitor, query.request(), &fields, &form.common, &identifier).await? {
        Outcome::GoOn(response) => Ok(response),
        Outcome::Refused(errors) => {
            let around = shared::around(&app, &visitor, query, &URLS).await?;
            show(&app, &visitor, around, Typed { unit: form.unit, operator: form.operator }, errors)
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

//! What the three password pages have in common: links that keep the pending request, the captcha, the refusals.

use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded;

use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::guard::credentials::{self, Opened, Refusal, Typed};
use crate::guard::identifiers::Identifier;
use crate::guard::pending::{self, Display};
use crate::web::captcha::{CaptchaFields, CaptchaView};
use crate::web::{self, Errors, Visitor, cookies, urls};

/// The query of every sign-in page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Query {
    /// The pending authorization request.
    request: Option<String>,
    /// Set right after a password was accepted.
    fresh: Option<String>,
    /// Set where a later page took too long.
    late: Option<String>,
}

/// The fields that every sign-in form has beside its own.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Common {
    pub password: String,
    #[serde(flatten)]
    pub captcha: CaptchaFields,
}

pub struct Links {
    pub personal: String,
    pub legal_entity: String,
    pub operator: String,
    pub recovery: String,
    pub register: String,
    pub appeal: &'static str,
    pub action: String,
}

/// Everything around a form that does not depend on who signs in.
pub struct Around {
    pub display: Display,
    pub captcha: Option<CaptchaView>,
    /// 扫码登录在这里
    pub qr_link: Option<String>,
    pub links: Links,
    is_late: bool,
}

/// The one place of the password pages' URLs that each page says of itself.
pub struct PageUrls {
    pub own: &'static str,
    pub register: &'static str,
}

/// # Errors
/// When the database fails.
pub async fn around(app: &App, visitor: &Visitor, query: Query, page: &PageUrls) -> web::Result<Around> {
    let pending = match &query.request {
        Some(id) => pending::find(app, &visitor.caller, id).await?,
        None => None,
    };
    let captcha = if credentials::needs_captcha(app, &visitor.caller).await? {
        Some(CaptchaView::new(app).await?)
    } else {
        None
    };
    // An id that has expired stays in the links: `finish` says so after the sign-in, which still counts.
    let request = query.request.as_deref();
    let keep = |path| urls::with_request(path, request);
    let links = Links {
        personal: keep(urls::SIGN_IN_PERSONAL),
        legal_entity: keep(urls::SIGN_IN_LEGAL_ENTITY),
        operator: keep(urls::SIGN_IN_OPERATOR),
        recovery: urls::recovery(page.own, request),
        register: keep(page.register),
        appeal: urls::APPEALS,
        action: keep(page.own),
    };
    let display = pending.map(|pending| pending.display).unwrap_or_default();
    let qr_link = (!display.needs_password()).then(|| keep(urls::SIGN_IN_QR));
    Ok(Around { display, captcha, qr_link, links, is_late: query.late.is_some() })
}

const LATE: &str = "页面已超时，请重新登录";

impl Around {
    pub fn portal_name(&self) -> Option<String> {
        Some(self.display.portal_name.clone()).filter(|name| !name.is_empty())
    }

    pub fn notice(&self) -> Option<String> {
        match (self.is_late, self.about_request()) {
            (false, said) => said,
            (true, None) => Some(LATE.to_owned()),
            (true, Some(said)) => Some(format!("{LATE}。{said}")),
        }
    }

    fn about_request(&self) -> Option<String> {
        if self.display.second_device {
            return Some("该服务要求更高的安全级别：请先用密码登录，再用手机扫码确认".to_owned());
        }
        if self.display.at_telephone {
            return Some("登录后回到扫码确认。二维码两分钟内有效，失效后请在电脑上刷新，重新扫码".to_owned());
        }
        self.display.why_again().map(str::to_owned)
    }

    /// What to type into the account field, as the portal suggests.
    pub fn login_hint(&self) -> String {
        self.display.login_hint.clone().unwrap_or_default()
    }
}

/// What came of a form.
pub enum Outcome {
    /// The password was right.
    GoOn(Response),
    Refused(Errors),
}

/// Checks the form's fields, then the password. `fields` are those that say who signs in, with the message if empty.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn submit(
    app: &App,
    visitor: &Visitor,
    request: Option<&str>,
    fields: &[(&'static str, &str, &str)],
    common: &Common,
    identifier: &Identifier,
) -> web::Result<Outcome> {
    if common.captcha.wants_another() {
        return Ok(Outcome::Refused(Errors::none()));
    }
    let mut errors = Errors::none();
    for (name, value, message) in fields {
        if value.trim().is_empty() {
            errors = errors.at(name, *message);
        }
    }
    if common.password.is_empty() {
        errors = errors.at("password", "请输入密码");
    }
    if errors.any() {
        return Ok(Outcome::Refused(errors));
    }
    let typed = Typed { identifier, password: &common.password, captcha: common.captcha.answer_if_any() };
    match credentials::sign_in(app, &visitor.caller, visitor.session_token.as_deref(), typed).await? {
        Ok(Opened::Session(token)) => {
            Ok(Outcome::GoOn(signed_in(visitor, identifier.kind(), request, &token)))
        }
        Ok(Opened::NewPassword(ticket)) => {
            Ok(Outcome::GoOn(visitor.go(&urls::with_ticket(urls::SIGN_IN_NEW_PASSWORD, &ticket, request))))
        }
        Err(Refusal::Busy) => Err(web::Error::Unavailable(anyhow::anyhow!("too many password checks wait"))),
        Err(refusal) if refusal.is_about_captcha() => {
            Ok(Outcome::Refused(Errors::none().at("captcha_answer", refusal.to_string())))
        }
        Err(refusal) => Ok(Outcome::Refused(Errors::whole(refusal.to_string()))),
    }
}

/// On from a password that was accepted, with the new session.
pub fn signed_in(visitor: &Visitor, kind: AccountKind, request: Option<&str>, token: &str) -> Response {
    let mut response = visitor.go(&after_password(kind, request));
    cookies::set_for_session(response.headers_mut(), cookies::SESSION, token);
    response
}

/// A person may act for units, too, and says for whom; whoever named a unit has said so already.
fn after_password(kind: AccountKind, request: Option<&str>) -> String {
    match (kind, request) {
        (AccountKind::Person, Some(_)) => urls::with_request(urls::SIGN_IN_CHOOSE_IDENTITY, request),
        (AccountKind::Person, None) => format!("{}?fresh=1", urls::SIGN_IN_CHOOSE_IDENTITY),
        _ => urls::with_request(urls::SIGN_IN_FINISH, request),
    }
}

impl Query {
    pub const fn is_fresh(&self) -> bool {
        self.fresh.is_some()
    }

    pub fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// A sign-in page, which says so if a later one took too long.
    pub fn link(&self, page: &str) -> String {
        match self.late {
            Some(_) => late(page, self.request()),
            None => urls::with_request(page, self.request()),
        }
    }
}

/// A sign-in page that says that a later one took too long.
pub fn late(page: &str, request: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("late", "1");
    query.extend_pairs(request.map(|request| ("request", request)));
    format!("{page}?{}", query.finish())
}

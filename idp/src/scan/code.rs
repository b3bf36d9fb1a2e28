//! `/scan/{code}`: where a telephone's camera leads. Who is signed in there sees what it is about, chooses the number
//! that the other screen shows, and confirms or cancels.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::guard::pending;
use crate::guard::qr::Code;
use crate::guard::qr::identity::ActAs;
use crate::guard::qr::phone::{self, Phone, Refusal};
use crate::guard::qr::scanned::{Facts, Scanned};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

/// Before anything is bound: another site may have sent the visitor here.
#[derive(Template)]
#[template(path = "scan/open.html")]
struct Open<'a> {
    frame: Frame<'a>,
    action: String,
}

#[derive(Template)]
#[template(path = "scan/confirm.html")]
struct Confirm<'a> {
    frame: Frame<'a>,
    errors: Errors,
    facts: &'a Facts,
    asked_at: String,
    identities: &'a [ActAs],
    /// The identity's id.
    chosen: String,
    action: String,
}

/// How it ended.
#[derive(Template)]
#[template(path = "scan/outcome.html")]
struct Outcome<'a> {
    frame: Frame<'a>,
    is_good: bool,
    title: &'static str,
    message: String,
    is_suspicious: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    /// `open`, `confirm` or `cancel`.
    action: String,
    number: String,
    identity: String,
}

impl ActAs {
    /// `个人`, `法人`, `经办人`
    fn kind_label(&self) -> &'static str {
        match self.kind {
            AccountKind::LegalEntity => "法人",
            AccountKind::Operator => "经办人",
            AccountKind::Person => "个人",
        }
    }
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> web::Result<Response> {
    let code = match Code::parse(&app.config.issuer, &text) {
        Some(code) => code,
        None => return refused(&visitor, Refusal::Unknown),
    };
    let Some(phone) = phone_of(&visitor).await? else { return sign_in_first(&app, &visitor, &code).await };
    // Of itself only a camera, an address that was typed or a page of ours leads here. Elsewhere a link to somebody's
    // code would tell them who has followed it.
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if !matches!(site, Some("none" | "same-origin")) {
        return match phone::peek(&app, &code).await? {
            Ok(()) | Err(Refusal::ScannedByAnother) => {
                visitor.show(&Open { frame: visitor.frame(), action: urls::scan(code.as_str()) })
            }
            Err(refusal) => refused(&visitor, refusal),
        };
    }
    open(&app, &visitor, &phone, &code).await
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    Path(text): Path<String>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let code = match Code::parse(&app.config.issuer, &text) {
        Some(code) => code,
        None => return refused(&visitor, Refusal::Unknown),
    };
    let Some(phone) = phone_of(&visitor).await? else {
        return if form.action == "open" {
            sign_in_first(&app, &visitor, &code).await
        } else {
            refused(&visitor, Refusal::SignedOut)
        };
    };
    if form.action == "open" {
        return open(&app, &visitor, &phone, &code).await;
    }
    let scanned = match phone::held(&app, &phone, &code).await? {
        Ok(scanned) => scanned,
        Err(refusal) => return refused(&visitor, refusal),
    };
    if form.action == "cancel" {
        return match scanned.cancel(&app).await? {
            Ok(()) => ended(&visitor, false, "已取消登录", "电脑上不会登录您的账号，您可以关闭本页面。"),
            Err(refusal) => refused(&visitor, refusal),
        };
    }
    // What is not chosen yet is no wrong choice.
    let mut errors = Errors::none();
    let number = form.number.parse().ok().filter(|number| scanned.facts.numbers.contains(number));
    if number.is_none() {
        errors.add("number", "请选择电脑上显示的数字");
    }
    if !scanned.identities.iter().any(|identity| identity.id == form.identity) {
        errors.add("identity", "请选择登录身份");
    }
    let Some(number) = number.filter(|_| !errors.any()) else {
        return show(&visitor, &code, &scanned, errors, &form.identity);
    };
    match scanned.confirm(&app, number, &form.identity).await? {
        Ok(()) => ended(&visitor, true, "已确认登录", "请回到电脑上继续，您可以关闭本页面。"),
        Err(refusal) => refused(&visitor, refusal),
    }
}

async fn phone_of(visitor: &Visitor) -> web::Result<Option<Phone>> {
    let session = visitor.session().await?;
    Ok(session.map(|session| Phone::of_browser(visitor.caller.clone(), session)))
}

async fn sign_in_first(app: &App, visitor: &Visitor, code: &Code) -> web::Result<Response> {
    if let Err(refusal) = phone::peek(app, code).await? {
        return refused(visitor, refusal);
    }
    let page = urls::scan(code.as_str());
    let id = pending::keep_scan(app, &visitor.caller, "扫码登录确认", page).await?;
    Ok(visitor.go(&urls::with_request(urls::SIGN_IN, Some(&id))))
}

async fn open(app: &App, visitor: &Visitor, phone: &Phone, code: &Code) -> web::Result<Response> {
    match phone::scan(app, phone, code).await? {
        Ok(scanned) => {
            let only = scanned.identities.first().map(|first| first.id.clone()).unwrap_or_default();
            show(visitor, code, &scanned, Errors::none(), &only)
        }
        Err(refusal) => refused(visitor, refusal),
    }
}

fn show(
    visitor: &Visitor,
    code: &Code,
    scanned: &Scanned<'_>,
    errors: Errors,
    chosen: &str,
) -> web::Result<Response> {
    let refused = errors.any();
    let page = Confirm {
        frame: visitor.frame(),
        errors,
        facts: &scanned.facts,
        asked_at: scanned.facts.asked_at.china_minute(),
        identities: &scanned.identities,
        chosen: chosen.to_owned(),
        action: urls::scan(code.as_str()),
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

fn ended(visitor: &Visitor, is_good: bool, title: &'static str, message: &str) -> web::Result<Response> {
    let frame = visitor.frame();
    visitor.show(&Outcome { frame, is_good, title, message: message.to_owned(), is_suspicious: false })
}

fn refused(visitor: &Visitor, refusal: Refusal) -> web::Result<Response> {
    let (title, status) = match refusal {
        Refusal::Unknown => ("二维码无效", StatusCode::NOT_FOUND),
        Refusal::NotScanned => ("尚未扫码", StatusCode::CONFLICT),
        Refusal::ScannedByAnother => ("二维码已被扫描", StatusCode::CONFLICT),
        Refusal::AlreadyConfirmed => ("二维码已使用", StatusCode::CONFLICT),
        Refusal::Cancelled => ("登录已取消", StatusCode::GONE),
        Refusal::Expired => ("二维码已失效", StatusCode::GONE),
        Refusal::WrongNumber => ("数字不一致", StatusCode::UNPROCESSABLE_ENTITY),
        Refusal::IdentityNotAllowed | Refusal::OtherAccountWanted => ("账号不一致", StatusCode::FORBIDDEN),
        Refusal::SameDevice => ("请换一台设备扫码", StatusCode::FORBIDDEN),
        Refusal::PasswordFirst => ("请先用密码登录", StatusCode::FORBIDDEN),
        Refusal::SignedOut => ("登录状态已失效", StatusCode::UNAUTHORIZED),
        Refusal::TooMany => ("操作过于频繁", StatusCode::TOO_MANY_REQUESTS),
    };
    let page = Outcome {
        frame: visitor.frame(),
        is_good: false,
        title,
        message: refusal.to_string(),
        is_suspicious: refusal == Refusal::WrongNumber,
    };
    let mut response = visitor.show(&page)?;
    *response.status_mut() = status;
    if refusal == Refusal::TooMany {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
    }
    Ok(response)
}

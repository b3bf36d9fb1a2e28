//! `/scan/{code}`: where a telephone's camera leads. Who is signed in there sees what it is about, chooses the number
//! that the other screen shows, and confirms or cancels.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::guard::pending;
use crate::guard::qr::Code;
use crate::guard::qr::identity::ActAs;
use crate::guard::qr::phone::{self, Phone, Refusal};
use crate::guard::qr::scanned::{Decision, Facts, Scanned};
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
    seconds_left: i64,
}

impl Confirm<'_> {
    fn time_left(&self) -> String {
        match (self.seconds_left / 60, self.seconds_left % 60) {
            (0, seconds) => format!("{seconds} 秒"),
            (minutes, seconds) => format!("{minutes} 分 {seconds:02} 秒"),
        }
    }
}

/// What stands above an outcome: the sign's class and its icon.
type Sign = (&'static str, &'static str);
const GOOD: Sign = ("card__sign--good", "check");
/// What the visitor wanted, and no success either.
const NEUTRAL: Sign = ("", "info");
const BAD: Sign = ("card__sign--bad", "alert");

/// How it ended.
#[derive(Template)]
#[template(path = "scan/outcome.html")]
struct Outcome<'a> {
    frame: Frame<'a>,
    sign: Sign,
    title: &'static str,
    message: String,
    is_suspicious: bool,
    /// Where signing in here, with a password, gets further.
    sign_in: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    /// `open`, `sign_in`, `confirm` or `cancel`.
    action: String,
    number: String,
    identity: String,
}

/// How the visitor has come to the code.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Came {
    /// A camera led here before the sign-in, which has led here again.
    by_camera: Option<String>,
}

impl Came {
    /// Whether to scan at once: of itself only a camera or an address that was typed leads here, or our sign-in where
    /// it was so before. Another site's link is answered with a question, else it would tell whoever sent it who has
    /// followed it. Nor does a browser scan that only looks ahead.
    fn by_camera(&self, headers: &HeaderMap) -> bool {
        let says = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let ahead = says("sec-purpose").is_some_and(|purpose| purpose.contains("prefetch"));
        let came = match says("sec-fetch-site") {
            Some("none") => true,
            Some("same-origin") => self.by_camera.is_some(),
            _ => false,
        };
        came && !ahead
    }
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
    Query(came): Query<Came>,
    headers: HeaderMap,
) -> web::Result<Response> {
    let code = match Code::parse(&app.config.issuer, &text) {
        Some(code) => code,
        None => return refused(&visitor, &text, Refusal::Unknown),
    };
    let by_camera = came.by_camera(&headers);
    let Some(phone) = phone_of(&visitor).await? else {
        return sign_in_first(&app, &visitor, &code, by_camera).await;
    };
    match phone::held(&app, &phone, &code).await? {
        Ok(scanned) => show(&app, &visitor, &code, &scanned, Errors::none(), None),
        Err(Refusal::NotScanned) if by_camera => match phone::scan(&app, &phone, &code).await? {
            Ok(scanned) => show(&app, &visitor, &code, &scanned, Errors::none(), None),
            Err(refusal) => refused(&visitor, code.as_str(), refusal),
        },
        Err(Refusal::NotScanned) => {
            visitor.show(&Open { frame: visitor.frame(), action: urls::scan(code.as_str()) })
        }
        Err(refusal) => refused(&visitor, code.as_str(), refusal),
    }
}

/// What was done is shown at this page's own address, so that loading it again does nothing again.
///
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
        None => return refused(&visitor, &text, Refusal::Unknown),
    };
    let refused = |refusal| refused(&visitor, code.as_str(), refusal);
    let done = || Ok(visitor.go(&urls::scan(code.as_str())));
    if form.action == "sign_in" {
        return go_sign_in(&app, &visitor, &code, false).await;
    }
    let phone = match phone_of(&visitor).await? {
        Some(phone) => phone,
        None if form.action == "open" => return sign_in_first(&app, &visitor, &code, true).await,
        None => return refused(Refusal::SignedOut),
    };
    if form.action == "open" {
        return phone::scan(&app, &phone, &code).await?.map_or_else(refused, |_| done());
    }
    let scanned = match phone::held(&app, &phone, &code).await? {
        Ok(scanned) => scanned,
        Err(refusal) => return refused(refusal),
    };
    if form.action == "cancel" {
        return scanned.cancel(&app).await?.map_or_else(refused, |()| done());
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
        return show(&app, &visitor, &code, &scanned, errors, Some(&form.identity));
    };
    scanned.confirm(&app, number, &form.identity).await?.map_or_else(refused, |()| done())
}

async fn phone_of(visitor: &Visitor) -> web::Result<Option<Phone>> {
    let session = visitor.session().await?;
    Ok(session.map(|session| Phone::of_browser(visitor.caller.clone(), session)))
}

async fn sign_in_first(app: &App, visitor: &Visitor, code: &Code, by_camera: bool) -> web::Result<Response> {
    match phone::peek(app, code).await? {
        Ok(()) => go_sign_in(app, visitor, code, by_camera).await,
        Err(refusal) => refused(visitor, code.as_str(), refusal),
    }
}

/// To the sign-in, and back.
async fn go_sign_in(app: &App, visitor: &Visitor, code: &Code, by_camera: bool) -> web::Result<Response> {
    let page = urls::scan(code.as_str()) + if by_camera { "?by_camera=1" } else { "" };
    let id = pending::keep_scan(app, &visitor.caller, "扫码登录确认", page).await?;
    Ok(visitor.go(&urls::with_request(urls::SIGN_IN, Some(&id))))
}

/// The question, or what was answered.
fn show(
    app: &App,
    visitor: &Visitor,
    code: &Code,
    scanned: &Scanned<'_>,
    errors: Errors,
    chosen: Option<&str>,
) -> web::Result<Response> {
    match scanned.decision {
        Some(Decision::Confirmed) => {
            return ended(visitor, GOOD, "已确认登录", "请回到电脑上继续，您可以关闭本页面。");
        }
        Some(Decision::Cancelled) => {
            return ended(visitor, NEUTRAL, "已取消登录", "电脑上不会登录您的账号，您可以关闭本页面。");
        }
        None => (),
    }
    let refused = errors.any();
    let first = || scanned.identities.first().map(|first| first.id.as_str());
    let page = Confirm {
        frame: visitor.frame(),
        errors,
        facts: &scanned.facts,
        asked_at: scanned.facts.asked_at.china_minute(),
        identities: &scanned.identities,
        chosen: chosen.or_else(first).unwrap_or_default().to_owned(),
        action: urls::scan(code.as_str()),
        seconds_left: (scanned.facts.expires_at - app.clock.now()).as_seconds().max(0),
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

fn ended(visitor: &Visitor, sign: Sign, title: &'static str, message: &str) -> web::Result<Response> {
    let (frame, message) = (visitor.frame(), message.to_owned());
    visitor.show(&Outcome { frame, sign, title, message, is_suspicious: false, sign_in: None })
}

fn refused(visitor: &Visitor, code: &str, refusal: Refusal) -> web::Result<Response> {
    let (title, status) = match refusal {
        Refusal::Unknown => ("二维码无效", StatusCode::NOT_FOUND),
        Refusal::NotScanned => ("尚未扫码", StatusCode::CONFLICT),
        Refusal::ScannedByAnother => ("二维码已被扫描", StatusCode::CONFLICT),
        Refusal::AlreadyConfirmed => ("二维码已使用", StatusCode::CONFLICT),
        Refusal::Cancelled => ("登录已取消", StatusCode::GONE),
        Refusal::Expired => ("二维码已失效", StatusCode::GONE),
        Refusal::WrongNumber => ("数字不一致", StatusCode::UNPROCESSABLE_ENTITY),
        Refusal::IdentityNotAllowed => ("不能以该身份登录", StatusCode::FORBIDDEN),
        Refusal::OtherAccountWanted => ("账号不一致", StatusCode::FORBIDDEN),
        Refusal::SameDevice => ("请换一台设备扫码", StatusCode::FORBIDDEN),
        Refusal::PasswordFirst => ("请先用密码登录", StatusCode::FORBIDDEN),
        Refusal::SignInAgain { .. } => ("请重新登录", StatusCode::FORBIDDEN),
        Refusal::SignedOut => ("登录状态已失效", StatusCode::UNAUTHORIZED),
        Refusal::TooMany => ("操作过于频繁", StatusCode::TOO_MANY_REQUESTS),
    };
    let helps = matches!(
        refusal,
        Refusal::OtherAccountWanted
            | Refusal::PasswordFirst
            | Refusal::SignInAgain { .. }
            | Refusal::SignedOut
    );
    let page = Outcome {
        frame: visitor.frame(),
        sign: BAD,
        title,
        message: refusal.to_string(),
        is_suspicious: refusal == Refusal::WrongNumber,
        sign_in: helps.then(|| urls::scan(code)),
    };
    let mut response = visitor.show(&page)?;
    *response.status_mut() = status;
    if refusal == Refusal::TooMany {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
    }
    Ok(response)
}

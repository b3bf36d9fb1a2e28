//! The app's half of 扫码登录, as JSON: an access token with the scope `qr_sign_in` says whose telephone it is.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::App;
use crate::guard::access_token;
use crate::guard::qr::Code;
use crate::guard::qr::identity::{self, ActAs};
use crate::guard::qr::phone::{self, Phone, Refusal};
use crate::guard::qr::scanned::Scanned;
use crate::web::shown_token::ShownToken;
use crate::web::{self, Visitor};

/// What an app's token must be for.
pub const SCOPE: &str = "qr_sign_in";

/// An answer that is not what was asked for.
pub struct Told {
    status: StatusCode,
    error: &'static str,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

type Answer = Result<Response, Told>;

/// The app's telephone: a token that is alive and has the scope.
pub struct AppPhone(Phone);

impl FromRequestParts<App> for AppPhone {
    type Rejection = Told;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Told> {
        let caller = Visitor::new(parts, app).caller;
        let key = match parts.extensions.remove::<ShownToken>() {
            Some(ShownToken(Ok(key))) => key,
            Some(ShownToken(Err((status, headers)))) => return Err(Told::without_token(status, &headers)),
            None => return Err(anyhow::anyhow!("the route does not look at tokens").into()),
        };
        match access_token::holder(app, &key, SCOPE).await? {
            Ok(holder) => Ok(Self(Phone::of_app(caller, holder))),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

#[derive(Deserialize)]
pub struct CodeBody {
    code: String,
}

#[derive(Deserialize)]
pub struct ConfirmBody {
    code: String,
    number: u8,
    identity: String,
}

/// GET `/scan/api/identities`: as whom the token's holder may let a browser in.
///
/// # Errors
/// What the app is told.
pub async fn identities(State(app): State<App>, AppPhone(phone): AppPhone) -> Answer {
    let identities = identity::identities(&app, &phone).await?;
    Ok(say(json!({ "identities": listed(&identities) })))
}

/// POST `/scan/api/scan`: binds the ticket to this telephone; what its user must see before they confirm.
///
/// # Errors
/// What the app is told.
pub async fn scan(
    State(app): State<App>,
    AppPhone(phone): AppPhone,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let CodeBody { code } = read(&headers, &body)?;
    let scanned = phone::scan(&app, &phone, &code_of(&app, &code)?).await??;
    Ok(say(facts(&app, &scanned)))
}

/// POST `/scan/api/confirm`.
///
/// # Errors
/// What the app is told.
pub async fn confirm(
    State(app): State<App>,
    AppPhone(phone): AppPhone,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let ConfirmBody { code, number, identity } = read(&headers, &body)?;
    let scanned = phone::held(&app, &phone, &code_of(&app, &code)?).await??;
    scanned.confirm(&app, number, &identity).await??;
    Ok(say(json!({ "status": "confirmed" })))
}

/// POST `/scan/api/cancel`.
///
/// # Errors
/// What the app is told.
pub async fn cancel(
    State(app): State<App>,
    AppPhone(phone): AppPhone,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let CodeBody { code } = read(&headers, &body)?;
    let scanned = phone::held(&app, &phone, &code_of(&app, &code)?).await??;
    scanned.cancel(&app).await??;
    Ok(say(json!({ "status": "cancelled" })))
}

/// What is no code of ours is as unknown as one that was made up.
fn code_of(app: &App, text: &str) -> Result<Code, Told> {
    Code::parse(&app.config.issuer, text).ok_or_else(|| Refusal::Unknown.into())
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Told> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_json = kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    let malformed = || told(StatusCode::BAD_REQUEST, "malformed", "请求格式不正确");
    if !is_json {
        return Err(malformed());
    }
    serde_json::from_slice(body).map_err(|_| malformed())
}

fn say(body: Value) -> Response {
    (web::headers::NO_STORE, axum::Json(body)).into_response()
}

fn facts(app: &App, scanned: &Scanned<'_>) -> Value {
    let facts = &scanned.facts;
    json!({
        "client_name": facts.portal_name,
        "browser": facts.browser,
        "system": facts.system,
        "address": facts.address,
        "same_network": facts.same_network,
        "asked_at": facts.asked_at.rfc3339(),
        "expires_in": (facts.expires_at - app.clock.now()).as_seconds().max(0),
        "numbers": facts.numbers,
        "identities": listed(&scanned.identities),
        "second_device": facts.steps_up,
    })
}

fn listed(identities: &[ActAs]) -> Vec<Value> {
    let one = |identity: &ActAs| {
        let mut one =
            json!({ "id": identity.id, "account_type": identity.kind.as_str(), "name": identity.name });
        if let Some(unit_name) = &identity.unit_name {
            one["organization_name"] = json!(unit_name);
        }
        one
    };
    identities.iter().map(one).collect()
}

fn told(status: StatusCode, error: &'static str, message: impl Into<String>) -> Told {
    Told { status, error, message: message.into(), headers: Vec::new() }
}

impl Told {
    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// No token, or none that is good: in the way of the standards, with words for the user.
    fn without_token(status: StatusCode, refused: &HeaderMap) -> Self {
        let (error, message) = match status {
            StatusCode::UNAUTHORIZED => ("invalid_token", "登录状态已失效，请重新登录"),
            StatusCode::BAD_REQUEST => ("malformed", "请求格式不正确"),
            StatusCode::SERVICE_UNAVAILABLE => ("temporarily_unavailable", "系统繁忙，请稍后再试"),
            _ => ("server_error", "系统出现故障，请稍后再试"),
        };
        let mut told = told(status, error, message);
        for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER, HeaderName::from_static("dpop-nonce")] {
            if let Some(value) = refused.get(&name) {
                told.headers.push((name, value.clone()));
            }
        }
        told
    }
}

impl From<Refusal> for Told {
    fn from(refusal: Refusal) -> Self {
        let (status, error) = match refusal {
            Refusal::Unknown => (StatusCode::NOT_FOUND, "unknown"),
            Refusal::NotScanned => (StatusCode::CONFLICT, "not_scanned"),
            Refusal::ScannedByAnother => (StatusCode::CONFLICT, "scanned_by_another"),
            Refusal::AlreadyConfirmed => (StatusCode::CONFLICT, "already_confirmed"),
            Refusal::Cancelled => (StatusCode::GONE, "cancelled"),
            Refusal::Expired => (StatusCode::GONE, "expired"),
            Refusal::WrongNumber => (StatusCode::UNPROCESSABLE_ENTITY, "wrong_number"),
            Refusal::IdentityNotAllowed => (StatusCode::FORBIDDEN, "identity_not_allowed"),
            Refusal::OtherAccountWanted => (StatusCode::FORBIDDEN, "other_account_wanted"),
            Refusal::SameDevice => (StatusCode::FORBIDDEN, "same_device"),
            Refusal::PasswordFirst => (StatusCode::FORBIDDEN, "password_first"),
            Refusal::SignInAgain => (StatusCode::FORBIDDEN, "sign_in_again"),
            Refusal::SignedOut => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Refusal::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
        };
        let told = told(status, error, refusal.to_string());
        match refusal {
            Refusal::SignedOut => told.with(header::WWW_AUTHENTICATE, INVALID),
            Refusal::TooMany => told.with(header::RETRY_AFTER, "600"),
            _ => told,
        }
    }
}

/// RFC 6750 section 3.
const INVALID: &str = "Bearer realm=\"idp\", error=\"invalid_token\"";
const INSUFFICIENT: &str = "Bearer realm=\"idp\", error=\"insufficient_scope\", scope=\"qr_sign_in\"";

impl From<access_token::Refusal> for Told {
    fn from(refusal: access_token::Refusal) -> Self {
        match refusal {
            access_token::Refusal::Invalid => {
                told(StatusCode::UNAUTHORIZED, "invalid_token", "登录状态已失效，请重新登录")
                    .with(header::WWW_AUTHENTICATE, INVALID)
            }
            access_token::Refusal::InsufficientScope => {
                told(StatusCode::FORBIDDEN, "insufficient_scope", "该应用未获得扫码登录授权")
                    .with(header::WWW_AUTHENTICATE, INSUFFICIENT)
            }
        }
    }
}

impl From<anyhow::Error> for Told {
    fn from(error: anyhow::Error) -> Self {
        // Logged there; its page is not for programs.
        let response = web::Error::from(error).into_response();
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            return told(response.status(), "temporarily_unavailable", "系统繁忙，请稍后再试")
                .with(header::RETRY_AFTER, "2");
        }
        told(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "系统出现故障，请稍后再试")
    }
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "message": self.message });
        let mut response = (self.status, say(body)).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

//! The app's half of 扫码登录, as JSON: an access token with the scope `qr_sign_in` says whose telephone it is.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
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
use crate::web::headers::{is_bare, is_of_body};
use crate::web::shown_token::{Shown, ShownToken};
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
pub struct AppPhone {
    phone: Phone,
    /// In which the token came.
    scheme: &'static str,
}

impl FromRequestParts<App> for AppPhone {
    type Rejection = Told;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Told> {
        let caller = Visitor::new(parts, app).caller;
        let Shown { key, scheme } = match parts.extensions.remove::<ShownToken>() {
            Some(ShownToken(Ok(shown))) => shown,
            Some(ShownToken(Err((status, headers)))) => return Err(Told::by_status(status, &headers)),
            None => return Err(anyhow::anyhow!("the route does not look at tokens").into()),
        };
        match access_token::holder(app, &key, SCOPE).await? {
            Ok(holder) => Ok(Self { phone: Phone::of_app(caller, holder), scheme }),
            Err(access_token::Refusal::Invalid) => Err(Told::of(Refusal::SignedOut, scheme)),
            Err(access_token::Refusal::InsufficientScope) => {
                let why = "insufficient_scope";
                let told = told(StatusCode::FORBIDDEN, why, "该应用未获得扫码登录授权");
                Err(told.challenged(scheme, &format!("error=\"{why}\", scope=\"{SCOPE}\"")))
            }
        }
    }
}

impl AppPhone {
    /// What is no code of ours is as unknown as one that was made up.
    fn code(&self, app: &App, text: &str) -> Result<Code, Told> {
        Code::parse(&app.config.issuer, text).ok_or_else(|| self.told(Refusal::Unknown))
    }

    /// What was scanned here before.
    async fn held(&self, app: &App, text: &str) -> Result<Scanned<'_>, Told> {
        let held = phone::held(app, &self.phone, &self.code(app, text)?).await?;
        held.map_err(|refusal| self.told(refusal))
    }

    fn told(&self, refusal: Refusal) -> Told {
        Told::of(refusal, self.scheme)
    }
}

/// The layer around all of it: what no endpoint has answered (a method that there is not, a request that was given up) is
/// told in the same way.
pub async fn tell(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match is_bare(&response) {
        true => Told::by_status(response.status(), response.headers()).into_response(),
        false => response,
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
pub async fn identities(State(app): State<App>, asking: AppPhone) -> Answer {
    let identities = identity::identities(&app, &asking.phone).await?;
    Ok(say(json!({ "identities": listed(&identities) })))
}

/// POST `/scan/api/scan`: binds the ticket to this telephone; what its user must see before they confirm.
///
/// # Errors
/// What the app is told.
pub async fn scan(State(app): State<App>, asking: AppPhone, headers: HeaderMap, body: Bytes) -> Answer {
    let CodeBody { code } = read(&headers, &body)?;
    let scanned = phone::scan(&app, &asking.phone, &asking.code(&app, &code)?).await?;
    let scanned = scanned.map_err(|refusal| asking.told(refusal))?;
    Ok(say(facts(&app, &scanned)))
}

/// POST `/scan/api/confirm`.
///
/// # Errors
/// What the app is told.
pub async fn confirm(State(app): State<App>, asking: AppPhone, headers: HeaderMap, body: Bytes) -> Answer {
    let ConfirmBody { code, number, identity } = read(&headers, &body)?;
    let scanned = asking.held(&app, &code).await?;
    scanned.confirm(&app, number, &identity).await?.map_err(|refusal| asking.told(refusal))?;
    Ok(say(json!({ "status": "confirmed" })))
}

/// POST `/scan/api/cancel`.
///
/// # Errors
/// What the app is told.
pub async fn cancel(State(app): State<App>, asking: AppPhone, headers: HeaderMap, body: Bytes) -> Answer {
    let CodeBody { code } = read(&headers, &body)?;
    let scanned = asking.held(&app, &code).await?;
    scanned.cancel(&app).await?.map_err(|refusal| asking.told(refusal))?;
    Ok(say(json!({ "status": "cancelled" })))
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

    /// With a challenge in the scheme of the token (RFC 9110 section 11.6.1).
    fn challenged(mut self, scheme: &str, parameters: &str) -> Self {
        if let Ok(challenge) = format!("{scheme} realm=\"idp\", {parameters}").try_into() {
            self.headers.push((header::WWW_AUTHENTICATE, challenge));
        }
        self
    }

    /// What was refused outside of here, such as for a token that is missing or no good: in the way of the standards, with
    /// words for the user.
    fn by_status(status: StatusCode, refused: &HeaderMap) -> Self {
        let (error, message) = match status {
            StatusCode::UNAUTHORIZED => ("invalid_token", "登录状态已失效，请重新登录"),
            StatusCode::SERVICE_UNAVAILABLE => ("temporarily_unavailable", "系统繁忙，请稍后再试"),
            _ if status.is_client_error() => ("malformed", "请求格式不正确"),
            _ => ("server_error", "系统出现故障，请稍后再试"),
        };
        let mut told = told(status, error, message);
        let said = refused.iter().filter(|(name, _)| !is_of_body(name));
        told.headers.extend(said.map(|(name, value)| (name.clone(), value.clone())));
        told
    }

    /// A refusal, to an app whose token came in this scheme.
    fn of(refusal: Refusal, scheme: &str) -> Self {
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
            Refusal::PasswordFirst => (StatusCode::UNAUTHORIZED, "password_first"),
            Refusal::SignInAgain { .. } => (StatusCode::UNAUTHORIZED, "sign_in_again"),
            Refusal::SignedOut => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Refusal::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
        };
        let told = told(status, error, refusal.to_string());
        match refusal {
            Refusal::SignedOut => told.challenged(scheme, "error=\"invalid_token\""),
            Refusal::PasswordFirst => told.challenged(scheme, &step_up(0, "sign in with the password")),
            Refusal::SignInAgain { max_age } => told.challenged(scheme, &step_up(max_age, "sign in again")),
            Refusal::TooMany => told.with(header::RETRY_AFTER, "600"),
            _ => told,
        }
    }
}

/// RFC 9470 section 3: the token is good, and the sign-in behind it is not good enough; how to get a better one.
fn step_up(max_age: i64, description: &str) -> String {
    format!(
        "error=\"insufficient_user_authentication\", error_description=\"{description}\", max_age=\"{max_age}\""
    )
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

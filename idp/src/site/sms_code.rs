//! `/sms-code/…`: for the script beside a telephone field, so that a code can be sent and proved while the form stays
//! as it is. Without the script the form itself does the same.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::domain::phone::Phone;
use crate::guard::captcha;
use crate::guard::sms_code::{self, Purpose};
use crate::web::captcha::{CaptchaFields, CaptchaView};
use crate::web::phone::sent_to;
use crate::web::{self, Problem, SafeForm, Visitor};

#[derive(Deserialize)]
pub struct SendForm {
    purpose: String,
    phone: String,
    #[serde(flatten)]
    captcha: CaptchaFields,
}

#[derive(Deserialize)]
pub struct VerifyForm {
    purpose: String,
    phone: String,
    phone_code: String,
}

/// POST `/sms-code/send`: 200 `{notice, captcha}`, or 422 `{field, message, captcha}`. A captcha is good for one
/// try, so each answer brings the next.
///
/// # Errors
/// When the database fails, or the purpose has no telephone that is typed.
pub async fn send(
    State(app): State<App>,
    visitor: Visitor,
    SafeForm(form): SafeForm<SendForm>,
) -> web::Result<Response> {
    let purpose = purpose(&form.purpose)?;
    let Ok(phone) = Phone::parse(&form.phone) else {
        return refuse("phone", "手机号码格式不正确", None);
    };
    let passed = captcha::pass(&app, form.captcha.answer()).await?;
    let next = CaptchaView::before_sending(&app).await?;
    let passed = match passed {
        Ok(passed) => passed,
        Err(refusal) => return refuse("captcha_answer", &refusal.to_string(), next),
    };
    match sms_code::send(&app, &visitor.caller, purpose, &phone, passed).await? {
        Ok(()) => Ok(Json(json!({ "notice": sent_to(&phone), "captcha": json_of(next) })).into_response()),
        Err(refusal) => refuse("phone_code", &refusal.to_string(), next),
    }
}

/// POST `/sms-code/verify`: 200 `{token, masked}`, or 422 `{field, message}`.
///
/// # Errors
/// As [`send`].
pub async fn verify(
    State(app): State<App>,
    visitor: Visitor,
    SafeForm(form): SafeForm<VerifyForm>,
) -> web::Result<Response> {
    let purpose = purpose(&form.purpose)?;
    let Ok(phone) = Phone::parse(&form.phone) else {
        return refuse("phone", "手机号码格式不正确", None);
    };
    match sms_code::prove(&app, &visitor.caller, purpose, &phone, &form.phone_code).await? {
        Ok(token) => Ok(Json(json!({ "token": token, "masked": phone.masked() })).into_response()),
        Err(refusal) => refuse("phone_code", &refusal.to_string(), None),
    }
}

fn purpose(text: &str) -> Result<Purpose, Problem> {
    Purpose::of_typed_phone(text)
        .ok_or_else(|| Problem::of_status(StatusCode::BAD_REQUEST).detail("unknown purpose"))
}

fn refuse(field: &str, message: &str, captcha: Option<CaptchaView>) -> web::Result<Response> {
    let body = json!({ "field": field, "message": message, "captcha": json_of(captcha) });
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response())
}

fn json_of(captcha: Option<CaptchaView>) -> serde_json::Value {
    captcha.map_or(
        serde_json::Value::Null,
        |captcha| json!({ "id": captcha.id, "image": captcha.image, "proof_url": captcha.proof_url }),
    )
}

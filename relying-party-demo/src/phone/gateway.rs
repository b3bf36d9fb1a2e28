//! `POST /phone/gateway`: what the provider takes for a carrier's gateway for text messages.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use idp::domain::phone::Phone;
use serde::Deserialize;
use serde_json::json;

use super::messages::Message;
use crate::bearer;
use crate::portal::Portal;

/// The longest text that carriers take as one message, however many parts it is sent in.
const LONGEST: usize = 500;

#[derive(Deserialize)]
struct Order {
    to: String,
    text: String,
}

pub async fn post(
    State(portal): State<Arc<Portal>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !bearer::shows(&headers, &portal.sms_token) {
        return answer(StatusCode::UNAUTHORIZED, "401", "the token is not right");
    }
    let order = body.ok().and_then(|body| serde_json::from_slice::<Order>(&body).ok());
    let Some(Order { to, text }) = order else {
        return answer(StatusCode::BAD_REQUEST, "400", "the body is not {\"to\":…,\"text\":…}");
    };
    let Ok(number) = Phone::parse(&to) else {
        return answer(StatusCode::UNPROCESSABLE_ENTITY, "422", "`to` is no mobile phone number");
    };
    if text.trim().is_empty() || text.chars().count() > LONGEST {
        return answer(StatusCode::UNPROCESSABLE_ENTITY, "422", "`text` must have 1 to 500 characters");
    }
    portal.messages.deliver(number, Message { text, received: portal.clock.now() });
    answer(StatusCode::OK, "0", "ok")
}

fn answer(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}

#[cfg(test)]
mod tests;

//! 演示手机短信: the text messages of any number. Only a demonstration shows them to everyone.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use idp::domain::phone::Phone;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::phone::messages::{Line, Message};
use crate::portal::Portal;
use crate::problem::{Problem, Result};

#[derive(Template)]
#[template(path = "phone/numbers.html")]
struct NumbersPage {
    lines: Vec<Line>,
    /// What was typed but is no number.
    refused: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/messages.html")]
struct MessagesPage<'a> {
    number: &'a str,
    messages: Vec<Message>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    number: String,
}

/// The numbers that got something lately, and a form for any other.
pub async fn numbers(
    State(portal): State<Arc<Portal>>,
    wanted: std::result::Result<Query<Wanted>, QueryRejection>,
) -> Result<Response> {
    let Wanted { number } = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    if let Ok(number) = Phone::parse(&number) {
        return Ok(Redirect::to(&format!("/phone/{}", number.as_str())).into_response());
    }
    let refused = Some(number).filter(|typed| !typed.trim().is_empty());
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = NumbersPage { lines: portal.messages.lines(), refused };
    Ok((status, Html(page.render()?)).into_response())
}

/// `/phone/{number}` for people and `/phone/{number}.json` for programs.
pub async fn messages(State(portal): State<Arc<Portal>>, Path(name): Path<String>) -> Result<Response> {
    let digits = name.strip_suffix(".json");
    let number = Phone::parse(digits.unwrap_or(&name)).map_err(|_| Problem::NotFound)?;
    if digits.unwrap_or(&name) != number.as_str() {
        return Err(Problem::NotFound);
    }
    let messages = portal.messages.of(&number);
    if digits.is_some() {
        return Ok(Json(as_json(&number, &messages)).into_response());
    }
    Ok(Html(MessagesPage { number: number.as_str(), messages }.render()?).into_response())
}

fn as_json(number: &Phone, messages: &[Message]) -> Value {
    let messages: Vec<_> = messages
        .iter()
        .map(|message| json!({ "text": message.text, "received_at": message.received_at() }))
        .collect();
    json!({ "number": number.as_str(), "messages": messages })
}

//! The registration is through: on to sign in, or wait for the register.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "registration/done.html")]
struct Page<'a> {
    frame: Frame<'a>,
    waiting: bool,
    sign_in: &'static str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Outcome {
    kind: String,
    waiting: String,
}

/// # Errors
/// When the template fails.
pub async fn get(visitor: Visitor, Query(outcome): Query<Outcome>) -> web::Result<Response> {
    let sign_in = match outcome.kind.as_str() {
        "legal_entity" => urls::SIGN_IN_LEGAL_ENTITY,
        _ => urls::SIGN_IN_PERSONAL,
    };
    visitor.show(&Page { frame: visitor.frame(), waiting: !outcome.waiting.is_empty(), sign_in })
}

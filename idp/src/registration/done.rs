//! The registration is through: on to sign in, or wait for the register.

use askama::Template;
use axum::extract;
use axum::response::Response;
use serde::Deserialize;

use super::shared::Query;
use crate::domain::principal::AccountKind;
use crate::web::{self, Frame, Visitor};

#[derive(Template)]
#[template(path = "registration/done.html")]
struct Page<'a> {
    frame: Frame<'a>,
    waiting: bool,
    sign_in: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Outcome {
    kind: String,
    waiting: String,
    #[serde(flatten)]
    query: Query,
}

/// # Errors
/// When the template fails.
pub async fn get(
    visitor: Visitor,
    extract::Query(outcome): extract::Query<Outcome>,
) -> web::Result<Response> {
    let kind = match outcome.kind.as_str() {
        "legal_entity" => AccountKind::LegalEntity,
        _ => AccountKind::Person,
    };
    let sign_in = outcome.query.sign_in(kind);
    visitor.show(&Page { frame: visitor.frame(), waiting: !outcome.waiting.is_empty(), sign_in })
}

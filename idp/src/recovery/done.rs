//! 完成: the new password is set, and nothing is signed in with the old one any more.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;

use super::shared::Query;
use crate::app::App;
use crate::guard::recovery;
use crate::web::{self, Frame, Visitor};

#[derive(Template)]
#[template(path = "recovery/done.html")]
struct Page<'a> {
    frame: Frame<'a>,
    step: usize,
    sign_in: String,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    if !recovery::is_done(&app, &visitor.caller, &query.recovery).await? {
        return Ok(query.restart(&visitor));
    }
    visitor.show(&Page { frame: visitor.frame(), step: 4, sign_in: query.sign_in() })
}

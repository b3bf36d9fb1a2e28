//! 待送达的退出通知: back-channel logout that has not arrived yet, as a page. `idp logout-notices list` says the same.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::guard::logout_notices::{self, WaitingNotice};
use crate::web::page::render;
use crate::web::{self, Frame, Visitor};

const MOST: u32 = 200;

#[derive(Template)]
#[template(path = "operations/logout_notices.html")]
struct Page<'a> {
    frame: Frame<'a>,
    notices: Vec<WaitingNotice>,
}

impl Page<'_> {
    fn is_cut(&self) -> bool {
        self.notices.len() >= MOST as usize
    }
}

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor) -> web::Result<Response> {
    let notices = logout_notices::waiting(&app, MOST).await?;
    render(&Page { frame: visitor.frame(), notices })
}

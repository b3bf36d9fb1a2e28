//! `/sign-out/done`: 您已安全退出.

use askama::Template;
use axum::response::Response;

use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "sign_out/done.html")]
struct Page<'a> {
    frame: Frame<'a>,
    sign_in_link: &'static str,
}

/// # Errors
/// When the template fails.
pub async fn get(visitor: Visitor) -> web::Result<Response> {
    show(&visitor)
}

/// # Errors
/// When the template fails.
pub fn show(visitor: &Visitor) -> web::Result<Response> {
    visitor.show(&Page { frame: visitor.frame(), sign_in_link: urls::SIGN_IN })
}

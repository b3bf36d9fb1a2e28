//! `/`, `/help` and `/accessibility`.

use askama::Template;
use axum::response::Response;

use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "site/help.html")]
struct Help<'a> {
    frame: Frame<'a>,
}

#[derive(Template)]
#[template(path = "site/accessibility.html")]
struct Accessibility<'a> {
    frame: Frame<'a>,
}

/// GET `/`: one's own account, or the way in.
///
/// # Errors
/// When the database fails.
pub async fn home(visitor: Visitor) -> web::Result<Response> {
    let signed_in = visitor.session().await?.is_some();
    Ok(visitor.go(if signed_in { urls::ACCOUNT } else { urls::SIGN_IN }))
}

/// # Errors
/// When the template fails.
pub async fn help(visitor: Visitor) -> web::Result<Response> {
    visitor.show(&Help { frame: visitor.frame() })
}

/// # Errors
/// When the template fails.
pub async fn accessibility(visitor: Visitor) -> web::Result<Response> {
    visitor.show(&Accessibility { frame: visitor.frame() })
}

//! The page that tells portals by way of the browser (OpenID Connect Front-Channel Logout 1.0): a frame for each, then
//! onward. Without scripts the page goes on after a few seconds, and there is a link.

use askama::Template;
use axum::response::Response;

use crate::guard::front_channel::Notice;
use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "sign_out/front_channel.html")]
struct Page<'a> {
    frame: Frame<'a>,
    notices: &'a [Notice],
    onward: &'a str,
}

/// Loads each portal's address and goes on to `target`, or to 您已安全退出.
///
/// # Errors
/// When the template fails.
pub fn show(visitor: &Visitor, notices: &[Notice], target: Option<&str>) -> web::Result<Response> {
    let onward = target.unwrap_or(urls::SIGN_OUT_DONE);
    let page = visitor.show(&Page { frame: visitor.frame(), notices, onward })?;
    Ok(Visitor::allow_frames_of(page, notices.iter().map(|notice| notice.origin.clone()).collect()))
}

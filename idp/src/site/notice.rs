//! Parts of the manual that later releases open: each has its own address already, and says so plainly.

use askama::Template;
use axum::response::Response;

use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "site/notice.html")]
struct Page<'a> {
    frame: Frame<'a>,
    title: &'static str,
    message: &'static str,
    back_link: &'static str,
    back_label: &'static str,
}

/// 六 账号申诉
///
/// # Errors
/// When the template fails.
pub async fn appeals(visitor: Visitor) -> web::Result<Response> {
    visitor.show(&Page {
        frame: visitor.frame(),
        title: "账号申诉尚未开放",
        message: "账号申诉功能正在建设中。如需申诉，请联系技术支持。",
        back_link: urls::SIGN_IN,
        back_label: "返回登录",
    })
}

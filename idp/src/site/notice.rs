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
/// When the database fails.
pub async fn appeals(visitor: Visitor) -> web::Result<Response> {
    let (back_link, back_label) = match visitor.session().await? {
        Some(_) => (urls::ACCOUNT, "返回账号中心"),
        None => (urls::SIGN_IN, "返回登录"),
    };
    visitor.show(&Page {
        frame: visitor.frame(),
        title: "账号申诉尚未开放",
        message: "账号申诉功能正在建设中。如需申诉，请联系技术支持。",
        back_link,
        back_label,
    })
}

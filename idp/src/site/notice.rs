//! Parts of the manual that later releases open: each has its own address already, and says so plainly.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "site/notice.html")]
struct Page<'a> {
    frame: Frame<'a>,
    title: &'static str,
    message: &'static str,
    back_link: String,
    back_label: &'static str,
}

fn show(visitor: &Visitor, title: &'static str, message: &'static str) -> web::Result<Response> {
    show_with(visitor, title, message, urls::SIGN_IN.to_owned())
}

fn show_with(
    visitor: &Visitor,
    title: &'static str,
    message: &'static str,
    back_link: String,
) -> web::Result<Response> {
    visitor.show(&Page { frame: visitor.frame(), title, message, back_link, back_label: "返回登录" })
}

/// 四 扫码登录
///
/// # Errors
/// When the template fails.
pub async fn sign_in_qr(visitor: Visitor, Query(query): Query<SignInQuery>) -> web::Result<Response> {
    // Whoever comes back goes on with the portal that waits.
    let back = urls::with_request(urls::SIGN_IN, query.request.as_deref());
    show_with(&visitor, "扫码登录尚未开放", "扫码登录功能正在建设中，请返回使用账号密码登录。", back)
}

#[derive(Deserialize)]
pub struct SignInQuery {
    request: Option<String>,
}

/// 六 账号申诉
///
/// # Errors
/// When the template fails.
pub async fn appeals(visitor: Visitor) -> web::Result<Response> {
    show(&visitor, "账号申诉尚未开放", "账号申诉功能正在建设中。如需申诉，请联系技术支持。")
}

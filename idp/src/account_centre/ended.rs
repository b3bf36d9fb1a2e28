//! What the account centre says last, when its visitor is no longer signed in.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::principal::AccountKind;
use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/ended.html")]
struct Page<'a> {
    frame: Frame<'a>,
    title: &'static str,
    text: &'static str,
    sign_in: &'static str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Ended {
    kind: String,
    what: String,
}

pub fn url(kind: AccountKind, what: &str) -> String {
    format!("{}?kind={}&what={what}", urls::ACCOUNT_ENDED, kind.as_str())
}

/// Where an account of this kind signs in.
pub const fn sign_in_page(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::LegalEntity => urls::SIGN_IN_LEGAL_ENTITY,
        AccountKind::Operator => urls::SIGN_IN_OPERATOR,
        AccountKind::Person => urls::SIGN_IN_PERSONAL,
    }
}

/// # Errors
/// When the template fails.
pub async fn get(visitor: Visitor, Query(ended): Query<Ended>) -> web::Result<Response> {
    let (title, text) = match ended.what.as_str() {
        "password" => ("密码修改成功", "为保护账号安全，所有设备均已退出，请使用新密码重新登录。"),
        "representative" => ("变更成功", "为保护账号安全，所有设备均已退出，请重新登录。"),
        "closed" => ("账号已注销", "您的个人信息已删除。依法需要保存的操作记录到期后将自动删除。"),
        _ => ("您已退出", "请重新登录。"),
    };
    let sign_in = AccountKind::parse(&ended.kind).map_or(urls::SIGN_IN_PERSONAL, sign_in_page);
    visitor.show(&Page { frame: visitor.frame(), title, text, sign_in })
}

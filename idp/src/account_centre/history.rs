//! 登录记录: what has happened to the account, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::timestamp::Timestamp;
use crate::store::audit::{self, Recorded};
use crate::web::{self, Frame, Visitor, urls};

const A_PAGE: u32 = 20;

#[derive(Template)]
#[template(path = "account_centre/history.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    events: Vec<Event>,
    older: Option<String>,
    is_first: bool,
}

struct Event {
    at: String,
    what: &'static str,
    how: &'static str,
    address: String,
    browser: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Where {
    before: Option<i64>,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    Query(place): Query<Where>,
) -> web::Result<Response> {
    let before = Timestamp::from_millis(place.before.unwrap_or(i64::MAX));
    let mut found = audit::of_account(&app.store, owner.account_id(), before, A_PAGE + 1).await?;
    let more = found.len() > A_PAGE as usize;
    found.truncate(A_PAGE as usize);
    let last = found.last().filter(|_| more).map(|last| last.at);
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("登录记录"),
        events: found.into_iter().map(Event::from).collect(),
        older: last.map(|at| format!("{}?before={at}", urls::ACCOUNT_HISTORY)),
        is_first: place.before.is_none(),
    };
    visitor.show(&page)
}

impl From<Recorded> for Event {
    fn from(recorded: Recorded) -> Self {
        Self {
            at: Timestamp::from_millis(recorded.at).china_minute(),
            what: what(&recorded.event),
            how: how(&recorded.event, &recorded.detail),
            address: recorded.address,
            browser: super::shared::browser(&recorded.user_agent),
        }
    }
}

fn what(event: &str) -> &'static str {
    match event {
        "sign_in" => "登录",
        "sign_in_refused" => "登录失败",
        "sign_out" => "退出登录",
        "registered" => "注册账号",
        "register_check" => "登记信息核验",
        "password_changed" => "修改密码",
        "password_reset" => "找回密码",
        "phone_changed" => "修改手机号码",
        "representative_changed" => "变更法定代表人",
        "portal_authorized" => "授权应用",
        "portal_revoked" => "撤销授权",
        "device_allowed" => "允许设备登录",
        "device_denied" => "拒绝设备登录",
        "token_exchange" => "应用代为办理",
        "data_exported" => "导出数据",
        "identity_chosen" => "选择办事身份",
        event if event.starts_with("operator") => "经办人管理",
        _ => "账号操作",
    }
}

fn how(event: &str, detail: &str) -> &'static str {
    match (event, detail) {
        ("sign_in", detail) if detail.split(' ').any(|method| method == "sms") => "密码和短信验证码",
        ("sign_in", _) => "密码",
        ("sign_in_refused", detail) if detail.ends_with("locked") => "已锁定",
        ("sign_in_refused", detail) if detail.ends_with("inactive") => "账号不可用",
        ("sign_in_refused", _) => "密码错误",
        _ => "",
    }
}

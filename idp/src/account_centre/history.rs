//! 登录记录: what has happened to the account, newest first; of a unit, also what its managers did to its operators.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::operators::access::is_id;
use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::mask;
use crate::domain::timestamp::Timestamp;
use crate::domain::user_agent;
use crate::store::audit::{self, Key, Recorded};
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
    what: String,
    how: String,
    address: String,
    browser: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Where {
    /// The last event of the page before, as `at.id`.
    before: String,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    Query(place): Query<Where>,
) -> web::Result<Response> {
    let before = key(&place.before);
    let from = before.clone().unwrap_or(Key::NEWEST);
    let id = owner.account_id();
    let mut found = audit::of_account(&app.store, &app.vault, id, &from, A_PAGE + 1).await?;
    let more = found.len() > A_PAGE as usize;
    found.truncate(A_PAGE as usize);
    let last = found.last().filter(|_| more).map(|last| format!("{}.{}", last.at, last.id));
    let who = owner.own_unit().map_or("法定代表人", |unit| unit.entity_type.representative_label());
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("登录记录"),
        events: found.into_iter().map(|recorded| Event::of(recorded, who)).collect(),
        older: last.map(|last| format!("{}?before={last}", urls::ACCOUNT_HISTORY)),
        is_first: before.is_none(),
    };
    visitor.show(&page)
}

fn key(text: &str) -> Option<Key> {
    let (at, id) = text.split_once('.').filter(|(_, id)| is_id(id))?;
    Some(Key { at: at.parse().ok()?, id: id.to_owned() })
}

impl Event {
    /// `who` is what the unit calls its representative.
    fn of(recorded: Recorded, who: &str) -> Self {
        Self {
            at: Timestamp::from_millis(recorded.at).china_minute(),
            what: what(&recorded.event).replace("法定代表人", who),
            how: how(&recorded),
            address: recorded.address,
            browser: user_agent::words(&recorded.user_agent),
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
        "password_reset" | "recovery_begun" | "recovery_refused" => "找回密码",
        "phone_changed" => "修改手机号码",
        "representative_changed" => "变更法定代表人",
        "unit_renamed" => "变更名称",
        "document_changed" => "变更证件信息",
        "details_changed" => "修改拓展信息",
        "portal_authorized" => "授权应用",
        "portal_revoked" => "撤销授权",
        "device_allowed" => "允许设备登录",
        "device_denied" => "拒绝设备登录",
        "token_exchange" => "应用代为办理",
        "data_exported" => "导出数据",
        "identity_chosen" => "选择办事身份",
        "qr_scanned" => "扫描登录二维码",
        "qr_confirmed" => "确认扫码登录",
        "qr_cancelled" => "取消扫码登录",
        "qr_wrong_number" => "扫码登录数字不符",
        "operator_added" => "添加经办人",
        "operator_refused" => "添加经办人失败",
        "operator_edited" => "编辑经办人",
        "operator_removed" => "删除经办人",
        "operator_frozen" => "冻结经办人",
        "operator_unfrozen" => "解冻经办人",
        "operator_confirmed" => "确认经办人",
        "operator_password_reset" => "重置经办人密码",
        _ => "账号操作",
    }
}

fn how(recorded: &Recorded) -> String {
    let (event, detail) = (&*recorded.event, &*recorded.detail);
    if event.starts_with("qr_") {
        // The other device: its browser, and where it was.
        return format!("登录设备：{detail}");
    }
    if event == "sign_in" {
        let known = [("pwd", "密码"), ("sms", "短信验证码"), ("mca", "手机扫码")];
        let words: Vec<&str> = detail
            .split(' ')
            .filter_map(|method| known.iter().find(|(name, _)| *name == method).map(|(_, word)| *word))
            .collect();
        return words.join("和");
    }
    if let Some(name) = recorded.operator_name.as_deref().map(mask::name) {
        let by = recorded.actor_name.as_deref().map(|actor| format!("，由经办人{}办理", mask::name(actor)));
        return format!("{name}{}", by.unwrap_or_default());
    }
    let word = match (event, detail) {
        ("sign_in_refused", detail) if detail.ends_with("locked") => "已锁定",
        ("sign_in_refused", detail) if detail.ends_with("inactive") => "账号不可用",
        ("sign_in_refused", _) => "密码错误",
        ("operator_refused", "register") => "姓名与证件号码不一致",
        ("operator_refused", "limit") => "尝试次数过多",
        ("operator_refused", "taken") => "证件号码或手机号码已登记",
        ("operator_refused", "proof") => "短信验证已失效",
        ("recovery_begun", detail) if detail.ends_with("unsent") => "获取验证码过于频繁，未发送",
        ("recovery_begun", _) => "已发送短信验证码",
        ("recovery_refused", detail) if detail.ends_with("limit") => "尝试次数过多",
        ("recovery_refused", detail) if detail.ends_with("mismatch") => "身份信息不符",
        ("recovery_refused", _) => "未通过",
        ("password_reset", _) => "已设置新密码",
        ("register_check", "confirmed") => "核验通过",
        ("register_check", "differs") => "核验不一致",
        ("register_check", "refused") => "核验未通过",
        _ => "",
    };
    word.to_owned()
}

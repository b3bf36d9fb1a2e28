//! The hall's home page, and the dialog 单位登录 over it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;

use crate::account::Account;
use crate::portal::Portal;
use crate::problem::Result;
use crate::relying_party::{APPLICATIONS, Application, RelyingParty};

#[derive(Template)]
#[template(path = "home.html")]
struct Page<'a> {
    visitor: Option<Account>,
    /// The dialog is a page of its own, so that it needs no script.
    dialog: bool,
    applications: &'a [Application],
    notices: &'a [Notice],
}

struct Notice {
    date: &'static str,
    title: &'static str,
    text: &'static str,
}

/// 通知公告: neutral placeholders.
const NOTICES: [Notice; 5] = [
    Notice {
        date: "2026-10-20",
        title: "“吉林智慧人社”“好差评”服务已上线",
        text: "事项办结后，可在单位网厅“我的办件(待评价)”中对本次服务作出评价，评价结果用于改进服务。",
    },
    Notice {
        date: "2026-10-13",
        title: "单位网厅启用统一身份认证登录的说明",
        text: "单位网厅通过统一身份认证平台登录。登录一次即可进入各业务应用，退出登录后各应用同时退出。",
    },
    Notice {
        date: "2026-09-28",
        title: "单位经办人账号添加与管理操作指引",
        text: "使用法人账号登录后，在账号设置的“我的经办人”中添加经办人，并可设置有效时间、管理权限和所属部门。",
    },
    Notice {
        date: "2026-09-15",
        title: "单位信息变更后如何更新账号信息",
        text: "单位名称或法定代表人在登记机关变更后，请在账号设置中办理“企业信息变更”；信息不一致时可提交账号申诉。",
    },
    Notice {
        date: "2026-09-01",
        title: "请妥善保管单位账号和经办人密码",
        text: "一人一号，请勿多人共用账号。经办人离职或调岗的，请及时冻结或删除其账号。",
    },
];

pub async fn get(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Result<Html<String>> {
    show(&portal, &headers, false)
}

pub async fn sign_in(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Result<Html<String>> {
    show(&portal, &headers, true)
}

fn show(portal: &Portal, headers: &HeaderMap, dialog: bool) -> Result<Html<String>> {
    let visitor = portal.session(RelyingParty::Hall, headers).map(|session| session.account);
    let page = Page { visitor, dialog, applications: &APPLICATIONS, notices: &NOTICES };
    Ok(Html(page.render()?))
}

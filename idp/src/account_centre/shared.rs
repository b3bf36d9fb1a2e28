//! What every page of the account centre stands on: who is signed in, and the frame with its tabs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use sqlx::AnyConnection;

use super::ended::sign_in_page;
use crate::app::App;
use crate::domain::mask;
use crate::domain::phone::Phone;
use crate::domain::principal::{LegalEntity, Principal};
use crate::guard::pending;
use crate::guard::sessions::Session;
use crate::store::operators::changes;
use crate::store::{audit, principals, sessions};
use crate::web::return_to::ReturnTo;
use crate::web::{self, Problem, Visitor, urls};

/// Whose account centre this is.
pub struct Owner {
    pub session: Session,
    pub principal: Principal,
}

/// The frame of components/console.html.
pub struct Centre {
    pub title: &'static str,
    pub greeting: String,
    pub account_label: String,
    pub masked_phone: String,
    /// What the unit calls whoever represents it.
    pub representative: &'static str,
    pub may_change_phone: bool,
    pub may_change_entity: bool,
    pub may_choose_identity: bool,
    /// Pages as (href, label).
    pub tabs: Vec<(&'static str, &'static str)>,
    /// The tab that the page belongs to; without one, what is done here.
    pub current: &'static str,
    pub heading: String,
}

impl Centre {
    /// A page below its tab, or with a name of its own.
    pub fn headed(self, heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), ..self }
    }

    /// The tab above the page, for the way back.
    pub fn above(&self) -> Option<&(&'static str, &'static str)> {
        self.tabs.iter().find(|(_, label)| *label == self.current && self.heading != *label)
    }
}

/// Whoever is signed in; everybody else is sent to sign in.
impl FromRequestParts<App> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, app).await;
        let found = signed_in(app, &visitor).await.map_err(IntoResponse::into_response)?;
        match found {
            Some(owner) => Ok(owner),
            None => {
                Err(sign_in_first(app, &visitor, parts).await.unwrap_or_else(IntoResponse::into_response))
            }
        }
    }
}

/// Whoever was signed in is told that this has ended, and comes back to the page: a form's own address may be no page.
async fn sign_in_first(app: &App, visitor: &Visitor, parts: &Parts) -> web::Result<Response> {
    if visitor.session_token.is_none() {
        return Ok(visitor.go(urls::SIGN_IN));
    }
    let asked = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
    let page = ReturnTo::parse(asked.map_or(urls::ACCOUNT, |asked| asked.as_str()));
    let request = pending::keep_page(app, &visitor.caller, page.as_str().to_owned()).await?;
    Ok(visitor.go(&urls::with_request(urls::SIGN_IN, Some(&request))))
}

async fn signed_in(app: &App, visitor: &Visitor) -> web::Result<Option<Owner>> {
    let Some(session) = visitor.session().await? else { return Ok(None) };
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    Ok(principal.map(|principal| Owner { session, principal }))
}

impl Owner {
    pub fn account_id(&self) -> &str {
        &self.session.account_id
    }

    /// In a transaction that has just begun: holds the account, and others, and says whether this session is still
    /// there. What the page was asked by was read long before (a password was hashed, a register asked), and whatever
    /// ends an account's right to act ends its sessions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_still_here(&self, tx: &mut AnyConnection, others: &[&str]) -> sqlx::Result<bool> {
        changes::hold_all(tx, [self.account_id()].iter().chain(others).copied()).await?;
        sessions::hold(tx, &self.session.sid).await
    }

    /// The same, for those who have nothing else to say to a visitor who is gone.
    ///
    /// # Errors
    /// When the database fails; 403 if the session has ended.
    pub async fn must_still_be_here(&self, tx: &mut AnyConnection, others: &[&str]) -> web::Result<()> {
        if self.is_still_here(tx, others).await? { Ok(()) } else { Err(self.gone()) }
    }

    /// What a visitor is told whose session has ended while something was being done.
    pub fn gone(&self) -> web::Error {
        let message = "您的登录在操作期间已结束，本次操作未生效，请重新登录后再试。";
        let problem = Problem::new(StatusCode::FORBIDDEN, "您已退出登录", message);
        problem.onward("重新登录", sign_in_page(self.principal.kind())).into()
    }

    /// An audit entry of what this visitor does here.
    pub fn event<'a>(&'a self, visitor: &'a Visitor, event: &'a str, detail: &'a str) -> audit::Entry<'a> {
        visitor.caller.event(event, Some(self.account_id()), detail)
    }

    /// The telephone bound to the account.
    pub fn phone(&self) -> Option<Phone> {
        self.principal.phone().and_then(|phone| Phone::parse(phone).ok())
    }

    /// The unit whose operators this account may manage (管理权限): its own, or the one that it acts for.
    pub fn managed_unit(&self) -> Option<&LegalEntity> {
        match &self.principal {
            Principal::LegalEntity(unit) => Some(unit),
            Principal::Operator { operator, unit } if operator.may_manage => Some(unit),
            Principal::Operator { .. } | Principal::Person(_) => None,
        }
    }

    /// The unit that this account itself is.
    pub const fn own_unit(&self) -> Option<&LegalEntity> {
        match &self.principal {
            Principal::LegalEntity(unit) => Some(unit),
            Principal::Operator { .. } | Principal::Person(_) => None,
        }
    }

    pub fn centre(&self, current: &'static str) -> Centre {
        let (title, greeting, account_label) = match &self.principal {
            Principal::LegalEntity(unit) => (
                "企业中心",
                unit.representative_name.as_deref().map_or_else(|| unit.name.clone(), mask::name),
                format!("企业账号：{}", unit.login_name),
            ),
            Principal::Operator { operator, unit } => {
                ("账号中心", mask::name(&operator.name), format!("经办人账号（{}）", unit.name))
            }
            Principal::Person(person) => {
                ("账号中心", mask::name(&person.name), format!("个人账号：{}", person.login_name))
            }
        };
        Centre {
            title,
            greeting,
            account_label,
            masked_phone: self.phone().map(|phone| phone.masked()).unwrap_or_default(),
            representative: self.principal.unit().map_or("", |unit| unit.entity_type.representative_label()),
            may_change_phone: true,
            may_change_entity: self.own_unit().is_some(),
            may_choose_identity: self.own_unit().is_none(),
            tabs: self.tabs(),
            current,
            heading: current.to_owned(),
        }
    }

    fn tabs(&self) -> Vec<(&'static str, &'static str)> {
        let mut tabs = match &self.principal {
            Principal::LegalEntity(_) => vec![
                (urls::ACCOUNT, "企业信息"),
                (urls::ACCOUNT_REPRESENTATIVE, "法人信息"),
                (urls::ACCOUNT_DETAILS, "拓展信息"),
            ],
            Principal::Operator { .. } => vec![(urls::ACCOUNT, "经办人信息")],
            Principal::Person(_) => vec![(urls::ACCOUNT, "个人信息")],
        };
        tabs.push((urls::ACCOUNT_PASSWORD, "密码修改"));
        if self.managed_unit().is_some() {
            tabs.push((urls::ACCOUNT_OPERATORS, "我的经办人"));
        }
        tabs.push((urls::ACCOUNT_HISTORY, "登录记录"));
        tabs.push((urls::ACCOUNT_SESSIONS, "登录设备"));
        tabs.push((urls::ACCOUNT_PORTALS, "授权管理"));
        tabs.push((urls::ACCOUNT_DATA, "数据与注销"));
        tabs
    }
}

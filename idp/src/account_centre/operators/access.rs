//! Who may manage whom.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use sqlx::AnyConnection;
use url::form_urlencoded;

use crate::account_centre::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::principal::{LegalEntity, Operator, Principal};
use crate::domain::timestamp::Timestamp;
use crate::guard::sms_code::{self, Purpose};
use crate::store::operators::changes;
use crate::store::operators::listing::{self, Listed};
use crate::web::{self, Problem, Visitor, urls};

/// 我的经办人, the tab.
const TAB: &str = "我的经办人";

/// Who manages the operators of a unit: the unit's own account, or an operator of it with 管理权限.
pub struct Manager {
    pub owner: Owner,
    pub unit: LegalEntity,
}

/// Whoever is signed in, if they may manage operators; 403 otherwise.
impl FromRequestParts<App> for Manager {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let owner = Owner::from_request_parts(parts, app).await?;
        match owner.managed_unit().cloned() {
            Some(unit) => Ok(Self { owner, unit }),
            None => Err(may_not_manage().into_response()),
        }
    }
}

impl Manager {
    pub fn centre(&self) -> Centre {
        self.owner.centre(TAB)
    }

    /// An operator of the unit whom the manager may work on. `what` is not to be done to oneself.
    ///
    /// # Errors
    /// When the database fails; 404 if the unit has no such operator, 403 for oneself and for who is only the unit's to
    /// manage.
    pub async fn operator(&self, app: &App, id: &str, what: &'static str) -> web::Result<Listed> {
        if id == self.owner.account_id() {
            return Err(forbidden(what, "不能对自己的账号进行该操作，请由法人账号或其他管理员办理。"));
        }
        let found = match is_id(id) {
            true => listing::one(&app.store, &app.vault, &self.unit.id, id).await?,
            false => None,
        };
        let found = found.ok_or_else(no_such_operator)?;
        if self.may_work_on(&found.operator) { Ok(found) } else { Err(only_the_units()) }
    }

    /// Not another manager, and nobody who lasts longer: whoever sets the other's password and telephone could sign in as
    /// the other, and give themselves what they have not. The unit's own account works on everybody.
    pub fn may_work_on(&self, operator: &Operator) -> bool {
        self.owner.own_unit().is_some()
            || !operator.may_manage
                && match (operator.valid_until, self.own_end()) {
                    (_, None) => true,
                    (end, Some(own)) => end.is_some_and(|end| end <= own),
                }
    }

    /// In a transaction that has just begun: holds the manager's account, and the operators'. What the page was asked
    /// by was read before; by now the manager may have been frozen, removed, shortened or left without the right to
    /// manage, and an operator may have got it.
    ///
    /// # Errors
    /// When the database fails; 403 if the manager may not manage any more, or not these.
    pub async fn must_still_manage(
        &self,
        app: &App,
        tx: &mut AnyConnection,
        operators: &[&str],
    ) -> web::Result<()> {
        self.owner.must_still_be_here(tx, operators).await?;
        if self.owner.own_unit().is_some() {
            return Ok(());
        }
        let id = self.owner.account_id();
        match changes::manager_until(tx, &self.unit.id, id, app.clock.now()).await? {
            Some(end) if end == self.own_end() => (),
            Some(_) => {
                return Err(forbidden(
                    "有效时间已变更",
                    "您的有效时间在操作期间已变更，本次操作未生效，请重新操作。",
                ));
            }
            None => return Err(may_not_manage()),
        }
        for operator in operators {
            if !changes::is_below(tx, operator, self.own_end()).await? {
                return Err(only_the_units());
            }
        }
        Ok(())
    }

    /// Where the manager's own validity ends: nobody gives more than they have.
    pub fn own_end(&self) -> Option<Timestamp> {
        match &self.owner.principal {
            Principal::Operator { operator, .. } => operator.valid_until,
            Principal::LegalEntity(_) | Principal::Person(_) => None,
        }
    }

    /// The unit's own account, which speaks for the legal representative.
    ///
    /// # Errors
    /// 403 for an operator.
    pub fn must_be_the_unit(&self) -> web::Result<()> {
        match self.owner.own_unit() {
            Some(_) => Ok(()),
            None => Err(forbidden("没有确认权限", "法定代表人变更后，经办人只能由法人账号确认。")),
        }
    }

    /// 验证信息: whether the manager has proved the account's telephone in this session, at most half an hour ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_verified(&self, app: &App, visitor: &Visitor) -> web::Result<bool> {
        let Some(phone) = self.owner.phone() else { return Ok(false) };
        let sid = &self.owner.session.sid;
        Ok(sms_code::is_proved(app, &visitor.caller, Purpose::ManageOperators, &phone, sid).await?)
    }
}

fn may_not_manage() -> web::Error {
    forbidden("没有管理权限", "只有法人账号和具有管理权限的经办人可以管理经办人。")
}

fn only_the_units() -> web::Error {
    let message = "该经办人具有管理权限，或有效时间超过您本人的有效时间，请由法人账号办理。";
    let problem = Problem::new(StatusCode::FORBIDDEN, "请由法人账号办理", message);
    problem.onward(TAB, urls::ACCOUNT_OPERATORS).into()
}

pub fn no_such_operator() -> web::Error {
    Problem::new(StatusCode::NOT_FOUND, "经办人不存在", "该经办人不存在或已被删除。").into()
}

fn forbidden(title: &'static str, message: &str) -> web::Error {
    Problem::new(StatusCode::FORBIDDEN, title, message).into()
}

/// Whether a text in an address may be an account's id. (PostgreSQL takes no U+0000.)
pub fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// `/account/operators/{id}/{action}`
pub fn url(id: &str, action: &str) -> String {
    format!("{}/{id}/{action}", urls::ACCOUNT_OPERATORS)
}

/// The page that asks for 验证信息, and leads back to `next`.
pub fn verify_url(next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{}?{}", urls::ACCOUNT_OPERATORS_VERIFY, query.append_pair("next", next).finish())
}

/// The list, which says what has just been done. `back` is the query of the page to come back to.
pub fn done_url(what: &str, back: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"=&._-".contains(&byte);
    let back = if back.bytes().all(plain) { back } else { "" };
    let more = if back.is_empty() { "" } else { "&" };
    format!("{}?done={what}{more}{back}", urls::ACCOUNT_OPERATORS)
}

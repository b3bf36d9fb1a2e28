//! 重置密码: a new password for an operator who has lost theirs. Whoever was signed in with the old one is out.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::access::{Manager, done_url, no_such_operator, url, verify_url};
use super::record::Record;
use crate::account_centre::shared::Centre;
use crate::app::App;
use crate::domain::mask;
use crate::domain::password::known_tail;
use crate::domain::principal::Operator;
use crate::guard::{new_password as guarded, sessions, text_message};
use crate::store::operators::changes;
use crate::store::passwords;
use crate::web::new_password::{self, NewPasswordFields};
use crate::web::{self, Errors, Frame, SafeForm, Visitor};

#[derive(Template)]
#[template(path = "account_centre/operators/password.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    name: String,
    phone: String,
    hint: String,
    action: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    #[serde(flatten)]
    new_password: NewPasswordFields,
}

const NOT_ONESELF: &str = "不能重置自己的密码";

/// # Errors
/// When the database fails, or this is not for who is signed in.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let operator = manager.operator(&app, &id, NOT_ONESELF).await?.operator;
    if !manager.is_verified(&app, &visitor).await? {
        return Ok(visitor.go(&verify_url(&url(&id, "password"))));
    }
    show(&app, &visitor, &manager, &operator, Errors::none())
}

/// # Errors
/// As [`get`], or when the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let operator = manager.operator(&app, &id, NOT_ONESELF).await?.operator;
    if !manager.is_verified(&app, &visitor).await? {
        // Nothing but passwords was typed, and those are never shown again.
        return Ok(visitor.go(&verify_url(&url(&id, "password"))));
    }
    let policy = app.config.password.profile.change();
    let context = password_context(&manager, &operator);
    let mut errors = Errors::none();
    form.new_password.check(policy, &context, new_password::ANOTHER, &mut errors);
    if errors.any() {
        return show(&app, &visitor, &manager, &operator, errors);
    }
    let password = form.new_password.password();
    let hash = match guarded::hash_for(&app, &id, password).await? {
        Ok(hash) => hash,
        Err(refusal) => {
            let errors = Errors::none().at("new_password", refusal.to_string());
            return show(&app, &visitor, &manager, &operator, errors);
        }
    };
    let mut tx = app.store.begin().await?;
    manager.must_still_manage(&app, &mut tx, &[&id]).await?;
    if changes::was_removed(&mut tx, &manager.unit.id, &id).await? {
        tx.rollback().await?;
        return Err(no_such_operator());
    }
    passwords::replace(&mut tx, &id, &hash, app.clock.now()).await?;
    sessions::end_everything(&app, &mut tx, &id).await?;
    let record = Record { event: "operator_password_reset", operator_id: &id, before: None, after: None };
    record.write(&app, &mut tx, &visitor, &manager).await?;
    let text = format!(
        "您在“{}”的经办人账号密码已被重置，请向本单位管理员索取新密码，登录后尽快修改。如有疑问请联系本单位。",
        manager.unit.name
    );
    text_message::notify(&app, &mut tx, Some(&operator.phone), &text).await?;
    tx.commit().await?;
    Ok(visitor.go(&done_url("password", "")))
}

/// What an operator's password must not contain.
pub fn password_context<'a>(manager: &'a Manager, operator: &'a Operator) -> [&'a str; 4] {
    let tail = known_tail(&operator.document.number);
    [&manager.unit.credit_code, &manager.unit.login_name, &operator.phone, tail]
}

fn show(
    app: &App,
    visitor: &Visitor,
    manager: &Manager,
    operator: &Operator,
    errors: Errors,
) -> web::Result<Response> {
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        centre: manager.centre().headed("重置密码"),
        errors,
        name: operator.name.clone(),
        phone: mask::phone(&operator.phone),
        hint: app.config.password.profile.change().hint(),
        action: url(&operator.id, "password"),
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

//! 注销账号: the account and its personal data go; what the law wants kept stays without a name (个人信息保护法,
//! article 47). An operator's account is the unit's to remove.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::principal::Principal;
use crate::guard::{own_password, sessions, text_message};
use crate::store::operators::changes;
use crate::store::{accounts, audit, closing};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, cookies, urls};

#[derive(Template)]
#[template(path = "account_centre/close.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    is_unit: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    understood: String,
    password: Password,
}

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner) -> web::Result<Response> {
    show(&visitor, &owner, Errors::none())
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    if matches!(owner.principal, Principal::Operator { .. }) {
        return Ok(visitor.go(urls::ACCOUNT));
    }
    let mut errors = Errors::none();
    if form.understood != "yes" {
        errors.add("understood", "请确认您已了解注销的后果");
    }
    if form.password.expose().is_empty() {
        errors.add("password", "请输入登录密码");
    }
    if !errors.any() {
        let checked = own_password::check(&app, &visitor.caller, &owner.principal, &form.password).await?;
        if let Err(refusal) = checked {
            errors.add("password", refusal.to_string());
        }
    }
    if errors.any() {
        return show(&visitor, &owner, errors);
    }
    close(&app, &visitor, &owner).await?;
    let mut response = visitor.go(&super::ended::url(owner.principal.kind(), "closed"));
    cookies::remove(response.headers_mut(), cookies::SESSION);
    Ok(response)
}

/// The rule: everything ends at once, at every portal; of a unit its operators go with it.
async fn close(app: &App, visitor: &Visitor, owner: &Owner) -> web::Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // A sign-in that is under way is waited for, so that its session ends, too.
    let ending = changes::hold_with_operators(&mut tx, owner.account_id()).await?;
    if !owner.is_still_here(&mut tx, &[]).await? {
        // By the same form, if it came twice.
        let is_closed = accounts::is_disabled(&mut tx, owner.account_id()).await?;
        tx.rollback().await?;
        return if is_closed { Ok(()) } else { Err(owner.gone()) };
    }
    for account_id in ending {
        sessions::end_everything(app, &mut tx, &account_id).await?;
        closing::erase(&mut tx, &account_id, now).await?;
    }
    audit::insert(&mut tx, &owner.event(visitor, "account_closed", ""), now).await?;
    let phone = owner.phone();
    let text = "您的账号已注销，个人信息已删除。";
    text_message::notify(app, &mut tx, phone.as_ref().map(|phone| phone.as_str()), text).await?;
    tx.commit().await?;
    Ok(())
}

fn show(visitor: &Visitor, owner: &Owner, errors: Errors) -> web::Result<Response> {
    if matches!(owner.principal, Principal::Operator { .. }) {
        return Ok(visitor.go(urls::ACCOUNT));
    }
    let refused = errors.any();
    let is_unit = owner.own_unit().is_some();
    let centre = owner.centre("数据与注销").headed("注销账号");
    let page = Page { frame: visitor.frame(), centre, errors, is_unit };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

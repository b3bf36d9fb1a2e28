//! 密码修改: the old one, and a new one twice. Whoever else is signed in with the old one is signed out.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::password::Password;
use crate::guard::{new_password as guarded, own_password, sessions, text_message};
use crate::platform::hasher::Verdict;
use crate::store::{audit, passwords};
use crate::web::new_password::{self, NewPasswordFields};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, cookies, urls};

#[derive(Template)]
#[template(path = "account_centre/password.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    password_hint: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    old_password: Password,
    #[serde(flatten)]
    new_password: NewPasswordFields,
}

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor, owner: Owner) -> web::Result<Response> {
    show(&app, &visitor, &owner, Errors::none())
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    match change(&app, &visitor, &owner, &form).await? {
        Ok(()) => Ok(ended(&visitor, &owner)),
        Err(errors) if visitor.session().await?.is_some() => show(&app, &visitor, &owner, errors),
        // The session has ended meanwhile: through this form, if it came twice.
        Err(_) if has_taken(&app, &owner, &form).await? => Ok(ended(&visitor, &owner)),
        Err(_) => Err(owner.gone()),
    }
}

fn ended(visitor: &Visitor, owner: &Owner) -> Response {
    let mut response = visitor.go(&super::ended::url(owner.principal.kind(), "password"));
    cookies::remove(response.headers_mut(), cookies::SESSION);
    response
}

/// Whether the form's new password is the account's by now.
async fn has_taken(app: &App, owner: &Owner, form: &Form) -> anyhow::Result<bool> {
    let present = passwords::present_and_past(&app.store, owner.account_id()).await?.into_iter().next();
    let verdict = app.hasher.verify(form.new_password.password().expose(), present.as_deref()).await?;
    Ok(verdict.is_ok_and(|verdict| verdict != Verdict::Wrong))
}

/// The rule. Nothing is changed, and nothing told, once the session has ended.
async fn change(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    form: &Form,
) -> anyhow::Result<Result<(), Errors>> {
    let mut errors = Errors::none();
    if form.old_password.expose().is_empty() {
        errors.add("old_password", "请输入旧密码");
    }
    let context = owner.principal.known();
    let policy = app.config.password.profile.change();
    form.new_password.check(policy, &context, new_password::ANOTHER, &mut errors);
    if errors.any() {
        return Ok(Err(errors));
    }
    let checked = own_password::check(app, &visitor.caller, &owner.principal, &form.old_password).await?;
    if let Err(refusal) = checked {
        let message = match refusal {
            own_password::Refusal::Wrong => "旧密码错误".to_owned(),
            other => other.to_string(),
        };
        return Ok(Err(Errors::none().at("old_password", message)));
    }
    let hash = match guarded::hash_for(app, owner.account_id(), form.new_password.password()).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Err(Errors::none().at("new_password", refusal.to_string()))),
    };
    let mut tx = app.store.begin().await?;
    // Else whoever knew the old password could win over the owner who has just recovered the account.
    if !owner.is_still_here(&mut tx, &[]).await? {
        tx.rollback().await?;
        return Ok(Err(Errors::none()));
    }
    passwords::replace(&mut tx, owner.account_id(), &hash, app.clock.now()).await?;
    sessions::end_everything(app, &mut tx, owner.account_id()).await?;
    audit::insert(&mut tx, &owner.event(visitor, "password_changed", ""), app.clock.now()).await?;
    let phone = owner.phone();
    let phone = phone.as_ref().map(|phone| phone.as_str());
    text_message::notify(app, &mut tx, phone, text_message::PASSWORD_CHANGED).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

fn show(app: &App, visitor: &Visitor, owner: &Owner, errors: Errors) -> web::Result<Response> {
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("密码修改"),
        errors,
        password_hint: app.config.password.profile.change().hint(),
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

impl Page<'_> {
    /// 取消
    fn cancel(&self) -> &'static str {
        urls::ACCOUNT
    }
}

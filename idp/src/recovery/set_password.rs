//! 设置新密码: once, by whoever has proved the account's telephone.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;

use super::shared::Query;
use crate::app::App;
use crate::guard::recovery;
use crate::web::new_password::{self, NewPasswordFields};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "recovery/set_password.html")]
struct Page<'a> {
    frame: Frame<'a>,
    step: usize,
    errors: Errors,
    hint: String,
    action: String,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    match recovery::find(&app, &visitor.caller, &query.recovery).await? {
        Some(begun) if begun.proved => show(&app, &visitor, &query, Errors::none()),
        _ => Ok(not_now(&app, &visitor, &query).await?),
    }
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
    SafeForm(form): SafeForm<NewPasswordFields>,
) -> web::Result<Response> {
    let caller = &visitor.caller;
    let begun = recovery::find(&app, caller, &query.recovery).await?;
    let Some(begun) = begun.filter(|begun| begun.proved) else {
        return Ok(not_now(&app, &visitor, &query).await?);
    };
    let policy = app.config.password.profile.change();
    let known = begun.principal.known();
    let mut errors = Errors::none();
    form.check(policy, &known, new_password::ANOTHER, &mut errors);
    if errors.any() {
        return show(&app, &visitor, &query, errors);
    }
    match recovery::reset(&app, caller, &query.recovery, &begun, form.password()).await? {
        Ok(true) => Ok(visitor.go(&query.step(urls::RECOVERY_DONE, &query.recovery))),
        Ok(false) => Ok(not_now(&app, &visitor, &query).await?),
        // Of two at once, the later may have met the other's new password as the present one.
        Err(_) if recovery::is_done(&app, caller, &query.recovery).await? => {
            Ok(not_now(&app, &visitor, &query).await?)
        }
        Err(refusal) => show(&app, &visitor, &query, Errors::none().at("new_password", refusal.to_string())),
    }
}

/// The form came twice: then it is done. Everything else begins anew.
async fn not_now(app: &App, visitor: &Visitor, query: &Query) -> anyhow::Result<Response> {
    Ok(if recovery::is_done(app, &visitor.caller, &query.recovery).await? {
        visitor.go(&query.step(urls::RECOVERY_DONE, &query.recovery))
    } else {
        query.restart(visitor)
    })
}

fn show(app: &App, visitor: &Visitor, query: &Query, errors: Errors) -> web::Result<Response> {
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        step: 3,
        errors,
        hint: app.config.password.profile.change().hint(),
        action: query.step(urls::RECOVERY_SET_PASSWORD, &query.recovery),
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

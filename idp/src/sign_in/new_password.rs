//! 设置新密码 on the way in: whoever has just given a password that the rule no longer allows sets another first.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;
use serde::Deserialize;

use super::shared;
use crate::app::App;
use crate::guard::pending;
use crate::guard::unfit_password::{self, Begun};
use crate::web::new_password::{self, NewPasswordFields};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "sign_in/new_password.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    portal_name: String,
    hint: String,
    action: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Query {
    ticket: String,
    request: Option<String>,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    match unfit_password::find(&app, &visitor.caller, &query.ticket).await? {
        Some(_) => show(&app, &visitor, &query, Errors::none()).await,
        None => Ok(not_now(&app, &visitor, &query).await?),
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
    let Some(begun) = unfit_password::find(&app, caller, &query.ticket).await? else {
        return Ok(not_now(&app, &visitor, &query).await?);
    };
    let mut errors = Errors::none();
    let policy = app.config.password.profile.change();
    form.check(policy, &begun.principal.known(), new_password::ANOTHER, &mut errors);
    if errors.any() {
        return show(&app, &visitor, &query, errors).await;
    }
    match set(&app, &visitor, &query, &begun, &form).await? {
        Ok(Some(response)) => Ok(response),
        Ok(None) => Ok(not_now(&app, &visitor, &query).await?),
        // Of two at once, the later may have met the other's new password as the present one.
        Err(_) if unfit_password::find(&app, caller, &query.ticket).await?.is_none() => {
            Ok(not_now(&app, &visitor, &query).await?)
        }
        Err(refusal) => {
            show(&app, &visitor, &query, Errors::none().at("new_password", refusal.to_string())).await
        }
    }
}

async fn set(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    begun: &Begun,
    form: &NewPasswordFields,
) -> anyhow::Result<Result<Option<Response>, crate::guard::new_password::Refusal>> {
    let old = visitor.session_token.as_deref();
    let password = form.password();
    let set = unfit_password::replace(app, &visitor.caller, old, &query.ticket, begun, password).await?;
    let (kind, request) = (begun.principal.kind(), query.request.as_deref());
    Ok(set.map(|token| token.map(|token| shared::signed_in(visitor, kind, request, &token))))
}

/// The form that came twice goes on as the first one did. Any other begins anew, also where somebody else is signed in.
async fn not_now(app: &App, visitor: &Visitor, query: &Query) -> anyhow::Result<Response> {
    let request = query.request.as_deref();
    Ok(if unfit_password::is_done(app, &visitor.caller, &query.ticket).await? {
        visitor.go(&urls::with_request(urls::SIGN_IN_FINISH, request))
    } else {
        begin_anew(visitor, query)
    })
}

fn begin_anew(visitor: &Visitor, query: &Query) -> Response {
    visitor.go(&shared::late(urls::SIGN_IN_PASSWORD, query.request.as_deref()))
}

async fn show(app: &App, visitor: &Visitor, query: &Query, errors: Errors) -> web::Result<Response> {
    let refused = errors.any();
    let waiting = match &query.request {
        Some(id) => pending::find(app, &visitor.caller, id).await?,
        None => None,
    };
    let display = waiting.map(|waiting| waiting.display).unwrap_or_default();
    let page = Page {
        frame: visitor.frame(),
        errors,
        portal_name: display.portal_name,
        hint: app.config.password.profile.change().hint(),
        action: urls::with_ticket(urls::SIGN_IN_NEW_PASSWORD, &query.ticket, query.request.as_deref()),
    };
    let response = if refused { visitor.show_refused(&page)? } else { visitor.show(&page)? };
    Ok(Visitor::allow_form_to(response, display.form_target))
}

//! `/sign-out/confirm`: nobody is signed out by a link that anyone could have sent.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::end_session::Back;
use super::{done, front_channel};
use crate::app::App;
use crate::guard::{self, sessions};
use crate::store::principals;
use crate::web::visitor::form_target;
use crate::web::{self, Frame, SafeForm, Visitor, cookies, urls};

#[derive(Template)]
#[template(path = "sign_out/confirm.html")]
struct Page<'a> {
    frame: Frame<'a>,
    account_label: Option<String>,
    portal_name: Option<String>,
    action: &'static str,
    fields: Vec<(&'static str, &'a str)>,
}

#[derive(Deserialize)]
pub struct Form {
    #[serde(default)]
    decision: String,
    #[serde(flatten)]
    back: Back,
}

/// Asks whether to sign out; says that it is done if nobody is signed in.
///
/// # Errors
/// When the database fails.
pub async fn show(
    app: &App,
    visitor: &Visitor,
    client_id: Option<&str>,
    back: Back,
    target: Option<&str>,
) -> web::Result<Response> {
    let Some(session) = visitor.session().await? else { return done::show(visitor) };
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let client = match client_id {
        Some(id) => app.clients.find(&app.store, id).await?,
        None => None,
    };
    let response = visitor.show(&Page {
        frame: visitor.frame(),
        account_label: principal.map(|principal| principal.masked_label()),
        portal_name: client.map(|client| client.metadata.client_name.clone()),
        action: "/sign-out/confirm",
        fields: back.fields(),
    })?;
    Ok(Visitor::allow_form_to(response, target.and_then(form_target)))
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    if form.decision == "cancel" {
        return Ok(visitor.go(urls::ACCOUNT));
    }
    let target = form.back.checked_target(&app).await?;
    let ended = match &visitor.session_token {
        Some(token) => sessions::end(&app, &visitor.caller, token).await?,
        None => None,
    };
    // Asked once it has ended: nobody joins it any more.
    let notices = match &ended {
        Some(sid) => guard::front_channel::notices(&app, sid).await?,
        None => Vec::new(),
    };
    let mut response = match target {
        _ if !notices.is_empty() => front_channel::show(&visitor, &notices, target.as_deref())?,
        Some(target) => visitor.go(&target),
        None => visitor.go(urls::SIGN_OUT_DONE),
    };
    cookies::remove(response.headers_mut(), cookies::SESSION);
    Ok(response)
}

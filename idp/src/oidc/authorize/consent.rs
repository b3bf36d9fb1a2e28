//! `/authorize/consent`: the visitor agrees to what a portal wants to know, or not.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Deserialize;

use super::progress::{form_target, pending_request};
use crate::app::App;
use crate::oidc::authorization_request::ReturnAddress;
use crate::oidc::error::{Code, OAuthError};
use crate::oidc::scopes;
use crate::platform::random;
use crate::store::{authorization_requests, principals};
use crate::web::page::Frame;
use crate::web::{self, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "oidc/consent.html")]
struct Page<'a> {
    frame: Frame<'a>,
    portal_name: String,
    account_label: String,
    scopes: Vec<&'static scopes::Scope>,
    action: String,
    sid: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    decision: String,
    /// Who was asked: another tab may have signed in somebody else meanwhile.
    sid: String,
}

/// # Errors
/// When the database fails, or the request has expired.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> web::Result<Response> {
    let (client, request, progress) = pending_request(&app, &visitor, query.as_deref()).await?;
    let Some(session) = visitor.session().await? else {
        return super::decide(&app, &visitor, &client, &request, progress).await;
    };
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let page = Page {
        frame: visitor.frame(),
        portal_name: client.metadata.client_name.clone(),
        account_label: principal.map(|principal| principal.masked_label()).unwrap_or_default(),
        scopes: request.scope.split(' ').filter_map(scopes::find).collect(),
        action: urls::with_request("/authorize/consent", progress.pending_id.as_deref()),
        sid: session.sid,
    };
    Ok(Visitor::allow_form_to(visitor.show(&page)?, form_target(&request.redirect_uri)))
}

/// # Errors
/// When the database fails, or the request has expired.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let (client, request, mut progress) = pending_request(&app, &visitor, query.as_deref()).await?;
    if form.decision != "allow" {
        withdraw(&app, progress.pending_id.as_deref()).await?;
        let address = ReturnAddress { redirect_uri: request.redirect_uri, state: request.state };
        let denied = OAuthError::new(Code::AccessDenied, "the account does not agree");
        return Ok(super::response::refused(&app, &visitor, &address, &denied));
    }
    let session = visitor.session().await?;
    progress.agreed = session.is_some_and(|session| session.sid == form.sid);
    super::decide(&app, &visitor, &client, &request, progress).await
}

/// A refusal answers the request: going back and agreeing must not answer it again, with a state that is used up.
async fn withdraw(app: &App, pending_id: Option<&str>) -> web::Result<()> {
    let Some(id) = pending_id else { return Ok(()) };
    let mut tx = app.store.begin().await?;
    authorization_requests::take(&mut tx, &random::hash(id)).await?;
    tx.commit().await?;
    Ok(())
}

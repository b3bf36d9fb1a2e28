//! `/authorize/consent`: the visitor agrees to what a portal wants to know and to do, or not. What was agreed to is
//! remembered for the account, a scope at a time; sensitive scopes only for the session.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;

use super::progress::{Interaction, pending_request};
use crate::app::App;
use crate::domain::client::Client;
use crate::guard::sessions::Session;
use crate::oidc::authorization_request::AuthorizationRequest;
use crate::oidc::error::{Code, OAuthError};
use crate::oidc::{claims, scopes};
use crate::store::consents::{self, Consent};
use crate::store::{audit, principals};
use crate::web::page::Frame;
use crate::web::visitor::form_target;
use crate::web::{self, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "oidc/consent.html")]
struct Page<'a> {
    frame: Frame<'a>,
    client: &'a Client,
    account_label: String,
    scopes: Vec<&'static scopes::Scope>,
    resources: Vec<&'a str>,
    details: Vec<(String, Vec<(String, String)>)>,
    action: String,
    sid: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    decision: String,
    /// Who was asked.
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
        let (client, request, progress) = (&client, &request, &progress);
        return super::decide(Interaction { app: &app, visitor: &visitor, client, request, progress }).await;
    };
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let protocol = &app.config.protocol;
    let logo = client.metadata.logo_uri.as_deref();
    let page = Page {
        frame: visitor.frame(),
        client: &client,
        account_label: principal.map(|principal| principal.masked_label()).unwrap_or_default(),
        scopes: reads(&client, &request),
        resources: request
            .resources
            .iter()
            .filter_map(|uri| protocol.resource(uri, &client.id))
            .map(|resource| resource.title.as_str())
            .collect(),
        details: request
            .authorization_details
            .iter()
            .filter_map(|detail| protocol.describe(detail))
            .collect(),
        action: urls::with_request("/authorize/consent", progress.pending_id.as_deref()),
        sid: session.sid,
    };
    let response = Visitor::allow_form_to(visitor.show(&page)?, form_target(&request.address.redirect_uri));
    Ok(Visitor::allow_image_from(response, logo.and_then(form_target)))
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
    progress.agreed = visitor.session_asked(&form.sid).await?.is_some();
    let (client, request, progress) = (&client, &request, &progress);
    let interaction = Interaction { app: &app, visitor: &visitor, client, request, progress };
    if form.decision != "allow" {
        let denied = OAuthError::new(Code::AccessDenied, "the account does not agree");
        return super::answer::refuse(&interaction, &denied).await;
    }
    super::decide(interaction).await
}

/// Everything that a request lets the portal read: by scope, and by the name of a claim.
fn reads(client: &Client, request: &AuthorizationRequest) -> Vec<&'static scopes::Scope> {
    let named: BTreeSet<&str> = request
        .claims
        .as_ref()
        .map(|asked| claims::scopes_of(client, asked).into_iter().collect())
        .unwrap_or_default();
    let wanted =
        |scope: &&scopes::Scope| scopes::contains(&request.scope, scope.name) || named.contains(scope.name);
    scopes::ALL.iter().filter(wanted).collect()
}

/// Whether the visitor must be asked.
///
/// # Errors
/// When the database fails.
pub async fn is_needed(
    app: &App,
    client: &Client,
    request: &AuthorizationRequest,
    session: &Session,
) -> sqlx::Result<bool> {
    if request.prompt.consent {
        return Ok(true);
    }
    if client.metadata.first_party {
        return Ok(false);
    }
    // Each time: details say what is to be done this once, and what was agreed to before named no resource.
    if !request.authorization_details.is_empty() || !request.resources.is_empty() {
        return Ok(true);
    }
    let agreed = consents::find(&app.store, &session.account_id, &client.id).await?;
    let is_agreed = |scope: &scopes::Scope| {
        let found = agreed.iter().find(|consent| consent.scope == scope.name);
        found.is_some_and(|consent| !scope.sensitive || consent.sid == session.sid)
    };
    Ok(!reads(client, request).into_iter().all(is_agreed))
}

/// Remembers that the visitor agreed.
///
/// # Errors
/// When the database fails.
pub async fn remember(
    tx: &mut AnyConnection,
    interaction: &Interaction<'_>,
    session: &Session,
) -> sqlx::Result<()> {
    let Interaction { app, visitor, client, request, .. } = *interaction;
    let now = app.clock.now();
    let names: Vec<&str> = reads(client, request).into_iter().map(|scope| scope.name).collect();
    for name in &names {
        let consent = Consent {
            client_id: client.id.clone(),
            scope: (*name).to_owned(),
            sid: session.sid.clone(),
            agreed_at: now.millis(),
        };
        consents::remember(tx, &session.account_id, &consent).await?;
    }
    let event = audit::Entry {
        event: "portal_authorized",
        account_id: Some(&session.account_id),
        client_id: Some(&client.id),
        address: &visitor.caller.address,
        user_agent: &visitor.caller.user_agent,
        detail: &names.join(" "),
    };
    audit::insert(tx, &event, now).await
}

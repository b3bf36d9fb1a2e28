//! `/device/confirm`: whoever typed a device's code has signed in, sees which device that is and what it would read, and
//! lets it in or not.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::pending_device;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::{Span, Timestamp};
use crate::guard::pending::Pending;
use crate::guard::sessions::Session;
use crate::oidc::grants::device_code::NO_REDIRECT_URI;
use crate::oidc::scopes;
use crate::store::device_codes::{self, Waiting};
use crate::store::grants::GrantRow;
use crate::store::{audit, grants, principals};
use crate::web::page::Frame;
use crate::web::visitor::form_target;
use crate::web::{self, Problem, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "oidc/device/confirm.html")]
struct Page<'a> {
    frame: Frame<'a>,
    client: &'a Client,
    account_label: String,
    /// Where and when the device asked.
    address: String,
    asked_at: String,
    scopes: Vec<&'static scopes::Scope>,
    resources: Vec<&'a str>,
    details: Vec<(String, Vec<(String, String)>)>,
    action: String,
    sid: String,
}

#[derive(Template)]
#[template(path = "oidc/device/done.html")]
struct DonePage<'a> {
    frame: Frame<'a>,
    allowed: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    decision: String,
    /// Who was asked.
    sid: String,
}

/// How it stands with the code that this browser typed.
enum Standing {
    Waiting(Box<(Pending, Waiting)>),
    /// Decided already: the form came twice, or somebody went back.
    Decided {
        allowed: bool,
    },
}

/// A yes is told to whoever said it; that nobody let the device in, to anybody who typed its code.
async fn standing(app: &App, visitor: &Visitor, query: Option<&str>) -> web::Result<Standing> {
    let gone = || {
        Problem::new(StatusCode::BAD_REQUEST, "代码已失效", "设备代码已过期或已使用，请在设备上重新获取。")
            .detail("the device code has expired or was used")
    };
    let (pending, id_hash) = pending_device(app, visitor, query).await?.ok_or_else(gone)?;
    let now = app.clock.now();
    if let Some(waiting) = device_codes::find(&app.store, &id_hash, now).await? {
        return Ok(Standing::Waiting(Box::new((pending, waiting))));
    }
    let (allowed_at, sid) = device_codes::decision(&app.store, &id_hash, now).await?.ok_or_else(gone)?;
    let session = visitor.session().await?;
    let is_own = sid.is_some() && session.map(|session| session.sid) == sid;
    match allowed_at {
        None => Ok(Standing::Decided { allowed: false }),
        Some(_) if is_own => Ok(Standing::Decided { allowed: true }),
        Some(_) => Err(gone().into()),
    }
}

/// # Errors
/// When the database fails, or the code has expired.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> web::Result<Response> {
    let (pending, waiting) = match standing(&app, &visitor, query.as_deref()).await? {
        Standing::Waiting(both) => *both,
        Standing::Decided { allowed } => return done(&visitor, allowed),
    };
    let Some(session) = visitor.session().await? else {
        return Ok(visitor.go(&urls::with_request(urls::SIGN_IN, Some(&pending.id))));
    };
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let client = app.clients.find(&app.store, &waiting.client_id).await?;
    let client =
        client.ok_or_else(|| Problem::of_status(StatusCode::BAD_REQUEST).detail("the client is gone"))?;
    let protocol = &app.config.protocol;
    let named = waiting.resources.as_deref().unwrap_or_default().split(' ');
    let resource = |uri| protocol.resource(uri, &waiting.client_id);
    let details: Vec<Value> = serde_json::from_str(waiting.authorization_details.as_deref().unwrap_or("[]"))
        .map_err(anyhow::Error::from)?;
    let logo = client.metadata.logo_uri.as_deref();
    let page = visitor.show(&Page {
        resources: named.filter_map(resource).map(|resource| resource.title.as_str()).collect(),
        details: details.iter().filter_map(|detail| protocol.describe(detail)).collect(),
        frame: visitor.frame(),
        client: &client,
        account_label: principal.map(|principal| principal.masked_label()).unwrap_or_default(),
        address: waiting.address,
        asked_at: Timestamp::from_millis(waiting.created_at).china_minute(),
        scopes: waiting.scope.split(' ').filter_map(scopes::find).collect(),
        action: urls::with_request(urls::DEVICE_CONFIRM, Some(&pending.id)),
        sid: session.sid,
    })?;
    Ok(Visitor::allow_image_from(page, logo.and_then(form_target)))
}

fn done(visitor: &Visitor, allowed: bool) -> web::Result<Response> {
    visitor.show(&DonePage { frame: visitor.frame(), allowed })
}

/// # Errors
/// When the database fails, or the code has expired.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let (pending, waiting) = match standing(&app, &visitor, query.as_deref()).await? {
        Standing::Waiting(both) => *both,
        Standing::Decided { allowed } => return done(&visitor, allowed),
    };
    let here = urls::with_request(urls::DEVICE_CONFIRM, Some(&pending.id));
    let Some(session) = visitor.session_asked(&form.sid).await? else { return Ok(visitor.go(&here)) };
    let allowed = form.decision == "allow";
    if !decide(&app, &visitor, &session, &waiting, allowed).await? {
        // Somebody was faster, or the same one twice: the page says how it stands.
        return Ok(visitor.go(&here));
    }
    done(&visitor, allowed)
}

/// The rule: decided once, and with the yes comes the grant that the device will take. `false` if somebody was faster.
async fn decide(
    app: &App,
    visitor: &Visitor,
    session: &Session,
    waiting: &Waiting,
    allowed: bool,
) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let decided = if allowed {
        device_codes::allow(&mut tx, &waiting.id_hash, now).await?
    } else {
        device_codes::deny(&mut tx, &waiting.id_hash, now).await?.then_some(None)
    };
    let Some(binding) = decided else { return Ok(false) };
    if allowed {
        grants::insert_in(&mut tx, &grant(app, session, waiting, binding), now).await?;
    }
    let entry = audit::Entry {
        event: if allowed { "device_allowed" } else { "device_denied" },
        account_id: Some(&session.account_id),
        client_id: Some(&waiting.client_id),
        address: &visitor.caller.address,
        user_agent: &visitor.caller.user_agent,
        detail: &waiting.address,
    };
    audit::insert(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// What a code's grant is; its code is the device's.
fn grant(app: &App, session: &Session, waiting: &Waiting, binding: Option<String>) -> GrantRow {
    let tokens = &app.config.tokens;
    let access = Timestamp::from_millis(waiting.expires_at) + Span::seconds(tokens.access_token_seconds);
    let longest = if scopes::contains(&waiting.scope, "offline_access") {
        access + Span::days(tokens.refresh_token_days)
    } else {
        session.expires_at
    };
    GrantRow {
        id: waiting.id_hash.clone(),
        client_id: waiting.client_id.clone(),
        account_id: session.account_id.clone(),
        holder_id: session.holder_id.clone(),
        sid: session.sid.clone(),
        scope: waiting.scope.clone(),
        redirect_uri: NO_REDIRECT_URI.to_owned(),
        nonce: None,
        code_challenge: None,
        claims: None,
        acr: session.acr.clone(),
        amr: session.amr.clone(),
        authenticated_at: session.authenticated_at.millis(),
        code_expires_at: waiting.expires_at,
        code_consumed_at: None,
        expires_at: access.max(longest).millis(),
        revoked_at: None,
        resources: waiting.resources.clone(),
        authorization_details: waiting.authorization_details.clone(),
        dpop_jkt: binding,
        id_token_sent_at: None,
    }
}

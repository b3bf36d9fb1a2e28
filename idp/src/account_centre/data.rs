//! 数据与注销: a copy of everything that is kept of the account (个人信息保护法, article 45), as JSON.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::mask;
use crate::domain::password::Password;
use crate::domain::principal::{LegalEntity, Principal, StoredDocument};
use crate::domain::timestamp::{Span, Timestamp};
use crate::domain::validity::Validity;
use crate::guard::own_password;
use crate::store::audit::{self, Key, Recorded};
use crate::store::{account_changes, account_details, agreements, consents, grants, sessions};
use crate::web::{self, Errors, Frame, SafeForm, Visitor};

#[derive(Template)]
#[template(path = "account_centre/data.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    may_close: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    password: Password,
}

/// So many events are read at a time, until there are no more: a unit's may be tens of thousands.
const AT_A_TIME: u32 = 1000;

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner) -> web::Result<Response> {
    show(&visitor, &owner, Errors::none())
}

/// The download; it holds numbers in full, so the password is asked for.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let checked = own_password::check(&app, &visitor.caller, &owner.principal, &form.password).await?;
    if let Err(refusal) = checked {
        return show(&visitor, &owner, Errors::none().at("password", refusal.to_string()));
    }
    let export = export(&app, &owner).await?;
    let mut tx = app.store.begin().await?;
    audit::insert(&mut tx, &owner.event(&visitor, "data_exported", ""), app.clock.now()).await?;
    tx.commit().await?;
    let mut response = serde_json::to_string_pretty(&export).map_err(anyhow::Error::from)?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let attachment = HeaderValue::from_static("attachment; filename=\"account.json\"");
    headers.insert(header::CONTENT_DISPOSITION, attachment);
    Ok(response)
}

async fn export(app: &App, owner: &Owner) -> anyhow::Result<Value> {
    let (id, now) = (owner.account_id(), app.clock.now());
    let details = account_details::find(&app.store, &app.vault, id).await?;
    let details: Value = details.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
    let is_operator = matches!(owner.principal, Principal::Operator { .. });
    let idle = Span::minutes(app.config.session.idle_minutes);
    let time = |millis| Timestamp::from_millis(millis).rfc3339();
    let agreements = agreements::of_account(&app.store, id).await?;
    let changes = account_changes::of_account(&app.store, &app.vault, id).await?;
    let sessions = sessions::of_account(&app.store, id, now, idle, u32::MAX).await?;
    let events = events(app, id).await?;
    let consents = consents::of_account(&app.store, id).await?;
    let grants = grants::of_account(&app.store, id, now).await?;
    Ok(json!({
        "exported_at": now.rfc3339(),
        "account": account(&owner.principal),
        "details": details,
        "agreements": agreements.iter().map(|consent| json!({
            "document": consent.document, "version": consent.version, "agreed_at": time(consent.agreed_at),
        })).collect::<Vec<_>>(),
        "changes": changes.iter().map(|change| json!({
            "at": change.at.rfc3339(), "kind": change.kind, "before": change.before, "after": change.after,
        })).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(|session| json!({
            "since": time(session.created_at), "seen_at": time(session.seen_at),
            // As on 登录设备: an operator does not read here for whom else.
            "acting_for": session.unit_name.as_deref().filter(|_| !is_operator || session.account_id == id),
            "address": session.address, "user_agent": session.user_agent,
        })).collect::<Vec<_>>(),
        "portals": grants.iter().map(|grant| json!({
            "client_id": grant.client_id, "scope": grant.scope, "granted_at": time(grant.created_at),
        })).collect::<Vec<_>>(),
        "consents": consents.iter().map(|consent| json!({
            "client_id": consent.client_id, "scope": consent.scope, "agreed_at": time(consent.agreed_at),
        })).collect::<Vec<_>>(),
        "events": events.iter().map(|event| json!({
            "at": time(event.at), "event": event.event, "client_id": event.client_id,
            "address": event.address, "user_agent": event.user_agent, "detail": event.detail,
            "operator": event.operator_name.as_deref().map(mask::name),
            "by_operator": event.actor_name.as_deref().map(mask::name),
        })).collect::<Vec<_>>(),
    }))
}

/// All of them, the newest first.
async fn events(app: &App, account_id: &str) -> anyhow::Result<Vec<Recorded>> {
    let mut all = Vec::new();
    let mut from = Key::NEWEST;
    loop {
        let found = audit::of_account(&app.store, &app.vault, account_id, &from, AT_A_TIME).await?;
        let Some(last) = found.last() else { return Ok(all) };
        from = Key { at: last.at, id: last.id.clone() };
        all.extend(found);
    }
}

fn account(principal: &Principal) -> Value {
    match principal {
        Principal::LegalEntity(entity) => unit(entity),
        Principal::Operator { operator, unit } => json!({
            "account_type": "operator", "id": operator.id, "name": operator.name,
            "document": document(Some(&operator.document)), "phone": operator.phone,
            "department": operator.department, "management_authority": operator.may_manage,
            "valid_from": operator.valid_from.rfc3339(), "valid_until": operator.valid_until.map(Timestamp::rfc3339),
            "legal_entity": { "name": unit.name, "credit_code": unit.credit_code },
        }),
        Principal::Person(person) => json!({
            "account_type": "natural_person", "id": person.id, "login_name": person.login_name,
            "name": person.name, "document": document(person.document.as_ref()),
            "document_validity": validity(person.document_validity),
            "phone": person.phone, "profile": person.profile.claims(),
        }),
    }
}

fn unit(unit: &LegalEntity) -> Value {
    json!({
        "account_type": "legal_entity", "id": unit.id, "login_name": unit.login_name,
        "credit_code": unit.credit_code, "name": unit.name, "entity_type": unit.entity_type.code(),
        "representative": {
            "name": unit.representative_name,
            "document": document(unit.representative_document.as_ref()),
            "document_validity": validity(unit.representative_validity),
        },
        "phone": unit.phone,
    })
}

fn document(document: Option<&StoredDocument>) -> Value {
    document
        .map_or(Value::Null, |document| json!({ "type": document.type_label(), "number": document.number }))
}

fn validity(validity: Option<Validity>) -> Value {
    validity.map_or(Value::Null, |validity| {
        json!({ "start": validity.start().to_string(), "end": validity.exported_end().to_string() })
    })
}

fn show(visitor: &Visitor, owner: &Owner, errors: Errors) -> web::Result<Response> {
    let refused = errors.any();
    let may_close = !matches!(owner.principal, Principal::Operator { .. });
    let page = Page { frame: visitor.frame(), centre: owner.centre("数据与注销"), errors, may_close };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

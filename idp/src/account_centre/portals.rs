//! `/account/portals`, 授权管理: which portals may read what, and how to take that back (ASVS 10.7.3).

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::scopes::{self, Scope};
use crate::domain::timestamp::Timestamp;
use crate::guard;
use crate::store::{audit, consents, grants};
use crate::web::{self, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/portals.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    portals: Vec<Portal>,
    is_revoked: bool,
}

struct Portal {
    client_id: String,
    name: String,
    reads: Vec<String>,
    since: String,
    /// Where it starts a sign-in by itself (OpenID Connect Core section 4), with `iss`.
    visit: Option<String>,
}

/// What is known of a portal's access, while it is put together.
#[derive(Default)]
struct Access {
    scopes: Vec<String>,
    resources: Vec<String>,
    /// RFC 9396.
    details: Vec<Value>,
    since: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    /// The portal whose access ends.
    client_id: String,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    RawQuery(query): RawQuery,
) -> web::Result<Response> {
    let mut portals = Vec::new();
    for (client_id, access) in accesses(&app, owner.account_id()).await? {
        let client = app.clients.find(&app.store, &client_id).await?;
        let visit =
            client.as_ref().and_then(|client| visit(client.metadata.initiate_login_uri.as_ref()?, &app));
        let name = client.map_or_else(
            || format!("已停用的应用（{client_id}）"),
            |client| client.metadata.client_name.clone(),
        );
        let known = |scope: &&Scope| access.scopes.iter().any(|name| name == scope.name);
        let titles = scopes::ALL.iter().filter(known).map(|scope| scope.title.to_owned());
        let resources =
            access.resources.iter().filter_map(|uri| app.config.protocol.resource(uri, &client_id));
        let resources = resources.map(|resource| format!("以您的身份访问{}", resource.title));
        let details = access.details.iter().filter_map(|detail| app.config.protocol.describe(detail));
        let reads = titles.chain(resources).chain(details.map(in_a_line));
        portals.push(Portal {
            name,
            reads: reads.collect(),
            since: Timestamp::from_millis(access.since).china_minute(),
            client_id,
            visit,
        });
    }
    let is_revoked = query.as_deref() == Some("done=revoked");
    visitor.show(&Page { frame: visitor.frame(), centre: owner.centre("授权管理"), portals, is_revoked })
}

/// 办理一次纳税申报（所属期：2026年第三季度，金额：…）
fn in_a_line((title, lines): (String, Vec<(String, String)>)) -> String {
    let lines: Vec<String> = lines.into_iter().map(|(label, value)| format!("{label}：{value}")).collect();
    if lines.is_empty() { title } else { format!("{title}（{}）", lines.join("，")) }
}

fn visit(initiate_login_uri: &str, app: &App) -> Option<String> {
    let mut url = Url::parse(initiate_login_uri).ok()?;
    url.query_pairs_mut().append_pair("iss", &app.config.issuer);
    Some(url.into())
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let mut tx = app.store.begin().await?;
    if guard::portals::withdraw(&app, &mut tx, owner.account_id(), &form.client_id).await? {
        let client_id = Some(form.client_id.as_str());
        let event = audit::Entry { client_id, ..owner.event(&visitor, "portal_revoked", "") };
        audit::insert(&mut tx, &event, app.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(visitor.go(&format!("{}?done=revoked", urls::ACCOUNT_PORTALS)))
}

/// By portal: what was agreed to, and what is granted without having been asked.
async fn accesses(app: &App, account_id: &str) -> anyhow::Result<BTreeMap<String, Access>> {
    let mut accesses = BTreeMap::new();
    let mut add =
        |client_id: String, scopes: &str, resources: Option<String>, details: Vec<Value>, at: i64| {
            let found = accesses.entry(client_id);
            let access = found.or_insert_with(|| Access { since: at, ..Access::default() });
            access.scopes.extend(scopes.split(' ').map(str::to_owned));
            access.resources.extend(resources.unwrap_or_default().split(' ').map(str::to_owned));
            access.resources.sort_unstable();
            access.resources.dedup();
            for detail in details {
                if !access.details.contains(&detail) {
                    access.details.push(detail);
                }
            }
            access.since = access.since.min(at);
        };
    for consent in consents::of_account(&app.store, account_id).await? {
        add(consent.client_id, &consent.scope, None, Vec::new(), consent.agreed_at);
    }
    for grant in grants::of_account(&app.store, account_id, app.clock.now()).await? {
        let details = serde_json::from_str(grant.authorization_details.as_deref().unwrap_or("[]"))?;
        add(grant.client_id, &grant.scope, grant.resources, details, grant.created_at);
    }
    Ok(accesses)
}

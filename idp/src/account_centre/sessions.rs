//! 登录设备: where the account is signed in, or acts through another one of the same person, and how to end that.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Deserialize;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::principal::Principal;
use crate::domain::timestamp::{Span, Timestamp};
use crate::domain::user_agent;
use crate::guard;
use crate::store::sessions::{self, ListedSession};
use crate::web::{self, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/sessions.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    notice: Option<&'static str>,
    sessions: Vec<Place>,
}

struct Place {
    sid: String,
    is_here: bool,
    browser: String,
    /// As whom, if not as this account.
    acting_as: Option<String>,
    address: String,
    since: String,
    seen: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    /// The session to end.
    sid: String,
    /// `all`: every session but this one.
    others: String,
}

/// So many are shown.
const MOST: u32 = 50;

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    RawQuery(query): RawQuery,
) -> web::Result<Response> {
    let idle = Span::minutes(app.config.session.idle_minutes);
    let found = sessions::of_account(&app.store, owner.account_id(), app.clock.now(), idle, MOST).await?;
    let sessions = found.into_iter().map(|session| Place {
        is_here: session.sid == owner.session.sid,
        browser: user_agent::words(&session.user_agent),
        acting_as: (session.account_id != owner.account_id()).then(|| acting_as(&owner, &session)),
        address: session.address,
        since: Timestamp::from_millis(session.created_at).china_minute(),
        seen: Timestamp::from_millis(session.seen_at).china_minute(),
        sid: session.sid,
    });
    let sessions = sessions.collect();
    let notice = match query.as_deref() {
        Some("done=one") => Some("该设备已退出登录"),
        Some("done=others") => Some("其他设备已全部退出登录"),
        _ => None,
    };
    visitor.show(&Page { frame: visitor.frame(), centre: owner.centre("登录设备"), notice, sessions })
}

/// Whoever acts there through this account's proof. An operator's password was set by the unit: whoever signs in with it
/// does not learn for whom else the same person acts.
fn acting_as(owner: &Owner, session: &ListedSession) -> String {
    let name = match &owner.principal {
        Principal::Operator { .. } => "其他办事身份",
        Principal::LegalEntity(_) | Principal::Person(_) => session.unit_name.as_deref().unwrap_or("本人"),
    };
    name.to_owned()
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let others = form.others == "all";
    let sid = if others { &owner.session.sid } else { &form.sid };
    guard::sessions::end_some(&app, &visitor.caller, owner.account_id(), sid, others).await?;
    let done = if others { "others" } else { "one" };
    Ok(visitor.go(&format!("{}?done={done}", urls::ACCOUNT_SESSIONS)))
}

impl Page<'_> {
    fn has_others(&self) -> bool {
        self.sessions.iter().any(|place| !place.is_here)
    }
}

//! Back-channel logout: which portals the outbox is to tell that a session has ended.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::app::App;
use crate::domain::timestamp::{Span, Timestamp};
use crate::store::{grants, outbox};

/// What the outbox tells a portal whose session has ended at the provider.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogoutNotice {
    pub client_id: String,
    pub account_id: String,
    pub sid: String,
}

pub const LOGOUT_NOTICE: &str = "backchannel_logout";

const KEEP_NOTICE: Span = Span::days(1);

/// A notice that has not arrived yet, for operators to see.
#[derive(Debug)]
pub struct WaitingNotice {
    pub client_id: String,
    /// `None` where the client is gone.
    pub client_name: Option<String>,
    /// When the session ended.
    pub since: Timestamp,
    pub attempts: i64,
    pub due_at: Timestamp,
    pub give_up_at: Timestamp,
    /// What the last attempt came to.
    pub last_error: Option<String>,
}

/// The notices that wait, at most so many, the oldest first.
///
/// # Errors
/// When the database fails, or was sealed with another data key.
pub async fn waiting(app: &App, most: u32) -> Result<Vec<WaitingNotice>> {
    let mut notices = Vec::new();
    for row in outbox::waiting(&app.store, LOGOUT_NOTICE, most).await? {
        let notice: LogoutNotice = serde_json::from_str(&row.payload(&app.vault)?)?;
        let client = app.clients.find(&app.store, &notice.client_id).await?;
        notices.push(WaitingNotice {
            client_name: client.map(|client| client.metadata.client_name.clone()),
            client_id: notice.client_id,
            since: Timestamp::from_millis(row.created_at),
            attempts: row.attempts,
            due_at: Timestamp::from_millis(row.due_at),
            give_up_at: Timestamp::from_millis(row.give_up_at),
            last_error: row.last_error,
        });
    }
    Ok(notices)
}

/// Queues the back-channel notices of a session that is ending (OpenID Connect Back-Channel Logout 1.0).
pub(super) async fn tell_portals(
    app: &App,
    tx: &mut AnyConnection,
    sid: &str,
    account_id: &str,
) -> Result<()> {
    for client_id in grants::clients_of_session(tx, sid).await? {
        tell_portal(app, tx, &client_id, sid, account_id).await?;
    }
    Ok(())
}

pub(super) async fn tell_portal(
    app: &App,
    tx: &mut AnyConnection,
    client_id: &str,
    sid: &str,
    account_id: &str,
) -> Result<()> {
    let client = app.clients.find_in(tx, client_id).await?;
    if client.is_some_and(|client| client.metadata.backchannel_logout_uri.is_some()) {
        let notice = LogoutNotice {
            client_id: client_id.to_owned(),
            account_id: account_id.to_owned(),
            sid: sid.to_owned(),
        };
        let payload = serde_json::to_string(&notice)?;
        outbox::insert(tx, &app.vault, LOGOUT_NOTICE, &payload, app.clock.now(), KEEP_NOTICE).await?;
    }
    Ok(())
}

//! Back-channel logout: which portals the outbox is to tell that a session has ended.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::app::App;
use crate::domain::timestamp::Span;
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

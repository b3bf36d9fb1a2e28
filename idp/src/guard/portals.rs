//! What portals may have of an account, and how its owner takes that back.

use std::collections::BTreeSet;

use anyhow::Result;
use sqlx::AnyConnection;

use super::logout_notices;
use crate::app::App;
use crate::store::{consents, grants};

/// Ends everything that a portal has of an account: what was agreed to, grants, and with them all tokens. A portal that
/// listens is told that the visitor's sessions there have ended. `false` if it had nothing.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(app: &App, tx: &mut AnyConnection, account_id: &str, client_id: &str) -> Result<bool> {
    let forgotten = consents::forget(tx, account_id, client_id).await?;
    let ended = grants::revoke_at(tx, account_id, client_id, app.clock.now()).await?;
    for sid in &ended.iter().collect::<BTreeSet<_>>() {
        logout_notices::tell_portal(app, tx, client_id, sid, account_id).await?;
    }
    Ok(forgotten || !ended.is_empty())
}

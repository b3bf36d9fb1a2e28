//! `audit_log`: who did what, when and from where. Rows are only added; the janitor deletes them by age.

use sqlx::AnyConnection;

use crate::domain::timestamp::Timestamp;
use crate::platform::random;

pub struct Entry<'a> {
    pub event: &'a str,
    pub account_id: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub address: &'a str,
    pub user_agent: &'a str,
    pub detail: &'a str,
}

/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut AnyConnection, entry: &Entry<'_>, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO audit_log (id, at, event, account_id, client_id, address, user_agent, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(random::id())
        .bind(now.millis())
        .bind(entry.event)
        .bind(entry.account_id)
        .bind(entry.client_id)
        .bind(entry.address)
        .bind(entry.user_agent)
        .bind(entry.detail)
        .execute(tx)
        .await
        .map(drop)
}

//! `audit_log`: who did what, when and from where. Rows are only added; the janitor deletes them by age.

use sqlx::AnyConnection;

use super::Store;
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

/// An event as its account's owner may see it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Recorded {
    pub at: i64,
    pub event: String,
    pub client_id: Option<String>,
    pub address: String,
    pub user_agent: String,
    pub detail: String,
}

/// The newest events of an account, from before a moment.
///
/// # Errors
/// When the database fails.
pub async fn of_account(
    store: &Store,
    account_id: &str,
    before: Timestamp,
    most: u32,
) -> sqlx::Result<Vec<Recorded>> {
    let sql = "SELECT at, event, client_id, address, user_agent, detail FROM audit_log
        WHERE account_id = $1 AND at < $2 ORDER BY at DESC, id LIMIT $3";
    let query = sqlx::query_as(sql).bind(account_id).bind(before.millis()).bind(i64::from(most));
    store.read.all(query).await
}

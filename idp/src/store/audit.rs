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
    pub id: String,
    pub at: i64,
    pub event: String,
    pub client_id: Option<String>,
    pub address: String,
    pub user_agent: String,
    pub detail: String,
}

/// Where a page begins: an event that is on the page before. Several may have happened in one millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub at: i64,
    pub id: String,
}

impl Key {
    /// Nothing is newer.
    pub const NEWEST: Self = Self { at: i64::MAX, id: String::new() };
}

/// The newest events of an account, from before another.
///
/// # Errors
/// When the database fails.
pub async fn of_account(
    store: &Store,
    account_id: &str,
    before: &Key,
    most: u32,
) -> sqlx::Result<Vec<Recorded>> {
    let sql = "SELECT id, at, event, client_id, address, user_agent, detail FROM audit_log
        WHERE account_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4";
    let query = sqlx::query_as(sql).bind(account_id).bind(before.at).bind(&before.id).bind(i64::from(most));
    store.read.all(query).await
}

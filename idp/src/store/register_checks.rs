//! `register_checks`: accounts whose register was away, until it has answered.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::{Span, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Due {
    pub account_id: String,
    pub attempts: i64,
}

/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    account_id: &str,
    now: Timestamp,
    due_at: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO register_checks (account_id, attempts, due_at, created_at) VALUES ($1, 0, $3, $2)
        ON CONFLICT (account_id) DO UPDATE SET attempts = 0, due_at = $3";
    sqlx::query(sql).bind(account_id).bind(now.millis()).bind(due_at.millis()).execute(tx).await.map(drop)
}

/// Takes what is due for `lease`; another instance does not see it meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn lease(store: &Store, now: Timestamp, lease: Span, count: u32) -> sqlx::Result<Vec<Due>> {
    let look = sqlx::query_scalar("SELECT account_id FROM register_checks WHERE due_at <= $1 LIMIT 1");
    let due: Option<String> = store.read.scalar(look.bind(now.millis())).await?;
    if due.is_none() {
        return Ok(Vec::new());
    }
    let sql = "UPDATE register_checks SET due_at = $2, attempts = attempts + 1
        WHERE due_at <= $1 AND account_id IN
            (SELECT account_id FROM register_checks WHERE due_at <= $1 ORDER BY due_at LIMIT $3)
        RETURNING account_id, attempts";
    let query = sqlx::query_as(sql).bind(now.millis()).bind((now + lease).millis()).bind(i64::from(count));
    store.write.all(query).await
}

/// # Errors
/// When the database fails.
pub async fn retry_at(store: &Store, account_id: &str, due_at: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE register_checks SET due_at = $2 WHERE account_id = $1";
    store.write.execute(sqlx::query(sql).bind(account_id).bind(due_at.millis())).await.map(drop)
}

/// The register has answered.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<()> {
    let sql = "DELETE FROM register_checks WHERE account_id = $1";
    sqlx::query(sql).bind(account_id).execute(tx).await.map(drop)
}

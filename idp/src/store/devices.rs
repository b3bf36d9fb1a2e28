//! `devices`: browsers from which an account has signed in before.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

/// # Errors
/// When the database fails.
pub async fn is_known(store: &Store, account_id: &str, device_hash: &[u8]) -> sqlx::Result<bool> {
    let sql = "SELECT seen_at FROM devices WHERE account_id = $1 AND device_hash = $2";
    let seen_at: Option<i64> =
        store.read.scalar(sqlx::query_scalar(sql).bind(account_id).bind(device_hash)).await?;
    Ok(seen_at.is_some())
}

/// # Errors
/// When the database fails.
pub async fn remember(
    tx: &mut AnyConnection,
    account_id: &str,
    device_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO devices (account_id, device_hash, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, device_hash) DO UPDATE SET seen_at = $3";
    sqlx::query(sql).bind(account_id).bind(device_hash).bind(now.millis()).execute(tx).await.map(drop)
}

//! `recoveries`: 忘记密码 between its steps.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RecoveryRow {
    pub account_id: String,
    pub proved_at: Option<i64>,
}

/// `proved_at`: when who began it proved who they are, if that was before.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    id_hash: &[u8],
    device_hash: &[u8],
    account_id: &str,
    proved_at: Option<Timestamp>,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO recoveries (id_hash, device_hash, account_id, proved_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(id_hash).bind(device_hash).bind(account_id);
    let query = query.bind(proved_at.map(Timestamp::millis)).bind(expires_at.millis());
    query.execute(tx).await.map(drop)
}

/// A recovery that this browser began and that has not expired.
///
/// # Errors
/// When the database fails.
pub async fn find(
    store: &Store,
    id_hash: &[u8],
    device_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<RecoveryRow>> {
    let sql = "SELECT account_id, proved_at FROM recoveries
        WHERE id_hash = $1 AND device_hash = $2 AND expires_at > $3";
    store.read.optional(sqlx::query_as(sql).bind(id_hash).bind(device_hash).bind(now.millis())).await
}

/// The telephone was proved; the next step has until `expires_at`.
///
/// # Errors
/// When the database fails.
pub async fn note_proof(
    store: &Store,
    id_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let sql = "UPDATE recoveries SET proved_at = $2, expires_at = $3 WHERE id_hash = $1";
    let query = sqlx::query(sql).bind(id_hash).bind(now.millis()).bind(expires_at.millis());
    store.write.execute(query).await.map(drop)
}

/// Takes a proved recovery, once.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut AnyConnection, id_hash: &[u8], now: Timestamp) -> sqlx::Result<bool> {
    let sql = "DELETE FROM recoveries WHERE id_hash = $1 AND proved_at IS NOT NULL AND expires_at > $2";
    Ok(sqlx::query(sql).bind(id_hash).bind(now.millis()).execute(tx).await?.rows_affected() == 1)
}

/// Ends all that was begun for an account, wherever.
///
/// # Errors
/// When the database fails.
pub async fn forget_all(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM recoveries WHERE account_id = $1").bind(account_id).execute(tx).await.map(drop)
}

//! `phone_proofs`: telephones that were proved a while ago.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut AnyConnection, id_hash: &[u8], expires_at: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO phone_proofs (id_hash, expires_at) VALUES ($1, $2)
        ON CONFLICT (id_hash) DO UPDATE SET expires_at = $2, consumed_at = NULL";
    sqlx::query(sql).bind(id_hash).bind(expires_at.millis()).execute(tx).await.map(drop)
}

/// When a proof ends, and when it was used, if it is there: one look, because between two somebody may use it.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id_hash: &[u8]) -> sqlx::Result<Option<(i64, Option<i64>)>> {
    let sql = "SELECT expires_at, consumed_at FROM phone_proofs WHERE id_hash = $1";
    store.read.optional(sqlx::query_as(sql).bind(id_hash)).await
}

/// Uses a proof, once. `false` if it is not there, has expired or was used.
///
/// # Errors
/// When the database fails.
pub async fn consume(tx: &mut AnyConnection, id_hash: &[u8], now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE phone_proofs SET consumed_at = $2
        WHERE id_hash = $1 AND expires_at > $2 AND consumed_at IS NULL";
    let done = sqlx::query(sql).bind(id_hash).bind(now.millis()).execute(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a proof was used already, inside a transaction: the same form has come twice.
///
/// # Errors
/// When the database fails.
pub async fn was_consumed(tx: &mut AnyConnection, id_hash: &[u8]) -> sqlx::Result<bool> {
    let sql = "SELECT consumed_at FROM phone_proofs WHERE id_hash = $1 AND consumed_at IS NOT NULL";
    let found: Option<i64> = sqlx::query_scalar(sql).bind(id_hash).fetch_optional(tx).await?;
    Ok(found.is_some())
}

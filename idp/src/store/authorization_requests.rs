//! `authorization_requests`: what waits for its visitor to sign in.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

/// # Errors
/// When the database fails.
pub async fn insert(
    store: &Store,
    id_hash: &[u8],
    visitor_hash: &[u8],
    parameters: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO authorization_requests (id_hash, visitor_hash, parameters, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(id_hash).bind(visitor_hash).bind(parameters);
    store.write.execute(query.bind(now.millis()).bind(expires_at.millis())).await.map(drop)
}

/// The request's parameters and when it was made, for the browser that made it.
///
/// # Errors
/// When the database fails.
pub async fn find(
    store: &Store,
    id_hash: &[u8],
    visitor_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<(String, i64)>> {
    let sql = "SELECT parameters, created_at FROM authorization_requests
        WHERE id_hash = $1 AND visitor_hash = $2 AND expires_at > $3";
    let query = sqlx::query_as(sql).bind(id_hash).bind(visitor_hash).bind(now.millis());
    store.read.optional(query).await
}

/// Takes the request, so that it is answered once. `false` if somebody was faster.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut AnyConnection, id_hash: &[u8]) -> sqlx::Result<bool> {
    let sql = "DELETE FROM authorization_requests WHERE id_hash = $1";
    Ok(sqlx::query(sql).bind(id_hash).execute(tx).await?.rows_affected() == 1)
}

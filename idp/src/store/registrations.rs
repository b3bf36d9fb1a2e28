//! `registrations` and `initial_access_tokens`: clients that register themselves, and what lets them.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

/// # Errors
/// When the database fails.
pub async fn insert_initial_token(
    store: &Store,
    token_hash: &[u8],
    note: &str,
    uses: u32,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO initial_access_tokens (token_hash, note, uses_left, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(token_hash).bind(note).bind(i64::from(uses)).bind(now.millis());
    store.write.execute(query.bind(expires_at.millis())).await.map(drop)
}

/// Whether an initial access token may still be used.
///
/// # Errors
/// When the database fails.
pub async fn is_initial_token_alive(store: &Store, token_hash: &[u8], now: Timestamp) -> sqlx::Result<bool> {
    let sql = "SELECT uses_left FROM initial_access_tokens
        WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2";
    let left: Option<i64> =
        store.read.scalar(sqlx::query_scalar(sql).bind(token_hash).bind(now.millis())).await?;
    Ok(left.is_some())
}

/// Takes one use of an initial access token. `false` if there is none left.
///
/// # Errors
/// When the database fails.
pub async fn use_initial_token(
    tx: &mut AnyConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE initial_access_tokens SET uses_left = uses_left - 1
        WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2";
    let done = sqlx::query(sql).bind(token_hash).bind(now.millis()).execute(tx).await?;
    Ok(done.rows_affected() == 1)
}

#[derive(Debug, sqlx::FromRow)]
pub struct InitialToken {
    pub note: String,
    pub uses_left: i64,
    pub expires_at: i64,
}

/// The initial access tokens that may still be used.
///
/// # Errors
/// When the database fails.
pub async fn initial_tokens(store: &Store, now: Timestamp) -> sqlx::Result<Vec<InitialToken>> {
    let sql = "SELECT note, uses_left, expires_at FROM initial_access_tokens
        WHERE uses_left > 0 AND expires_at > $1 ORDER BY created_at";
    store.read.all(sqlx::query_as(sql).bind(now.millis())).await
}

/// Ends the initial access tokens that were given to somebody; gives how many.
///
/// # Errors
/// When the database fails.
pub async fn revoke_initial_tokens(store: &Store, note: &str) -> sqlx::Result<u64> {
    store.write.execute(sqlx::query("DELETE FROM initial_access_tokens WHERE note = $1").bind(note)).await
}

/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    client_id: &str,
    token_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO registrations (client_id, token_hash, created_at) VALUES ($1, $2, $3)";
    sqlx::query(sql).bind(client_id).bind(token_hash).bind(now.millis()).execute(tx).await.map(drop)
}

/// When a client registered itself, if this is its registration access token and nobody has disabled it.
///
/// # Errors
/// When the database fails.
pub async fn registered_at(store: &Store, client_id: &str, token_hash: &[u8]) -> sqlx::Result<Option<i64>> {
    let sql = "SELECT r.created_at FROM registrations r JOIN clients c ON c.id = r.client_id
        WHERE r.client_id = $1 AND r.token_hash = $2 AND c.disabled_at IS NULL";
    store.read.scalar(sqlx::query_scalar(sql).bind(client_id).bind(token_hash)).await
}

/// Deletes a client that registered itself, with every grant and token that it holds. `false` if somebody was faster.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut AnyConnection, client_id: &str, now: Timestamp) -> sqlx::Result<bool> {
    let gone = sqlx::query("DELETE FROM registrations WHERE client_id = $1").bind(client_id);
    if gone.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let grants = "UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL";
    sqlx::query(grants).bind(client_id).bind(now.millis()).execute(&mut *tx).await?;
    for sql in [
        "DELETE FROM access_tokens WHERE client_id = $1",
        "DELETE FROM pushed_requests WHERE client_id = $1",
        "DELETE FROM device_codes WHERE client_id = $1",
        "DELETE FROM consents WHERE client_id = $1",
        "DELETE FROM clients WHERE id = $1",
    ] {
        sqlx::query(sql).bind(client_id).execute(&mut *tx).await?;
    }
    Ok(true)
}

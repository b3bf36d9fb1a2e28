//! `accounts.password_hash` and `password_history`.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

/// How many old passwords are remembered beside the present one.
const REMEMBERED: i64 = 4;

/// The present hash, and the remembered ones, newest first.
///
/// # Errors
/// When the database fails.
pub async fn present_and_past(store: &Store, account_id: &str) -> sqlx::Result<Vec<String>> {
    let present = "SELECT password_hash FROM accounts WHERE id = $1 AND password_hash IS NOT NULL";
    let past = "SELECT password_hash FROM password_history WHERE account_id = $1
        ORDER BY replaced_at DESC LIMIT $2";
    let mut hashes = store.read.scalars(sqlx::query_scalar(present).bind(account_id)).await?;
    hashes.extend(store.read.scalars(sqlx::query_scalar(past).bind(account_id).bind(REMEMBERED)).await?);
    Ok(hashes)
}

/// Sets a new password and remembers the one before it.
///
/// # Errors
/// When the database fails.
pub async fn replace(
    tx: &mut AnyConnection,
    account_id: &str,
    hash: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let remember = "INSERT INTO password_history (account_id, replaced_at, password_hash)
        SELECT id, $2, password_hash FROM accounts WHERE id = $1 AND password_hash IS NOT NULL
        ON CONFLICT (account_id, replaced_at) DO NOTHING";
    sqlx::query(remember).bind(account_id).bind(now.millis()).execute(&mut *tx).await?;
    let forget = "DELETE FROM password_history WHERE account_id = $1 AND replaced_at NOT IN
        (SELECT replaced_at FROM password_history WHERE account_id = $1 ORDER BY replaced_at DESC LIMIT $2)";
    sqlx::query(forget).bind(account_id).bind(REMEMBERED).execute(&mut *tx).await?;
    let set = "UPDATE accounts SET password_hash = $2, password_set_at = $3 WHERE id = $1";
    sqlx::query(set).bind(account_id).bind(hash).bind(now.millis()).execute(tx).await.map(drop)
}

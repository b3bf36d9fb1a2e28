//! `captchas`: the pictures that are out, and their answers.

use super::Store;
use crate::domain::timestamp::Timestamp;

/// # Errors
/// When the database fails.
pub async fn insert(store: &Store, id_hash: &[u8], answer: &str, expires_at: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO captchas (id_hash, answer, expires_at) VALUES ($1, $2, $3)";
    store.write.execute(sqlx::query(sql).bind(id_hash).bind(answer).bind(expires_at.millis())).await.map(drop)
}

/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id_hash: &[u8], now: Timestamp) -> sqlx::Result<Option<String>> {
    let sql = "SELECT answer FROM captchas WHERE id_hash = $1 AND expires_at > $2";
    store.read.scalar(sqlx::query_scalar(sql).bind(id_hash).bind(now.millis())).await
}

/// Takes a captcha: whatever the answer, it can't be tried again.
///
/// # Errors
/// When the database fails.
pub async fn take(store: &Store, id_hash: &[u8], now: Timestamp) -> sqlx::Result<Option<String>> {
    let sql = "DELETE FROM captchas WHERE id_hash = $1 AND expires_at > $2 RETURNING answer";
    store.write.scalar(sqlx::query_scalar(sql).bind(id_hash).bind(now.millis())).await
}

//! `used_once`: what may be used once, such as the `jti` of a client assertion (RFC 7523 section 3).

use super::Store;
use crate::domain::timestamp::Timestamp;

/// Uses a key. `false` if it was used before.
///
/// # Errors
/// When the database fails.
pub async fn r#use(store: &Store, key_hash: &[u8], expires_at: Timestamp) -> sqlx::Result<bool> {
    let sql =
        "INSERT INTO used_once (key_hash, expires_at) VALUES ($1, $2) ON CONFLICT (key_hash) DO NOTHING";
    let done = store.write.execute(sqlx::query(sql).bind(key_hash).bind(expires_at.millis())).await?;
    Ok(done == 1)
}

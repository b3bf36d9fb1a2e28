//! `sms_codes`: the one live code of each purpose and telephone.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

pub struct NewCode<'a> {
    pub id_hash: &'a [u8],
    pub device_hash: &'a [u8],
    pub code: &'a str,
    pub expires_at: Timestamp,
}

/// Puts a code in the place of the one before it.
///
/// # Errors
/// When the database fails.
pub async fn replace(tx: &mut AnyConnection, code: &NewCode<'_>) -> sqlx::Result<()> {
    let sql =
        "INSERT INTO sms_codes (id_hash, device_hash, code, tries, expires_at) VALUES ($1, $2, $3, 0, $4)
        ON CONFLICT (id_hash) DO UPDATE SET device_hash = $2, code = $3, tries = 0, expires_at = $4";
    let query = sqlx::query(sql).bind(code.id_hash).bind(code.device_hash).bind(code.code);
    query.bind(code.expires_at.millis()).execute(tx).await.map(drop)
}

/// Counts a try and gives what it is to be compared with; `None` once the code has expired, was used, or was tried
/// `most` times. Counting comes first, so that parallel guesses are counted one by one.
///
/// # Errors
/// When the database fails.
pub async fn count_try(
    store: &Store,
    id_hash: &[u8],
    device_hash: &[u8],
    most: u32,
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    let sql = "UPDATE sms_codes SET tries = tries + 1
        WHERE id_hash = $1 AND device_hash = $2 AND expires_at > $3 AND tries < $4 RETURNING code";
    let query = sqlx::query_scalar(sql).bind(id_hash).bind(device_hash).bind(now.millis());
    store.write.scalar(query.bind(i64::from(most))).await
}

/// Whether a try would be counted.
///
/// # Errors
/// When the database fails.
pub async fn is_live(
    store: &Store,
    id_hash: &[u8],
    device_hash: &[u8],
    most: u32,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM sms_codes
        WHERE id_hash = $1 AND device_hash = $2 AND expires_at > $3 AND tries < $4";
    let query = sqlx::query_scalar(sql).bind(id_hash).bind(device_hash).bind(now.millis());
    let count: Option<i64> = store.read.scalar(query.bind(i64::from(most))).await?;
    Ok(count.unwrap_or(0) > 0)
}

/// Uses a code up, once. `false` if somebody was faster.
///
/// # Errors
/// When the database fails.
pub async fn consume(tx: &mut AnyConnection, id_hash: &[u8], code: &str) -> sqlx::Result<bool> {
    let sql = "DELETE FROM sms_codes WHERE id_hash = $1 AND code = $2";
    Ok(sqlx::query(sql).bind(id_hash).bind(code).execute(tx).await?.rows_affected() == 1)
}

//! `attempts`: how often something was tried lately. Counting comes before trying, in one statement, so that a
//! thousand parallel guesses are still counted one by one.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::{Span, Timestamp};

/// Counts one more try and gives the new count. The bucket empties `window` after its last counted try; tries beyond
/// `limit` do not prolong it, so that a lock ends although somebody keeps knocking.
///
/// # Errors
/// When the database fails.
pub async fn add(
    tx: &mut AnyConnection,
    bucket: &str,
    limit: u32,
    now: Timestamp,
    window: Span,
) -> sqlx::Result<i64> {
    let sql = "INSERT INTO attempts (bucket, count, expires_at) VALUES ($1, 1, $3)
        ON CONFLICT (bucket) DO UPDATE SET
            count = CASE WHEN attempts.expires_at <= $2 THEN 1 ELSE attempts.count + 1 END,
            expires_at = CASE
                WHEN attempts.expires_at <= $2 OR attempts.count < $4 THEN $3 ELSE attempts.expires_at END
        RETURNING count";
    let query = sqlx::query_scalar(sql).bind(bucket).bind(now.millis()).bind((now + window).millis());
    query.bind(i64::from(limit)).fetch_one(tx).await
}

/// Counts one more in a window that begins with its first; gives the new count.
///
/// # Errors
/// When the database fails.
pub async fn add_in_window(
    tx: &mut AnyConnection,
    bucket: &str,
    now: Timestamp,
    window: Span,
) -> sqlx::Result<i64> {
    let sql = "INSERT INTO attempts (bucket, count, expires_at) VALUES ($1, 1, $3)
        ON CONFLICT (bucket) DO UPDATE SET
            count = CASE WHEN attempts.expires_at <= $2 THEN 1 ELSE attempts.count + 1 END,
            expires_at = CASE WHEN attempts.expires_at <= $2 THEN $3 ELSE attempts.expires_at END
        RETURNING count";
    let query = sqlx::query_scalar(sql).bind(bucket).bind(now.millis()).bind((now + window).millis());
    query.fetch_one(tx).await
}

/// Counts one more in each of four, as [`add_in_window`] does; gives the new counts, in no order.
///
/// # Errors
/// When the database fails.
pub async fn add_to_each(
    store: &Store,
    buckets: &[String; 4],
    now: Timestamp,
    window: Span,
) -> sqlx::Result<Vec<(String, i64)>> {
    let sql = "INSERT INTO attempts (bucket, count, expires_at)
        VALUES ($1, 1, $6), ($2, 1, $6), ($3, 1, $6), ($4, 1, $6)
        ON CONFLICT (bucket) DO UPDATE SET
            count = CASE WHEN attempts.expires_at <= $5 THEN 1 ELSE attempts.count + 1 END,
            expires_at = CASE WHEN attempts.expires_at <= $5 THEN $6 ELSE attempts.expires_at END
        RETURNING bucket, count";
    let [first, second, third, fourth] = buckets;
    let query = sqlx::query_as(sql).bind(first).bind(second).bind(third).bind(fourth);
    store.write.all(query.bind(now.millis()).bind((now + window).millis())).await
}

/// Takes one back from each of them. It holds their rows in the order in which they were counted: an UPDATE would choose
/// its own, and meet whoever counts meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn take_back_from_each(store: &Store, buckets: &[String; 4], now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO attempts (bucket, count, expires_at)
        VALUES ($1, 0, $5), ($2, 0, $5), ($3, 0, $5), ($4, 0, $5)
        ON CONFLICT (bucket) DO UPDATE SET
            count = CASE WHEN attempts.count > 0 THEN attempts.count - 1 ELSE 0 END";
    let [first, second, third, fourth] = buckets;
    let query = sqlx::query(sql).bind(first).bind(second).bind(third).bind(fourth);
    store.write.execute(query.bind(now.millis())).await.map(drop)
}

/// Takes one try back: it was not a failure.
///
/// # Errors
/// When the database fails.
pub async fn take_back(tx: &mut AnyConnection, bucket: &str) -> sqlx::Result<()> {
    let sql = "UPDATE attempts SET count = count - 1 WHERE bucket = $1 AND count > 0";
    sqlx::query(sql).bind(bucket).execute(tx).await.map(drop)
}

/// # Errors
/// When the database fails.
pub async fn clear(tx: &mut AnyConnection, bucket: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM attempts WHERE bucket = $1").bind(bucket).execute(tx).await.map(drop)
}

/// # Errors
/// When the database fails.
pub async fn current(store: &Store, bucket: &str, now: Timestamp) -> sqlx::Result<i64> {
    let sql = "SELECT count FROM attempts WHERE bucket = $1 AND expires_at > $2";
    let query = sqlx::query_scalar(sql).bind(bucket).bind(now.millis());
    store.read.scalar(query).await.map(|count: Option<i64>| count.unwrap_or(0))
}

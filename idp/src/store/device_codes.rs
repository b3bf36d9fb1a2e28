//! `device_codes`: devices that wait until somebody signs in for them (RFC 8628).

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

pub struct NewDeviceCode<'a> {
    pub id_hash: &'a [u8],
    pub user_code_index: &'a str,
    pub client_id: &'a str,
    pub scope: &'a str,
    pub resources: Option<&'a str>,
    pub authorization_details: Option<&'a str>,
    pub binding: Option<&'a str>,
    pub address: &'a str,
    pub now: Timestamp,
    pub expires_at: Timestamp,
    pub interval_seconds: u32,
}

/// `false` if another device has the same user code.
///
/// # Errors
/// When the database fails.
pub async fn insert(store: &Store, new: &NewDeviceCode<'_>) -> sqlx::Result<bool> {
    let sql =
        "INSERT INTO device_codes (id_hash, user_code_index, client_id, scope, resources, binding, address,
            created_at, expires_at, interval_seconds, authorization_details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (user_code_index) DO NOTHING";
    let query = sqlx::query(sql)
        .bind(new.id_hash)
        .bind(new.user_code_index)
        .bind(new.client_id)
        .bind(new.scope)
        .bind(new.resources)
        .bind(new.binding)
        .bind(new.address)
        .bind(new.now.millis())
        .bind(new.expires_at.millis())
        .bind(i64::from(new.interval_seconds))
        .bind(new.authorization_details);
    Ok(store.write.execute(query).await? == 1)
}

/// A device code that its device has just asked about.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Polled {
    pub binding: Option<String>,
    pub expires_at: i64,
    /// Longer than before, if the device asked too soon.
    pub interval_seconds: i64,
    pub previous_polled_at: Option<i64>,
    pub allowed_at: Option<i64>,
    pub denied_at: Option<i64>,
}

/// Notes that a device asks. Whoever asks before the interval is over waits five seconds longer from then on (RFC
/// 8628 section 3.5).
///
/// # Errors
/// When the database fails.
pub async fn poll(
    store: &Store,
    id_hash: &[u8],
    client_id: &str,
    now: Timestamp,
) -> sqlx::Result<Option<Polled>> {
    let sql = "UPDATE device_codes SET previous_polled_at = polled_at, polled_at = $3,
            interval_seconds = CASE WHEN polled_at > $3 - interval_seconds * 1000
                THEN interval_seconds + 5 ELSE interval_seconds END
        WHERE id_hash = $1 AND client_id = $2
        RETURNING binding, expires_at, interval_seconds, previous_polled_at, allowed_at, denied_at";
    let query = sqlx::query_as(sql).bind(id_hash).bind(client_id).bind(now.millis());
    store.write.optional(query).await
}

/// A device that waits for somebody.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Waiting {
    pub id_hash: Vec<u8>,
    pub client_id: String,
    pub scope: String,
    pub resources: Option<String>,
    /// RFC 9396: a JSON array.
    pub authorization_details: Option<String>,
    pub address: String,
    pub created_at: i64,
    pub expires_at: i64,
}

macro_rules! waiting {
    ($condition:literal) => {
        concat!(
            "SELECT id_hash, client_id, scope, resources, authorization_details, address, created_at, expires_at
            FROM device_codes WHERE ",
            $condition,
            " AND expires_at > $2 AND allowed_at IS NULL AND denied_at IS NULL"
        )
    };
}

/// # Errors
/// When the database fails.
pub async fn find_by_user_code(store: &Store, index: &str, now: Timestamp) -> sqlx::Result<Option<Waiting>> {
    let sql = waiting!("user_code_index = $1");
    store.read.optional(sqlx::query_as(sql).bind(index).bind(now.millis())).await
}

/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id_hash: &[u8], now: Timestamp) -> sqlx::Result<Option<Waiting>> {
    let sql = waiting!("id_hash = $1");
    store.read.optional(sqlx::query_as(sql).bind(id_hash).bind(now.millis())).await
}

/// What became of a device that no longer waits: whether it was let in, and by whose session. `None` while it waits, or
/// once it has expired.
///
/// # Errors
/// When the database fails.
pub async fn decision(
    store: &Store,
    id_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<(Option<i64>, Option<String>)>> {
    let sql = "SELECT d.allowed_at, g.sid FROM device_codes d LEFT JOIN grants g ON g.id = d.id_hash
        WHERE d.id_hash = $1 AND d.expires_at > $2 AND (d.allowed_at IS NOT NULL OR d.denied_at IS NOT NULL)";
    store.read.optional(sqlx::query_as(sql).bind(id_hash).bind(now.millis())).await
}

/// Lets a device in, once; gives the key that its code is bound to, if any. `None` if it no longer waits.
///
/// # Errors
/// When the database fails.
pub async fn allow(
    tx: &mut AnyConnection,
    id_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<Option<String>>> {
    let sql = "UPDATE device_codes SET allowed_at = $2
        WHERE id_hash = $1 AND expires_at > $2 AND allowed_at IS NULL AND denied_at IS NULL RETURNING binding";
    sqlx::query_scalar(sql).bind(id_hash).bind(now.millis()).fetch_optional(tx).await
}

/// Turns a device away, once. `false` if it no longer waits.
///
/// # Errors
/// When the database fails.
pub async fn deny(tx: &mut AnyConnection, id_hash: &[u8], now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE device_codes SET denied_at = $2
        WHERE id_hash = $1 AND expires_at > $2 AND allowed_at IS NULL AND denied_at IS NULL";
    Ok(sqlx::query(sql).bind(id_hash).bind(now.millis()).execute(tx).await?.rows_affected() == 1)
}

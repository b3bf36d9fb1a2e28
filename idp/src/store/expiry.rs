//! What has expired, deleted in small batches so that nobody waits long for the writer.

use super::Store;
use crate::domain::timestamp::{Span, Timestamp};

/// The time is asked twice: where a row is being renewed, PostgreSQL waits for that and then looks once more only at
/// what stands outside of the inner query.
macro_rules! delete_expired {
    ($table:literal, $key:literal, $column:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $column,
            " <= $1 AND ",
            $key,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $column,
            " <= $1 LIMIT 200)"
        )
    };
}

/// Each table that is swept by its own `expires_at`.
const EXPIRING: [&str; 13] = [
    delete_expired!("authorization_requests", "id_hash", "expires_at"),
    delete_expired!("pushed_requests", "id_hash", "expires_at"),
    delete_expired!("attempts", "bucket", "expires_at"),
    delete_expired!("captchas", "id_hash", "expires_at"),
    delete_expired!("access_tokens", "hash", "expires_at"),
    delete_expired!("refresh_tokens", "hash", "expires_at"),
    delete_expired!("used_once", "key_hash", "expires_at"),
    delete_expired!("sms_codes", "id_hash", "expires_at"),
    delete_expired!("phone_proofs", "id_hash", "expires_at"),
    delete_expired!("recoveries", "id_hash", "expires_at"),
    delete_expired!("initial_access_tokens", "token_hash", "expires_at"),
    delete_expired!("device_codes", "id_hash", "expires_at"),
    delete_expired!("ended_sessions", "token_hash", "expires_at"),
];

/// They stay a little longer, so that the janitor sees whose validity ended with them, and which portals to tell.
const TOLD_FIRST: [&str; 2] =
    [delete_expired!("sessions", "token_hash", "expires_at"), delete_expired!("grants", "id", "expires_at")];

/// They stay a while, so that who comes late is told that the code has expired, and not that there is none.
const QR_TICKETS: &str = delete_expired!("qr_tickets", "id_hash", "expires_at");

/// The only key of two columns.
const OLD_DEVICES: &str = "DELETE FROM devices WHERE seen_at <= $1 AND (account_id, device_hash) IN
    (SELECT account_id, device_hash FROM devices WHERE seen_at <= $1 LIMIT 200)";

/// Deletes at most one batch a table; gives how many rows went.
///
/// # Errors
/// When the database fails.
pub async fn sweep(store: &Store, now: Timestamp, audit_kept: Span) -> sqlx::Result<u64> {
    let mut deleted = 0;
    for sql in TOLD_FIRST {
        deleted += batch(store, sql, now - Span::minutes(1)).await?;
    }
    for sql in EXPIRING {
        deleted += batch(store, sql, now).await?;
    }
    deleted += batch(store, QR_TICKETS, now - Span::minutes(10)).await?;
    deleted += batch(store, delete_expired!("audit_log", "id", "at"), now - audit_kept).await?;
    deleted += batch(store, OLD_DEVICES, now - audit_kept).await?;
    Ok(deleted)
}

async fn batch(store: &Store, sql: &'static str, before: Timestamp) -> sqlx::Result<u64> {
    store.write.execute(sqlx::query(sql).bind(before.millis())).await
}

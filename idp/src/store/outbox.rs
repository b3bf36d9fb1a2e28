//! `outbox`: what must be told to others, written in the transaction that made it true, sent by whoever leases it.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::random;
use crate::platform::vault::Vault;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    kind: String,
    payload: Vec<u8>,
    attempts: i64,
    give_up_at: i64,
    created_at: i64,
}

/// A message that this instance holds until it is settled or its lease ends.
#[derive(Debug)]
pub struct Leased {
    pub id: String,
    pub kind: String,
    pub payload: String,
    pub attempts: i64,
    pub give_up_at: Timestamp,
    pub created_at: Timestamp,
}

/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    vault: &Vault,
    kind: &str,
    payload: &str,
    now: Timestamp,
    keep: Span,
) -> anyhow::Result<()> {
    let sql = "INSERT INTO outbox (id, kind, payload, attempts, due_at, give_up_at, created_at)
        VALUES ($1, $2, $3, 0, $4, $5, $4)";
    let id = random::id();
    let sealed = vault.seal("outbox.payload", &id, payload)?;
    let query = sqlx::query(sql).bind(&id).bind(kind).bind(sealed).bind(now.millis());
    query.bind((now + keep).millis()).execute(tx).await?;
    Ok(())
}

/// Takes up to `count` due messages for `lease`; another instance does not see them meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn lease(
    store: &Store,
    vault: &Vault,
    now: Timestamp,
    lease: Span,
    count: u32,
) -> anyhow::Result<Vec<Leased>> {
    // Looking costs no write, and mostly nothing is due.
    let look = sqlx::query_scalar("SELECT id FROM outbox WHERE due_at <= $1 LIMIT 1").bind(now.millis());
    let due: Option<String> = store.read.scalar(look).await?;
    if due.is_none() {
        return Ok(Vec::new());
    }
    let sql = "UPDATE outbox SET due_at = $2, attempts = attempts + 1
        WHERE due_at <= $1 AND id IN (SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at, created_at LIMIT $3)
        RETURNING id, kind, payload, attempts, give_up_at, created_at";
    let rows: Vec<Row> = store
        .write
        .all(sqlx::query_as(sql).bind(now.millis()).bind((now + lease).millis()).bind(i64::from(count)))
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Leased {
                payload: vault.open_text("outbox.payload", &row.id, &row.payload)?,
                id: row.id,
                kind: row.kind,
                attempts: row.attempts,
                give_up_at: Timestamp::from_millis(row.give_up_at),
                created_at: Timestamp::from_millis(row.created_at),
            })
        })
        .collect()
}

/// Delivered, or given up.
///
/// # Errors
/// When the database fails.
pub async fn settle(store: &Store, id: &str) -> sqlx::Result<()> {
    store.write.execute(sqlx::query("DELETE FROM outbox WHERE id = $1").bind(id)).await.map(drop)
}

/// Another attempt later; `error` is what this one came to.
///
/// # Errors
/// When the database fails.
pub async fn retry_at(store: &Store, id: &str, due_at: Timestamp, error: &str) -> sqlx::Result<()> {
    let sql = "UPDATE outbox SET due_at = $2, last_error = $3 WHERE id = $1";
    store.write.execute(sqlx::query(sql).bind(id).bind(due_at.millis()).bind(error)).await.map(drop)
}

/// Not tried this time: others come first.
///
/// # Errors
/// When the database fails.
pub async fn put_off(store: &Store, id: &str, due_at: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE outbox SET due_at = $2, attempts = attempts - 1 WHERE id = $1";
    store.write.execute(sqlx::query(sql).bind(id).bind(due_at.millis())).await.map(drop)
}

/// A message that waits, for operators to see.
#[derive(Debug, sqlx::FromRow)]
pub struct Waiting {
    id: String,
    payload: Vec<u8>,
    pub attempts: i64,
    pub due_at: i64,
    pub give_up_at: i64,
    pub created_at: i64,
    pub last_error: Option<String>,
}

impl Waiting {
    /// # Errors
    /// When the data key is another one.
    pub fn payload(&self, vault: &Vault) -> anyhow::Result<String> {
        vault.open_text("outbox.payload", &self.id, &self.payload)
    }
}

/// The messages of a kind that wait, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn waiting(store: &Store, kind: &str, most: u32) -> sqlx::Result<Vec<Waiting>> {
    let sql = "SELECT id, payload, attempts, due_at, give_up_at, created_at, last_error FROM outbox
        WHERE kind = $1 ORDER BY created_at LIMIT $2";
    store.read.all(sqlx::query_as(sql).bind(kind).bind(i64::from(most))).await
}

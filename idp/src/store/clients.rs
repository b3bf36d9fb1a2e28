//! `clients`: the registered portals. What they registered is JSON, read by oidc/client.rs.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, sqlx::FromRow)]
pub struct ClientRow {
    pub id: String,
    pub secret_hash: Option<Vec<u8>>,
    /// The secret itself, sealed: only for client_secret_jwt, which keys an HMAC with it.
    pub secret_sealed: Option<Vec<u8>>,
    pub metadata: String,
    pub disabled_at: Option<i64>,
}

const FIND: &str = "SELECT id, secret_hash, secret_sealed, metadata, disabled_at FROM clients WHERE id = $1";

/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id: &str) -> sqlx::Result<Option<ClientRow>> {
    store.read.optional(sqlx::query_as(FIND).bind(id)).await
}

/// The same within a transaction.
///
/// # Errors
/// When the database fails.
pub async fn find_in(tx: &mut AnyConnection, id: &str) -> sqlx::Result<Option<ClientRow>> {
    sqlx::query_as(FIND).bind(id).fetch_optional(tx).await
}

/// # Errors
/// When the database fails.
pub async fn list(store: &Store) -> sqlx::Result<Vec<ClientRow>> {
    let sql = "SELECT id, secret_hash, secret_sealed, metadata, disabled_at FROM clients ORDER BY id";
    store.read.all(sqlx::query_as(sql)).await
}

/// Adds a client, or replaces what is registered of it.
///
/// # Errors
/// When the database fails.
pub async fn put(store: &Store, client: &ClientRow, now: Timestamp) -> sqlx::Result<()> {
    store.write.execute(putting(client, now)).await.map(drop)
}

/// The same as part of a registration.
///
/// # Errors
/// When the database fails.
pub async fn put_in(tx: &mut AnyConnection, client: &ClientRow, now: Timestamp) -> sqlx::Result<()> {
    putting(client, now).execute(tx).await.map(drop)
}

fn putting(client: &ClientRow, now: Timestamp) -> Query<'_, Any, AnyArguments> {
    let sql = "INSERT INTO clients (id, secret_hash, secret_sealed, metadata, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET secret_hash = $2, secret_sealed = $3, metadata = $4";
    let query = sqlx::query(sql).bind(&client.id).bind(&client.secret_hash).bind(&client.secret_sealed);
    query.bind(&client.metadata).bind(now.millis())
}

/// Replaces what is registered of a client that registered itself. `false` if it has been deleted or disabled meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn replace_registered(tx: &mut AnyConnection, client: &ClientRow) -> sqlx::Result<bool> {
    let sql = "UPDATE clients SET secret_hash = $2, secret_sealed = $3, metadata = $4
        WHERE id = $1 AND disabled_at IS NULL
            AND EXISTS (SELECT 1 FROM registrations WHERE registrations.client_id = clients.id)";
    let query = sqlx::query(sql).bind(&client.id).bind(&client.secret_hash).bind(&client.secret_sealed);
    Ok(query.bind(&client.metadata).execute(tx).await?.rows_affected() == 1)
}

/// `false` if there is no such client, or it is disabled already.
///
/// # Errors
/// When the database fails.
pub async fn disable(store: &Store, id: &str, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE clients SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    Ok(store.write.execute(sqlx::query(sql).bind(id).bind(now.millis())).await? == 1)
}

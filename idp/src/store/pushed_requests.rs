//! `pushed_requests`: what clients pushed, until it is answered.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

pub struct NewRequest<'a> {
    pub id_hash: &'a [u8],
    pub client_id: &'a str,
    pub parameters: &'a str,
    /// A browser must bring it by then.
    pub visit_before: Timestamp,
    /// By then it is answered, or never.
    pub expires_at: Timestamp,
}

/// # Errors
/// When the database fails.
pub async fn insert(store: &Store, request: &NewRequest<'_>) -> sqlx::Result<()> {
    let sql = "INSERT INTO pushed_requests (id_hash, client_id, parameters, visit_before, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(request.id_hash).bind(request.client_id).bind(request.parameters);
    let query = query.bind(request.visit_before.millis()).bind(request.expires_at.millis());
    store.write.execute(query).await.map(drop)
}

/// The parameters that this client pushed, if they may still be visited.
///
/// # Errors
/// When the database fails.
pub async fn find(
    store: &Store,
    id_hash: &[u8],
    client_id: &str,
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    let sql =
        "SELECT parameters FROM pushed_requests WHERE id_hash = $1 AND client_id = $2 AND visit_before > $3";
    let query = sqlx::query_as(sql).bind(id_hash).bind(client_id).bind(now.millis());
    let found: Option<(String,)> = store.read.optional(query).await?;
    Ok(found.map(|(parameters,)| parameters))
}

/// Takes the request, so that it is answered once. `false` if somebody was faster.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut AnyConnection, id_hash: &[u8]) -> sqlx::Result<bool> {
    let sql = "DELETE FROM pushed_requests WHERE id_hash = $1";
    Ok(sqlx::query(sql).bind(id_hash).execute(tx).await?.rows_affected() == 1)
}

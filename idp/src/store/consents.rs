//! `consents`: what an account lets a portal read, a row a scope.

use sqlx::AnyConnection;

use super::Store;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Consent {
    pub client_id: String,
    pub scope: String,
    /// The session that agreed last.
    pub sid: String,
    pub agreed_at: i64,
}

/// # Errors
/// When the database fails.
pub async fn find(store: &Store, account_id: &str, client_id: &str) -> sqlx::Result<Vec<Consent>> {
    let sql =
        "SELECT client_id, scope, sid, agreed_at FROM consents WHERE account_id = $1 AND client_id = $2";
    store.read.all(sqlx::query_as(sql).bind(account_id).bind(client_id)).await
}

/// # Errors
/// When the database fails.
pub async fn of_account(store: &Store, account_id: &str) -> sqlx::Result<Vec<Consent>> {
    let sql = "SELECT client_id, scope, sid, agreed_at FROM consents WHERE account_id = $1
        ORDER BY agreed_at DESC, client_id, scope";
    store.read.all(sqlx::query_as(sql).bind(account_id)).await
}

/// Notes that an account agreed to one scope, in one session.
///
/// # Errors
/// When the database fails.
pub async fn remember(tx: &mut AnyConnection, account_id: &str, consent: &Consent) -> sqlx::Result<()> {
    let sql = "INSERT INTO consents (account_id, client_id, scope, sid, agreed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account_id, client_id, scope) DO UPDATE SET sid = excluded.sid, agreed_at = excluded.agreed_at";
    let query = sqlx::query(sql).bind(account_id).bind(&consent.client_id).bind(&consent.scope);
    query.bind(&consent.sid).bind(consent.agreed_at).execute(tx).await.map(drop)
}

/// Forgets what an account agreed to at a portal; `false` if there was nothing.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut AnyConnection, account_id: &str, client_id: &str) -> sqlx::Result<bool> {
    let sql = "DELETE FROM consents WHERE account_id = $1 AND client_id = $2";
    Ok(sqlx::query(sql).bind(account_id).bind(client_id).execute(tx).await?.rows_affected() > 0)
}

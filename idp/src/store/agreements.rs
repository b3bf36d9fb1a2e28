//! `agreement_consents`: who agreed to which version of which agreement.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Consent {
    pub document: String,
    pub version: String,
    pub agreed_at: i64,
}

/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    account_id: &str,
    document: &str,
    version: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO agreement_consents (account_id, document, version, agreed_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, document, version) DO NOTHING";
    let query = sqlx::query(sql).bind(account_id).bind(document).bind(version).bind(now.millis());
    query.execute(tx).await.map(drop)
}

/// # Errors
/// When the database fails.
pub async fn of_account(store: &Store, account_id: &str) -> sqlx::Result<Vec<Consent>> {
    let sql = "SELECT document, version, agreed_at FROM agreement_consents
        WHERE account_id = $1 ORDER BY agreed_at, document";
    store.read.all(sqlx::query_as(sql).bind(account_id)).await
}

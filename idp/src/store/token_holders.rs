//! Whose an access token is, for what the provider itself serves to apps.

use super::Store;
use super::sessions::SignedInRow;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct HolderRow {
    pub grant_id: Vec<u8>,
    pub client_id: String,
    /// Of the token, which may be narrower than the grant's.
    pub scope: String,
    /// It expires with the grant.
    #[sqlx(flatten)]
    pub signed_in: SignedInRow,
}

/// The account behind an access token that is alive: neither it, nor its grant, nor its account has ended. A client's
/// own token has none.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, token_hash: &[u8], now: Timestamp) -> sqlx::Result<Option<HolderRow>> {
    let sql = concat!(
        "SELECT g.id AS grant_id, g.client_id, g.scope, g.sid, g.account_id, g.holder_id, g.acr, g.amr,
            g.authenticated_at, g.expires_at
        FROM grants g WHERE g.access_hash = $1 AND g.access_expires_at > $2 AND g.revoked_at IS NULL
            AND ",
        still_valid!(),
        "
        UNION ALL
        SELECT g.id AS grant_id, g.client_id, t.scope, g.sid, g.account_id, g.holder_id, g.acr, g.amr,
            g.authenticated_at, g.expires_at
        FROM access_tokens t JOIN grants g ON g.id = t.grant_id
        WHERE t.hash = $1 AND t.expires_at > $2 AND g.revoked_at IS NULL
            AND ",
        still_valid!(),
    );
    store.read.optional(sqlx::query_as(sql).bind(token_hash).bind(now.millis())).await
}

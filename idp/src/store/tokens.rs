//! `access_tokens` and `refresh_tokens`. A token is alive while its row is there, not expired, and its grant is not
//! revoked.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AccessTokenRow {
    pub grant_id: Option<Vec<u8>>,
    pub client_id: String,
    pub scope: String,
    pub issued_at: i64,
    pub expires_at: i64,
    /// Of the grant; `None` for client_credentials.
    pub account_id: Option<String>,
    pub claims: Option<String>,
    pub acr: Option<String>,
    pub authenticated_at: Option<i64>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RefreshTokenRow {
    pub grant_id: Vec<u8>,
    pub client_id: String,
    pub account_id: String,
    pub scope: String,
    pub issued_at: i64,
    pub expires_at: i64,
    pub consumed_at: Option<i64>,
    pub revoked_at: Option<i64>,
    /// When the account itself ends: an operator's validity.
    pub account_ends_at: Option<i64>,
}

impl RefreshTokenRow {
    /// Whether neither the token, nor its grant, nor its account has ended. A token that was rotated away counts.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.expires_at > now.millis()
            && self.account_ends_at.is_none_or(|end| end > now.millis())
    }
}

pub struct NewToken<'a> {
    pub hash: &'a [u8],
    pub grant_id: Option<&'a [u8]>,
    pub client_id: &'a str,
    pub scope: &'a str,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

const INSERT_ACCESS: &str =
    "INSERT INTO access_tokens (hash, grant_id, client_id, scope, issued_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// # Errors
/// When the database fails.
pub async fn insert_access(tx: &mut AnyConnection, token: &NewToken<'_>) -> sqlx::Result<()> {
    insert_access_with(tx, token).await
}

/// For a token without a grant, which needs no transaction.
///
/// # Errors
/// When the database fails.
pub async fn insert_access_alone(store: &Store, token: &NewToken<'_>) -> sqlx::Result<()> {
    insert_access_with(&store.write, token).await
}

async fn insert_access_with<'e>(
    executor: impl sqlx::Executor<'e, Database = sqlx::Any>,
    token: &NewToken<'_>,
) -> sqlx::Result<()> {
    let query = sqlx::query(INSERT_ACCESS).bind(token.hash).bind(token.grant_id).bind(token.client_id);
    let query = query.bind(token.scope).bind(token.now.millis()).bind(token.expires_at.millis());
    query.execute(executor).await.map(drop)
}

/// An access token that is alive: neither it, nor its grant, nor its account has ended.
///
/// # Errors
/// When the database fails.
pub async fn find_access(store: &Store, hash: &[u8], now: Timestamp) -> sqlx::Result<Option<AccessTokenRow>> {
    let sql = "SELECT t.grant_id, t.client_id, t.scope, t.issued_at, t.expires_at,
            g.account_id, g.claims, g.acr, g.authenticated_at
        FROM access_tokens t LEFT JOIN grants g ON g.id = t.grant_id
            LEFT JOIN operators o ON o.account_id = g.account_id
        WHERE t.hash = $1 AND t.expires_at > $2 AND (o.valid_until IS NULL OR o.valid_until > $2)
            AND (t.grant_id IS NULL OR (g.id IS NOT NULL AND g.revoked_at IS NULL))";
    sqlx::query_as(sql).bind(hash).bind(now.millis()).fetch_optional(&store.read).await
}

/// Revokes one access token of a client; its grant lives on.
///
/// # Errors
/// When the database fails.
pub async fn revoke_access(store: &Store, hash: &[u8], client_id: &str) -> sqlx::Result<()> {
    let sql = "DELETE FROM access_tokens WHERE hash = $1 AND client_id = $2";
    sqlx::query(sql).bind(hash).bind(client_id).execute(&store.write).await.map(drop)
}

/// # Errors
/// When the database fails; [`super::is_duplicate`] tells a successor that was issued already.
pub async fn insert_refresh(tx: &mut AnyConnection, token: &NewToken<'_>) -> sqlx::Result<()> {
    let sql = "INSERT INTO refresh_tokens (hash, grant_id, scope, issued_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(token.hash).bind(token.grant_id).bind(token.scope);
    query.bind(token.now.millis()).bind(token.expires_at.millis()).execute(tx).await.map(drop)
}

/// A refresh token, alive or not, with whose it is.
///
/// # Errors
/// When the database fails.
pub async fn find_refresh(store: &Store, hash: &[u8]) -> sqlx::Result<Option<RefreshTokenRow>> {
    let sql =
        "SELECT r.grant_id, g.client_id, g.account_id, r.scope, r.issued_at, r.expires_at, r.consumed_at,
            g.revoked_at, o.valid_until AS account_ends_at
        FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
            LEFT JOIN operators o ON o.account_id = g.account_id
        WHERE r.hash = $1";
    sqlx::query_as(sql).bind(hash).fetch_optional(&store.read).await
}

/// Rotates a refresh token away, once. `false` if somebody was faster.
///
/// # Errors
/// When the database fails.
pub async fn consume_refresh(tx: &mut AnyConnection, hash: &[u8], now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE refresh_tokens SET consumed_at = $2 WHERE hash = $1 AND consumed_at IS NULL";
    Ok(sqlx::query(sql).bind(hash).bind(now.millis()).execute(tx).await?.rows_affected() == 1)
}

/// When a token was rotated away, if its successor has not been used yet.
///
/// # Errors
/// When the database fails.
pub async fn rotation(
    tx: &mut AnyConnection,
    hash: &[u8],
    successor_hash: &[u8],
) -> sqlx::Result<Option<i64>> {
    let sql = "SELECT old.consumed_at FROM refresh_tokens old
        JOIN refresh_tokens next ON next.hash = $2 AND next.consumed_at IS NULL
        WHERE old.hash = $1 AND old.consumed_at IS NOT NULL";
    sqlx::query_scalar(sql).bind(hash).bind(successor_hash).fetch_optional(tx).await
}

//! `access_tokens` and `refresh_tokens`. A token is alive while its row is there, not expired, and its grant is not
//! revoked.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AccessTokenRow {
    /// `None` for client_credentials.
    pub grant_id: Option<Vec<u8>>,
    pub client_id: String,
    pub scope: String,
    pub issued_at: i64,
    pub expires_at: i64,
    /// Of the grant; `None` for client_credentials.
    pub account_id: Option<String>,
    pub account_kind: Option<String>,
    pub claims: Option<String>,
    pub acr: Option<String>,
    pub amr: Option<String>,
    pub authenticated_at: Option<i64>,
    /// RFC 9396: a JSON array.
    pub authorization_details: Option<String>,
    /// URIs, space separated; `None`: the provider's own resource.
    pub audience: Option<String>,
    /// What [`Confirmation`](crate::domain::confirmation::Confirmation) wrote.
    pub binding: Option<String>,
    /// RFC 8693 section 4.1: JSON.
    pub actor: Option<String>,
}

impl AccessTokenRow {
    pub fn is_for(&self, resource: &str) -> bool {
        self.audience.as_ref().is_some_and(|audience| audience.split(' ').any(|one| one == resource))
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RefreshTokenRow {
    pub grant_id: Vec<u8>,
    pub client_id: String,
    pub account_id: String,
    pub scope: String,
    pub binding: Option<String>,
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
    /// Of access tokens only.
    pub audience: Option<&'a str>,
    pub binding: Option<&'a str>,
    /// Of access tokens only.
    pub actor: Option<&'a str>,
    /// Of access tokens only, where they are not simply the grant's.
    pub authorization_details: Option<&'a str>,
    /// Of access tokens only: the hash of the one that was exchanged for it.
    pub exchanged_from: Option<&'a [u8]>,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// An access token beside the first of a grant, which is part of the grant's row.
///
/// # Errors
/// When the database fails.
pub async fn insert_access(store: &Store, token: &NewToken<'_>) -> sqlx::Result<()> {
    store.write.execute(access_insertion(token)).await.map(drop)
}

/// The same, beside what is written of it.
///
/// # Errors
/// When the database fails.
pub async fn insert_access_in(tx: &mut AnyConnection, token: &NewToken<'_>) -> sqlx::Result<()> {
    access_insertion(token).execute(tx).await.map(drop)
}

fn access_insertion<'q>(token: &NewToken<'q>) -> Query<'q, Any, AnyArguments> {
    let sql = "INSERT INTO access_tokens (hash, grant_id, client_id, scope, issued_at, expires_at, audience, binding,
            actor, authorization_details, exchanged_from)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let query = sqlx::query(sql).bind(token.hash).bind(token.grant_id).bind(token.client_id);
    let query = query.bind(token.scope).bind(token.now.millis()).bind(token.expires_at.millis());
    let query = query.bind(token.audience).bind(token.binding).bind(token.actor);
    query.bind(token.authorization_details).bind(token.exchanged_from)
}

/// An access token that is alive: neither it, nor its grant, nor its account has ended.
///
/// # Errors
/// When the database fails.
pub async fn find_access(store: &Store, hash: &[u8], now: Timestamp) -> sqlx::Result<Option<AccessTokenRow>> {
    let sql = concat!(
        "SELECT g.id AS grant_id, g.client_id, g.scope, g.code_consumed_at AS issued_at,
            g.access_expires_at AS expires_at, g.account_id, a.kind AS account_kind, g.claims, g.acr, g.amr,
            g.authenticated_at, COALESCE(g.access_details, g.authorization_details) AS authorization_details,
            COALESCE(g.access_audience, g.resources) AS audience,
            g.access_binding AS binding, CAST(NULL AS TEXT) AS actor
        FROM grants g JOIN accounts a ON a.id = g.account_id
        WHERE g.access_hash = $1 AND g.access_expires_at > $2 AND g.revoked_at IS NULL
            AND ",
        still_valid!(),
        "
        UNION ALL
        SELECT t.grant_id, t.client_id, t.scope, t.issued_at, t.expires_at,
            g.account_id, a.kind AS account_kind, g.claims, g.acr, g.amr, g.authenticated_at,
            COALESCE(t.authorization_details, CASE WHEN t.actor IS NULL THEN g.authorization_details END)
                AS authorization_details, t.audience, t.binding, t.actor
        FROM access_tokens t LEFT JOIN grants g ON g.id = t.grant_id
            LEFT JOIN accounts a ON a.id = g.account_id
        WHERE t.hash = $1 AND t.expires_at > $2 AND ",
        still_valid!(),
        "
            AND (t.grant_id IS NULL OR (g.id IS NOT NULL AND g.revoked_at IS NULL))"
    );
    store.read.optional(sqlx::query_as(sql).bind(hash).bind(now.millis())).await
}

/// Whether an access token is still there, and its grant not revoked; nobody revokes it before the transaction has ended.
///
/// # Errors
/// When the database fails.
pub async fn hold_access(tx: &mut AnyConnection, hash: &[u8]) -> sqlx::Result<bool> {
    // In the order in which they are revoked: two who wait for each other would wait for ever.
    let first = "UPDATE grants SET access_hash = access_hash WHERE access_hash = $1 AND revoked_at IS NULL";
    let its_grant = "UPDATE grants SET access_hash = access_hash WHERE revoked_at IS NULL
        AND id = (SELECT grant_id FROM access_tokens WHERE hash = $1)";
    let itself = "UPDATE access_tokens SET hash = hash WHERE hash = $1";
    if hold(tx, first, hash).await? {
        return Ok(true);
    }
    Ok(hold(tx, its_grant, hash).await? && hold(tx, itself, hash).await?)
}

async fn hold(tx: &mut AnyConnection, sql: &'static str, hash: &[u8]) -> sqlx::Result<bool> {
    Ok(sqlx::query(sql).bind(hash).execute(tx).await?.rows_affected() == 1)
}

/// Revokes one access token of a client, and those that it was exchanged for; its grant lives on.
///
/// # Errors
/// When the database fails.
pub async fn revoke_access(store: &Store, hash: &[u8], client_id: &str) -> sqlx::Result<()> {
    let first = "UPDATE grants SET access_hash = NULL WHERE access_hash = $1 AND client_id = $2";
    // One statement an index: SQLite would read every token of the client for both conditions at once.
    let itself = "DELETE FROM access_tokens WHERE hash = $1 AND client_id = $2";
    let exchanged = "DELETE FROM access_tokens WHERE exchanged_from = $1 AND client_id = $2";
    let mut tx = store.begin().await?;
    for sql in [first, itself, exchanged] {
        sqlx::query(sql).bind(hash).bind(client_id).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// # Errors
/// When the database fails.
pub async fn insert_refresh(store: &Store, token: &NewToken<'_>) -> sqlx::Result<()> {
    store.write.execute(refresh_insertion(token)).await.map(drop)
}

/// The same, as part of a rotation.
///
/// # Errors
/// When the database fails.
pub async fn insert_refresh_in(tx: &mut AnyConnection, token: &NewToken<'_>) -> sqlx::Result<()> {
    refresh_insertion(token).execute(tx).await.map(drop)
}

fn refresh_insertion<'q>(token: &NewToken<'q>) -> Query<'q, Any, AnyArguments> {
    let sql = "INSERT INTO refresh_tokens (hash, grant_id, scope, binding, issued_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(sql).bind(token.hash).bind(token.grant_id).bind(token.scope).bind(token.binding);
    query.bind(token.now.millis()).bind(token.expires_at.millis())
}

/// A refresh token, alive or not, with whose it is.
///
/// # Errors
/// When the database fails.
pub async fn find_refresh(store: &Store, hash: &[u8]) -> sqlx::Result<Option<RefreshTokenRow>> {
    let sql = "SELECT r.grant_id, g.client_id, g.account_id, r.scope, r.binding, r.issued_at, r.expires_at,
            r.consumed_at, g.revoked_at, (SELECT MIN(o.valid_until) FROM operators o
                WHERE o.account_id IN (g.account_id, g.holder_id)) AS account_ends_at
        FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
        WHERE r.hash = $1";
    store.read.optional(sqlx::query_as(sql).bind(hash)).await
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

//! `sessions`: a row that is there and not expired is the whole proof that somebody is signed in. Whatever ends an
//! account's right to act (disabling, freezing, the end of validity) deletes or shortens the row at that moment.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::{Span, Timestamp};

/// Who proved themselves, how and when: of a session, or as a grant remembers it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SignedInRow {
    pub sid: String,
    pub account_id: String,
    /// The account that proved itself, if another one.
    pub holder_id: Option<String>,
    pub acr: String,
    pub amr: String,
    pub authenticated_at: i64,
    pub expires_at: i64,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionRow {
    #[sqlx(flatten)]
    pub signed_in: SignedInRow,
    pub signed_in_at: i64,
    pub seen_at: i64,
}

pub struct NewSession<'a> {
    pub token_hash: &'a [u8],
    pub sid: &'a str,
    pub account_id: &'a str,
    pub holder_id: Option<&'a str>,
    pub acr: &'a str,
    pub amr: &'a str,
    pub authenticated_at: Timestamp,
    pub signed_in_at: Timestamp,
    pub now: Timestamp,
    pub expires_at: Timestamp,
    pub address: &'a str,
    pub user_agent: &'a str,
}

/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut AnyConnection, session: &NewSession<'_>) -> sqlx::Result<()> {
    let sql =
        "INSERT INTO sessions (token_hash, sid, account_id, acr, amr, authenticated_at, created_at, seen_at,
            expires_at, address, user_agent, holder_id, signed_in_at)
        VALUES ($1, $2, $3, $4, $5, $10, $6, $6, $7, $8, $9, $11, $12)";
    sqlx::query(sql)
        .bind(session.token_hash)
        .bind(session.sid)
        .bind(session.account_id)
        .bind(session.acr)
        .bind(session.amr)
        .bind(session.now.millis())
        .bind(session.expires_at.millis())
        .bind(session.address)
        .bind(session.user_agent)
        .bind(session.authenticated_at.millis())
        .bind(session.holder_id)
        .bind(session.signed_in_at.millis())
        .execute(tx)
        .await
        .map(drop)
}

/// The session of a cookie, if it has neither expired nor idled out.
///
/// # Errors
/// When the database fails.
pub async fn find(
    store: &Store,
    token_hash: &[u8],
    now: Timestamp,
    idle: Span,
) -> sqlx::Result<Option<SessionRow>> {
    let sql = "SELECT sid, account_id, holder_id, acr, amr, authenticated_at, seen_at, expires_at,
            COALESCE(signed_in_at, authenticated_at) AS signed_in_at
        FROM sessions WHERE token_hash = $1 AND expires_at > $2 AND seen_at > $3";
    let query = sqlx::query_as(sql).bind(token_hash).bind(now.millis()).bind((now - idle).millis());
    store.read.optional(query).await
}

/// Whether the session has neither ended, expired nor idled out.
///
/// # Errors
/// When the database fails.
pub async fn goes_on(store: &Store, sid: &str, now: Timestamp, idle: Span) -> sqlx::Result<bool> {
    let sql = "SELECT sid FROM sessions WHERE sid = $1 AND expires_at > $2 AND seen_at > $3";
    let query = sqlx::query_scalar(sql).bind(sid).bind(now.millis()).bind((now - idle).millis());
    let found: Option<String> = store.read.scalar(query).await?;
    Ok(found.is_some())
}

/// # Errors
/// When the database fails.
pub async fn touch(store: &Store, token_hash: &[u8], now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE sessions SET seen_at = $2 WHERE token_hash = $1";
    store.write.execute(sqlx::query(sql).bind(token_hash).bind(now.millis())).await.map(drop)
}

/// The same session under a new cookie, after its account has proved itself again. `false` if it has ended.
///
/// # Errors
/// When the database fails.
pub async fn renew(
    tx: &mut AnyConnection,
    old_hash: &[u8],
    session: &NewSession<'_>,
) -> sqlx::Result<Option<String>> {
    let sql = "UPDATE sessions SET token_hash = $2, acr = $3, amr = $4, authenticated_at = $8, seen_at = $5,
            expires_at = $6, holder_id = $9, signed_in_at = $10
        WHERE token_hash = $1 AND account_id = $7 AND expires_at > $5 RETURNING sid";
    sqlx::query_scalar(sql)
        .bind(old_hash)
        .bind(session.token_hash)
        .bind(session.acr)
        .bind(session.amr)
        .bind(session.now.millis())
        .bind(session.expires_at.millis())
        .bind(session.account_id)
        .bind(session.authenticated_at.millis())
        .bind(session.holder_id)
        .bind(session.signed_in_at.millis())
        .fetch_optional(tx)
        .await
}

/// Ends the session of a cookie, once; gives its `sid` and account to whoever ended it.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut AnyConnection, token_hash: &[u8]) -> sqlx::Result<Option<(String, String)>> {
    let sql = "DELETE FROM sessions WHERE token_hash = $1 RETURNING sid, account_id";
    sqlx::query_as(sql).bind(token_hash).fetch_optional(tx).await
}

/// The same of a session that is named by its `sid`.
///
/// # Errors
/// When the database fails.
pub async fn end_by_sid(tx: &mut AnyConnection, sid: &str) -> sqlx::Result<Option<(String, String)>> {
    let sql = "DELETE FROM sessions WHERE sid = $1 RETURNING sid, account_id";
    sqlx::query_as(sql).bind(sid).fetch_optional(tx).await
}

/// Remembers for a moment which session a cookie was of that has just been signed out.
///
/// # Errors
/// When the database fails.
pub async fn note_ended(
    tx: &mut AnyConnection,
    token_hash: &[u8],
    sid: &str,
    until: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO ended_sessions (token_hash, sid, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (token_hash) DO NOTHING";
    sqlx::query(sql).bind(token_hash).bind(sid).bind(until.millis()).execute(tx).await.map(drop)
}

/// The session of a cookie that was signed out a moment ago.
///
/// # Errors
/// When the database fails.
pub async fn just_ended(
    tx: &mut AnyConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    let sql = "SELECT sid FROM ended_sessions WHERE token_hash = $1 AND expires_at > $2";
    sqlx::query_scalar(sql).bind(token_hash).bind(now.millis()).fetch_optional(tx).await
}

/// Whether a session is still there; nobody ends it before the transaction has ended.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut AnyConnection, sid: &str) -> sqlx::Result<bool> {
    let sql = "UPDATE sessions SET sid = sid WHERE sid = $1";
    Ok(sqlx::query(sql).bind(sid).execute(tx).await?.rows_affected() == 1)
}

/// Ends every session of an account, and those that rest on its proof; gives their `sid`s and who acts in them.
///
/// # Errors
/// When the database fails.
pub async fn end_all(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<Vec<(String, String)>> {
    let sql = "DELETE FROM sessions WHERE account_id = $1 OR holder_id = $1 RETURNING sid, account_id";
    sqlx::query_as(sql).bind(account_id).fetch_all(tx).await
}

/// A session as its account's owner may see it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ListedSession {
    pub sid: String,
    /// Who acts in it.
    pub account_id: String,
    /// The unit that they act for, if they are an operator.
    pub unit_name: Option<String>,
    pub created_at: i64,
    pub seen_at: i64,
    pub address: String,
    pub user_agent: String,
}

/// The live sessions of an account, and those that rest on its proof, the one that was seen last first; at most so many.
///
/// # Errors
/// When the database fails.
pub async fn of_account(
    store: &Store,
    account_id: &str,
    now: Timestamp,
    idle: Span,
    most: u32,
) -> sqlx::Result<Vec<ListedSession>> {
    let sql =
        "SELECT s.sid, s.account_id, e.name AS unit_name, s.created_at, s.seen_at, s.address, s.user_agent
        FROM sessions s LEFT JOIN operators o ON o.account_id = s.account_id
            LEFT JOIN legal_entities e ON e.account_id = o.legal_entity_id
        WHERE (s.account_id = $1 OR s.holder_id = $1) AND s.expires_at > $2 AND s.seen_at > $3
        ORDER BY s.seen_at DESC, s.sid LIMIT $4";
    let query = sqlx::query_as(sql).bind(account_id).bind(now.millis()).bind((now - idle).millis());
    store.read.all(query.bind(i64::from(most))).await
}

/// Whose the sessions of an account are, and those that rest on its proof: who acts there, and on whose proof.
///
/// # Errors
/// When the database fails.
pub async fn acting(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT account_id FROM sessions WHERE account_id = $1 OR holder_id = $1
        UNION SELECT holder_id FROM sessions WHERE account_id = $1 AND holder_id IS NOT NULL";
    sqlx::query_scalar(sql).bind(account_id).fetch_all(tx).await
}

/// Ends sessions of an account, or that rest on its proof: the one with this `sid`, or with `others` all but that; gives
/// their `sid`s and who acts in them.
///
/// # Errors
/// When the database fails.
pub async fn end_some(
    tx: &mut AnyConnection,
    account_id: &str,
    sid: &str,
    others: bool,
) -> sqlx::Result<Vec<(String, String)>> {
    let sql = if others {
        "DELETE FROM sessions WHERE (account_id = $1 OR holder_id = $1) AND sid <> $2 RETURNING sid, account_id"
    } else {
        "DELETE FROM sessions WHERE (account_id = $1 OR holder_id = $1) AND sid = $2 RETURNING sid, account_id"
    };
    sqlx::query_as(sql).bind(account_id).bind(sid).fetch_all(tx).await
}

/// No session of an account, and none that rests on its proof, lasts beyond `end`.
///
/// # Errors
/// When the database fails.
pub async fn bound(tx: &mut AnyConnection, account_id: &str, end: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE sessions SET expires_at = $2
        WHERE (account_id = $1 OR holder_id = $1) AND expires_at > $2";
    sqlx::query(sql).bind(account_id).bind(end.millis()).execute(tx).await.map(drop)
}

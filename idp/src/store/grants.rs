//! `grants`: what an account let a client have, and the code that carries it there.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct GrantRow {
    pub id: Vec<u8>,
    pub client_id: String,
    pub account_id: String,
    pub sid: String,
    pub scope: String,
    pub redirect_uri: String,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub claims: Option<String>,
    pub acr: String,
    pub amr: String,
    pub authenticated_at: i64,
    pub code_expires_at: i64,
    pub code_consumed_at: Option<i64>,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    /// RFC 8707: absolute URIs, space separated.
    pub resources: Option<String>,
    /// RFC 9396: a JSON array, as it was agreed to.
    pub authorization_details: Option<String>,
    /// RFC 9449 section 10: the thumbprint of the key that must redeem the code.
    pub dpop_jkt: Option<String>,
    /// The account that proved itself, where it acts through another one of the same person.
    pub holder_id: Option<String>,
    /// An ID token came with the authorization response.
    pub id_token_sent_at: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, client_id, account_id, sid, scope, redirect_uri, nonce, code_challenge, claims, acr, amr,
        authenticated_at, code_expires_at, code_consumed_at, expires_at, revoked_at,
        resources, authorization_details, dpop_jkt, holder_id, id_token_sent_at"
    };
}

/// # Errors
/// When the database fails.
pub async fn insert(store: &Store, grant: &GrantRow, now: Timestamp) -> sqlx::Result<()> {
    store.write.execute(insertion(grant, now)).await.map(drop)
}

/// # Errors
/// When the database fails.
pub async fn insert_in(tx: &mut AnyConnection, grant: &GrantRow, now: Timestamp) -> sqlx::Result<()> {
    insertion(grant, now).execute(tx).await.map(drop)
}

fn insertion(grant: &GrantRow, now: Timestamp) -> Query<'_, Any, AnyArguments> {
    let sql =
        "INSERT INTO grants (id, client_id, account_id, sid, scope, redirect_uri, nonce, code_challenge,
            claims, acr, amr, authenticated_at, created_at, code_expires_at, code_consumed_at, expires_at,
            resources, authorization_details, dpop_jkt, holder_id, id_token_sent_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    sqlx::query(sql)
        .bind(&grant.id)
        .bind(&grant.client_id)
        .bind(&grant.account_id)
        .bind(&grant.sid)
        .bind(&grant.scope)
        .bind(&grant.redirect_uri)
        .bind(&grant.nonce)
        .bind(&grant.code_challenge)
        .bind(&grant.claims)
        .bind(&grant.acr)
        .bind(&grant.amr)
        .bind(grant.authenticated_at)
        .bind(now.millis())
        .bind(grant.code_expires_at)
        .bind(grant.code_consumed_at)
        .bind(grant.expires_at)
        .bind(&grant.resources)
        .bind(&grant.authorization_details)
        .bind(&grant.dpop_jkt)
        .bind(&grant.holder_id)
        .bind(grant.id_token_sent_at)
}

/// What a code is taken with.
pub struct Redemption<'a> {
    /// The hash of the code.
    pub id: &'a [u8],
    pub client_id: &'a str,
    /// The access token that it buys: part of the grant's row, so that taking a code is one statement.
    pub access_hash: &'a [u8],
    pub access_expires_at: Timestamp,
    /// What it is good for, if not for all of the grant's resources.
    pub access_audience: Option<&'a str>,
    pub access_binding: Option<&'a str>,
    /// The same of its authorization details.
    pub access_details: Option<&'a str>,
    pub now: Timestamp,
}

/// Takes a code, once: of any number of callers one gets the grant. A grant whose session has ended meanwhile, or
/// that was revoked, is not given.
///
/// # Errors
/// When the database fails.
pub async fn redeem(store: &Store, redemption: &Redemption<'_>) -> sqlx::Result<Option<GrantRow>> {
    let sql = concat!(
        "UPDATE grants SET code_consumed_at = $2, access_hash = $4, access_expires_at = $5, access_audience = $6,
            access_binding = $7, access_details = $8
        WHERE id = $1 AND client_id = $3 AND code_consumed_at IS NULL AND revoked_at IS NULL
            AND code_expires_at > $2
            AND EXISTS (SELECT 1 FROM sessions WHERE sessions.sid = grants.sid AND sessions.expires_at > $2)
        RETURNING ",
        columns!()
    );
    let query = sqlx::query_as(sql)
        .bind(redemption.id)
        .bind(redemption.now.millis())
        .bind(redemption.client_id)
        .bind(redemption.access_hash)
        .bind(redemption.access_expires_at.millis())
        .bind(redemption.access_audience)
        .bind(redemption.access_binding)
        .bind(redemption.access_details);
    store.write.optional(query).await
}

/// Takes back a redemption whose tokens reached nobody, so that its client can try again. Whoever showed the code
/// meanwhile has ended the grant, and it stays so.
///
/// # Errors
/// When the database fails.
pub async fn give_back(store: &Store, id: &[u8], access_hash: &[u8]) -> sqlx::Result<()> {
    let mut tx = store.begin().await?;
    let sql = "UPDATE grants SET code_consumed_at = NULL, access_hash = NULL
        WHERE id = $1 AND access_hash = $2 AND revoked_at IS NULL";
    if sqlx::query(sql).bind(id).bind(access_hash).execute(&mut *tx).await?.rows_affected() == 1 {
        let unheard = "DELETE FROM refresh_tokens WHERE grant_id = $1";
        sqlx::query(unheard).bind(id).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id: &[u8]) -> sqlx::Result<Option<GrantRow>> {
    let sql = concat!("SELECT ", columns!(), " FROM grants WHERE id = $1");
    store.read.optional(sqlx::query_as(sql).bind(id)).await
}

/// Ends a grant: every token that it bought is dead from here on.
///
/// # Errors
/// When the database fails.
pub async fn revoke(store: &Store, id: &[u8], now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    store.write.execute(sqlx::query(sql).bind(id).bind(now.millis())).await.map(drop)
}

/// Lets the grants of a session live as long as the session: it remembers by them which portals must be told of its
/// end.
///
/// # Errors
/// When the database fails.
pub async fn extend_session(tx: &mut AnyConnection, sid: &str, expires_at: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE grants SET expires_at = $2 WHERE sid = $1 AND expires_at < $2";
    sqlx::query(sql).bind(sid).bind(expires_at.millis()).execute(tx).await.map(drop)
}

/// A code that nobody redeemed told its portal nothing; an ID token that came beside it did.
const CLIENTS_OF_SESSION: &str = "SELECT DISTINCT client_id FROM grants
    WHERE sid = $1 AND (code_consumed_at IS NOT NULL OR id_token_sent_at IS NOT NULL)";

/// Which clients a session was used at.
///
/// # Errors
/// When the database fails.
pub async fn clients_of_session(tx: &mut AnyConnection, sid: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(CLIENTS_OF_SESSION).bind(sid).fetch_all(tx).await
}

/// The same, outside of a transaction.
///
/// # Errors
/// When the database fails.
pub async fn clients_now_of_session(store: &Store, sid: &str) -> sqlx::Result<Vec<String>> {
    store.read.scalars(sqlx::query_scalar(CLIENTS_OF_SESSION).bind(sid)).await
}

/// Ends the grants of a session, except those that were asked for to outlive it; a code that nobody has redeemed buys
/// nothing any more, whatever it is for. Done before it is asked who must be told: a redemption at this moment is either
/// refused, or seen.
///
/// # Errors
/// When the database fails.
pub async fn revoke_online(tx: &mut AnyConnection, sid: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE grants SET revoked_at = $2 WHERE sid = $1 AND revoked_at IS NULL
        AND (code_consumed_at IS NULL OR ' ' || scope || ' ' NOT LIKE '% offline_access %')";
    sqlx::query(sql).bind(sid).bind(now.millis()).execute(tx).await.map(drop)
}

/// Ends all grants of a session, those that were to outlive it as well.
///
/// # Errors
/// When the database fails.
pub async fn revoke_session(tx: &mut AnyConnection, sid: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE grants SET revoked_at = $2 WHERE sid = $1 AND revoked_at IS NULL";
    sqlx::query(sql).bind(sid).bind(now.millis()).execute(tx).await.map(drop)
}

/// Ends every grant of an account, and those of the accounts that it acts through.
///
/// # Errors
/// When the database fails.
pub async fn revoke_all(tx: &mut AnyConnection, account_id: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql =
        "UPDATE grants SET revoked_at = $2 WHERE (account_id = $1 OR holder_id = $1) AND revoked_at IS NULL";
    sqlx::query(sql).bind(account_id).bind(now.millis()).execute(tx).await.map(drop)
}

/// Ends every grant of an account at one client; gives the sessions that they were of, one for each.
///
/// # Errors
/// When the database fails.
pub async fn revoke_at(
    tx: &mut AnyConnection,
    account_id: &str,
    client_id: &str,
    now: Timestamp,
) -> sqlx::Result<Vec<String>> {
    let sql = "UPDATE grants SET revoked_at = $3
        WHERE account_id = $1 AND client_id = $2 AND revoked_at IS NULL RETURNING sid";
    sqlx::query_scalar(sql).bind(account_id).bind(client_id).bind(now.millis()).fetch_all(tx).await
}

/// What an account has let a portal have.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ListedGrant {
    pub client_id: String,
    pub scope: String,
    pub created_at: i64,
    pub resources: Option<String>,
    pub authorization_details: Option<String>,
}

/// The grants of an account that are alive.
///
/// # Errors
/// When the database fails.
pub async fn of_account(store: &Store, account_id: &str, now: Timestamp) -> sqlx::Result<Vec<ListedGrant>> {
    let sql = "SELECT client_id, scope, created_at, resources, authorization_details FROM grants
        WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY created_at DESC";
    store.read.all(sqlx::query_as(sql).bind(account_id).bind(now.millis())).await
}

/// No grant of an account, and none that rests on its proof, lasts beyond `end`.
///
/// # Errors
/// When the database fails.
pub async fn bound(tx: &mut AnyConnection, account_id: &str, end: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE grants SET expires_at = $2
        WHERE (account_id = $1 OR holder_id = $1) AND expires_at > $2";
    sqlx::query(sql).bind(account_id).bind(end.millis()).execute(tx).await.map(drop)
}

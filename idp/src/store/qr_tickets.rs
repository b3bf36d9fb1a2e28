//! `qr_tickets`: codes on screens, and who confirms them. Every step is one statement that names the stage before, so
//! that of any number of callers one takes it.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::{Span, Timestamp};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TicketRow {
    pub id_hash: Vec<u8>,
    pub device_hash: Vec<u8>,
    pub stage: String,
    pub portal_name: String,
    pub number: i64,
    pub choices: String,
    pub address: String,
    pub user_agent: String,
    pub wanted_sid: Option<String>,
    pub wanted_account_id: Option<String>,
    pub scanner_sid: Option<String>,
    pub scanner_account_id: Option<String>,
    pub scanner_name: Option<String>,
    /// Once it is confirmed.
    pub account_id: Option<String>,
    pub holder_id: Option<String>,
    /// Of the request that waits; `None` of a ticket that the release before has made.
    pub request_hash: Option<Vec<u8>>,
    pub fresh_since: Option<i64>,
    pub max_age: Option<i64>,
    pub created_at: i64,
    pub expires_at: i64,
}

macro_rules! columns {
    () => {
        "id_hash, device_hash, stage, portal_name, number, choices, address, user_agent, wanted_sid,
        wanted_account_id, scanner_sid, scanner_account_id, scanner_name, account_id, holder_id, request_hash,
        fresh_since, max_age, created_at, expires_at"
    };
}

/// The telephone that scanned is still signed in: its session, or its app's grant.
macro_rules! scanner_is_alive {
    () => {
        "(scanner_grant_id IS NULL AND EXISTS (SELECT 1 FROM sessions
                WHERE sessions.sid = qr_tickets.scanner_sid
                    AND sessions.account_id = qr_tickets.scanner_account_id AND sessions.expires_at > $2)
            OR scanner_grant_id IS NOT NULL AND EXISTS (SELECT 1 FROM grants
                WHERE grants.id = qr_tickets.scanner_grant_id AND grants.revoked_at IS NULL
                    AND grants.expires_at > $2))"
    };
}

pub struct NewTicket<'a> {
    pub id_hash: &'a [u8],
    pub code_hash: &'a [u8],
    pub device_hash: &'a [u8],
    pub portal_name: &'a str,
    pub number: u8,
    pub choices: &'a str,
    pub address: &'a str,
    pub user_agent: &'a str,
    /// `sid` and account of who is signed in at the browser.
    pub wanted: Option<(&'a str, &'a str)>,
    pub request_hash: &'a [u8],
    /// Since when the telephone must have signed in, or how many seconds ago at most.
    pub fresh: Option<(Timestamp, u32)>,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// Which telephone.
#[derive(Debug, Clone, Copy)]
pub struct Scanner<'a> {
    pub sid: &'a str,
    pub account_id: &'a str,
    /// Of an app.
    pub grant_id: Option<&'a [u8]>,
}

/// As whom the browser is let in.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LetIn {
    pub account_id: String,
    pub holder_id: Option<String>,
    pub acr: String,
    pub wanted_sid: Option<String>,
    /// `None` of a ticket that the release before has confirmed.
    pub scanner_authenticated_at: Option<i64>,
}

/// # Errors
/// When the database fails.
pub async fn insert(store: &Store, ticket: &NewTicket<'_>) -> sqlx::Result<()> {
    let sql = "INSERT INTO qr_tickets (id_hash, code_hash, device_hash, stage, portal_name, number, choices,
            address, user_agent, wanted_sid, wanted_account_id, created_at, changed_at, expires_at, request_hash,
            fresh_since, max_age)
        VALUES ($1, $2, $3, 'waiting', $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15)";
    let query = sqlx::query(sql)
        .bind(ticket.id_hash)
        .bind(ticket.code_hash)
        .bind(ticket.device_hash)
        .bind(ticket.portal_name)
        .bind(i64::from(ticket.number))
        .bind(ticket.choices)
        .bind(ticket.address)
        .bind(ticket.user_agent)
        .bind(ticket.wanted.map(|(sid, _)| sid))
        .bind(ticket.wanted.map(|(_, account_id)| account_id))
        .bind(ticket.now.millis())
        .bind(ticket.expires_at.millis())
        .bind(ticket.request_hash)
        .bind(ticket.fresh.map(|(since, _)| since.millis()))
        .bind(ticket.fresh.map(|(_, max_age)| i64::from(max_age)));
    store.write.execute(query).await.map(drop)
}

/// The ticket of a code: what a telephone has.
///
/// # Errors
/// When the database fails.
pub async fn of_code(store: &Store, code_hash: &[u8]) -> sqlx::Result<Option<TicketRow>> {
    let sql = concat!("SELECT ", columns!(), " FROM qr_tickets WHERE code_hash = $1");
    store.read.optional(sqlx::query_as(sql).bind(code_hash)).await
}

/// A ticket by the hash of its id.
///
/// # Errors
/// When the database fails.
pub async fn of_id(store: &Store, id_hash: &[u8]) -> sqlx::Result<Option<TicketRow>> {
    let sql = concat!("SELECT ", columns!(), " FROM qr_tickets WHERE id_hash = $1");
    store.read.optional(sqlx::query_as(sql).bind(id_hash)).await
}

/// The ticket of a browser's secret, for the browser that got it.
///
/// # Errors
/// When the database fails.
pub async fn of_browser(
    store: &Store,
    id_hash: &[u8],
    device_hash: &[u8],
) -> sqlx::Result<Option<TicketRow>> {
    let sql = concat!("SELECT ", columns!(), " FROM qr_tickets WHERE id_hash = $1 AND device_hash = $2");
    store.read.optional(sqlx::query_as(sql).bind(id_hash).bind(device_hash)).await
}

/// Waiting → scanned: the ticket is this telephone's from now on, and lives `longer`. `false` if somebody was faster,
/// or it has expired.
///
/// # Errors
/// When the database fails.
pub async fn scan(
    tx: &mut AnyConnection,
    id_hash: &[u8],
    scanner: Scanner<'_>,
    name: &str,
    now: Timestamp,
    longer: Span,
) -> sqlx::Result<bool> {
    let sql = "UPDATE qr_tickets SET stage = 'scanned', changed_at = $2, expires_at = expires_at + $7,
            scanner_sid = $3, scanner_account_id = $4, scanner_grant_id = $5, scanner_name = $6
        WHERE id_hash = $1 AND stage = 'waiting' AND expires_at > $2";
    let query = sqlx::query(sql)
        .bind(id_hash)
        .bind(now.millis())
        .bind(scanner.sid)
        .bind(scanner.account_id)
        .bind(scanner.grant_id)
        .bind(name)
        .bind((Timestamp::from_millis(0) + longer).millis());
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

pub struct Confirmation<'a> {
    pub id_hash: &'a [u8],
    pub scanner: Scanner<'a>,
    /// What was chosen on the telephone.
    pub number: u8,
    pub account_id: &'a str,
    pub holder_id: Option<&'a str>,
    pub acr: &'a str,
    /// When the telephone's own sign-in was.
    pub authenticated_at: Timestamp,
    pub now: Timestamp,
    /// Until when the browser must have come in.
    pub until: Timestamp,
}

/// Scanned → confirmed, with the right number, by the telephone that scanned and is still signed in.
///
/// # Errors
/// When the database fails.
pub async fn confirm(tx: &mut AnyConnection, confirmation: &Confirmation<'_>) -> sqlx::Result<bool> {
    let sql = concat!(
        "UPDATE qr_tickets SET stage = 'confirmed', changed_at = $2, expires_at = $9, account_id = $6,
            holder_id = $7, acr = $8, scanner_authenticated_at = $10
        WHERE id_hash = $1 AND stage = 'scanned' AND expires_at > $2 AND scanner_sid = $3
            AND scanner_account_id = $4 AND number = $5 AND ",
        scanner_is_alive!()
    );
    let query = sqlx::query(sql)
        .bind(confirmation.id_hash)
        .bind(confirmation.now.millis())
        .bind(confirmation.scanner.sid)
        .bind(confirmation.scanner.account_id)
        .bind(i64::from(confirmation.number))
        .bind(confirmation.account_id)
        .bind(confirmation.holder_id)
        .bind(confirmation.acr)
        .bind(confirmation.until.millis())
        .bind(confirmation.authenticated_at.millis());
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// Scanned → cancelled.
///
/// # Errors
/// When the database fails.
pub async fn cancel(
    tx: &mut AnyConnection,
    id_hash: &[u8],
    scanner: Scanner<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE qr_tickets SET stage = 'cancelled', changed_at = $2
        WHERE id_hash = $1 AND stage = 'scanned' AND expires_at > $2 AND scanner_sid = $3
            AND scanner_account_id = $4";
    let query = sqlx::query(sql).bind(id_hash).bind(now.millis()).bind(scanner.sid).bind(scanner.account_id);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// Scanned → mismatched, if `number` is not the one that the browser shows.
///
/// # Errors
/// When the database fails.
pub async fn mismatch(
    tx: &mut AnyConnection,
    id_hash: &[u8],
    scanner: Scanner<'_>,
    number: u8,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE qr_tickets SET stage = 'mismatched', changed_at = $2
        WHERE id_hash = $1 AND stage = 'scanned' AND expires_at > $2 AND scanner_sid = $3
            AND scanner_account_id = $4 AND number <> $5";
    let query = sqlx::query(sql).bind(id_hash).bind(now.millis()).bind(scanner.sid).bind(scanner.account_id);
    Ok(query.bind(i64::from(number)).execute(tx).await?.rows_affected() == 1)
}

/// Confirmed → finished, for the browser that showed the code, while the telephone is still signed in.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    tx: &mut AnyConnection,
    id_hash: &[u8],
    device_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<LetIn>> {
    let sql = concat!(
        "UPDATE qr_tickets SET stage = 'finished', changed_at = $2
        WHERE id_hash = $1 AND device_hash = $3 AND stage = 'confirmed' AND expires_at > $2 AND ",
        scanner_is_alive!(),
        " RETURNING account_id, holder_id, acr, wanted_sid, scanner_authenticated_at"
    );
    let query = sqlx::query_as(sql).bind(id_hash).bind(now.millis()).bind(device_hash);
    query.fetch_optional(tx).await
}

/// A ticket that has left the first stage.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ChangedRow {
    pub id_hash: Vec<u8>,
    pub stage: String,
    pub number: i64,
    pub scanner_name: Option<String>,
    pub expires_at: i64,
}

/// What has changed since a moment, of all tickets: one query for everybody who waits.
///
/// # Errors
/// When the database fails.
pub async fn changed_since(store: &Store, since: Timestamp) -> sqlx::Result<Vec<ChangedRow>> {
    let sql = "SELECT id_hash, stage, number, scanner_name, expires_at FROM qr_tickets
        WHERE stage <> 'waiting' AND changed_at > $1";
    store.read.all(sqlx::query_as(sql).bind(since.millis())).await
}

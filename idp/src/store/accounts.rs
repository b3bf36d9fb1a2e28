//! `accounts`: what every kind of account has in common, and how one is found to sign in.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::principal::AccountKind;
use crate::domain::timestamp::Timestamp;

/// An account that somebody names at sign-in, before the password is checked.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Candidate {
    pub account_id: String,
    pub password_hash: Option<String>,
    pub password_set_at: Option<i64>,
    pub assurance: i64,
    pub disabled_at: Option<i64>,
    pub pending_since: Option<i64>,
    /// Operators only: until when the account is valid.
    pub valid_until: Option<i64>,
    pub valid_from: Option<i64>,
    pub frozen_at: Option<i64>,
    /// Operators only: when the unit they act for was disabled.
    pub unit_disabled_at: Option<i64>,
}

/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    id: &str,
    kind: AccountKind,
    password_hash: Option<&str>,
    assurance: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql =
        "INSERT INTO accounts (id, kind, password_hash, password_set_at, assurance, created_at, confirmed_at)
        VALUES ($1, $2, $3, $4, $5, $4, CASE WHEN $5 > 1 THEN $4 END)";
    sqlx::query(sql)
        .bind(id)
        .bind(kind.as_str())
        .bind(password_hash)
        .bind(now.millis())
        .bind(assurance)
        .execute(tx)
        .await
        .map(drop)
}

/// Which of a unit's names are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamesTaken {
    pub login_name: bool,
    pub credit_code: bool,
}

/// # Errors
/// When the database fails.
pub async fn names_taken(store: &Store, login_name: &str, credit_code: &str) -> sqlx::Result<NamesTaken> {
    let login_name_key = login_name.to_lowercase();
    let sql = "SELECT login_name_key, credit_code FROM legal_entities
        WHERE login_name_key = $1 OR credit_code = $2";
    let query = sqlx::query_as(sql).bind(&login_name_key).bind(credit_code);
    let found: Vec<(String, String)> = store.read.all(query).await?;
    Ok(NamesTaken {
        login_name: found.iter().any(|(name, _)| *name == login_name_key),
        credit_code: found.iter().any(|(_, code)| code == credit_code),
    })
}

/// A legal entity by account name (lower case) or credit code.
///
/// # Errors
/// When the database fails.
pub async fn find_legal_entity(
    store: &Store,
    login_name_key: &str,
    credit_code: &str,
) -> sqlx::Result<Option<Candidate>> {
    let sql = "SELECT a.id AS account_id, a.password_hash, a.password_set_at, a.assurance, a.disabled_at, a.pending_since,
            NULL AS valid_until, NULL AS valid_from, NULL AS frozen_at, NULL AS unit_disabled_at
        FROM legal_entities e JOIN accounts a ON a.id = e.account_id
        WHERE e.login_name_key = $1 OR e.credit_code = $2";
    candidate(sqlx::query_as(sql).bind(login_name_key).bind(credit_code), store).await
}

/// A person by account name (lower case), telephone or document.
///
/// # Errors
/// When the database fails.
pub async fn find_person(
    store: &Store,
    login_name_key: &str,
    phone_index: &str,
    document_index: &str,
) -> sqlx::Result<Option<Candidate>> {
    let sql = "SELECT a.id AS account_id, a.password_hash, a.password_set_at, a.assurance, a.disabled_at, a.pending_since,
            NULL AS valid_until, NULL AS valid_from, NULL AS frozen_at, NULL AS unit_disabled_at
        FROM persons p JOIN accounts a ON a.id = p.account_id
        WHERE p.login_name_key = $1 OR p.phone_index = $2 OR p.document_index = $3";
    candidate(sqlx::query_as(sql).bind(login_name_key).bind(phone_index).bind(document_index), store).await
}

/// An operator by their unit, and their telephone or document.
///
/// # Errors
/// When the database fails.
pub async fn find_operator(
    store: &Store,
    (unit_login_name_key, unit_credit_code): (&str, &str),
    phone_index: &str,
    document_index: &str,
) -> sqlx::Result<Option<Candidate>> {
    let sql = "SELECT a.id AS account_id, a.password_hash, a.password_set_at, a.assurance, a.disabled_at, a.pending_since,
            o.valid_until, o.valid_from, o.frozen_at, u.disabled_at AS unit_disabled_at
        FROM legal_entities e
        JOIN operators o ON o.legal_entity_id = e.account_id AND o.removed_at IS NULL
            AND (o.phone_index = $3 OR o.document_index = $4)
        JOIN accounts a ON a.id = o.account_id
        JOIN accounts u ON u.id = e.account_id
        WHERE e.login_name_key = $1 OR e.credit_code = $2";
    let query = sqlx::query_as(sql).bind(unit_login_name_key).bind(unit_credit_code);
    candidate(query.bind(phone_index).bind(document_index), store).await
}

type CandidateQuery<'q> = sqlx::query::QueryAs<'q, sqlx::Any, Candidate, sqlx::any::AnyArguments>;

async fn candidate(query: CandidateQuery<'_>, store: &Store) -> sqlx::Result<Option<Candidate>> {
    store.read.optional(query).await
}

/// Notes a sign-in, and holds the row until the transaction ends, so that disabling the account waits for it.
/// `false` if the account is disabled, or has another password by now than the one of `password_set_at`.
///
/// # Errors
/// When the database fails.
pub async fn note_sign_in(
    tx: &mut AnyConnection,
    account_id: &str,
    password_set_at: Option<i64>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE accounts SET signed_in_at = $2
        WHERE id = $1 AND disabled_at IS NULL AND pending_since IS NULL
            AND password_set_at = COALESCE($3, password_set_at)";
    let query = sqlx::query(sql).bind(account_id).bind(now.millis()).bind(password_set_at);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// Puts a stronger hash of the same password in the place of `old_hash`, unless it has changed meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn upgrade_hash(
    store: &Store,
    account_id: &str,
    old_hash: &str,
    new_hash: &str,
) -> sqlx::Result<()> {
    let sql = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    store.write.execute(sqlx::query(sql).bind(account_id).bind(old_hash).bind(new_hash)).await.map(drop)
}

/// The account waits for a register, or (`None`) no longer.
///
/// # Errors
/// When the database fails.
pub async fn set_pending(
    tx: &mut AnyConnection,
    account_id: &str,
    since: Option<Timestamp>,
) -> sqlx::Result<()> {
    let sql = "UPDATE accounts SET pending_since = $2 WHERE id = $1";
    sqlx::query(sql).bind(account_id).bind(since.map(Timestamp::millis)).execute(tx).await.map(drop)
}

/// # Errors
/// When the database fails.
pub async fn is_pending(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<bool> {
    let sql = "SELECT pending_since FROM accounts WHERE id = $1 AND pending_since IS NOT NULL";
    let since: Option<i64> = sqlx::query_scalar(sql).bind(account_id).fetch_optional(tx).await?;
    Ok(since.is_some())
}

/// Whether the account that was registered last with a telephone still waits for its register.
///
/// # Errors
/// When the database fails.
pub async fn does_newest_wait(store: &Store, kind: AccountKind, phone_index: &str) -> sqlx::Result<bool> {
    let sql = match kind {
        AccountKind::Person => {
            "SELECT a.pending_since FROM persons p JOIN accounts a ON a.id = p.account_id
            WHERE p.phone_index = $1 ORDER BY a.created_at DESC LIMIT 1"
        }
        _ => {
            "SELECT a.pending_since FROM legal_entities e JOIN accounts a ON a.id = e.account_id
            WHERE e.phone_index = $1 ORDER BY a.created_at DESC LIMIT 1"
        }
    };
    let newest: Option<Option<i64>> = store.read.scalar(sqlx::query_scalar(sql).bind(phone_index)).await?;
    Ok(newest.flatten().is_some())
}

/// Removes an account that nobody has ever signed in to, so that its names are free again.
///
/// # Errors
/// When the database fails, or the account has been used.
pub async fn erase_unused(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<()> {
    for sql in [
        "DELETE FROM agreement_consents WHERE account_id = $1",
        "DELETE FROM legal_entities WHERE account_id = $1",
        "DELETE FROM persons WHERE account_id = $1",
        "DELETE FROM profiles WHERE account_id = $1",
        "DELETE FROM account_changes WHERE account_id = $1",
        "DELETE FROM accounts WHERE id = $1",
    ] {
        sqlx::query(sql).bind(account_id).execute(&mut *tx).await?;
    }
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn assurance(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<Option<i64>> {
    let sql = "SELECT assurance FROM accounts WHERE id = $1";
    sqlx::query_scalar(sql).bind(account_id).fetch_optional(tx).await
}

/// # Errors
/// When the database fails.
pub async fn set_assurance(
    tx: &mut AnyConnection,
    account_id: &str,
    assurance: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "UPDATE accounts SET assurance = $2, confirmed_at = CASE WHEN $2 > 1 THEN $3 END WHERE id = $1";
    sqlx::query(sql).bind(account_id).bind(assurance).bind(now.millis()).execute(tx).await.map(drop)
}

/// `false` if there is no such account, or it is disabled already.
///
/// # Errors
/// When the database fails.
pub async fn disable(tx: &mut AnyConnection, account_id: &str, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE accounts SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    Ok(sqlx::query(sql).bind(account_id).bind(now.millis()).execute(tx).await?.rows_affected() == 1)
}

/// # Errors
/// When the database fails.
pub async fn is_disabled(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<bool> {
    let sql = "SELECT disabled_at FROM accounts WHERE id = $1 AND disabled_at IS NOT NULL";
    let since: Option<i64> = sqlx::query_scalar(sql).bind(account_id).fetch_optional(tx).await?;
    Ok(since.is_some())
}

/// The accounts that go when this one goes: itself, and the operators of a unit.
///
/// # Errors
/// When the database fails.
pub async fn with_operators(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT id FROM accounts WHERE id = $1
        UNION SELECT account_id FROM operators WHERE legal_entity_id = $1";
    sqlx::query_scalar(sql).bind(account_id).fetch_all(tx).await
}

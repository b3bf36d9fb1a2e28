//! What becomes of an operator after they were named.
//!
//! Whoever takes an operator's right away calls [`hold`] first: a sign-in that is under way is waited for, so that its
//! session is seen, and one that comes later sees what has changed.

use std::collections::BTreeSet;

use sqlx::AnyConnection;

use crate::domain::principal::Operator;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::{Purpose, Vault};
use crate::store::principals::document_index;
use crate::store::{Store, accounts};

/// Whether an account may act just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No further than this; accounts that are no operator's have no such end.
    Until(Option<Timestamp>),
    /// Frozen, removed, or no longer valid.
    Over,
}

/// What an operator of the unit has already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    pub document: bool,
    pub phone: bool,
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    valid_until: Option<i64>,
    frozen_at: Option<i64>,
    removed_at: Option<i64>,
}

/// Makes sign-ins to the account wait until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<()> {
    // The row that a sign-in writes first. (SQLite knows no FOR UPDATE.)
    let sql = "UPDATE accounts SET kind = kind WHERE id = $1";
    sqlx::query(sql).bind(account_id).execute(tx).await.map(drop)
}

/// The same of several, in one order everywhere: two who wait for each other would wait for ever.
///
/// # Errors
/// When the database fails.
pub async fn hold_all<'a>(
    tx: &mut AnyConnection,
    account_ids: impl IntoIterator<Item = &'a str>,
) -> sqlx::Result<()> {
    let ordered: BTreeSet<&str> = account_ids.into_iter().collect();
    for id in ordered {
        hold(tx, id).await?;
    }
    Ok(())
}

/// The same of an account and, of a unit, its operators, which go when it goes; gives all of them.
///
/// # Errors
/// When the database fails.
pub async fn hold_with_operators(tx: &mut AnyConnection, account_id: &str) -> sqlx::Result<Vec<String>> {
    let known = accounts::with_operators(tx, account_id).await?;
    hold_all(tx, known.iter().map(String::as_str)).await?;
    // Whoever adds an operator is held by now: who has been added meanwhile is the last.
    accounts::with_operators(tx, account_id).await
}

/// Until when an operator may manage the unit's operators (管理权限); `None` if not at this moment.
///
/// # Errors
/// When the database fails.
pub async fn manager_until(
    tx: &mut AnyConnection,
    unit_id: &str,
    account_id: &str,
    now: Timestamp,
) -> sqlx::Result<Option<Option<Timestamp>>> {
    let sql = "SELECT valid_until FROM operators WHERE account_id = $1 AND legal_entity_id = $2
            AND manager_since IS NOT NULL AND removed_at IS NULL AND frozen_at IS NULL
            AND (valid_until IS NULL OR valid_until > $3)";
    let query = sqlx::query_scalar(sql).bind(account_id).bind(unit_id).bind(now.millis());
    let found: Option<Option<i64>> = query.fetch_optional(tx).await?;
    Ok(found.map(|end| end.map(Timestamp::from_millis)))
}

/// Whether an operator neither manages nor lasts beyond `end`.
///
/// # Errors
/// When the database fails.
pub async fn is_below(
    tx: &mut AnyConnection,
    account_id: &str,
    end: Option<Timestamp>,
) -> sqlx::Result<bool> {
    let sql = "SELECT account_id FROM operators WHERE account_id = $1 AND manager_since IS NULL
        AND COALESCE(valid_until, $3) <= $2";
    let end = end.map_or(i64::MAX, Timestamp::millis);
    let query = sqlx::query_scalar(sql).bind(account_id).bind(end).bind(i64::MAX);
    let found: Option<String> = query.fetch_optional(tx).await?;
    Ok(found.is_some())
}

/// # Errors
/// When the database fails.
pub async fn standing(tx: &mut AnyConnection, account_id: &str, now: Timestamp) -> sqlx::Result<Standing> {
    let sql = "SELECT valid_until, frozen_at, removed_at FROM operators WHERE account_id = $1";
    let row: Option<StandingRow> = sqlx::query_as(sql).bind(account_id).fetch_optional(tx).await?;
    let Some(row) = row else { return Ok(Standing::Until(None)) };
    let end = row.valid_until.map(Timestamp::from_millis);
    let over = row.frozen_at.is_some() || row.removed_at.is_some() || end.is_some_and(|end| end <= now);
    Ok(if over { Standing::Over } else { Standing::Until(end) })
}

/// Operators whose validity has passed while they, or others through their proof, were signed in. The sessions that have
/// just expired lead to them: none outlasts its operator, and the janitor keeps each for a minute.
///
/// # Errors
/// When the database fails.
pub async fn lapsed(store: &Store, now: Timestamp) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT s.account_id FROM sessions s JOIN operators o ON o.account_id = s.account_id
        WHERE s.expires_at <= $1 AND o.valid_until <= $1
        UNION
        SELECT s.holder_id FROM sessions s JOIN operators o ON o.account_id = s.holder_id
        WHERE s.expires_at <= $1 AND o.valid_until <= $1";
    store.read.scalars(sqlx::query_scalar(sql).bind(now.millis())).await
}

/// What another operator of the unit has of these.
///
/// # Errors
/// When the database fails.
pub async fn taken(
    tx: &mut AnyConnection,
    vault: &Vault,
    unit_id: &str,
    operator: &Operator,
) -> sqlx::Result<Taken> {
    let document = document_index(vault, &operator.document);
    let phone = vault.derive(Purpose::PhoneIndex, &operator.phone);
    let sql = "SELECT document_index, phone_index FROM operators
        WHERE legal_entity_id = $1 AND removed_at IS NULL AND (document_index = $2 OR phone_index = $3)
            AND account_id <> $4";
    let query = sqlx::query_as(sql).bind(unit_id).bind(&document).bind(&phone).bind(&operator.id);
    let others: Vec<(String, String)> = query.fetch_all(tx).await?;
    Ok(Taken {
        document: others.iter().any(|(other, _)| *other == document),
        phone: others.iter().any(|(_, other)| *other == phone),
    })
}

/// Writes what may be changed: department, right to manage, end of validity, and the telephone if there is a new one:
/// one that stays is not written back, since the operator may be changing it. `false` if the operator was removed
/// meanwhile.
///
/// # Errors
/// When the database fails; [`is_duplicate`](crate::store::is_duplicate) tells a telephone that is taken.
pub async fn update(
    tx: &mut AnyConnection,
    vault: &Vault,
    unit_id: &str,
    operator: &Operator,
    new_phone: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let sql = "UPDATE operators SET phone = COALESCE($3, phone), phone_index = COALESCE($4, phone_index),
            department = $5, valid_until = $6,
            manager_since = CASE WHEN $7 = 1 THEN COALESCE(manager_since, $8) ELSE NULL END
        WHERE account_id = $1 AND legal_entity_id = $2 AND removed_at IS NULL";
    let done = sqlx::query(sql)
        .bind(&operator.id)
        .bind(unit_id)
        .bind(new_phone.map(|phone| vault.seal("operators.phone", &operator.id, phone)).transpose()?)
        .bind(new_phone.map(|phone| vault.derive(Purpose::PhoneIndex, phone)))
        .bind(&operator.department)
        .bind(operator.valid_until.map(Timestamp::millis))
        .bind(i64::from(operator.may_manage))
        .bind(now.millis())
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// `false` if that was done already, or there is no such operator of the unit.
///
/// # Errors
/// When the database fails.
pub async fn freeze(
    tx: &mut AnyConnection,
    unit_id: &str,
    account_id: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE operators SET frozen_at = $3
        WHERE account_id = $1 AND legal_entity_id = $2 AND removed_at IS NULL AND frozen_at IS NULL";
    mark(tx, sql, unit_id, account_id, now).await
}

/// A register says that name and number do not belong together: the operator is frozen for good. `false` for an account
/// that is no operator's, or removed.
///
/// # Errors
/// When the database fails.
pub async fn deny(tx: &mut AnyConnection, account_id: &str, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE operators SET denied_at = $2, frozen_at = COALESCE(frozen_at, $2)
        WHERE account_id = $1 AND removed_at IS NULL";
    let done = sqlx::query(sql).bind(account_id).bind(now.millis()).execute(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Nobody gives back what a register has denied.
///
/// # Errors
/// As [`freeze`].
pub async fn unfreeze(tx: &mut AnyConnection, unit_id: &str, account_id: &str) -> sqlx::Result<bool> {
    let sql = "UPDATE operators SET frozen_at = NULL
        WHERE account_id = $1 AND legal_entity_id = $2 AND removed_at IS NULL AND frozen_at IS NOT NULL
            AND denied_at IS NULL";
    let done = sqlx::query(sql).bind(account_id).bind(unit_id).execute(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// The row stays for the record; the person may be named again, under another account.
///
/// # Errors
/// As [`freeze`].
pub async fn remove(
    tx: &mut AnyConnection,
    unit_id: &str,
    account_id: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE operators SET removed_at = $3
        WHERE account_id = $1 AND legal_entity_id = $2 AND removed_at IS NULL";
    mark(tx, sql, unit_id, account_id, now).await
}

/// The unit's present representative stands by this operator.
///
/// # Errors
/// As [`freeze`].
pub async fn confirm(
    tx: &mut AnyConnection,
    unit_id: &str,
    account_id: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE operators SET confirmed_at = $3
        WHERE account_id = $1 AND legal_entity_id = $2 AND removed_at IS NULL";
    mark(tx, sql, unit_id, account_id, now).await
}

/// Whether an operator of the unit was removed.
///
/// # Errors
/// When the database fails.
pub async fn was_removed(tx: &mut AnyConnection, unit_id: &str, account_id: &str) -> sqlx::Result<bool> {
    let sql = "SELECT account_id FROM operators
        WHERE account_id = $1 AND legal_entity_id = $2 AND removed_at IS NOT NULL";
    let query = sqlx::query_scalar(sql).bind(account_id).bind(unit_id);
    let found: Option<String> = query.fetch_optional(tx).await?;
    Ok(found.is_some())
}

async fn mark(
    tx: &mut AnyConnection,
    sql: &'static str,
    unit_id: &str,
    account_id: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let query = sqlx::query(sql).bind(account_id).bind(unit_id).bind(now.millis());
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

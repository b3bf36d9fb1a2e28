//! `audit_log`: who did what, when and from where. Rows are only added; the janitor deletes them by age.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::platform::vault::Vault;

pub struct Entry<'a> {
    pub event: &'a str,
    pub account_id: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub address: &'a str,
    pub user_agent: &'a str,
    pub detail: &'a str,
}

/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut AnyConnection, entry: &Entry<'_>, now: Timestamp) -> sqlx::Result<()> {
    insert_with(tx, entry, None, now).await
}

/// Something that was done to an operator of a unit, who is the entry's detail: the unit sees it, whoever did it.
///
/// # Errors
/// When the database fails.
pub async fn insert_of_unit(
    tx: &mut AnyConnection,
    entry: &Entry<'_>,
    unit_id: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    insert_with(tx, entry, Some(unit_id), now).await
}

async fn insert_with(
    tx: &mut AnyConnection,
    entry: &Entry<'_>,
    unit_id: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql =
        "INSERT INTO audit_log (id, at, event, account_id, client_id, address, user_agent, detail, unit_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(sql)
        .bind(random::id())
        .bind(now.millis())
        .bind(entry.event)
        .bind(entry.account_id)
        .bind(entry.client_id)
        .bind(entry.address)
        .bind(entry.user_agent)
        .bind(entry.detail)
        .bind(unit_id)
        .execute(tx)
        .await
        .map(drop)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    at: i64,
    event: String,
    client_id: Option<String>,
    address: String,
    user_agent: String,
    detail: String,
    operator_id: Option<String>,
    operator_name: Option<Vec<u8>>,
    actor_id: Option<String>,
    actor_name: Option<Vec<u8>>,
}

/// An event as its account's owner may see it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub id: String,
    pub at: i64,
    pub event: String,
    pub client_id: Option<String>,
    pub address: String,
    pub user_agent: String,
    pub detail: String,
    /// The name of the operator whom it was done to.
    pub operator_name: Option<String>,
    /// The name of the operator who did it, if not this account.
    pub actor_name: Option<String>,
}

/// Where a page begins: an event that is on the page before. Several may have happened in one millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub at: i64,
    pub id: String,
}

impl Key {
    /// Nothing is newer.
    pub const NEWEST: Self = Self { at: i64::MAX, id: String::new() };
}

/// Each half is read from its own index no further than the page is long; names are looked up for what is shown.
pub const OF_ACCOUNT: &str = "SELECT l.id, l.at, l.event, l.client_id, l.address, l.user_agent, l.detail,
        o.account_id AS operator_id, o.name AS operator_name, m.account_id AS actor_id, m.name AS actor_name
    FROM (
        SELECT * FROM (SELECT * FROM audit_log WHERE account_id = $1 AND (at, id) < ($2, $3)
            ORDER BY at DESC, id DESC LIMIT $4) AS own
        UNION ALL
        SELECT * FROM (SELECT * FROM audit_log WHERE unit_id = $1 AND account_id <> $1 AND (at, id) < ($2, $3)
            ORDER BY at DESC, id DESC LIMIT $4) AS by_managers
    ) AS l
    LEFT JOIN operators o ON o.account_id = CASE WHEN l.unit_id IS NOT NULL THEN l.detail END
    LEFT JOIN operators m ON m.account_id = CASE WHEN l.account_id <> $1 THEN l.account_id END
    ORDER BY l.at DESC, l.id DESC LIMIT $4";

/// The newest events of an account, and of a unit what its managers did to its operators, from before another.
///
/// # Errors
/// When the database fails, or a name does not open.
pub async fn of_account(
    store: &Store,
    vault: &Vault,
    account_id: &str,
    before: &Key,
    most: u32,
) -> anyhow::Result<Vec<Recorded>> {
    let query = sqlx::query_as(OF_ACCOUNT).bind(account_id).bind(before.at).bind(&before.id);
    let rows: Vec<Row> = store.read.all(query.bind(i64::from(most))).await?;
    rows.into_iter().map(|row| row.open(vault)).collect()
}

impl Row {
    fn open(self, vault: &Vault) -> anyhow::Result<Recorded> {
        // Of an account that was closed nothing is left.
        let open = |id: Option<String>, name: Option<Vec<u8>>| -> anyhow::Result<_> {
            let sealed = id.zip(name).filter(|(_, name)| !name.is_empty());
            sealed.map(|(id, name)| vault.open_text("operators.name", &id, &name)).transpose()
        };
        Ok(Recorded {
            operator_name: open(self.operator_id, self.operator_name)?,
            actor_name: open(self.actor_id, self.actor_name)?,
            id: self.id,
            at: self.at,
            event: self.event,
            client_id: self.client_id,
            address: self.address,
            user_agent: self.user_agent,
            detail: self.detail,
        })
    }
}

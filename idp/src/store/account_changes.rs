//! `account_changes`: what was changed in an account's data, and by whom. Rows are only added.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::platform::vault::Vault;

/// A change. The values are JSON; they are sealed on their way in.
pub struct Change<'a> {
    pub account_id: &'a str,
    pub kind: &'a str,
    pub actor_id: &'a str,
    pub before: Option<&'a serde_json::Value>,
    pub after: Option<&'a serde_json::Value>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    id: String,
    at: i64,
    kind: String,
    value_before: Option<Vec<u8>>,
    value_after: Option<Vec<u8>>,
}

/// A change as its account's owner may see it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub at: Timestamp,
    pub kind: String,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
}

/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut AnyConnection,
    vault: &Vault,
    change: &Change<'_>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let sql = "INSERT INTO account_changes (id, account_id, at, kind, actor_id, value_before, value_after)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let id = random::id();
    let seal = |field: &str, value: Option<&serde_json::Value>| {
        value.map(|value| vault.seal(field, &id, &value.to_string())).transpose()
    };
    let before = seal("account_changes.value_before", change.before)?;
    let after = seal("account_changes.value_after", change.after)?;
    let query = sqlx::query(sql).bind(&id).bind(change.account_id).bind(now.millis()).bind(change.kind);
    query.bind(change.actor_id).bind(before).bind(after).execute(tx).await?;
    Ok(())
}

/// All of an account's, the newest first.
///
/// # Errors
/// When the database fails, or a value does not open.
pub async fn of_account(store: &Store, vault: &Vault, account_id: &str) -> anyhow::Result<Vec<Recorded>> {
    let sql = "SELECT id, at, kind, value_before, value_after FROM account_changes
        WHERE account_id = $1 ORDER BY at DESC, id";
    let rows: Vec<Row> = store.read.all(sqlx::query_as(sql).bind(account_id)).await?;
    let open = |field: &str, id: &str, sealed: Option<Vec<u8>>| -> anyhow::Result<_> {
        let text = sealed.map(|sealed| vault.open_text(field, id, &sealed)).transpose()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    };
    rows.into_iter()
        .map(|row| {
            Ok(Recorded {
                at: Timestamp::from_millis(row.at),
                before: open("account_changes.value_before", &row.id, row.value_before)?,
                after: open("account_changes.value_after", &row.id, row.value_after)?,
                kind: row.kind,
            })
        })
        .collect()
}

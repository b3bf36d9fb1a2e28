//! `account_details`: 拓展信息, sealed JSON that the owner may edit freely.

use sqlx::AnyConnection;

use super::Store;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::Vault;

const FIELD: &str = "account_details.details";
const OF_ACCOUNT: &str = "SELECT details FROM account_details WHERE account_id = $1";

/// # Errors
/// When the database fails, or the value does not open.
pub async fn find(store: &Store, vault: &Vault, account_id: &str) -> anyhow::Result<Option<String>> {
    let sealed: Option<Vec<u8>> = store.read.scalar(sqlx::query_scalar(OF_ACCOUNT).bind(account_id)).await?;
    sealed.map(|sealed| vault.open_text(FIELD, account_id, &sealed)).transpose()
}

/// The same, as it is in a transaction that holds the account.
///
/// # Errors
/// When the database fails, or the value does not open.
pub async fn find_in(
    tx: &mut AnyConnection,
    vault: &Vault,
    account_id: &str,
) -> anyhow::Result<Option<String>> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar(OF_ACCOUNT).bind(account_id).fetch_optional(tx).await?;
    sealed.map(|sealed| vault.open_text(FIELD, account_id, &sealed)).transpose()
}

/// # Errors
/// When the database fails.
pub async fn put(
    tx: &mut AnyConnection,
    vault: &Vault,
    account_id: &str,
    details: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let sql = "INSERT INTO account_details (account_id, details, changed_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET details = $2, changed_at = $3";
    let sealed = vault.seal(FIELD, account_id, details)?;
    sqlx::query(sql).bind(account_id).bind(sealed).bind(now.millis()).execute(tx).await?;
    Ok(())
}

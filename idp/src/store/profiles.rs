//! `profiles`: the standard claims of persons that nobody proves, sealed JSON. Read together with the person.

use anyhow::Context;
use serde_json::{Map, Value};
use sqlx::AnyConnection;

use crate::domain::profile::Profile;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::Vault;

const FIELD: &str = "profiles.claims";

/// # Errors
/// When the database fails.
pub async fn put(
    tx: &mut AnyConnection,
    vault: &Vault,
    account_id: &str,
    profile: &Profile,
    now: Timestamp,
) -> anyhow::Result<()> {
    let sql = "INSERT INTO profiles (account_id, claims, changed_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET claims = $2, changed_at = $3";
    let sealed = vault.seal(FIELD, account_id, &serde_json::to_string(profile.claims())?)?;
    sqlx::query(sql).bind(account_id).bind(sealed).bind(now.millis()).execute(tx).await?;
    Ok(())
}

pub(super) fn open(vault: &Vault, account_id: &str, sealed: &[u8]) -> anyhow::Result<Map<String, Value>> {
    serde_json::from_str(&vault.open_text(FIELD, account_id, sealed)?).context("profiles.claims is no object")
}

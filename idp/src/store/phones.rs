//! Which account a telephone is bound to.

use sqlx::AnyConnection;

use super::account_changes::{self, Change};
use crate::domain::principal::AccountKind;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::{Purpose, Vault};

/// The persons who have a number.
///
/// # Errors
/// When the database fails.
pub async fn persons_with(tx: &mut AnyConnection, vault: &Vault, phone: &str) -> sqlx::Result<Vec<String>> {
    let index = vault.derive(Purpose::PhoneIndex, phone);
    sqlx::query_scalar("SELECT account_id FROM persons WHERE phone_index = $1")
        .bind(index)
        .fetch_all(tx)
        .await
}

/// Unbinds a number from the persons who had it: whoever proves a number owns it now, and numbers are given out again.
///
/// # Errors
/// When the database fails.
pub async fn release_from_persons(
    tx: &mut AnyConnection,
    vault: &Vault,
    phone: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let sql =
        "UPDATE persons SET phone = NULL, phone_index = NULL WHERE phone_index = $1 RETURNING account_id";
    let index = vault.derive(Purpose::PhoneIndex, phone);
    let former: Vec<String> = sqlx::query_scalar(sql).bind(index).fetch_all(&mut *tx).await?;
    for account_id in former {
        let change = Change {
            account_id: &account_id,
            kind: "phone_released",
            actor_id: &account_id,
            before: Some(&phone.into()),
            after: None,
        };
        account_changes::insert(tx, vault, &change, now).await?;
    }
    Ok(())
}

/// Binds an account to a number.
///
/// # Errors
/// When the database fails; [`super::is_duplicate`] tells a number that another operator of the unit has.
pub async fn bind(
    tx: &mut AnyConnection,
    vault: &Vault,
    kind: AccountKind,
    account_id: &str,
    phone: &str,
) -> anyhow::Result<()> {
    let (sql, field) = match kind {
        AccountKind::LegalEntity => (
            "UPDATE legal_entities SET phone = $2, phone_index = $3 WHERE account_id = $1",
            "legal_entities.phone",
        ),
        AccountKind::Person => {
            ("UPDATE persons SET phone = $2, phone_index = $3 WHERE account_id = $1", "persons.phone")
        }
        AccountKind::Operator => {
            ("UPDATE operators SET phone = $2, phone_index = $3 WHERE account_id = $1", "operators.phone")
        }
    };
    let sealed = vault.seal(field, account_id, phone)?;
    let query = sqlx::query(sql).bind(account_id).bind(sealed);
    query.bind(vault.derive(Purpose::PhoneIndex, phone)).execute(tx).await?;
    Ok(())
}

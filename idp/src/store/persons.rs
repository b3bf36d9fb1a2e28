//! Changes of `persons` after the registration, and whether one is there already.

use sqlx::AnyConnection;

use super::Store;
use super::principals::document_index;
use crate::domain::principal::StoredDocument;
use crate::domain::validity::Validity;
use crate::platform::vault::Vault;

/// Writes a person's renewed document; its key stays what it was.
///
/// # Errors
/// When the database fails.
pub async fn renew_document(
    tx: &mut AnyConnection,
    vault: &Vault,
    id: &str,
    document: &StoredDocument,
    validity: Validity,
) -> anyhow::Result<()> {
    let sql =
        "UPDATE persons SET document_type = $2, document = $3, document_validity = $4 WHERE account_id = $1";
    sqlx::query(sql)
        .bind(id)
        .bind(&document.type_code)
        .bind(vault.seal("persons.document", id, &document.number)?)
        .bind(vault.seal("persons.document_validity", id, &validity.to_text())?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether a person with this document has an account.
///
/// # Errors
/// When the database fails.
pub async fn is_known(store: &Store, vault: &Vault, document: &StoredDocument) -> sqlx::Result<bool> {
    let sql = "SELECT account_id FROM persons WHERE document_index = $1";
    let found: Option<String> =
        store.read.scalar(sqlx::query_scalar(sql).bind(document_index(vault, document))).await?;
    Ok(found.is_some())
}

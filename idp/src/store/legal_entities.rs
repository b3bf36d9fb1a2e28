//! Changes of `legal_entities` after the registration.

use sqlx::AnyConnection;

use super::principals::document_index;
use crate::domain::principal::LegalEntity;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::Vault;

/// Writes what the register has of a unit anew: its name, and its representative; `changed_at` if that is another
/// person.
///
/// # Errors
/// When the database fails.
pub async fn set_registered(
    tx: &mut AnyConnection,
    vault: &Vault,
    unit: &LegalEntity,
    changed_at: Option<Timestamp>,
) -> anyhow::Result<()> {
    let sql = "UPDATE legal_entities SET representative_name = $2, representative_document_type = $3,
            representative_document = $4, representative_document_index = $5, representative_validity = $6,
            representative_changed_at = COALESCE($7, representative_changed_at), name = $8
        WHERE account_id = $1";
    let id = &unit.id;
    let document = unit.representative_document.as_ref();
    let validity = unit.representative_validity.map(|validity| validity.to_text());
    let seal = |field: &str, text: Option<&str>| text.map(|text| vault.seal(field, id, text)).transpose();
    sqlx::query(sql)
        .bind(id)
        .bind(seal("legal_entities.representative_name", unit.representative_name.as_deref())?)
        .bind(document.map(|document| document.type_code.clone()))
        .bind(seal("legal_entities.representative_document", document.map(|document| &*document.number))?)
        .bind(document.map(|document| document_index(vault, document)))
        .bind(seal("legal_entities.representative_validity", validity.as_deref())?)
        .bind(changed_at.map(Timestamp::millis))
        .bind(&unit.name)
        .execute(tx)
        .await?;
    Ok(())
}

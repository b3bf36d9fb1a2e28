//! The accounts of one person: found by the document and the telephone that they have in common. The document alone is
//! not enough: its number is known to many, the telephone was proved.

use super::Store;
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct IdentityRow {
    pub account_id: String,
    pub assurance: i64,
    pub valid_until: Option<i64>,
    /// Operators only: whom they act for.
    pub unit_id: Option<String>,
    pub unit_name: Option<String>,
    pub credit_code: Option<String>,
    pub department: Option<String>,
}

/// Those that may sign in now: the person first, then the units by name.
///
/// # Errors
/// When the database fails.
pub async fn of_person(
    store: &Store,
    document_index: &str,
    phone_index: &str,
    now: Timestamp,
) -> sqlx::Result<Vec<IdentityRow>> {
    let sql =
        "SELECT a.id AS account_id, a.assurance, NULL AS valid_until, NULL AS unit_id, NULL AS unit_name,
            NULL AS credit_code, NULL AS department
        FROM persons p JOIN accounts a ON a.id = p.account_id
        WHERE p.document_index = $1 AND p.phone_index = $2
            AND a.disabled_at IS NULL AND a.pending_since IS NULL
        UNION ALL
        SELECT a.id AS account_id, a.assurance, o.valid_until, e.account_id AS unit_id, e.name AS unit_name,
            e.credit_code, o.department
        FROM operators o JOIN accounts a ON a.id = o.account_id
            JOIN legal_entities e ON e.account_id = o.legal_entity_id
            JOIN accounts u ON u.id = e.account_id
        WHERE o.document_index = $1 AND o.phone_index = $2 AND o.removed_at IS NULL AND o.frozen_at IS NULL
            AND o.valid_from <= $3 AND (o.valid_until IS NULL OR o.valid_until > $3)
            AND a.disabled_at IS NULL AND u.disabled_at IS NULL";
    let query = sqlx::query_as(sql).bind(document_index).bind(phone_index).bind(now.millis());
    let mut found: Vec<IdentityRow> = store.read.all(query).await?;
    found.sort_by(|one, other| one.unit_name.cmp(&other.unit_name));
    Ok(found)
}

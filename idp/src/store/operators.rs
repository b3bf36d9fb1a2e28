//! `operators`: the people whom units have named to act for them.

use anyhow::Context;
use sqlx::AnyConnection;

use super::Store;
use super::principals::{Confirmed, ConfirmedRow, EntityRow, document_index};
use crate::domain::person_name::PersonName;
use crate::domain::principal::{Operator, Principal, StoredDocument};
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::{Purpose, Vault};

/// An operator's own columns, under names that no other table has.
macro_rules! operator_columns {
    () => {
        "o.account_id AS operator_id, o.name AS operator_name, o.document_type, o.document,
            o.phone AS operator_phone, o.department, o.manager_since, o.valid_from, o.valid_until, o.frozen_at"
    };
}

pub mod changes;
pub mod listing;

#[derive(sqlx::FromRow)]
struct OperatorRow {
    operator_id: String,
    operator_name: Vec<u8>,
    document_type: String,
    document: Vec<u8>,
    operator_phone: Vec<u8>,
    department: String,
    manager_since: Option<i64>,
    valid_from: i64,
    valid_until: Option<i64>,
    frozen_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    operator: OperatorRow,
    #[sqlx(flatten)]
    unit: EntityRow,
    #[sqlx(flatten)]
    standing: ConfirmedRow,
}

impl OperatorRow {
    fn open(self, vault: &Vault) -> anyhow::Result<Operator> {
        let id = self.operator_id;
        let number = vault.open_text("operators.document", &id, &self.document)?;
        Ok(Operator {
            name: vault.open_text("operators.name", &id, &self.operator_name)?,
            document: StoredDocument { type_code: self.document_type, number },
            phone: vault.open_text("operators.phone", &id, &self.operator_phone)?,
            department: self.department,
            may_manage: self.manager_since.is_some(),
            valid_from: Timestamp::from_millis(self.valid_from),
            valid_until: self.valid_until.map(Timestamp::from_millis),
            frozen: self.frozen_at.is_some(),
            id,
        })
    }
}

/// An operator with their unit, and what a register said of the operator; `None` once removed.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn find(
    store: &Store,
    vault: &Vault,
    account_id: &str,
) -> anyhow::Result<Option<(Principal, Confirmed)>> {
    let sql = concat!(
        "SELECT ",
        operator_columns!(),
        ", e.account_id, e.login_name, e.credit_code, e.name, e.entity_type, e.representative_name,
            e.representative_document_type, e.representative_document, e.representative_validity,
            e.representative_changed_at, e.phone, a.assurance, a.confirmed_at
        FROM operators o JOIN legal_entities e ON e.account_id = o.legal_entity_id
            JOIN accounts a ON a.id = o.account_id
        WHERE o.account_id = $1 AND o.removed_at IS NULL"
    );
    let row: Option<Row> = store.read.optional(sqlx::query_as(sql).bind(account_id)).await?;
    let Some(row) = row else { return Ok(None) };
    let confirmed = row.standing.confirmed();
    let principal = Principal::Operator { operator: row.operator.open(vault)?, unit: row.unit.open(vault)? };
    Ok(Some((principal, confirmed)))
}

/// # Errors
/// When the database fails; [`super::is_duplicate`] tells a person who is an operator of the unit already.
pub async fn insert(
    tx: &mut AnyConnection,
    vault: &Vault,
    legal_entity_id: &str,
    operator: &Operator,
    now: Timestamp,
) -> anyhow::Result<()> {
    let sql =
        "INSERT INTO operators (account_id, legal_entity_id, name, document_type, document, document_index,
            phone, phone_index, department, manager_since, valid_from, valid_until, name_index, added_at,
            confirmed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)";
    let id = &operator.id;
    sqlx::query(sql)
        .bind(id)
        .bind(legal_entity_id)
        .bind(vault.seal("operators.name", id, &operator.name)?)
        .bind(&operator.document.type_code)
        .bind(vault.seal("operators.document", id, &operator.document.number)?)
        .bind(document_index(vault, &operator.document))
        .bind(vault.seal("operators.phone", id, &operator.phone)?)
        .bind(vault.derive(Purpose::PhoneIndex, &operator.phone))
        .bind(&operator.department)
        .bind(operator.may_manage.then_some(now.millis()))
        .bind(operator.valid_from.millis())
        .bind(operator.valid_until.map(Timestamp::millis))
        .bind(name_index(vault, &operator.name))
        .bind(now.millis())
        .execute(tx)
        .await
        .context("operators")?;
    Ok(())
}

/// The blind index of a whole name.
pub fn name_index(vault: &Vault, name: &str) -> String {
    vault.derive(
        Purpose::NameIndex,
        &PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.key()),
    )
}

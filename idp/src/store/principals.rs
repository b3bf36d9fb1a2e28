//! `legal_entities` and `persons`: who an account is. Personal columns are sealed here and opened here.

use anyhow::Context;
use sqlx::AnyConnection;

use super::{Store, operators, profiles};
use crate::domain::entity_type::EntityType;
use crate::domain::principal::{AccountKind, LegalEntity, Person, Principal, StoredDocument};
use crate::domain::profile::Profile;
use crate::domain::timestamp::Timestamp;
use crate::domain::validity::Validity;
use crate::platform::vault::{Purpose, Vault};

#[derive(sqlx::FromRow)]
pub(super) struct EntityRow {
    pub account_id: String,
    login_name: String,
    credit_code: String,
    name: String,
    entity_type: String,
    representative_name: Option<Vec<u8>>,
    representative_document_type: Option<String>,
    representative_document: Option<Vec<u8>>,
    representative_validity: Option<Vec<u8>>,
    representative_changed_at: Option<i64>,
    phone: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    account_id: String,
    login_name: String,
    name: Vec<u8>,
    document_type: Option<String>,
    document: Option<Vec<u8>>,
    document_validity: Option<Vec<u8>>,
    phone: Option<Vec<u8>>,
    claims: Option<Vec<u8>>,
    updated_at: i64,
    #[sqlx(flatten)]
    standing: ConfirmedRow,
}

/// The register that is responsible for an account, and what it said of it.
#[derive(sqlx::FromRow)]
pub(super) struct ConfirmedRow {
    assurance: i64,
    confirmed_at: Option<i64>,
}

impl ConfirmedRow {
    pub(super) fn confirmed(&self) -> Confirmed {
        (self.assurance > 1).then(|| self.confirmed_at.map(Timestamp::from_millis))
    }
}

/// When a register confirmed an account, if one did; the time of long ago may not be known.
pub type Confirmed = Option<Option<Timestamp>>;

#[derive(sqlx::FromRow)]
struct UnitRow {
    #[sqlx(flatten)]
    unit: EntityRow,
    #[sqlx(flatten)]
    standing: ConfirmedRow,
}

/// The account's kind and its own data; `None` for an unknown or removed account.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn find(store: &Store, vault: &Vault, account_id: &str) -> anyhow::Result<Option<Principal>> {
    Ok(find_confirmed(store, vault, account_id).await?.map(|(principal, _)| principal))
}

/// The same, with what a register said of just these data.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn find_confirmed(
    store: &Store,
    vault: &Vault,
    account_id: &str,
) -> anyhow::Result<Option<(Principal, Confirmed)>> {
    let kind = sqlx::query_scalar("SELECT kind FROM accounts WHERE id = $1").bind(account_id);
    let kind: Option<String> = store.read.scalar(kind).await?;
    match kind {
        Some(kind) => find_of_kind(store, vault, &kind, account_id).await,
        None => Ok(None),
    }
}

/// The same, for a caller who knows the kind: one query.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn find_of_kind(
    store: &Store,
    vault: &Vault,
    kind: &str,
    account_id: &str,
) -> anyhow::Result<Option<(Principal, Confirmed)>> {
    match AccountKind::parse(kind) {
        Some(AccountKind::LegalEntity) => legal_entity(store, vault, account_id).await,
        Some(AccountKind::Person) => person(store, vault, account_id).await,
        Some(AccountKind::Operator) => operators::find(store, vault, account_id).await,
        None => Ok(None),
    }
}

async fn legal_entity(
    store: &Store,
    vault: &Vault,
    account_id: &str,
) -> anyhow::Result<Option<(Principal, Confirmed)>> {
    let sql =
        "SELECT e.account_id, e.login_name, e.credit_code, e.name, e.entity_type, e.representative_name,
            e.representative_document_type, e.representative_document, e.representative_validity,
            e.representative_changed_at, e.phone, a.assurance, a.confirmed_at
        FROM legal_entities e JOIN accounts a ON a.id = e.account_id WHERE e.account_id = $1";
    let row: Option<UnitRow> = store.read.optional(sqlx::query_as(sql).bind(account_id)).await?;
    let Some(row) = row else { return Ok(None) };
    let confirmed = row.standing.confirmed();
    Ok(Some((Principal::LegalEntity(row.unit.open(vault)?), confirmed)))
}

async fn person(
    store: &Store,
    vault: &Vault,
    account_id: &str,
) -> anyhow::Result<Option<(Principal, Confirmed)>> {
    let sql = "SELECT p.account_id, p.login_name, p.name, p.document_type, p.document, p.document_validity, p.phone,
            f.claims, COALESCE((SELECT MAX(c.at) FROM account_changes c WHERE c.account_id = a.id), a.created_at)
                AS updated_at, a.assurance, a.confirmed_at
        FROM persons p JOIN accounts a ON a.id = p.account_id LEFT JOIN profiles f ON f.account_id = p.account_id
        WHERE p.account_id = $1";
    let row: Option<PersonRow> = store.read.optional(sqlx::query_as(sql).bind(account_id)).await?;
    let Some(row) = row else { return Ok(None) };
    let id = row.account_id;
    let claims = row.claims.map(|sealed| profiles::open(vault, &id, &sealed)).transpose()?;
    let updated_at = Some(Timestamp::from_millis(row.updated_at));
    let confirmed = row.standing.confirmed();
    let person = Person {
        login_name: row.login_name,
        name: vault.open_text("persons.name", &id, &row.name)?,
        document: open_document(vault, "persons.document", &id, row.document_type, row.document)?,
        document_validity: open_validity(vault, "persons.document_validity", &id, row.document_validity)?,
        phone: open_optional(vault, "persons.phone", &id, row.phone)?,
        profile: Profile::stored(claims.unwrap_or_default(), updated_at),
        id,
    };
    Ok(Some((Principal::Person(person), confirmed)))
}

impl EntityRow {
    pub(super) fn open(self, vault: &Vault) -> anyhow::Result<LegalEntity> {
        let id = self.account_id;
        Ok(LegalEntity {
            login_name: self.login_name,
            credit_code: self.credit_code,
            name: self.name,
            entity_type: EntityType::from_code(&self.entity_type)
                .with_context(|| format!("unknown entity type {}", self.entity_type))?,
            representative_name: open_optional(
                vault,
                "legal_entities.representative_name",
                &id,
                self.representative_name,
            )?,
            representative_document: open_document(
                vault,
                "legal_entities.representative_document",
                &id,
                self.representative_document_type,
                self.representative_document,
            )?,
            representative_validity: open_validity(
                vault,
                "legal_entities.representative_validity",
                &id,
                self.representative_validity,
            )?,
            representative_changed_at: self.representative_changed_at.map(Timestamp::from_millis),
            phone: open_optional(vault, "legal_entities.phone", &id, self.phone)?,
            id,
        })
    }
}

/// # Errors
/// When the database fails; [`super::is_duplicate`] tells a name or code that is taken.
pub async fn insert_legal_entity(
    tx: &mut AnyConnection,
    vault: &Vault,
    unit: &LegalEntity,
) -> anyhow::Result<()> {
    let sql =
        "INSERT INTO legal_entities (account_id, login_name, login_name_key, credit_code, name, entity_type,
            representative_name, representative_document_type, representative_document,
            representative_document_index, representative_validity, phone, phone_index)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let id = &unit.id;
    let document = unit.representative_document.as_ref();
    let seal = |field: &str, text: Option<&str>| text.map(|text| vault.seal(field, id, text)).transpose();
    sqlx::query(sql)
        .bind(id)
        .bind(&unit.login_name)
        .bind(unit.login_name.to_lowercase())
        .bind(&unit.credit_code)
        .bind(&unit.name)
        .bind(unit.entity_type.code())
        .bind(seal("legal_entities.representative_name", unit.representative_name.as_deref())?)
        .bind(document.map(|document| document.type_code.clone()))
        .bind(seal("legal_entities.representative_document", document.map(|document| &*document.number))?)
        .bind(document.map(|document| document_index(vault, document)))
        .bind(seal(
            "legal_entities.representative_validity",
            unit.representative_validity.map(|validity| validity.to_text()).as_deref(),
        )?)
        .bind(seal("legal_entities.phone", unit.phone.as_deref())?)
        .bind(unit.phone.as_deref().map(|phone| vault.derive(Purpose::PhoneIndex, phone)))
        .execute(tx)
        .await?;
    Ok(())
}

/// # Errors
/// When the database fails; [`super::is_duplicate`] tells a name, telephone or document that is taken.
pub async fn insert_person(tx: &mut AnyConnection, vault: &Vault, person: &Person) -> anyhow::Result<()> {
    let sql = "INSERT INTO persons (account_id, login_name, login_name_key, name, document_type, document,
            document_index, document_validity, phone, phone_index)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let id = &person.id;
    let document = person.document.as_ref();
    let seal = |field: &str, text: Option<&str>| text.map(|text| vault.seal(field, id, text)).transpose();
    sqlx::query(sql)
        .bind(id)
        .bind(&person.login_name)
        .bind(person.login_name.to_lowercase())
        .bind(vault.seal("persons.name", id, &person.name)?)
        .bind(document.map(|document| document.type_code.clone()))
        .bind(seal("persons.document", document.map(|document| &*document.number))?)
        .bind(document.map(|document| document_index(vault, document)))
        .bind(seal(
            "persons.document_validity",
            person.document_validity.map(|validity| validity.to_text()).as_deref(),
        )?)
        .bind(seal("persons.phone", person.phone.as_deref())?)
        .bind(person.phone.as_deref().map(|phone| vault.derive(Purpose::PhoneIndex, phone)))
        .execute(tx)
        .await?;
    Ok(())
}

/// The blind index of a document: a number means nothing without its type.
pub fn document_index(vault: &Vault, document: &StoredDocument) -> String {
    vault.derive(Purpose::DocumentIndex, &document.key())
}

pub(super) fn open_optional(
    vault: &Vault,
    field: &str,
    owner: &str,
    sealed: Option<Vec<u8>>,
) -> anyhow::Result<Option<String>> {
    sealed.map(|sealed| vault.open_text(field, owner, &sealed)).transpose()
}

fn open_validity(
    vault: &Vault,
    field: &str,
    owner: &str,
    sealed: Option<Vec<u8>>,
) -> anyhow::Result<Option<Validity>> {
    Ok(open_optional(vault, field, owner, sealed)?.as_deref().and_then(Validity::from_text))
}

fn open_document(
    vault: &Vault,
    field: &str,
    owner: &str,
    type_code: Option<String>,
    sealed: Option<Vec<u8>>,
) -> anyhow::Result<Option<StoredDocument>> {
    let number = open_optional(vault, field, owner, sealed)?;
    Ok(type_code.zip(number).map(|(type_code, number)| StoredDocument { type_code, number }))
}

//! 我的经办人: a unit's operators, newest first, a page at a time.

use sqlx::any::AnyArguments;
use sqlx::query::QueryAs;
use sqlx::{Any, AnyConnection, FromRow};

use super::{OperatorRow, name_index};
use crate::domain::document_type::DocumentType;
use crate::domain::normalize::{normalize, normalize_code};
use crate::domain::phone::Phone;
use crate::domain::principal::{Operator, StoredDocument};
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::{Purpose, Vault};
use crate::store::Store;
use crate::store::principals::document_index;

/// So many stand on a page.
pub const PAGE: usize = 20;
/// The status of those whom the unit's present representative has not confirmed.
pub const UNCONFIRMED: &str = "unconfirmed";

/// An operator as their unit sees them.
#[derive(Clone)]
pub struct Listed {
    pub operator: Operator,
    pub added_at: Timestamp,
    /// Since when the unit's representative of then stands by them.
    pub confirmed_at: Timestamp,
    /// The register was away, and is yet to say whether name and number belong together.
    pub is_unchecked: bool,
    /// It has said that they do not.
    pub is_denied: bool,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    operator: OperatorRow,
    added_at: i64,
    confirmed_at: i64,
    unchecked_since: Option<i64>,
    denied_at: Option<i64>,
}

/// Where a page begins or ends: the key of an operator that is not on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub added_at: i64,
    pub id: String,
}

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    First,
    /// 下一页: those added before this one.
    After(Key),
    /// 上一页: those added after this one.
    Before(Key),
}

/// Which of a unit's operators.
#[derive(Debug, Clone)]
pub struct Filter<'a> {
    pub unit_id: &'a str,
    /// A whole name, telephone or document number, or the beginning of a department. Empty: all.
    pub search: &'a str,
    /// The code of an [`OperatorStatus`](crate::domain::operator_term::OperatorStatus), or [`UNCONFIRMED`]. Empty: all.
    pub status: &'a str,
    pub representative_changed_at: Option<Timestamp>,
    pub now: Timestamp,
}

pub struct Page {
    pub operators: Vec<Listed>,
    pub has_newer: bool,
    pub has_older: bool,
}

macro_rules! listing {
    ($($more:tt)+) => {
        concat!(
            "SELECT ",
            operator_columns!(),
            ", o.added_at, COALESCE(o.confirmed_at, o.added_at) AS confirmed_at, o.denied_at,
                (SELECT c.created_at FROM register_checks c WHERE c.account_id = o.account_id) AS unchecked_since
            FROM operators o
            WHERE o.legal_entity_id = $1 AND o.removed_at IS NULL",
            $($more)+
        )
    };
}
macro_rules! of_status {
    () => {
        " AND ($4 = '' OR ($4 = 'unconfirmed' AND COALESCE(o.confirmed_at, o.added_at) < $6)
                OR $4 = CASE WHEN o.frozen_at IS NOT NULL THEN 'frozen'
                    WHEN o.valid_until <= $5 THEN 'expired' WHEN o.valid_from > $5 THEN 'future'
                    ELSE 'active' END)"
    };
}
/// A number may be of any type of document, so it is looked for as a number of each.
macro_rules! found {
    () => {
        " AND (o.name_index = $8 OR o.phone_index = $9 OR SUBSTR(o.department, 1, LENGTH($10)) = $10
                OR o.document_index IN ($11, $12, $13, $14, $15, $16, $17))"
    };
}
macro_rules! older {
    () => {
        " AND (o.added_at, o.account_id) < ($2, $3)"
    };
}
macro_rules! newer {
    () => {
        " AND (o.added_at, o.account_id) > ($2, $3)"
    };
}
macro_rules! newest_first {
    () => {
        " ORDER BY o.added_at DESC, o.account_id DESC LIMIT $7"
    };
}
macro_rules! oldest_first {
    () => {
        " ORDER BY o.added_at, o.account_id LIMIT $7"
    };
}
const NEWEST_FIRST: &str = listing!(of_status!(), older!(), newest_first!());
const NEWEST_FIRST_FOUND: &str = listing!(of_status!(), found!(), older!(), newest_first!());
const OLDEST_FIRST: &str = listing!(of_status!(), newer!(), oldest_first!());
const OLDEST_FIRST_FOUND: &str = listing!(of_status!(), found!(), newer!(), oldest_first!());
const ONE: &str = listing!(" AND o.account_id = $2");

/// The statement of a page, as the tests let both databases explain it.
pub const fn statement(position: &Position, search: bool) -> &'static str {
    match (position, search) {
        (Position::Before(_), false) => OLDEST_FIRST,
        (Position::Before(_), true) => OLDEST_FIRST_FOUND,
        (_, false) => NEWEST_FIRST,
        (_, true) => NEWEST_FIRST_FOUND,
    }
}

/// One page. It costs one statement, which reads no more rows than it shows unless something is searched for.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn page(
    store: &Store,
    vault: &Vault,
    filter: &Filter<'_>,
    position: &Position,
) -> anyhow::Result<Page> {
    let mut rows: Vec<Row> = store.read.all(query(vault, filter, position)).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let (has_newer, has_older) = match position {
        Position::First => (false, more),
        Position::After(_) => (true, more),
        Position::Before(_) => (more, true),
    };
    if matches!(position, Position::Before(_)) {
        rows.reverse();
    }
    let operators = rows.into_iter().map(|row| row.open(vault)).collect::<anyhow::Result<_>>()?;
    Ok(Page { operators, has_newer, has_older })
}

fn query<'q>(vault: &Vault, filter: &Filter<'q>, position: &Position) -> QueryAs<'q, Any, Row, AnyArguments> {
    let search = normalize(filter.search);
    let (added_at, id) = match position {
        Position::First => (i64::MAX, String::new()),
        Position::After(key) | Position::Before(key) => (key.added_at, key.id.clone()),
    };
    let query = sqlx::query_as(statement(position, !search.is_empty()))
        .bind(filter.unit_id)
        .bind(added_at)
        .bind(id)
        .bind(filter.status)
        .bind(filter.now.millis())
        .bind(filter.representative_changed_at.map_or(i64::MIN, Timestamp::millis))
        .bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    if search.is_empty() {
        return query;
    }
    let number = normalize_code(&search);
    let phone = Phone::parse(&search).map_or_else(|_| number.clone(), |phone| phone.as_str().to_owned());
    let mut query =
        query.bind(name_index(vault, &search)).bind(vault.derive(Purpose::PhoneIndex, &phone)).bind(search);
    for document_type in DocumentType::ALL {
        let document = StoredDocument { type_code: document_type.code().to_owned(), number: number.clone() };
        query = query.bind(document_index(vault, &document));
    }
    query
}

/// One operator of a unit; `None` of another unit's, or once removed.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn one(
    store: &Store,
    vault: &Vault,
    unit_id: &str,
    account_id: &str,
) -> anyhow::Result<Option<Listed>> {
    let row: Option<Row> = store.read.optional(sqlx::query_as(ONE).bind(unit_id).bind(account_id)).await?;
    row.map(|row| row.open(vault)).transpose()
}

/// The same, as it is in a transaction that holds it.
///
/// # Errors
/// When the database fails or a sealed value does not open.
pub async fn one_in(
    tx: &mut AnyConnection,
    vault: &Vault,
    unit_id: &str,
    account_id: &str,
) -> anyhow::Result<Option<Listed>> {
    let row: Option<Row> = sqlx::query_as(ONE).bind(unit_id).bind(account_id).fetch_optional(tx).await?;
    row.map(|row| row.open(vault)).transpose()
}

impl Row {
    fn open(self, vault: &Vault) -> anyhow::Result<Listed> {
        Ok(Listed {
            operator: self.operator.open(vault)?,
            added_at: Timestamp::from_millis(self.added_at),
            confirmed_at: Timestamp::from_millis(self.confirmed_at),
            is_unchecked: self.unchecked_since.is_some(),
            is_denied: self.denied_at.is_some(),
        })
    }
}

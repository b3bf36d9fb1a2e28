//! Who is signed in: a legal entity, an operator who acts for one, or a person.

use super::document_type::DocumentType;
use super::entity_type::EntityType;
use super::identity_document::{self, IdentityDocument};
use super::mask;
use super::password::known_tail;
use super::profile::Profile;
use super::timestamp::Timestamp;
use super::validity::Validity;

/// The three kinds of account. The names are those of the `account_type` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    LegalEntity,
    Operator,
    Person,
}

impl AccountKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LegalEntity => "legal_entity",
            Self::Operator => "operator",
            Self::Person => "natural_person",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::LegalEntity, Self::Operator, Self::Person].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A document as stored: the GA/T 517 code of its type, and its number in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDocument {
    pub type_code: String,
    pub number: String,
}

impl From<&IdentityDocument> for StoredDocument {
    fn from(document: &IdentityDocument) -> Self {
        Self { type_code: document.document_type().code().to_owned(), number: document.number().to_owned() }
    }
}

impl StoredDocument {
    /// What stays the same when the holder gets a new card, and differs between holders.
    pub fn key(&self) -> String {
        match DocumentType::from_code(&self.type_code) {
            Some(document_type) => identity_document::key(document_type, &self.number),
            None => format!("{}:{}", self.type_code, self.number),
        }
    }

    /// The type's name on the pages.
    pub fn type_label(&self) -> &str {
        DocumentType::from_code(&self.type_code).map_or(&self.type_code, |known| known.label())
    }

    /// The code of the type that other systems know (GA/T 517).
    pub fn standard_code(&self) -> &str {
        DocumentType::from_code(&self.type_code).map_or(&self.type_code, |known| known.standard_code())
    }
}

/// A registered unit. The personal parts belong to its legal representative.
#[derive(Clone)]
pub struct LegalEntity {
    pub id: String,
    pub login_name: String,
    pub credit_code: String,
    pub name: String,
    pub entity_type: EntityType,
    pub representative_name: Option<String>,
    pub representative_document: Option<StoredDocument>,
    pub representative_validity: Option<Validity>,
    /// When the present representative took over from another one.
    pub representative_changed_at: Option<Timestamp>,
    pub phone: Option<String>,
}

/// A natural person with an account of their own.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub login_name: String,
    pub name: String,
    pub document: Option<StoredDocument>,
    pub document_validity: Option<Validity>,
    pub phone: Option<String>,
    pub profile: Profile,
}

/// A person whom a unit has named to act for it.
#[derive(Clone)]
pub struct Operator {
    pub id: String,
    pub name: String,
    pub document: StoredDocument,
    pub phone: String,
    pub department: String,
    pub may_manage: bool,
    pub valid_from: Timestamp,
    pub valid_until: Option<Timestamp>,
    pub frozen: bool,
}

/// The account that signed in, with everything that a portal may learn of it.
#[derive(Clone)]
pub enum Principal {
    LegalEntity(LegalEntity),
    Operator { operator: Operator, unit: LegalEntity },
    Person(Person),
}

impl Principal {
    /// The telephone bound to the account.
    pub fn phone(&self) -> Option<&str> {
        match self {
            Self::LegalEntity(unit) => unit.phone.as_deref(),
            Self::Operator { operator, .. } => Some(operator.phone.as_str()),
            Self::Person(person) => person.phone.as_deref(),
        }
    }

    pub fn account_id(&self) -> &str {
        match self {
            Self::LegalEntity(unit) => &unit.id,
            Self::Operator { operator, .. } => &operator.id,
            Self::Person(person) => &person.id,
        }
    }

    pub fn kind(&self) -> AccountKind {
        match self {
            Self::LegalEntity(_) => AccountKind::LegalEntity,
            Self::Operator { .. } => AccountKind::Operator,
            Self::Person(_) => AccountKind::Person,
        }
    }

    /// Who this is, for their own pages: names masked, the unit in full.
    pub fn masked_label(&self) -> String {
        match self {
            Self::LegalEntity(unit) => unit.name.clone(),
            Self::Operator { operator, unit } => format!("{}（{}）", mask::name(&operator.name), unit.name),
            Self::Person(person) => mask::name(&person.name),
        }
    }

    /// The unit that this account is or acts for.
    pub fn unit(&self) -> Option<&LegalEntity> {
        match self {
            Self::LegalEntity(unit) | Self::Operator { unit, .. } => Some(unit),
            Self::Person(_) => None,
        }
    }

    /// What others know of the account: its password must contain none of it.
    pub fn known(&self) -> Vec<&str> {
        let (name, phone, document) = match self {
            Self::LegalEntity(unit) => (None, unit.phone.as_deref(), unit.representative_document.as_ref()),
            Self::Operator { operator, .. } => (None, Some(&*operator.phone), Some(&operator.document)),
            Self::Person(person) => {
                (Some(&*person.login_name), person.phone.as_deref(), person.document.as_ref())
            }
        };
        let unit = self.unit().into_iter().flat_map(|unit| [&*unit.login_name, &*unit.credit_code]);
        let tail = document.map(|document| known_tail(&document.number));
        unit.chain(name).chain(phone).chain(tail).collect()
    }
}

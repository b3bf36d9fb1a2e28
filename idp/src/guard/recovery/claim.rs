//! Whom a visitor says they are, and whether that is so.

use anyhow::Result;
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::normalize::normalize_code;
use crate::domain::person_name::PersonName;
use crate::domain::phone::Phone;
use crate::domain::principal::{AccountKind, Principal, StoredDocument};
use crate::domain::timestamp::Timestamp;
use crate::guard::identifiers::Identifier;
use crate::platform::random;
use crate::store::accounts::{self, Candidate};
use crate::store::principals::document_index;

/// Whom a visitor says they are.
pub struct Claim {
    pub kind: AccountKind,
    /// 法人账号 or 统一社会信用代码 of the unit; of a person 账号, 手机号码 or 身份证号.
    pub account: String,
    pub name: PersonName,
    pub document: IdentityDocument,
}

impl Claim {
    pub(super) async fn find(&self, app: &App) -> Result<Option<Candidate>> {
        match self.kind {
            AccountKind::LegalEntity => Identifier::legal_entity(&self.account).find(app).await,
            AccountKind::Person => Identifier::person(&self.account).find(app).await,
            AccountKind::Operator => {
                // By a document of any type, while those who sign in by document have a resident ID.
                let unit = normalize_code(&self.account);
                let document = document_index(&app.vault, &StoredDocument::from(&self.document));
                let names = (&*unit.to_lowercase(), &*unit);
                Ok(accounts::find_operator(&app.store, names, "", &document).await?)
            }
        }
    }

    /// What tries are counted by: the name as typed, so that two names never show that they are one account. Of an
    /// operator not the document, or each guess at it would be the first.
    pub(super) fn name(&self) -> String {
        let account = normalize_code(&self.account);
        match self.kind {
            AccountKind::Operator => format!("{}|{account}|{}", self.kind.as_str(), self.name.key()),
            _ => format!("{}|{account}", self.kind.as_str()),
        }
    }

    /// Whether this is the account's holder. An account without a name or a document is nobody's.
    pub(super) fn is_of(&self, principal: Option<&Principal>) -> bool {
        self.fingerprint().ct_eq(&fingerprint_of(principal)).into()
    }

    fn fingerprint(&self) -> Vec<u8> {
        fingerprint(&self.name.key(), &self.document.key())
    }
}

/// Of one length whatever is in it, so that comparing two takes one time.
fn fingerprint(name_key: &str, document_key: &str) -> Vec<u8> {
    random::hash(&format!("{name_key}|{document_key}"))
}

fn fingerprint_of(principal: Option<&Principal>) -> Vec<u8> {
    let (name, document) = match principal {
        Some(Principal::LegalEntity(unit)) => {
            (unit.representative_name.as_deref(), unit.representative_document.as_ref())
        }
        Some(Principal::Operator { operator, .. }) => {
            (Some(operator.name.as_str()), Some(&operator.document))
        }
        Some(Principal::Person(person)) => (Some(person.name.as_str()), person.document.as_ref()),
        None => (None, None),
    };
    let name = name.map(|name| PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.key()));
    match (name, document) {
        (Some(name), Some(document)) => fingerprint(&name, &document.key()),
        _ => random::hash(""),
    }
}

pub(super) fn phone_of(principal: &Principal) -> Option<Phone> {
    Phone::parse(principal.phone()?).ok()
}

/// Whether the right password would sign in.
pub(super) fn is_active(candidate: &Candidate, now: Timestamp) -> bool {
    let ended = [
        candidate.disabled_at,
        candidate.pending_since,
        candidate.frozen_at,
        candidate.unit_disabled_at,
        candidate.valid_until.filter(|end| *end <= now.millis()),
        candidate.valid_from.filter(|start| *start > now.millis()),
    ];
    ended.iter().all(Option::is_none)
}

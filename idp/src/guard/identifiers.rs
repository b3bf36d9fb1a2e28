//! What a visitor typed to say which account they mean.

use anyhow::Result;

use crate::app::App;
use crate::domain::normalize::normalize_code;
use crate::domain::principal::{AccountKind, LegalEntity, Principal, StoredDocument};
use crate::platform::vault::Purpose;
use crate::store::accounts::{self, Candidate};
use crate::store::principals::{self, document_index};

/// An account as a visitor names it. Anything may be typed; what is no valid name finds nothing.
pub enum Identifier {
    /// 法人账号 or 统一社会信用代码
    LegalEntity { unit: String },
    /// 单位统一信用代码/法人账号, and 经办人手机号/身份证号
    Operator { unit: String, person: String },
    /// 账号, 手机号码 or 身份证号
    Person { name: String },
}

/// GA/T 517: the type of document that can be typed without saying its type.
const RESIDENT_ID: &str = "111";

/// An account by its id, with what a sign-in to it would find.
///
/// # Errors
/// When the database fails.
pub async fn of_account(app: &App, account_id: &str) -> Result<Option<(Principal, Candidate)>> {
    let Some(principal) = principals::find(&app.store, &app.vault, account_id).await? else {
        return Ok(None);
    };
    let candidate = match Identifier::all_of(&principal).first() {
        Some(identifier) => identifier.find(app).await?,
        None => None,
    };
    let own = candidate.filter(|candidate| candidate.account_id == account_id);
    Ok(own.map(|candidate| (principal, candidate)))
}

impl Identifier {
    pub fn legal_entity(typed: &str) -> Self {
        Self::LegalEntity { unit: normalize_code(typed) }
    }

    pub fn operator(unit: &str, person: &str) -> Self {
        Self::Operator { unit: normalize_code(unit), person: normalize_code(person) }
    }

    pub fn person(typed: &str) -> Self {
        Self::Person { name: normalize_code(typed) }
    }

    /// Everything that an account answers to, what it always has first.
    pub fn all_of(principal: &Principal) -> Vec<Self> {
        let own = |phone: Option<&str>, document: Option<&StoredDocument>| {
            let phones = phone.into_iter().flat_map(|phone| [phone.to_owned(), format!("+86{phone}")]);
            let number = document.filter(|document| document.type_code == RESIDENT_ID);
            phones.chain(number.map(|document| document.number.clone())).collect::<Vec<_>>()
        };
        let units = |unit: &LegalEntity| [unit.credit_code.clone(), unit.login_name.clone()];
        match principal {
            Principal::LegalEntity(unit) => units(unit).iter().map(|name| Self::legal_entity(name)).collect(),
            Principal::Operator { operator, unit } => {
                let own = own(Some(&operator.phone), Some(&operator.document));
                let of =
                    |unit: String| own.iter().map(move |own| Self::operator(&unit, own)).collect::<Vec<_>>();
                units(unit).into_iter().flat_map(of).collect()
            }
            Principal::Person(person) => {
                let own = own(person.phone.as_deref(), person.document.as_ref());
                std::iter::once(&person.login_name).chain(&own).map(|name| Self::person(name)).collect()
            }
        }
    }

    pub const fn kind(&self) -> AccountKind {
        match self {
            Self::LegalEntity { .. } => AccountKind::LegalEntity,
            Self::Operator { .. } => AccountKind::Operator,
            Self::Person { .. } => AccountKind::Person,
        }
    }

    /// The same for every way of typing the same name.
    pub fn key(&self) -> String {
        match self {
            Self::LegalEntity { unit } => unit.clone(),
            Self::Operator { unit, person } => format!("{unit}|{person}"),
            Self::Person { name } => name.clone(),
        }
    }

    /// # Errors
    /// When the database fails.
    pub async fn find(&self, app: &App) -> Result<Option<Candidate>> {
        let index = |text: &str| {
            let document = StoredDocument { type_code: RESIDENT_ID.to_owned(), number: text.to_owned() };
            let phone = text.strip_prefix("+86").unwrap_or(text);
            (app.vault.derive(Purpose::PhoneIndex, phone), document_index(&app.vault, &document))
        };
        Ok(match self {
            Self::LegalEntity { unit } => {
                accounts::find_legal_entity(&app.store, &unit.to_lowercase(), unit).await?
            }
            Self::Operator { unit, person } => {
                let (phone, document) = index(person);
                accounts::find_operator(&app.store, (&unit.to_lowercase(), unit), &phone, &document).await?
            }
            Self::Person { name } => {
                let (phone, document) = index(name);
                accounts::find_person(&app.store, &name.to_lowercase(), &phone, &document).await?
            }
        })
    }
}

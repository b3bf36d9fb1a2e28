//! 证件: a person's identity document, of any type that the platform accepts.

use super::citizen_number::{birth_date, is_province};
pub use super::document_type::DocumentType;
use super::resident_id::{ResidentId, ResidentIdError};
use super::{mask, normalize::normalize_code};
use chrono::NaiveDate;
use std::fmt;

/// A document number that is well-formed for its type.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityDocument {
    document_type: DocumentType,
    number: String,
    birth: Option<NaiveDate>,
}

/// Why a text is no number of the chosen document type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityDocumentError {
    /// No resident ID number.
    #[error(transparent)]
    ResidentId(#[from] ResidentIdError),
    /// No number of the chosen type, which is another one.
    #[error("证件号码格式不正确")]
    Format,
}

impl IdentityDocument {
    /// Reads a number as people type it: full-width, lower-case, with spaces or hyphens.
    pub fn parse(
        document_type: DocumentType,
        text: &str,
        today: NaiveDate,
    ) -> Result<IdentityDocument, IdentityDocumentError> {
        let number = normalize_code(text);
        let birth = match document_type {
            DocumentType::ResidentId => Some(ResidentId::parse(&number, today)?.birth_date()),
            DocumentType::ResidencePermit => residence_permit_birth(&number, today),
            DocumentType::PermanentResidence => permanent_residence_birth(&number, today),
            _ => None,
        };
        let fits = match document_type {
            DocumentType::ResidentId | DocumentType::ResidencePermit => birth.is_some(),
            DocumentType::PermanentResidence => birth.is_some() || is_old_permanent_residence(&number),
            DocumentType::Passport => is_chinese_passport(&number),
            DocumentType::ForeignPassport => is_foreign_passport(&number),
            DocumentType::HongKongMacaoPermit => is_hong_kong_macao_permit(&number),
            DocumentType::TaiwanPermit => is_taiwan_permit(&number),
        };
        if !fits {
            return Err(IdentityDocumentError::Format);
        }
        Ok(IdentityDocument { document_type, number, birth })
    }

    /// What kind of document it is.
    pub fn document_type(&self) -> DocumentType {
        self.document_type
    }

    /// The number in capitals, without spaces and hyphens.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// What stays the same when the holder gets a new card with the same number, and differs
    /// between holders: the type's code and the number, without the count of renewals that the
    /// permits for Hong Kong and Macao residents may carry.
    pub fn key(&self) -> String {
        key(self.document_type, &self.number)
    }

    /// The holder's day of birth, where the number tells it.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.birth
    }

    /// The holder's age in full years, where the number tells it.
    pub fn age_on(&self, date: NaiveDate) -> Option<u32> {
        self.birth.map(|birth| date.years_since(birth).unwrap_or(0))
    }

    /// What to ask the visitor to look at again, though it is let pass: a resident ID number of no known county, which
    /// may have been abolished long ago.
    pub fn county_warning(&self, today: NaiveDate) -> Option<&'static str> {
        let id = ResidentId::parse(&self.number, today).ok();
        let unknown = id.filter(|id| self.document_type == DocumentType::ResidentId && !id.county_is_known());
        unknown.map(|_| "身份证号码前六位不是已知的行政区划代码，请核对")
    }

    /// The number as a page may show it: only the last four characters.
    pub fn masked(&self) -> String {
        mask::document_number(&self.number)
    }
}

/// [`IdentityDocument::key`] of a number that was read before.
pub fn key(document_type: DocumentType, number: &str) -> String {
    let lasting = match document_type {
        DocumentType::HongKongMacaoPermit => number.get(..9).unwrap_or(number),
        _ => number,
    };
    format!("{}:{lasting}", document_type.code())
}

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.document_type.code();
        write!(f, "IdentityDocument({code}:{})", self.masked())
    }
}

/// A resident ID's structure with a region that stands for Hong Kong, Macao or Taiwan.
fn residence_permit_birth(number: &str, today: NaiveDate) -> Option<NaiveDate> {
    let region = number.get(..6)?;
    birth_date(number, today).filter(|_| matches!(region, "810000" | "820000" | "830000"))
}

/// Since 2023-12-01: 9, province, nationality, birth, sequence and check character.
fn permanent_residence_birth(number: &str, today: NaiveDate) -> Option<NaiveDate> {
    let province = number.strip_prefix('9')?.get(..2)?;
    birth_date(number, today).filter(|_| is_province(province))
}

/// Up to 2023: three letters for the nationality and twelve digits.
fn is_old_permanent_residence(number: &str) -> bool {
    number.get(..3).is_some_and(is_letters) && number.get(3..).is_some_and(|n| is_digits(n, &[12]))
}

/// Ordinary: E or G and eight digits, or E, a letter other than I and O, and seven digits.
/// Diplomatic, service, public affairs: D, S, P, each also with E, and seven or eight digits.
fn is_chinese_passport(number: &str) -> bool {
    let digits_at = number.find(|c: char| c.is_ascii_digit());
    let Some((series, digits)) = digits_at.and_then(|at| number.split_at_checked(at)) else {
        return false;
    };
    match series.as_bytes() {
        b"E" | b"G" => is_digits(digits, &[8]),
        b"DE" | b"SE" | b"PE" | b"D" | b"S" | b"P" => is_digits(digits, &[7, 8]),
        [b'E', second] => {
            matches!(second, b'A'..=b'H' | b'J'..=b'N' | b'P'..=b'Z') && is_digits(digits, &[7])
        }
        _ => false,
    }
}

/// Five to twenty letters and digits, at least one of them a digit.
fn is_foreign_passport(number: &str) -> bool {
    (5..=20).contains(&number.len())
        && number.bytes().all(|c| c.is_ascii_alphanumeric())
        && number.bytes().any(|c| c.is_ascii_digit())
}

/// H or M and eight digits, with or without two more that count the renewals; or, since
/// 2024-07-10 for those who are not Chinese citizens, HA or MA and seven digits.
fn is_hong_kong_macao_permit(number: &str) -> bool {
    let Some(rest) = number.strip_prefix(['H', 'M']) else {
        return false;
    };
    is_digits(rest, &[8, 10]) || rest.strip_prefix('A').is_some_and(|n| is_digits(n, &[7]))
}

/// Eight digits on the card for five years; ten, and up to two more characters, on older ones.
fn is_taiwan_permit(number: &str) -> bool {
    is_digits(number, &[8])
        || (number.len() <= 12
            && number.bytes().all(|c| c.is_ascii_alphanumeric())
            && number.get(..10).is_some_and(|n| is_digits(n, &[10])))
}

fn is_digits(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit())
}

fn is_letters(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
#[path = "identity_document_tests.rs"]
mod tests;

//! The standard claims that nobody proves (OpenID Connect Core section 5.1): a nickname, a picture, an e-mail address.
//! An account has those that an administrator has given it, and none by itself: what a document number tells of its
//! holder (a birthday, a gender) is never made a claim.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::timestamp::Timestamp;

/// What a person's account tells of its holder beside name, document and telephone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    claims: Map<String, Value>,
    /// When anything of the account was last changed; `None` of one that is still to be made.
    pub updated_at: Option<Timestamp>,
}

impl Profile {
    /// Reads a JSON object of claims.
    ///
    /// # Errors
    /// Which claim is wrong, and why.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut given: Given = serde_json::from_str(text)?;
        given.email_verified = given.email.is_some().then(|| given.email_verified.unwrap_or(false));
        let Value::Object(claims) = serde_json::to_value(given)? else { return Ok(Self::default()) };
        Ok(Self { claims, updated_at: None })
    }

    /// One that [`Profile::parse`] has read before.
    #[must_use]
    pub fn stored(claims: Map<String, Value>, updated_at: Option<Timestamp>) -> Self {
        Self { claims, updated_at }
    }

    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    #[must_use]
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }
}

/// The object as it is written; whatever it does not know is a mistake.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    middle_name: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<WebAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<WebAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<WebAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<Gender>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birthdate: Option<Birthdate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zoneinfo: Option<ZoneInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Locale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
}

/// Core section 5.1.1.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "AddressParts")]
struct Address(AddressParts);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressParts {
    #[serde(skip_serializing_if = "Option::is_none")]
    formatted: Option<Lines>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street_address: Option<Lines>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locality: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Line>,
}

impl TryFrom<AddressParts> for Address {
    type Error = &'static str;

    fn try_from(parts: AddressParts) -> Result<Self, Self::Error> {
        let AddressParts { formatted, street_address, locality, region, postal_code, country } = &parts;
        let lines = formatted.is_some() || street_address.is_some();
        let others = [locality, region, postal_code, country].into_iter().any(Option::is_some);
        if lines || others { Ok(Self(parts)) } else { Err("address has no part") }
    }
}

/// The genders that Core section 5.1 defines.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Gender {
    Female,
    Male,
}

/// A text that is checked when it is read.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident: $check:expr, $wrong:literal) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        #[serde(try_from = "String")]
        struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err($wrong) }
            }
        }
    };
}

checked! {
    Line: |text| is_text(text) && !text.contains(char::is_control), "not a line of 1 to 200 characters"
}
checked! {
    Lines: |text| is_text(text) && !text.contains(|c: char| c.is_control() && c != '\n'),
    "not a text of 1 to 200 characters"
}
checked! { WebAddress: is_web_address, "not an address that begins with https://" }
checked! { Birthdate: is_birthdate, "not YYYY-MM-DD, 0000-MM-DD or YYYY" }
checked! { ZoneInfo: is_zone, "not a time zone such as Asia/Shanghai" }
checked! { Locale: is_locale, "not a language tag such as zh-CN" }
checked! { Email: is_email, "not an e-mail address" }

/// `null` as a word is a program's mistake, and relying parties treat it as one.
fn is_text(text: &str) -> bool {
    (1..=200).contains(&text.chars().count()) && text.trim() == text && !text.eq_ignore_ascii_case("null")
}

fn is_web_address(text: &str) -> bool {
    text.len() <= 2000
        && text.starts_with("https://")
        && Url::parse(text).is_ok_and(|url| url.host().is_some())
}

fn is_birthdate(text: &str) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let sane = |year: i32| (1850..=9999).contains(&year);
    if digits(text, 4) {
        return text.parse().is_ok_and(sane);
    }
    let Some((year, day)) = text.split_once('-').filter(|(year, _)| digits(year, 4)) else { return false };
    // A leap year, so that 29 February is a day without its year, too.
    let checked = if year == "0000" { "2000" } else { year };
    let form = day.len() == 5 && digits(&day.replacen('-', "", 1), 4);
    form && checked.parse().is_ok_and(sane)
        && NaiveDate::parse_from_str(&format!("{checked}-{day}"), "%Y-%m-%d").is_ok()
}

fn is_zone(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(inner)
    };
    text.len() <= 64 && text.split('/').all(part)
}

/// RFC 5646 section 2.1 as far as people need it: language, script, region, each in its customary case.
fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-').peekable();
    let of = |part: &str, count, kind: fn(&u8) -> bool| {
        part.len() == count && part.bytes().all(|byte| kind(&byte))
    };
    let language = |part: &str| of(part, 2, u8::is_ascii_lowercase) || of(part, 3, u8::is_ascii_lowercase);
    let script = |part: &str| {
        part.len() == 4
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && of(&part[1..], 3, u8::is_ascii_lowercase)
    };
    let region = |part: &str| of(part, 2, u8::is_ascii_uppercase) || of(part, 3, u8::is_ascii_digit);
    if !parts.next().is_some_and(language) {
        return false;
    }
    parts.next_if(|part| script(part));
    parts.next_if(|part| region(part));
    parts.next().is_none()
}

/// RFC 5322 section 3.4.1 without comments and quotes, and a domain of letters, digits and hyphens.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |atom: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !atom.is_empty() && atom.bytes().all(inner)
    };
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(atom)
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;

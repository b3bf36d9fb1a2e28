//! 统一社会信用代码: the number of every unit in China (GB 32100-2015).

use super::entity_type::EntityType;
use super::normalize::normalize_code;

/// The characters of a credit code in the order of their values, 0 to 30. I, O, S, V and Z,
/// which are easily misread, are not among them.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The weights of the first 17 characters: the powers of 3 modulo 31.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// What a code's beginning says of the unit; the first that fits counts, and everything else is another organisation.
pub const SUGGESTED_TYPES: [(&str, EntityType); 15] = [
    ("11", EntityType::GovernmentAgency),
    ("12", EntityType::PublicInstitution),
    ("13", EntityType::SocialOrganization),
    ("51", EntityType::SocialOrganization),
    ("52", EntityType::SocialOrganization),
    ("53", EntityType::SocialOrganization),
    ("59", EntityType::SocialOrganization),
    ("91", EntityType::Enterprise),
    ("92", EntityType::IndividualBusiness),
    ("93", EntityType::FarmersCooperative),
    ("N1", EntityType::RuralCollective),
    ("N2", EntityType::RuralCollective),
    ("N3", EntityType::RuralCollective),
    ("N9", EntityType::RuralCollective),
    ("", EntityType::Other),
];

/// What to say of a code whose inner check does not hold.
pub const INNER_CHECK_WARNING: &str = "统一社会信用代码中的组织机构代码校验位不符，请核对；核对无误的可以继续，将由法人库核验，核验不通过的请进行账号申诉";

/// A credit code of a known form whose check character (modulo 31) is right.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreditCode(String);

/// Why a text is no credit code. The visitor is told the same in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    /// Length, alphabet, category or region are not those of a credit code.
    #[error("统一社会信用代码格式不正确")]
    Format,
    /// The form is right but the check character is not: most likely a slip of the pen.
    #[error("统一社会信用代码格式不正确")]
    CheckCharacter,
}

/// The entity type that was chosen cannot have this credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("法人类型与统一社会信用代码不符，请核对")]
pub struct EntityTypeMismatch;

impl CreditCode {
    /// Reads a credit code as people type it: full-width, lower-case, with spaces or hyphens.
    pub fn parse(text: &str) -> Result<CreditCode, CreditCodeError> {
        let code = normalize_code(text);
        if !has_form(&code) {
            return Err(CreditCodeError::Format);
        }
        if check_character(&code) != code.bytes().last() {
            return Err(CreditCodeError::CheckCharacter);
        }
        Ok(CreditCode(code))
    }

    /// Whether a text has a credit code's form, be its check character right or not. A login
    /// name that does is refused, so that one input box can take both.
    pub fn looks_like(text: &str) -> bool {
        has_form(&normalize_code(text))
    }

    /// The 18 characters, in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the organisation code inside (characters 9 to 17) has the check character that
    /// GB 11714-1997 asks for. Rare old codes do not: such a unit is not refused but verified
    /// with the registry, or by an appeal.
    pub fn inner_check_holds(&self) -> bool {
        const INNER_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = (self.0.chars().skip(8).zip(INNER_WEIGHTS))
            .filter_map(|(c, weight)| c.to_digit(36).map(|value| value * weight))
            .sum();
        let expected = match 11 - sum % 11 {
            10 => Some('X'),
            11 => Some('0'),
            digit => char::from_digit(digit, 10),
        };
        self.0.chars().nth(16) == expected
    }

    /// The entity type that the first two characters suggest.
    pub fn default_entity_type(&self) -> EntityType {
        let suggested = SUGGESTED_TYPES.iter().find(|(prefix, _)| self.0.starts_with(prefix));
        suggested.map_or(EntityType::Other, |(_, entity_type)| *entity_type)
    }

    /// Whether the choice must be refused: 企业法人 for a code that says state organ, public
    /// institution, social organisation, trader or cooperative.
    pub fn conflicts_with(&self, chosen: EntityType) -> bool {
        let never_an_enterprise =
            self.0.starts_with('5') || ["11", "12", "92", "93"].iter().any(|p| self.0.starts_with(p));
        chosen == EntityType::Enterprise && never_an_enterprise
    }

    /// Whether the choice is what the code suggests. If not, and it does not
    /// [conflict](Self::conflicts_with), a page asks to look again but lets it pass.
    pub fn suits(&self, chosen: EntityType) -> bool {
        let suggested = self.default_entity_type();
        // 91 is given to companies and to their branches and partnerships alike.
        chosen == suggested
            || (suggested == EntityType::Enterprise && chosen == EntityType::UnincorporatedEnterprise)
    }
}

/// `[1-9ANY][1-59][0-9]{6}[alphabet]{8}[0-9X][alphabet]`: every category, also later ones.
fn has_form(code: &str) -> bool {
    code.len() == 18
        && code.bytes().enumerate().all(|(at, c)| match at {
            0 => matches!(c, b'1'..=b'9' | b'A' | b'N' | b'Y'),
            1 => matches!(c, b'1'..=b'5' | b'9'),
            2..=7 => c.is_ascii_digit(),
            16 => c.is_ascii_digit() || c == b'X',
            _ => ALPHABET.contains(&c),
        })
}

/// The 18th character that the first 17 ask for.
fn check_character(code: &str) -> Option<u8> {
    let mut sum = 0;
    for (character, weight) in code.bytes().zip(WEIGHTS) {
        sum += ALPHABET.iter().position(|&c| c == character)? * weight;
    }
    // The outer modulus matters: the remainder 0 asks for the character 0.
    ALPHABET.get((31 - sum % 31) % 31).copied()
}

#[cfg(test)]
#[path = "credit_code_tests.rs"]
mod tests;

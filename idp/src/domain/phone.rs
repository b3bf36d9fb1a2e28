//! 手机号码: a mobile phone number of the mainland.

use super::{mask, normalize::normalize_code};
use std::fmt;

/// Eleven digits that begin with 13 to 19. Whether the number exists, only a code sent to it can
/// tell: lists of carriers' segments are out of date soon, and numbers move between carriers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// The text is no mobile phone number of the mainland.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("手机号码格式不正确")]
pub struct PhoneError;

impl Phone {
    /// Reads a number as people type it: with +86, spaces or hyphens.
    pub fn parse(text: &str) -> Result<Phone, PhoneError> {
        let text = normalize_code(text);
        let number = text.strip_prefix("+86").unwrap_or(&text);
        match number.as_bytes() {
            [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit) => {
                Ok(Phone(number.to_owned()))
            }
            _ => Err(PhoneError),
        }
    }

    /// The eleven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as the world dials it (ITU-T E.164): +86 and the eleven digits.
    pub fn e164(&self) -> String {
        format!("+86{}", self.0)
    }

    /// The number as a page may show it: `135****7850`.
    pub fn masked(&self) -> String {
        mask::phone(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid_numbers() {
        for (typed, digits) in [
            ("19400000001", "19400000001"),
            ("15400000002", "15400000002"),
            ("19400000003", "19400000003"),
            ("15400000004", "15400000004"),
            ("+86 194-0000-0005", "19400000005"),
            ("１９４００００００06", "19400000006"),
        ] {
            let phone = Phone::parse(typed).expect(typed);
            assert_eq!(phone.as_str(), digits);
            assert_eq!(phone.e164(), format!("+86{digits}"));
        }
    }

    #[test]
    fn invalid_numbers() {
        for (text, reason) in [
            ("12000000000", "no mobile begins with 12"),
            ("1940000000", "ten digits"),
            ("194000000011", "twelve digits"),
            ("1940000000a", "a letter"),
            ("04310000000", "a fixed line"),
            ("1940000000٣", "an Arabic digit"),
            ("+86+8619400000001", "the prefix twice"),
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError), "{reason}");
        }
        assert_eq!(PhoneError.to_string(), "手机号码格式不正确");
    }

    #[test]
    fn debug_shows_the_mask() {
        let phone = Phone::parse("15400007850").expect("valid");
        assert_eq!(format!("{phone:?}"), "Phone(154****7850)");
    }

    proptest! {
        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in "(\\+86)? ?1[3-9][0-9]{5}-?[0-9]{4}") {
            let phone = Phone::parse(&text).expect("valid");
            prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone.clone()));
            prop_assert_eq!(Phone::parse(&phone.e164()), Ok(phone));
        }

        #[test]
        fn any_text_is_answered(text in "(?s).*") {
            let _ = Phone::parse(&text);
        }
    }
}

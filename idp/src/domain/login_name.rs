//! 账号: the name that a unit chooses for signing in.

use super::{credit_code::CreditCode, normalize::normalize};

/// Six to twenty ASCII letters, digits and underscores, a letter first, and not like a credit
/// code: the sign-in page takes either in one box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginName(String);

/// Why a text cannot be a login name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginNameError {
    /// Length, characters or the first of them are not as they must be.
    #[error("账号应为6-20位字符，字母开头")]
    Format,
    /// Some credit codes begin with a letter; a name must not be taken for one.
    #[error("账号不能与统一社会信用代码相似，请更换")]
    LooksLikeCreditCode,
}

impl LoginName {
    /// Reads a name. Full-width characters become half-width; spaces inside are refused.
    pub fn parse(text: &str) -> Result<LoginName, LoginNameError> {
        let name = normalize(text);
        let well_formed = (6..=20).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
        if !well_formed {
            return Err(LoginNameError::Format);
        }
        if CreditCode::looks_like(&name) {
            return Err(LoginNameError::LooksLikeCreditCode);
        }
        Ok(LoginName(name))
    }

    /// The name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in lower case. Two names with one key are the same name.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid_names() {
        for name in ["xinyue0221", "Abcdef", "a_2345", "Test_Qiye_0001", "Q9999999999999999999"] {
            assert_eq!(LoginName::parse(name).expect(name).as_str(), name);
        }
    }

    #[test]
    fn invalid_names() {
        let twenty_one = "a".repeat(21);
        for (name, reason) in [
            ("1xinyue", "a digit first"),
            ("abcde", "five characters"),
            (twenty_one.as_str(), "twenty-one characters"),
            ("企业abc1", "Chinese characters"),
            ("abc def1", "a space"),
            ("abc-def1", "a hyphen"),
        ] {
            assert_eq!(LoginName::parse(name), Err(LoginNameError::Format), "{reason}");
        }
        let text = LoginNameError::Format.to_string();
        assert_eq!(text, "账号应为6-20位字符，字母开头");
    }

    #[test]
    fn names_like_credit_codes_are_refused() {
        for name in ["N2220122TEXT00113L", "n2220122text00113a", "Y1220000XXXX001238"] {
            assert_eq!(LoginName::parse(name), Err(LoginNameError::LooksLikeCreditCode));
        }
    }

    #[test]
    fn the_key_does_not_depend_on_case() {
        let name = LoginName::parse("Test_Qiye_0001").expect("valid");
        assert_eq!(name.key(), "test_qiye_0001");
    }

    proptest! {
        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in " ?[A-Za-z][A-Za-z0-9_]{5,16} ?") {
            let name = LoginName::parse(&text).expect("valid");
            prop_assert_eq!(LoginName::parse(name.as_str()), Ok(name));
        }

        #[test]
        fn any_text_is_answered(text in "(?s).*") {
            let _ = LoginName::parse(&text);
        }
    }
}

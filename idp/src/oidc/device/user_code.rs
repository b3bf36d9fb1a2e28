//! The code that somebody reads on a device and types elsewhere (RFC 8628 section 6.1).

use std::fmt;

use crate::app::App;
use crate::platform::random;
use crate::platform::vault::Purpose;

/// No vowels, so that no words come about, and nothing that looks like a digit or like another letter.
const ALPHABET: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// Eight letters, shown as two groups of four: 34 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    pub fn random() -> Self {
        Self(random::text(ALPHABET, LENGTH))
    }

    /// However it was typed: in small letters, in full-width ones, with blanks or dashes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = String::with_capacity(LENGTH);
        for char in text.chars() {
            let narrow = match char {
                '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
                    char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char)
                }
                other => other,
            };
            if narrow.is_whitespace() || matches!(narrow, '-' | '－' | '–' | '—') {
                continue;
            }
            let upper = narrow.to_ascii_uppercase();
            let known = u8::try_from(upper).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !known || code.len() == LENGTH {
                return None;
            }
            code.push(upper);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    /// What the store finds it by.
    pub fn index(&self, app: &App) -> String {
        app.vault.derive(Purpose::UserCode, &self.0)
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(out, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use super::UserCode;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode("BCDFGHJK".to_owned());
        assert_eq!(code.to_string(), "BCDF-GHJK");
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "ＢＣＤＦ－ｇｈｊｋ", "BC-DF—GH JK"]
        {
            assert_eq!(UserCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for other in ["", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF-GHJ0", "BCDF_GHJK", "法人单位登录网厅"]
        {
            assert_eq!(UserCode::parse(other), None, "{other}");
        }
        let random = UserCode::random();
        assert_eq!(UserCode::parse(&random.to_string()), Some(random));
    }
}

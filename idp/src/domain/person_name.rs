//! 姓名: the name of a natural person.

use super::{mask, normalize::normalize};
use std::fmt;

/// Two to twenty-five Chinese characters, rare ones included (GB 18030-2022), with `·` inside
/// where the name has several parts; or, for foreigners, a name in Latin letters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

/// The text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("姓名格式不正确")]
pub struct PersonNameError;

impl PersonName {
    /// Reads a name. In a Chinese one spaces are left out and the various dots become `·`; in a
    /// Latin one there is a single space between words.
    pub fn parse(text: &str) -> Result<PersonName, PersonNameError> {
        let text = normalize(text);
        let name: String = if text.chars().any(is_han) {
            (text.chars().filter(|c| !c.is_whitespace())).map(|c| if is_dot(c) { '·' } else { c }).collect()
        } else {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        if is_chinese_name(&name) || is_latin_name(&name) {
            Ok(PersonName(name))
        } else {
            Err(PersonNameError)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in capitals. Two names with one key count as the same.
    pub fn key(&self) -> String {
        self.0.to_uppercase()
    }

    /// The name as a page may show it: all but the last character hidden.
    pub fn masked(&self) -> String {
        mask::name(&self.0)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonName({})", self.masked())
    }
}

fn is_chinese_name(name: &str) -> bool {
    (2..=25).contains(&name.chars().count())
        && name.split('·').all(|part| !part.is_empty() && part.chars().all(is_han))
}

fn is_latin_name(name: &str) -> bool {
    (2..=60).contains(&name.chars().count())
        && name.starts_with(is_latin)
        && name.ends_with(|c| is_latin(c) || c == '.')
        && name.chars().all(|c| is_latin(c) || " -'’.,·".contains(c))
        && name.chars().filter(|&c| is_latin(c)).count() >= 2
}

/// A Chinese character: the basic block, its extensions A and later, and 〇.
fn is_han(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{FA0E}'..='\u{FA29}' | '\u{20000}'..='\u{3FFFD}')
}

/// A Latin letter, with or without accents.
fn is_latin(c: char) -> bool {
    c.is_alphabetic() && matches!(c, 'A'..='z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}')
}

/// What keyboards give for `·`, the dot between the parts of a name.
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '•' | '‧' | '・' | '∙' | '⋅' | '●')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_as_people_type_them() {
        for (typed, name) in [
            ("王颖", "王颖"),
            (" 王　小 颖 ", "王小颖"),
            ("阿卜杜·热合曼", "阿卜杜·热合曼"),
            ("阿卜杜．热合曼", "阿卜杜·热合曼"),
            ("阿卜杜•热合曼", "阿卜杜·热合曼"),
            ("𠮷䶮", "𠮷䶮"),
            ("John  Ｏ'Neil", "John O'Neil"),
            ("José María de la Cruz", "José María de la Cruz"),
            ("Davis, Sammy Jr.", "Davis, Sammy Jr."),
        ] {
            assert_eq!(PersonName::parse(typed).expect(typed).as_str(), name);
        }
        assert!(PersonName::parse(&"王".repeat(25)).is_ok());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let too_long = "王".repeat(26);
        for (text, reason) in [
            ("", "empty"),
            ("王", "one character"),
            (too_long.as_str(), "26 characters"),
            ("·王颖", "a dot first"),
            ("王颖·", "a dot last"),
            ("王··颖", "two dots"),
            ("王颖1", "a digit"),
            ("王a", "two scripts"),
            ("J", "one letter"),
            ("-John", "a hyphen first"),
            ("<b>John", "symbols"),
            ("Иван Петров", "another script"),
        ] {
            assert_eq!(PersonName::parse(text), Err(PersonNameError), "{reason}");
        }
        assert_eq!(PersonNameError.to_string(), "姓名格式不正确");
    }

    #[test]
    fn the_key_does_not_depend_on_case() {
        let key = |text| PersonName::parse(text).map(|name| name.key());
        assert_eq!(key("John  Smith"), key("JOHN SMITH"));
        assert_ne!(key("王颖"), key("王小颖"));
    }

    #[test]
    fn debug_shows_the_mask() {
        let name = PersonName::parse("王小颖").expect("valid");
        assert_eq!(format!("{name:?}"), "PersonName(**颖)");
    }

    proptest! {
        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in "[一-龥]{1,9}[ ·.]?[一-龥]{1,9}") {
            let name = PersonName::parse(&text).expect("valid");
            prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name));
        }

        #[test]
        fn any_text_is_answered(text in "(?s).*") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name));
            }
        }
    }
}

//! 单位名称, 企业名称: the name of a unit as its registry wrote it.

use super::normalize::{is_hidden, normalize};

/// Two to a hundred characters, at least two of them letters of some script. Brackets are kept
/// full-width in a Chinese name, as licences print them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitName(String);

/// The text is no name of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("名称格式不正确")]
pub struct UnitNameError;

impl UnitName {
    /// Reads a name as people type it.
    pub fn parse(text: &str) -> Result<UnitName, UnitNameError> {
        let words = normalize(text);
        let mut name = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.chars().any(|c| c >= '\u{2E80}') {
            name = name.replace('(', "（").replace(')', "）");
        }
        let well_formed = (2..=100).contains(&name.chars().count())
            && name.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && !name.chars().any(|c| is_hidden(c) || c == '<' || c == '>');
        if well_formed { Ok(UnitName(name)) } else { Err(UnitNameError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for comparison: the width of brackets, spaces and case make no difference.
    pub fn key(&self) -> String {
        (self.0.chars())
            .filter(|c| !c.is_whitespace())
            .map(|c| match c {
                '（' => '(',
                '）' => ')',
                other => other,
            })
            .flat_map(char::to_uppercase)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> String {
        UnitName::parse(text).expect(text).key()
    }

    #[test]
    fn brackets_spaces_and_case_make_no_difference() {
        let name = key("测试（长春）有限公司");
        assert_eq!(name, key("测试(长春)有限公司"));
        assert_eq!(name, key(" 测试 (长春） 有限公司 "));
        assert_ne!(name, key("测试长春有限公司"));
        assert_eq!(key("Ａbc有限公司"), key("ABC有限公司"));
    }

    #[test]
    fn chinese_names_keep_full_width_brackets() {
        let name = |text| UnitName::parse(text).map(|name| name.0);
        let expected = Ok("测试（长春）有限公司".to_owned());
        assert_eq!(name("测试(长春)有限公司"), expected);
        assert_eq!(name("Test (Jilin) Ltd."), Ok("Test (Jilin) Ltd.".to_owned()));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let too_long = "测".repeat(101);
        for text in ["", "测", "12345", "（）", "测试\u{0}公司", "测试<b>公司", "测试\u{202E}公司", &too_long]
        {
            assert_eq!(UnitName::parse(text), Err(UnitNameError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_parsing_again_changes_nothing(text in "(?s).*") {
            if let Ok(name) = UnitName::parse(&text) {
                prop_assert_eq!(UnitName::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn names_are_found_by_their_key(text in "[一-龥]{2,9}[(（][一-龥]{2}[)）] ?[a-z一-龥]{2,9}") {
            let name = UnitName::parse(&text).expect("valid");
            prop_assert_eq!(UnitName::parse(&name.key()).expect("valid").key(), name.key());
            prop_assert_eq!(UnitName::parse(name.as_str()), Ok(name));
        }
    }
}

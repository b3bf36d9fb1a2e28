//! 居民身份证号: the number of a resident ID card, 公民身份号码 (GB 11643-1999).

use super::citizen_number::{birth_date, has_shape, is_province};
use super::{mask, normalize::normalize_code};
use chrono::NaiveDate;
use std::fmt;

/// A resident ID number: 18 characters with a right check character, a province of the mainland
/// and a birth date from 1900 up to the day on which it was read.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentId {
    number: String,
    birth: NaiveDate,
}

/// Why a text is no resident ID number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResidentIdError {
    /// Shape, province, date or check character are wrong.
    #[error("身份证号码格式不正确")]
    Format,
    /// The number begins like that of another card: a residence permit of a resident of Hong
    /// Kong, Macao or Taiwan (81, 82, 83), or a foreigner's permanent residence card (9).
    #[error("请选择正确的证件类型")]
    OtherDocumentType,
}

impl ResidentId {
    /// Reads a number as people type it. The 15-digit numbers of the first cards, which ended in
    /// 2013, are refused.
    pub fn parse(text: &str, today: NaiveDate) -> Result<ResidentId, ResidentIdError> {
        let number = normalize_code(text);
        if !has_shape(&number) {
            return Err(ResidentIdError::Format);
        }
        if number.starts_with('9') || ["81", "82", "83"].iter().any(|p| number.starts_with(p)) {
            return Err(ResidentIdError::OtherDocumentType);
        }
        if !number.get(..2).is_some_and(is_province) {
            return Err(ResidentIdError::Format);
        }
        let birth = birth_date(&number, today).ok_or(ResidentIdError::Format)?;
        Ok(ResidentId { number, birth })
    }

    /// The 18 characters; the last one may be a capital X.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The holder's day of birth.
    pub fn birth_date(&self) -> NaiveDate {
        self.birth
    }

    /// The holder's age in full years; 0 before the birth. Who was born on 29 February gets
    /// older on 1 March where there is no such day.
    pub fn age_on(&self, date: NaiveDate) -> u32 {
        date.years_since(self.birth).unwrap_or(0)
    }

    /// Whether the number was given to a man: its 17th digit is odd.
    pub fn is_male(&self) -> bool {
        self.number.as_bytes().get(16).is_some_and(|d| d % 2 == 1)
    }

    /// Whether the first six digits are a county, present or past (GB/T 2260). Lists of past
    /// counties are never complete, so this is for a warning, not for a refusal.
    pub fn county_is_known(&self) -> bool {
        // Everything else that `id_card` looks at holds already.
        id_card::validate(&self.number)
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentId({})", mask::document_number(&self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::super::citizen_number::check_character;
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    }

    fn parse(text: &str) -> Result<ResidentId, ResidentIdError> {
        ResidentId::parse(text, day(2026, 11, 15))
    }

    #[test]
    fn valid_numbers() {
        for (text, birth, male) in [
            ("220102190001010008", day(1900, 1, 1), false),
            ("220103190002280006", day(1900, 2, 28), false),
            ("22020219040229000X", day(1904, 2, 29), false),
            ("220302200002290002", day(2000, 2, 29), false),
            ("222401199912310004", day(1999, 12, 31), false),
            ("22010219030101000X", day(1903, 1, 1), false),
            ("220102201501010005", day(2015, 1, 1), false),
            ("220102200501010000", day(2005, 1, 1), false),
            ("220102199001010009", day(1990, 1, 1), false),
            ("22010219700101000X", day(1970, 1, 1), false),
        ] {
            let id = parse(text).expect(text);
            assert_eq!(id.as_str(), text);
            assert_eq!((id.birth_date(), id.is_male()), (birth, male), "{text}");
            assert!(id.county_is_known(), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for text in ["22010219030101000x", " 220102 19030101 000X"] {
            assert_eq!(parse(text), parse("22010219030101000X"));
        }
        assert_eq!(parse("２20102190001010008"), parse("220102190001010008"));
    }

    #[test]
    fn invalid_numbers_and_their_reasons() {
        use ResidentIdError::{Format, OtherDocumentType};
        for (text, error, reason) in [
            ("220102190001010009", Format, "check character"),
            ("22010219000101000", Format, "17 characters"),
            ("220102000101000", Format, "15 digits"),
            ("220102190002290005", Format, "1900 had no 29 February"),
            ("220102200113010009", Format, "month 13"),
            ("000000190001010009", Format, "province 00"),
            ("990102190001010006", OtherDocumentType, "no province begins with 9"),
            ("220102209912310009", Format, "not born yet"),
            ("220102189912310003", Format, "before 1900"),
            ("22010219030101000*", Format, "a star"),
            ("220102X90001010008", Format, "X inside"),
            ("810000199001010000", OtherDocumentType, "Hong Kong"),
            ("820000199001010002", OtherDocumentType, "Macao"),
            ("830000199001010004", OtherDocumentType, "Taiwan"),
            ("922840199001010002", OtherDocumentType, "permanent residence"),
            ("22010219000101000٨", Format, "an Arabic digit"),
        ] {
            assert_eq!(parse(text), Err(error), "{reason}");
        }
        assert_eq!(Format.to_string(), "身份证号码格式不正确");
        assert_eq!(OtherDocumentType.to_string(), "请选择正确的证件类型");
    }

    #[test]
    fn birth_may_be_today_but_not_tomorrow() {
        let (text, birth) = ("220302200002290002", day(2000, 2, 29));
        assert!(ResidentId::parse(text, birth).is_ok());
        assert!(ResidentId::parse(text, day(2000, 2, 28)).is_err());
    }

    #[test]
    fn age_counts_full_years() {
        let id = parse("220302200002290002").expect("valid");
        assert_eq!(id.age_on(day(2016, 2, 28)), 15);
        assert_eq!(id.age_on(day(2016, 2, 29)), 16);
        assert_eq!(id.age_on(day(2018, 2, 28)), 17);
        assert_eq!(id.age_on(day(2018, 3, 1)), 18);
        assert_eq!(id.age_on(day(1999, 1, 1)), 0);
    }

    #[test]
    fn an_unknown_county_is_read_but_noticed() {
        let id = parse(&with_check_character("22999919900101001")).expect("valid");
        assert!(!id.county_is_known());
        assert!(id.is_male());
    }

    #[test]
    fn debug_shows_the_mask() {
        let id = parse("220102190001010008").expect("valid");
        assert_eq!(format!("{id:?}"), "ResidentId(**************0008)");
    }

    fn with_check_character(first_17: &str) -> String {
        let check = check_character(first_17).map(char::from).expect("digits");
        format!("{first_17}{check}")
    }

    proptest! {
        #[test]
        fn any_changed_digit_is_noticed(
            first in "2201(02|03)19[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}",
            at in 0usize..17, digit in 0u8..10,
        ) {
            let number = with_check_character(&first);
            let id = parse(&number).expect("valid");
            prop_assert_eq!(parse(id.as_str()), Ok(id));
            let mut bytes = number.clone().into_bytes();
            bytes[at] = b'0' + digit;
            let changed = String::from_utf8(bytes).expect("ASCII");
            prop_assert!(changed == number || parse(&changed).is_err());
        }

        #[test]
        fn any_text_is_answered(text in "(?s).*") {
            let _ = parse(&text);
        }
    }
}

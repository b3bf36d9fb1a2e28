//! Tests of identity documents: five good and five bad numbers a type, and what holds for all.

use super::DocumentType::{
    ForeignPassport, HongKongMacaoPermit, Passport, PermanentResidence, ResidencePermit, TaiwanPermit,
};
use super::*;
use proptest::prelude::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 15).expect("a day")
}

fn parse(kind: DocumentType, text: &str) -> Result<IdentityDocument, IdentityDocumentError> {
    IdentityDocument::parse(kind, text, today())
}

#[rustfmt::skip]
const VALID: [(DocumentType, &[&str]); 6] = [
    (Passport, &["E00000000", "EA0000001", "G00000001", "PE0000001", "DE0000001"]),
    (ForeignPassport, &["EN123456", "C01X00T47", "000000001", "00AA00001", "A0000"]),
    (HongKongMacaoPermit, &["H00000000", "M00000000", "H0000000000", "HA0000000", "MA0000000"]),
    (TaiwanPermit, &["00000001", "99999999", "00000002", "0000000001", "0000000001A"]),
    (PermanentResidence, &["USA220000000001", "DEU220000000002", "FRA220000000003",
        "922840199001010002", "922276199001010006"]),
    (ResidencePermit, &["810000199001010000", "820000199001010002", "830000199001010004",
        "810000198506150004", "830000200102280009"]),
];

#[rustfmt::skip]
const INVALID: [(DocumentType, &[&str]); 6] = [
    // I and O are not used as second letters; too short; too long; too short.
    (Passport, &["EI0000001", "EO0000001", "E0000000", "E000000000", "E-000001"]),
    // Too short, no digit, too long, not ASCII, a symbol.
    (ForeignPassport, &["A000", "ABCDEF", "A00000000000000000000", "甲00000001", "A0000_1"]),
    // Wrong letter, too short, renewal count of one digit, wrong second letter, letter at the end.
    (HongKongMacaoPermit, &["A00000000", "H0000000", "H000000000", "HB0000000", "M00000000A"]),
    // Too short, letter first, nine digits, a space for a digit, letter after eight digits.
    (TaiwanPermit, &["0000001", "A0000000", "000000001", "0000 001", "00000001A"]),
    // Digit among the letters, month 13, 17 characters, too short, check character.
    (PermanentResidence, &["US0220000000001", "92284019901301000X", "92284019900101000",
        "usa22000000000", "922276199001010009"]),
    // Region 84, month 13, 17 characters, check character, another document.
    (ResidencePermit, &["840000199001010006", "810000199013010008", "81000019900101000",
        "810000199001010001", "H00000000"]),
];

#[test]
fn valid_numbers() {
    for (kind, numbers) in VALID {
        for number in numbers {
            let document = parse(kind, number).expect(number);
            assert_eq!(document.number(), *number);
            assert_eq!(document.document_type(), kind);
        }
    }
}

#[test]
fn invalid_numbers() {
    for (kind, numbers) in INVALID {
        for number in numbers {
            assert_eq!(parse(kind, number), Err(IdentityDocumentError::Format), "{number}");
        }
    }
    let text = IdentityDocumentError::Format.to_string();
    assert_eq!(text, "证件号码格式不正确");
}

#[test]
fn resident_ids_have_their_own_texts() {
    let document = parse(DocumentType::ResidentId, "22010219030101000x").expect("valid");
    assert_eq!(document.number(), "22010219030101000X");
    for (number, text) in
        [("220102190001010009", "身份证号码格式不正确"), ("810000199001010000", "请选择正确的证件类型")]
    {
        let error = parse(DocumentType::ResidentId, number).expect_err("invalid");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn numbers_are_read_as_people_type_them() {
    let document = parse(HongKongMacaoPermit, " ｈ0000-0000 ").expect("valid");
    assert_eq!(document.number(), "H00000000");
}

#[test]
fn the_key_forgets_renewals_but_not_the_type() {
    let key = |kind, number| parse(kind, number).expect(number).key();
    assert_eq!(key(HongKongMacaoPermit, "H0000000002"), "516:H00000000");
    assert_eq!(key(HongKongMacaoPermit, "H00000000"), "516:H00000000");
    assert_eq!(key(Passport, "E00000000"), "414:E00000000");
    assert_ne!(key(Passport, "E00000000"), key(ForeignPassport, "E00000000"));
}

#[test]
fn some_numbers_tell_the_birth_date() {
    let birth = NaiveDate::from_ymd_opt(1990, 1, 1);
    for (kind, number, expected) in [
        (DocumentType::ResidentId, "220102199001010009", birth),
        (PermanentResidence, "922840199001010002", birth),
        (ResidencePermit, "810000199001010000", birth),
        (PermanentResidence, "USA220000000001", None),
        (Passport, "E00000000", None),
    ] {
        let document = parse(kind, number).expect(number);
        assert_eq!(document.birth_date(), expected, "{number}");
        assert_eq!(document.age_on(today()), expected.map(|_| 36), "{number}");
    }
}

#[test]
fn debug_shows_the_mask() {
    let document = parse(Passport, "E00001234").expect("valid");
    assert_eq!(format!("{document:?}"), "IdentityDocument(414:*****1234)");
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(?s).*") {
        for kind in DocumentType::ALL {
            if let Ok(document) = parse(kind, &text) {
                prop_assert_eq!(parse(kind, document.number()), Ok(document));
            }
        }
    }

    #[test]
    fn parsing_what_was_parsed_changes_nothing(text in "[a-zA-Z]{0,2}[0-9 -]{5,12}[a-zA-Z]{0,2}") {
        for kind in DocumentType::ALL {
            if let Ok(document) = parse(kind, &text) {
                prop_assert_eq!(parse(kind, document.number()), Ok(document));
            }
        }
    }
}

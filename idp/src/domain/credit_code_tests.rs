//! Tests of the credit code: the known numbers, and what holds for all.

use super::*;
use proptest::prelude::*;

const VALID: [(&str, EntityType); 14] = [
    ("91220101TEXT00017E", EntityType::Enterprise),
    ("91220000XXXX00027L", EntityType::Enterprise),
    ("92220102TEXT00033F", EntityType::IndividualBusiness),
    ("93222401TEXT000411", EntityType::FarmersCooperative),
    ("12220000XXXX00051A", EntityType::PublicInstitution),
    ("11220000XXXX0006X5", EntityType::GovernmentAgency),
    ("51220000XXXX000781", EntityType::SocialOrganization),
    ("52220100XXXX00086X", EntityType::SocialOrganization),
    ("53220000XXXX00094G", EntityType::SocialOrganization),
    ("N2220122TEXT00113L", EntityType::RuralCollective),
    ("Y1220000XXXX001238", EntityType::Other),
    ("91220101TEXT001640", EntityType::Enterprise), // check character 0
    ("91220101TEXT00041Y", EntityType::Enterprise), // the last of the alphabet
    ("91220101TEXT00180M", EntityType::Enterprise), // inner check character 0
];

#[test]
fn valid_codes_and_their_entity_types() {
    for (text, entity_type) in VALID {
        let code = CreditCode::parse(text).expect(text);
        assert_eq!(code.as_str(), text);
        assert_eq!(code.default_entity_type(), entity_type, "{text}");
        assert!(code.inner_check_holds(), "{text}");
        assert!(code.suits(entity_type), "{text}");
        assert!(!code.conflicts_with(entity_type), "{text}");
    }
}

#[test]
fn invalid_codes_and_their_reasons() {
    use CreditCodeError::{CheckCharacter, Format};
    for (text, error, reason) in [
        ("91220101TEXT00017F", CheckCharacter, "wrong check character"),
        ("91220101TEXT00017", Format, "17 characters"),
        ("91220101TEXT00017E0", Format, "19 characters"),
        ("91220101IEXT00017E", Format, "I"),
        ("91220101TEXTO0017E", Format, "O"),
        ("91220101SEXT00017E", Format, "S"),
        ("91220101TETX00017E", CheckCharacter, "two characters swapped"),
        ("9122010ATEXT00017E", Format, "a letter in the region"),
        ("86220101TEXT00017E", Format, "category"),
        ("000000000000000000", Format, "right modulo 31, but no category"),
        ("", Format, "empty"),
        ("91220101ＴＥＸＴ０00١7E", Format, "an Arabic digit"),
    ] {
        assert_eq!(CreditCode::parse(text), Err(error), "{reason}");
        assert_eq!(error.to_string(), "统一社会信用代码格式不正确");
    }
    assert_eq!(check_character("000000000000000000"), Some(b'0'));
}

#[test]
fn a_wrong_inner_check_is_only_a_warning() {
    let code = CreditCode::parse("91220101TEXT000132").expect("right modulo 31");
    assert!(!code.inner_check_holds());
}

#[test]
fn codes_are_read_as_people_type_them() {
    for text in [" 91220101text00017e ", "９１２２０１０１ＴＥＸＴ０００１７Ｅ", "9122 0101 TEXT-00017E"]
    {
        let code = CreditCode::parse(text).map(|code| code.0);
        assert_eq!(code.as_deref(), Ok("91220101TEXT00017E"));
    }
}

#[test]
fn only_a_legal_person_enterprise_can_conflict() {
    for (text, conflict) in [
        ("11220000XXXX0006X5", true),
        ("12220000XXXX00051A", true),
        ("51220000XXXX000781", true),
        ("92220102TEXT00033F", true),
        ("93222401TEXT000411", true),
        ("91220101TEXT00017E", false),
        ("N2220122TEXT00113L", false),
        ("Y1220000XXXX001238", false),
    ] {
        let code = CreditCode::parse(text).expect(text);
        assert_eq!(code.conflicts_with(EntityType::Enterprise), conflict, "{text}");
        for other in EntityType::ALL.into_iter().skip(1) {
            assert!(!code.conflicts_with(other), "{text}");
        }
    }
    let code = CreditCode::parse("91220101TEXT00017E").expect("valid");
    assert!(code.suits(EntityType::UnincorporatedEnterprise));
    assert!(!code.suits(EntityType::GovernmentAgency));
}

#[test]
fn codes_of_village_committees_are_not_refused() {
    let code = with_check_character("54220102TEXT00017");
    let code = CreditCode::parse(&code).expect("valid");
    assert_eq!(code.default_entity_type(), EntityType::Other);
}

#[test]
fn looking_like_a_code_needs_no_right_check() {
    assert!(CreditCode::looks_like("n2220122text00113A"));
    assert!(!CreditCode::looks_like("xinyue0221"));
}

fn with_check_character(first_17: &str) -> String {
    let check = check_character(first_17).map(char::from).expect("alphabet");
    format!("{first_17}{check}")
}

fn valid_code() -> impl Strategy<Value = String> {
    "[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXY]{8}[0-9X]".prop_map(|c| with_check_character(&c))
}

proptest! {
    #[test]
    fn any_single_change_is_noticed(text in valid_code()) {
        prop_assert!(CreditCode::parse(&text).is_ok());
        for at in 0..text.len() {
            for &other in ALPHABET {
                let mut bytes = text.clone().into_bytes();
                if bytes[at] != other {
                    bytes[at] = other;
                    let changed = String::from_utf8(bytes).expect("ASCII");
                    prop_assert!(CreditCode::parse(&changed).is_err(), "{}", changed);
                }
            }
        }
    }

    #[test]
    fn parsing_what_was_parsed_changes_nothing(text in valid_code(), at in 0usize..18) {
        let mut typed = text.to_lowercase();
        typed.insert(at, ' ');
        let code = CreditCode::parse(&typed).expect("valid");
        prop_assert_eq!(code.as_str(), &text);
        prop_assert_eq!(CreditCode::parse(code.as_str()), Ok(code));
    }

    #[test]
    fn any_text_is_answered(text in "(?s).*") {
        let _ = (CreditCode::parse(&text), CreditCode::looks_like(&text));
    }
}

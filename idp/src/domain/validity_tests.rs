//! Tests of validity: the known dates, and the edges.

use super::Paper::{Other, ResidentId};
use super::Term::{FiveYears, LongTerm, TenYears, TwentyYears};
use super::*;
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn read(birth: &str, term: Term, start: &str, end: &str) -> Result<Validity, ValidityError> {
    let date = |text: &str| (!text.is_empty()).then(|| day(text));
    let (start, end) = (date(start), date(end));
    Validity::of_resident_id(day(birth), term, start, end, day("2026-11-15"))
}

const VALID: [(&str, Term, &str, &str); 6] = [
    ("2005-01-01", TenYears, "2022-03-01", "2032-03-01"),
    ("1990-01-01", TwentyYears, "2018-05-20", "2038-05-20"),
    ("1970-01-01", LongTerm, "2016-01-01", ""),
    ("1970-01-01", TwentyYears, "2015-12-31", "2035-12-31"),
    ("2000-02-29", TenYears, "2020-02-29", "2030-02-28"),
    ("2015-01-01", FiveYears, "2023-06-01", "2028-06-01"),
];

#[test]
fn valid_dates() {
    for (birth, term, start, end) in VALID {
        let validity = read(birth, term, start, end).expect(start);
        assert_eq!(validity.start(), day(start));
        assert_eq!(validity.end(), (!end.is_empty()).then(|| day(end)));
        assert_eq!(term_warning(day(birth), term, day(start)), None, "{start}");
        // Choosing a term and a start fills in the end.
        assert_eq!(read(birth, term, start, ""), Ok(validity));
        assert_eq!(expected_end(day(start), term), validity.end());
    }
}

#[test]
fn invalid_dates_and_their_reasons() {
    use ValidityError::*;
    for (term, start, end, error) in [
        (TenYears, "2015-12-31", "2025-12-31", Expired(ResidentId)),
        (TwentyYears, "2018-05-20", "2038-05-19", WrongEnd(ResidentId)),
        (TwentyYears, "2026-12-01", "2046-12-01", StartInFuture(ResidentId)),
        (LongTerm, "2018-05-20", "2038-05-20", LongTermWithEnd(ResidentId)),
        (TenYears, "1989-12-31", "1999-12-31", StartBeforeBirth(ResidentId)),
        (TenYears, "1990-01-01", "2000-01-01", StartBeforeBirth(ResidentId)),
        (TenYears, "", "2030-01-01", StartMissing(ResidentId)),
    ] {
        assert_eq!(read("1990-01-01", term, start, end), Err(error));
    }
}

#[test]
fn unusual_terms_are_let_pass_with_a_warning() {
    for (birth, term, start) in [
        ("1970-01-01", LongTerm, "2015-12-31"), // at the age of 45
        ("1990-01-01", FiveYears, "2022-01-01"),
    ] {
        assert!(read(birth, term, start, "").is_ok());
        assert!(term_warning(day(birth), term, day(start)).is_some());
    }
}

#[test]
fn a_card_may_be_dated_up_to_three_months_after_the_birthday() {
    let birth = day("1970-01-01");
    assert_eq!(term_warning(birth, TwentyYears, day("2016-03-31")), None);
    assert!(term_warning(birth, TwentyYears, day("2016-04-01")).is_some());
}

#[test]
fn a_start_on_29_february_has_two_ends() {
    let end = |end| read("2000-02-29", TenYears, "2020-02-29", end);
    assert!(end("2030-02-28").is_ok());
    assert!(end("2030-03-01").is_ok());
    assert_eq!(end("2030-03-02"), Err(ValidityError::WrongEnd(ResidentId)));
    // 2040 has a 29 February of its own.
    let end = |end| read("1990-01-01", TwentyYears, "2020-02-29", end);
    assert!(end("2040-02-29").is_ok());
    assert!(end("2040-02-28").is_err());
    assert!(end("2040-03-01").is_err());
}

#[test]
fn the_last_day_is_still_valid() {
    let validity = read("1990-01-01", TenYears, "2016-11-15", "2026-11-15").expect("valid");
    assert!(validity.holds_on(day("2026-11-15")));
    assert!(!validity.holds_on(day("2026-11-16")));
    assert!(!validity.holds_on(day("2016-11-14")));
}

#[test]
fn a_card_without_end_is_exported_with_one() {
    let validity = read("1970-01-01", LongTerm, "2016-01-01", "").expect("valid");
    assert_eq!(validity.exported_end(), day("9999-12-31"));
    assert!(validity.holds_on(day("2099-01-01")));
}

#[test]
fn other_documents_need_both_dates() {
    let today = day("2026-11-15");
    let read = |start, end| Validity::of_other_document(start, end, today);
    let (start, end) = (Some(day("2020-01-01")), Some(day("2030-01-01")));
    assert!(read(start, end).is_ok());
    assert_eq!(read(start, None), Err(ValidityError::EndMissing(Other)));
    assert_eq!(read(end, end), Err(ValidityError::StartInFuture(Other)));
    assert_eq!(read(start, start), Err(ValidityError::WrongEnd(Other)));
}

#[test]
fn the_texts_name_the_paper() {
    for (error, text) in [
        (ValidityError::StartMissing(ResidentId), "请选择身份证有效开始日期"),
        (ValidityError::StartMissing(Other), "请选择证件有效开始日期"),
        (ValidityError::Expired(ResidentId), "身份证已过期，请更换有效证件"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

proptest! {
    #[test]
    fn any_dates_are_answered(days in prop::array::uniform4(-9_999_999i32..9_999_999), at in 0usize..4) {
        let date = |days: i32| NaiveDate::from_epoch_days(days).unwrap_or(NaiveDate::MAX);
        let [birth, start, end, today] = days.map(date);
        let term = Term::ALL[at];
        let _ = Validity::of_resident_id(birth, term, Some(start), Some(end), today);
        let _ = Validity::of_resident_id(birth, term, Some(start), None, today);
        let _ = Validity::of_other_document(Some(start), Some(end), today);
        let _ = (term_warning(birth, term, start), expected_end(start, term));
    }
}

#[test]
fn what_was_stored_is_read_again() {
    for text in ["2018-05-20/2038-05-20", "2016-01-01/"] {
        assert_eq!(Validity::from_text(text).expect(text).to_text(), text);
    }
    for text in ["", "/", "2018-05-20", "2018-05-20/never"] {
        assert_eq!(Validity::from_text(text), None, "{text}");
    }
}

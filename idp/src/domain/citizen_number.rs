//! The 18-digit number that resident ID cards share with two other cards (GB 11643-1999).

use chrono::{Datelike, NaiveDate};

/// The weights of the first 17 digits (ISO 7064, MOD 11-2).
const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check character for each remainder modulo 11.
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";

/// Whether a text is 17 ASCII digits and a digit or X.
pub(super) fn has_shape(number: &str) -> bool {
    number.len() == 18
        && (number.bytes().enumerate()).all(|(at, c)| c.is_ascii_digit() || (at == 17 && c == b'X'))
}

/// The birth date in characters 7 to 14 of a number whose shape and check character are right,
/// if it is a day from 1900 up to today.
pub(super) fn birth_date(number: &str, today: NaiveDate) -> Option<NaiveDate> {
    if !has_shape(number) || check_character(number) != number.bytes().last() {
        return None;
    }
    let part = |from: usize, to: usize| number.get(from..to)?.parse::<u32>().ok();
    let year = i32::try_from(part(6, 10)?).ok()?;
    NaiveDate::from_ymd_opt(year, part(10, 12)?, part(12, 14)?)
        .filter(|birth| birth.year() >= 1900 && *birth <= today)
}

/// Whether two digits are a province of the mainland (GB/T 2260).
pub(super) fn is_province(digits: &str) -> bool {
    matches!(digits.parse(), Ok(11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65))
}

/// The 18th character that the first 17 ask for.
pub(super) fn check_character(number: &str) -> Option<u8> {
    let mut sum = 0;
    for (digit, weight) in number.bytes().zip(WEIGHTS) {
        sum += usize::from(digit.checked_sub(b'0')?) * weight;
    }
    CHECK_CHARACTERS.get(sum % 11).copied()
}

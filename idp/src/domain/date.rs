//! A calendar day as people type it.

use chrono::{Datelike, NaiveDate};

use super::normalize::normalize;

/// What is said of what can't be read.
pub const WRONG: &str = "日期格式不正确，请按 2026-01-31 的格式填写";

/// Reads `2026-01-31`, `2026/1/31`, `2026.1.31`, `2026年1月31日` and `20260131`; full-width digits too.
pub fn parse(text: &str) -> Option<NaiveDate> {
    let text = normalize(text);
    let plain = text.trim_end_matches('日');
    if plain.len() == 8 && plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(plain, "%Y%m%d").ok().filter(|day| day.year() >= 1000);
    }
    let mut parts = plain.split(['-', '/', '.', '年', '月']).map(str::trim);
    let mut number = |most: usize| {
        let part = parts.next()?;
        let digits = (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<u32>().ok() } else { None }
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if year < 1000 || parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_read_as_people_type_them() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 31);
        for text in
            ["2026-01-31", "2026/1/31", " 2026.1.31 ", "2026年1月31日", "20260131", "２０２６－０１－３１"]
        {
            assert_eq!(parse(text), day, "{text}");
        }
        for text in
            ["", "2026-02-30", "26-1-31", "2026-1", "2026-1-31-1", "31.1.2026", "2026-+1-31", "02200131", "x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s).*") {
            let _ = parse(&text);
        }
    }
}

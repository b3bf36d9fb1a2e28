//! 身份证有效期限: for how long a resident ID card is valid (居民身份证法, article 5).

use chrono::{Months, NaiveDate};

/// The term of a resident ID card, which depends on the holder's age at issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// 5年: under 16.
    FiveYears,
    /// 10年: 16 to 25.
    TenYears,
    /// 20年: 26 to 45.
    TwentyYears,
    /// 长期: 46 and older.
    LongTerm,
}

impl Term {
    /// Every term, in the order in which the pages offer them.
    pub const ALL: [Term; 4] = [Term::FiveYears, Term::TenYears, Term::TwentyYears, Term::LongTerm];

    /// The key in forms and in the store. It never changes.
    pub fn code(self) -> &'static str {
        match self {
            Term::FiveYears => "5",
            Term::TenYears => "10",
            Term::TwentyYears => "20",
            Term::LongTerm => "long_term",
        }
    }

    /// The term whose [`code`](Self::code) this is.
    pub fn from_code(code: &str) -> Option<Term> {
        Term::ALL.into_iter().find(|t| t.code() == code)
    }

    /// The term's name on the pages.
    pub fn label(self) -> &'static str {
        match self {
            Term::FiveYears => "5年",
            Term::TenYears => "10年",
            Term::TwentyYears => "20年",
            Term::LongTerm => "长期有效",
        }
    }

    /// The number of years, if there is one.
    pub fn years(self) -> Option<u32> {
        match self {
            Term::FiveYears => Some(5),
            Term::TenYears => Some(10),
            Term::TwentyYears => Some(20),
            Term::LongTerm => None,
        }
    }
}

/// The last day of a card: the same day as its first, the term's years later; 28 February where
/// the year has no 29th. Nothing for a card without end.
pub fn expected_end(start: NaiveDate, term: Term) -> Option<NaiveDate> {
    start.checked_add_months(Months::new(term.years()? * 12))
}

/// The term that the law gives at the holder's age on the day of issue, or today while that day
/// is not known.
pub fn preselected_term(birth: NaiveDate, issue_or_today: NaiveDate) -> Term {
    match issue_or_today.years_since(birth).unwrap_or(0) {
        0..=15 => Term::FiveYears,
        16..=25 => Term::TenYears,
        26..=45 => Term::TwentyYears,
        _ => Term::LongTerm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_found_again_by_its_code() {
        for term in Term::ALL {
            assert_eq!(Term::from_code(term.code()), Some(term));
        }
        assert_eq!(Term::from_code("15"), None);
    }

    #[test]
    fn the_term_changes_on_the_16th_26th_and_46th_birthday() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        let birth = day(1970, 5, 20);
        for (date, term) in [
            (day(1970, 5, 20), Term::FiveYears),
            (day(1986, 5, 19), Term::FiveYears),
            (day(1986, 5, 20), Term::TenYears),
            (day(1996, 5, 19), Term::TenYears),
            (day(1996, 5, 20), Term::TwentyYears),
            (day(2016, 5, 19), Term::TwentyYears),
            (day(2016, 5, 20), Term::LongTerm),
        ] {
            assert_eq!(preselected_term(birth, date), term, "{date}");
        }
    }
}

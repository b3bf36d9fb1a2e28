//! 证件有效期: from when to when an identity document is valid.

pub use super::term::{Term, expected_end, preselected_term};
use chrono::{Datelike, Months, NaiveDate};
use std::fmt;

/// The time in which a document is valid: it has begun, and was not over on the day of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    start: NaiveDate,
    end: Option<NaiveDate>,
}

/// Whose dates a text speaks of: the resident ID card's, or those of any other document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// 居民身份证.
    ResidentId,
    /// Any other.
    Other,
}

impl fmt::Display for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Paper::ResidentId => "身份证",
            Paper::Other => "证件",
        })
    }
}

/// Why the dates cannot be those of a valid document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// There is no start.
    #[error("请选择{0}有效开始日期")]
    StartMissing(Paper),
    /// There is no end, and no term from which it would follow.
    #[error("请选择{0}有效结束日期")]
    EndMissing(Paper),
    /// The start is the day of birth or before.
    #[error("{0}有效开始日期应晚于出生日期")]
    StartBeforeBirth(Paper),
    /// The start is after today.
    #[error("{0}有效开始日期不能晚于今天")]
    StartInFuture(Paper),
    /// An end was given for a card that has none.
    #[error("长期有效的{0}无需填写结束日期")]
    LongTermWithEnd(Paper),
    /// The end is not the term after the start, or not after the start at all.
    #[error("{0}有效结束日期不正确")]
    WrongEnd(Paper),
    /// The end is past.
    #[error("{0}已过期，请更换有效证件")]
    Expired(Paper),
}

impl Validity {
    /// The validity of a resident ID card (居民身份证法, article 5). Where the end is left out it
    /// follows from start and term; where it is given it must be the same day as the start. For
    /// a start on 29 February, 28 February and 1 March will both do.
    pub fn of_resident_id(
        birth: NaiveDate,
        term: Term,
        start: Option<NaiveDate>,
        end: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Validity, ValidityError> {
        let paper = Paper::ResidentId;
        let start = started(paper, start, today)?;
        if start <= birth {
            return Err(ValidityError::StartBeforeBirth(paper));
        }
        if term == Term::LongTerm {
            return match end {
                Some(_) => Err(ValidityError::LongTermWithEnd(paper)),
                None => Ok(Validity { start, end: None }),
            };
        }
        let expected = expected_end(start, term).ok_or(ValidityError::WrongEnd(paper))?;
        let end = end.unwrap_or(expected);
        // Only 29 February has another day of the month as its counterpart.
        let first_of_march = expected.succ_opt().filter(|_| expected.day() != start.day());
        if end != expected && Some(end) != first_of_march {
            return Err(ValidityError::WrongEnd(paper));
        }
        not_expired(paper, start, end, today)
    }

    /// The validity of any other document: an end after the start is all that is known of it.
    pub fn of_other_document(
        start: Option<NaiveDate>,
        end: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Validity, ValidityError> {
        let start = started(Paper::Other, start, today)?;
        let end = end.ok_or(ValidityError::EndMissing(Paper::Other))?;
        if end <= start {
            return Err(ValidityError::WrongEnd(Paper::Other));
        }
        not_expired(Paper::Other, start, end, today)
    }

    /// The first day.
    pub fn start(&self) -> NaiveDate {
        self.start
    }

    /// The last day, or nothing for a card without end.
    pub fn end(&self) -> Option<NaiveDate> {
        self.end
    }

    /// The last day for systems that need one: 9999-12-31 for a card without end.
    pub fn exported_end(&self) -> NaiveDate {
        let far_future = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
        self.end.unwrap_or(far_future)
    }

    /// As the store keeps it: `2018-05-20/2038-05-20`, or `2016-01-01/` without end.
    pub fn to_text(&self) -> String {
        format!("{}/{}", self.start, self.end.map(|end| end.to_string()).unwrap_or_default())
    }

    /// Reads what [`Validity::to_text`] wrote; it may have ended since.
    pub fn from_text(text: &str) -> Option<Validity> {
        let (start, end) = text.split_once('/')?;
        let end = if end.is_empty() { None } else { Some(end.parse().ok()?) };
        Some(Validity { start: start.parse().ok()?, end })
    }

    /// Whether the document is valid on a day, the first and the last included.
    pub fn holds_on(&self, date: NaiveDate) -> bool {
        self.start <= date && self.end.is_none_or(|end| date <= end)
    }
}

/// What to ask the visitor to look at again, though it is let pass: a term that is not given at
/// the holder's age. A card may be dated up to three months after the birthday that would have
/// given it the next term, because it was applied for before.
pub fn term_warning(birth: NaiveDate, term: Term, start: NaiveDate) -> Option<&'static str> {
    let applied = start.checked_sub_months(Months::new(3)).unwrap_or(start);
    let usual = [start, applied].map(|date| preselected_term(birth, date));
    (!usual.contains(&term)).then_some("身份证有效期限与签发时的年龄不符，请核对")
}

fn started(paper: Paper, start: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, ValidityError> {
    let start = start.ok_or(ValidityError::StartMissing(paper))?;
    if start > today {
        return Err(ValidityError::StartInFuture(paper));
    }
    Ok(start)
}

fn not_expired(
    paper: Paper,
    start: NaiveDate,
    end: NaiveDate,
    today: NaiveDate,
) -> Result<Validity, ValidityError> {
    if end < today {
        return Err(ValidityError::Expired(paper));
    }
    Ok(Validity { start, end: Some(end) })
}

#[cfg(test)]
#[path = "validity_tests.rs"]
mod tests;

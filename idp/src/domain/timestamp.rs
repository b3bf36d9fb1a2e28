//! A moment, in milliseconds since 1970-01-01T00:00:00Z.

use std::ops::{Add, Sub};

/// A moment in time, exact to the millisecond. The store keeps it as BIGINT; protocols get [`Timestamp::seconds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of time, exact to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down: the NumericDate of RFC 7519 section 2.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The calendar day in China (UTC+8, no daylight saving), where all dates of this product are meant.
    pub fn china_date(self) -> chrono::NaiveDate {
        self.china().date()
    }

    /// `2026-11-15 09:30` in China.
    pub fn china_minute(self) -> String {
        self.china().format("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-11-15T09:30:00.000+08:00`
    pub fn rfc3339(self) -> String {
        self.china().format("%Y-%m-%dT%H:%M:%S%.3f+08:00").to_string()
    }

    /// `Sun, 15 Nov 2026 01:30:00 GMT` (RFC 9110 section 5.6.7).
    pub fn http_date(self) -> String {
        utc(self.0).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn china(self) -> chrono::NaiveDateTime {
        const EAST_8: i64 = 8 * 3600 * 1000;
        utc(self.0.saturating_add(EAST_8))
    }
}

impl Span {
    pub const fn millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds as i64 * 1000)
    }

    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes as i64 * 60 * 1000)
    }

    pub const fn hours(hours: u32) -> Self {
        Self(hours as i64 * 60 * 60 * 1000)
    }

    pub const fn days(days: u32) -> Self {
        Self(days as i64 * 24 * 60 * 60 * 1000)
    }

    pub const fn as_seconds(self) -> i64 {
        self.0 / 1000
    }
}

fn utc(millis: i64) -> chrono::NaiveDateTime {
    chrono::DateTime::from_timestamp_millis(millis).unwrap_or(chrono::DateTime::UNIX_EPOCH).naive_utc()
}

impl Add<Span> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_length_of_time_is_too_long_for_its_type() {
        assert_eq!(Span::days(3_000_000).as_seconds(), 259_200_000_000);
        assert_eq!(Span::hours(24), Span::days(1));
        let longest = Timestamp::from_millis(1_763_135_999_999) + Span::days(u32::MAX);
        assert!(longest > Timestamp::from_millis(1_763_135_999_999) + Span::minutes(u32::MAX));
        assert_eq!(Span::millis(i64::MAX) + Span::days(1), Span::millis(i64::MAX));
    }

    #[test]
    fn the_day_changes_at_midnight_in_china() {
        let last = Timestamp::from_millis(1_763_135_999_999); // 2025-11-14T15:59:59.999Z
        assert_eq!(last.china_date().to_string(), "2025-11-14");
        assert_eq!((last + Span::millis(1)).china_minute(), "2025-11-15 00:00");
        assert_eq!(last.http_date(), "Fri, 14 Nov 2025 15:59:59 GMT");
    }

    #[test]
    fn seconds_round_down_before_1970_too() {
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
        assert_eq!(Timestamp::from_millis(1999).seconds(), 1);
    }
}

//! 有效时间 and 账号状态 of an operator.

use chrono::{NaiveDate, NaiveTime};

use super::principal::Operator;
use super::timestamp::{Span, Timestamp};

/// 账号状态, as it follows from what is stored and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorStatus {
    /// 生效
    Active,
    /// 待生效: the validity begins later.
    Future,
    /// 冻结
    Frozen,
    /// 失效: the validity has passed.
    Expired,
}

impl OperatorStatus {
    pub const ALL: [Self; 4] = [Self::Active, Self::Expired, Self::Frozen, Self::Future];

    pub fn of(operator: &Operator, now: Timestamp) -> Self {
        if operator.frozen {
            Self::Frozen
        } else if operator.valid_until.is_some_and(|end| end <= now) {
            Self::Expired
        } else if operator.valid_from > now {
            Self::Future
        } else {
            Self::Active
        }
    }

    /// The key in forms and queries.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Future => "future",
            Self::Frozen => "frozen",
            Self::Expired => "expired",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "生效",
            Self::Future => "待生效",
            Self::Frozen => "冻结",
            Self::Expired => "失效",
        }
    }
}

/// The last moment of a day in China: an end date still counts.
pub fn end_of_day(date: NaiveDate) -> Timestamp {
    const CHINA_IS_AHEAD: Span = Span::hours(8);
    const DAY: Span = Span::days(1);
    let midnight = Timestamp::from_millis(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis());
    midnight - CHINA_IS_AHEAD + DAY - Span::millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_date_counts_to_its_last_moment() {
        let date = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        let end = end_of_day(date);
        assert_eq!(end.china_date(), date);
        assert_eq!((end + Span::millis(1)).china_minute(), "2027-01-01 00:00");
    }
}

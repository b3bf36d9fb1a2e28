//! 扫码登录: the stages of a ticket, and what of them the browser that shows the code is told.

use super::timestamp::Timestamp;

/// Where a ticket stands. It only moves forward:
///
/// ```text
/// Waiting ──scan──▶ Scanned ──confirm──▶ Confirmed ──finish──▶ Finished
///                      ├──cancel──▶ Cancelled
///                      └──wrong number──▶ Mismatched
/// ```
///
/// That its time is up is no stage: it follows from the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// 待扫描
    Waiting,
    /// 已扫描, by one telephone
    Scanned,
    /// 已确认: the browser may come in
    Confirmed,
    /// The browser has come in.
    Finished,
    /// 已取消
    Cancelled,
    /// Another number was chosen than the browser shows.
    Mismatched,
}

impl Stage {
    const ALL: [Self; 6] =
        [Self::Waiting, Self::Scanned, Self::Confirmed, Self::Finished, Self::Cancelled, Self::Mismatched];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Confirmed => "confirmed",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Mismatched => "mismatched",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// What the browser is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    Waiting,
    /// `name` is masked. The number is shown only now: a picture of the code alone does not have it.
    Scanned {
        name: String,
        number: u8,
    },
    Confirmed,
    Finished,
    Cancelled,
    WrongNumber,
    Expired,
}

impl View {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned { .. } => "scanned",
            Self::Confirmed => "confirmed",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::WrongNumber => "wrong_number",
            Self::Expired => "expired",
        }
    }

    /// Whether the telephone can still change it.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Waiting | Self::Scanned { .. })
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Scanned { .. } => 1,
            // Confirmed in the last moment, as another instance saw it: still on to the portal.
            Self::Expired => 2,
            Self::Confirmed => 3,
            Self::Finished | Self::Cancelled | Self::WrongNumber => 4,
        }
    }
}

/// A ticket as its browser sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub view: View,
    pub expires_at: Timestamp,
}

impl Seen {
    /// `name` and `number` matter once it is scanned.
    pub fn of(stage: Stage, name: Option<&str>, number: u8, expires_at: Timestamp, now: Timestamp) -> Self {
        let view = match stage {
            Stage::Waiting | Stage::Scanned | Stage::Confirmed if expires_at <= now => View::Expired,
            Stage::Waiting => View::Waiting,
            Stage::Scanned => View::Scanned { name: name.unwrap_or_default().to_owned(), number },
            Stage::Confirmed => View::Confirmed,
            Stage::Finished => View::Finished,
            Stage::Cancelled => View::Cancelled,
            Stage::Mismatched => View::WrongNumber,
        };
        Self { view, expires_at }
    }

    /// Whether this is news to whoever has seen `before`: an answer that was read earlier may arrive later.
    pub const fn follows(&self, before: &Self) -> bool {
        self.view.rank() > before.view.rank()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn seen(stage: Stage, expires_at: i64) -> View {
        Seen::of(stage, Some("*颖"), 42, Timestamp::from_millis(expires_at), NOW).view
    }

    #[test]
    fn time_ends_what_is_not_decided() {
        assert_eq!(seen(Stage::Waiting, 1_001), View::Waiting);
        assert_eq!(seen(Stage::Scanned, 1_001), View::Scanned { name: "*颖".to_owned(), number: 42 });
        for stage in [Stage::Waiting, Stage::Scanned, Stage::Confirmed] {
            assert_eq!(seen(stage, 1_000), View::Expired, "{stage:?}");
        }
        assert_eq!(seen(Stage::Finished, 0), View::Finished);
        assert_eq!(seen(Stage::Cancelled, 0), View::Cancelled);
        assert_eq!(seen(Stage::Mismatched, 0), View::WrongNumber);
    }

    #[test]
    fn stages_are_read_back() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.as_str()), Some(stage));
        }
        assert_eq!(Stage::parse("expired"), None);
    }

    #[test]
    fn nothing_goes_back() {
        let at = |stage| Seen::of(stage, None, 10, Timestamp::from_millis(2_000), NOW);
        assert!(at(Stage::Confirmed).follows(&at(Stage::Scanned)));
        assert!(!at(Stage::Scanned).follows(&at(Stage::Confirmed)));
        assert!(!at(Stage::Waiting).follows(&at(Stage::Waiting)));
    }
}

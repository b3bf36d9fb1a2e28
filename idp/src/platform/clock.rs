//! The only place that asks what time it is. Tests move it instead of sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::timestamp::{Span, Timestamp};

/// The system's clock, plus an offset that is zero outside tests.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's time is read")]
    pub fn now(&self) -> Timestamp {
        let system = chrono::Utc::now().timestamp_millis();
        Timestamp::from_millis(system.saturating_add(self.offset.load(Ordering::Relaxed)))
    }

    /// Moves every later reading forward.
    pub fn advance(&self, span: Span) {
        let millis = (Timestamp::from_millis(0) + span).millis();
        self.offset.fetch_add(millis, Ordering::Relaxed);
    }
}

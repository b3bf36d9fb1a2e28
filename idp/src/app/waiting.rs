//! Browsers of this instance that wait for their QR ticket. Nothing here is true by itself: it is what the store said
//! last, handed to everybody who waits, so that ten thousand of them cost the store one query.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::domain::qr_ticket::{Seen, View};
use crate::domain::timestamp::Timestamp;

/// The SHA-256 of the browser's secret.
pub type Key = [u8; 32];

/// Tabs that wait for one ticket; more of them ask instead.
const MOST_A_TICKET: usize = 8;

#[derive(Default)]
pub struct Waiting {
    tickets: Mutex<Tickets>,
    arrived: Notify,
    expectant: Notify,
}

#[derive(Default)]
struct Tickets {
    waited_for: HashMap<Key, watch::Sender<Seen>>,
    closed: bool,
}

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    pub waiting: usize,
    /// Of them, those whose code was scanned: news is a moment away.
    pub scanned: usize,
}

impl Waiting {
    /// Waits for news of a ticket that looks as `seen` now. `None` once this instance stops, or if too many wait for it
    /// already.
    pub fn join(&self, key: Key, seen: Seen) -> Option<watch::Receiver<Seen>> {
        let mut tickets = self.tickets();
        if tickets.closed {
            return None;
        }
        let receiver = match tickets.waited_for.entry(key) {
            Entry::Occupied(there) if there.get().receiver_count() >= MOST_A_TICKET => return None,
            Entry::Occupied(there) => {
                tell(there.get(), seen);
                there.get().subscribe()
            }
            Entry::Vacant(free) => free.insert(watch::Sender::new(seen)).subscribe(),
        };
        drop(tickets);
        self.arrived.notify_one();
        Some(receiver)
    }

    /// Hands news to whoever waits for it here.
    pub fn tell(&self, key: &Key, seen: Seen) {
        if let Some(sender) = self.tickets().waited_for.get(key) {
            let scanned = matches!(seen.view, View::Scanned { .. });
            if tell(sender, seen) && scanned {
                self.expectant.notify_one();
            }
        }
    }

    /// Forgets those who have gone, tells those whose time is up, and counts the others.
    pub fn sweep(&self, now: Timestamp) -> Crowd {
        let mut tickets = self.tickets();
        tickets.waited_for.retain(|_, sender| sender.receiver_count() > 0);
        if tickets.waited_for.is_empty() {
            tickets.waited_for.shrink_to(0);
        }
        let mut scanned = 0;
        for sender in tickets.waited_for.values() {
            let seen = sender.borrow().clone();
            if seen.view.is_open() && seen.expires_at <= now {
                tell(sender, Seen { view: View::Expired, ..seen });
            } else if matches!(seen.view, View::Scanned { .. }) {
                scanned += 1;
            }
        }
        Crowd { waiting: tickets.waited_for.len(), scanned }
    }

    /// Returns once somebody has come since the last call.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Returns once a code was scanned since the last call: its telephone will soon say more.
    pub async fn expectation(&self) {
        self.expectant.notified().await;
    }

    /// Ends every wait: browsers ask again, and meet another instance.
    pub fn close(&self) {
        let mut tickets = self.tickets();
        tickets.closed = true;
        tickets.waited_for.clear();
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(sender: &watch::Sender<Seen>, seen: Seen) -> bool {
    sender.send_if_modified(|before| {
        let news = seen.follows(before);
        if news {
            *before = seen;
        }
        news
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn seen(view: View) -> Seen {
        Seen { view, expires_at: Timestamp::from_millis(2_000) }
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let waiting = Waiting::default();
        let first = waiting.join([1; 32], seen(View::Waiting));
        let second = waiting.join([1; 32], seen(View::Waiting));
        assert_eq!(waiting.sweep(NOW), Crowd { waiting: 1, scanned: 0 });
        drop(first);
        assert_eq!(waiting.sweep(NOW).waiting, 1);
        drop(second);
        assert_eq!(waiting.sweep(NOW).waiting, 0);
    }

    #[test]
    fn news_is_handed_on_once_and_time_runs_out() {
        let waiting = Waiting::default();
        let mut browser = waiting.join([1; 32], seen(View::Waiting)).unwrap();
        let scanned = View::Scanned { name: "*颖".to_owned(), number: 42 };
        waiting.tell(&[1; 32], seen(scanned.clone()));
        waiting.tell(&[2; 32], seen(View::Cancelled));
        assert!(browser.has_changed().unwrap());
        assert_eq!(browser.borrow_and_update().view, scanned);
        waiting.tell(&[1; 32], seen(View::Waiting));
        assert!(!browser.has_changed().unwrap(), "what was read earlier is no news");
        assert_eq!(waiting.sweep(NOW), Crowd { waiting: 1, scanned: 1 });
        waiting.sweep(Timestamp::from_millis(2_000));
        assert_eq!(browser.borrow_and_update().view, View::Expired);
        waiting.close();
        assert!(browser.has_changed().is_err());
        assert!(waiting.join([1; 32], seen(View::Waiting)).is_none());
    }
}

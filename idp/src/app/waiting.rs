//! Browsers of this instance that wait for their QR ticket. Nothing here is true by itself: it is what the store said
//! last, handed to everybody who waits, so that ten thousand of them cost the store one query.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::domain::qr_ticket::{Seen, View};
use crate::domain::timestamp::{Span, Timestamp};

/// The SHA-256 of the browser's secret.
pub type Key = [u8; 32];

/// Tabs that wait for one ticket; more of them ask instead.
const MOST_A_TICKET: usize = 8;
/// Who asks now and then, and not for so long, has gone.
const ASKS_AGAIN: Span = Span::minutes(1);

#[derive(Default)]
pub struct Waiting {
    tickets: Mutex<Tickets>,
    arrived: Notify,
}

#[derive(Default)]
struct Tickets {
    waited_for: HashMap<Key, Ticket>,
    closed: bool,
}

struct Ticket {
    /// Of the browser that shows it: nobody else is told.
    device_hash: Vec<u8>,
    news: watch::Sender<Seen>,
    /// Until when whoever can't have a stream of news, and asks instead, will have come back.
    asked_until: Timestamp,
}

impl Ticket {
    fn is_waited_for(&self, now: Timestamp) -> bool {
        self.news.receiver_count() > 0 || self.asked_until > now && self.news.borrow().view.is_open()
    }
}

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    pub waiting: usize,
    /// Of them, those whose code was scanned: news is a moment away.
    pub scanned: usize,
}

impl Waiting {
    /// Waits for news of a ticket that looks as `seen` now, at this browser. `None` once this instance stops, or if too
    /// many wait for it already.
    pub fn join(&self, key: Key, device_hash: &[u8], seen: Seen) -> Option<watch::Receiver<Seen>> {
        self.arrive(key, device_hash, seen, |ticket| {
            (ticket.news.receiver_count() < MOST_A_TICKET).then(|| ticket.news.subscribe())
        })?
    }

    /// The same for a browser that asks now and then: what it hears is in [`Self::last_seen`].
    pub fn remember(&self, key: Key, device_hash: &[u8], seen: Seen, now: Timestamp) {
        self.arrive(key, device_hash, seen, |ticket| ticket.asked_until = now + ASKS_AGAIN);
    }

    fn arrive<T>(
        &self,
        key: Key,
        device_hash: &[u8],
        seen: Seen,
        wait: impl FnOnce(&mut Ticket) -> T,
    ) -> Option<T> {
        let mut tickets = self.tickets();
        if tickets.closed {
            return None;
        }
        let waits = match tickets.waited_for.entry(key) {
            Entry::Occupied(mut there) => {
                tell(&there.get().news, seen);
                wait(there.get_mut())
            }
            Entry::Vacant(free) => wait(free.insert(Ticket {
                device_hash: device_hash.to_owned(),
                news: watch::Sender::new(seen),
                asked_until: Timestamp::from_millis(0),
            })),
        };
        drop(tickets);
        self.arrived.notify_one();
        Some(waits)
    }

    /// How a ticket stands, to its own browser, which has asked before. `None`: only the store knows, also where the
    /// ticket's time is up by what was heard last.
    pub fn last_seen(&self, key: &Key, device_hash: &[u8], now: Timestamp) -> Option<Seen> {
        let mut tickets = self.tickets();
        let ticket = tickets.waited_for.get_mut(key)?;
        if ticket.device_hash != device_hash || ticket.asked_until <= now {
            return None;
        }
        let seen = ticket.news.borrow().clone();
        // Where it was scanned the store is asked from time to time, should news have been missed.
        if matches!(seen.view, View::Waiting) {
            ticket.asked_until = now + ASKS_AGAIN;
        }
        (seen.expires_at > now).then_some(seen)
    }

    /// Hands news to whoever waits for it here; `false` if it is none to anybody.
    pub fn tell(&self, key: &Key, seen: Seen) -> bool {
        self.tickets().waited_for.get(key).is_some_and(|ticket| tell(&ticket.news, seen))
    }

    /// Forgets those who have gone, tells those whose time is up, and counts the others.
    pub fn sweep(&self, now: Timestamp) -> Crowd {
        let mut tickets = self.tickets();
        tickets.waited_for.retain(|_, ticket| ticket.is_waited_for(now));
        if tickets.waited_for.is_empty() {
            tickets.waited_for.shrink_to(0);
        }
        let mut scanned = 0;
        for ticket in tickets.waited_for.values() {
            let seen = ticket.news.borrow().clone();
            if seen.view.is_open() && seen.expires_at <= now {
                tell(&ticket.news, Seen { view: View::Expired, ..seen });
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
    const MINE: &[u8] = b"mine";

    fn seen(view: View) -> Seen {
        Seen { view, expires_at: Timestamp::from_millis(2_000) }
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let waiting = Waiting::default();
        let first = waiting.join([1; 32], MINE, seen(View::Waiting));
        let second = waiting.join([1; 32], MINE, seen(View::Waiting));
        assert_eq!(waiting.sweep(NOW), Crowd { waiting: 1, scanned: 0 });
        drop(first);
        assert_eq!(waiting.sweep(NOW).waiting, 1);
        drop(second);
        assert_eq!(waiting.sweep(NOW).waiting, 0);
    }

    #[test]
    fn who_asks_instead_is_told_what_is_known() {
        let waiting = Waiting::default();
        assert_eq!(waiting.last_seen(&[1; 32], MINE, NOW), None);
        waiting.remember([1; 32], MINE, seen(View::Waiting), NOW);
        assert_eq!(waiting.last_seen(&[1; 32], MINE, NOW), Some(seen(View::Waiting)));
        assert_eq!(waiting.last_seen(&[1; 32], b"another's", NOW), None);
        assert!(
            waiting.tell(&[1; 32], seen(View::Cancelled)) && !waiting.tell(&[1; 32], seen(View::Waiting))
        );
        assert_eq!(waiting.last_seen(&[1; 32], MINE, NOW), Some(seen(View::Cancelled)));
        assert_eq!(waiting.sweep(NOW).waiting, 0, "nothing is left to hear of");
        // Its time is up, as far as is known here.
        waiting.remember([2; 32], MINE, seen(View::Waiting), NOW);
        assert_eq!(waiting.last_seen(&[2; 32], MINE, Timestamp::from_millis(2_000)), None);
        assert_eq!(waiting.sweep(Timestamp::from_millis(61_999)).waiting, 1);
        assert_eq!(waiting.sweep(Timestamp::from_millis(62_000)).waiting, 0);
        waiting.close();
        waiting.remember([1; 32], MINE, seen(View::Waiting), NOW);
        assert_eq!(waiting.last_seen(&[1; 32], MINE, NOW), None);
    }

    #[test]
    fn news_is_handed_on_once_and_time_runs_out() {
        let waiting = Waiting::default();
        let mut browser = waiting.join([1; 32], MINE, seen(View::Waiting)).unwrap();
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
        assert!(waiting.join([1; 32], MINE, seen(View::Waiting)).is_none());
    }
}

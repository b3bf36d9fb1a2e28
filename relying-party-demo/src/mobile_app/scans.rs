//! Codes that were scanned, in this process's memory: each belongs to one session of the app, and its page's address
//! says nothing of the code.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use idp::platform::random;

use super::api::{Facts, Identity};
use super::code::Code;
use super::refusal::Refusal;

/// Longer than a code lives, so that what became of it can be read for a while.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Each costs its visitor a scan; what they can make us remember is bounded all the same.
const MOST: usize = 10_000;

/// A code that waits for an answer.
#[derive(Debug, Clone)]
pub struct Open {
    pub code: Code,
    pub facts: Facts,
    pub scanned: Instant,
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Confirmed { client_name: Option<String>, identity: Identity },
    Cancelled,
    Refused(Refusal),
}

#[derive(Debug, Clone)]
pub enum Scan {
    Open(Open),
    Closed(Outcome),
}

struct Entry {
    /// The id of the session that scanned.
    session: String,
    began: Instant,
    scan: Scan,
}

#[derive(Default)]
pub struct Scans(Mutex<HashMap<String, Entry>>);

impl Open {
    /// Until the code expires; `None` once it has.
    pub fn seconds_left(&self, now: Instant) -> Option<u64> {
        let passed = now.saturating_duration_since(self.scanned).as_secs();
        self.facts.expires_in.checked_sub(passed).filter(|left| *left > 0)
    }
}

impl Scans {
    /// Gives the id that its page is found by.
    pub fn remember(&self, session: &str, scan: Scan, now: Instant) -> String {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, one| is_alive(one, now));
        }
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, one)| one.began).map(|(id, _)| id.clone());
            oldest.and_then(|id| all.remove(&id));
        }
        let id = random::token();
        all.insert(id.clone(), Entry { session: session.to_owned(), began: now, scan });
        id
    }

    pub fn find(&self, id: &str, session: &str, now: Instant) -> Option<Scan> {
        let all = self.all();
        all.get(id).filter(|one| one.session == session && is_alive(one, now)).map(|one| one.scan.clone())
    }

    /// What was said first stays, except that nothing takes back a confirmation.
    pub fn close(&self, id: &str, outcome: Outcome) {
        if let Some(entry) = self.all().get_mut(id)
            && (matches!(entry.scan, Scan::Open(_)) || matches!(outcome, Outcome::Confirmed { .. }))
        {
            entry.scan = Scan::Closed(outcome);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(one: &Entry, now: Instant) -> bool {
    now.saturating_duration_since(one.began) < LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(refusal: Refusal) -> Scan {
        Scan::Closed(Outcome::Refused(refusal))
    }

    #[test]
    fn a_scan_is_its_sessions_own_and_ends() {
        let (all, now) = (Scans::default(), Instant::now());
        let id = all.remember("mine", closed(Refusal::Expired), now);
        assert!(all.find(&id, "mine", now).is_some());
        assert!(all.find(&id, "yours", now).is_none());
        assert!(all.find("other", "mine", now).is_none());
        assert!(all.find(&id, "mine", now + LIFETIME).is_none());
    }

    #[test]
    fn a_confirmation_is_not_taken_back() {
        let (all, now) = (Scans::default(), Instant::now());
        let id = all.remember("mine", closed(Refusal::AlreadyConfirmed), now);
        let identity = Identity::example();
        all.close(&id, Outcome::Confirmed { client_name: None, identity: identity.clone() });
        all.close(&id, Outcome::Cancelled);
        let Some(Scan::Closed(outcome)) = all.find(&id, "mine", now) else { panic!("it is there") };
        assert_eq!(outcome, Outcome::Confirmed { client_name: None, identity });
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let (all, now) = (Scans::default(), Instant::now());
        let first = all.remember("mine", closed(Refusal::Expired), now);
        let later = now + Duration::from_secs(1);
        let second = all.remember("mine", closed(Refusal::Expired), later);
        (2..=MOST).for_each(|_| drop(all.remember("mine", closed(Refusal::Expired), later)));
        assert!(all.find(&first, "mine", later).is_none());
        assert!(all.find(&second, "mine", later).is_some());
    }
}

//! Sign-ins that are under way: begun here, not yet back from the provider.
//!
//! Each is found by its own `state`, so several tabs can sign in at once. Each belongs to one
//! browser and one portal, so an answer that somebody else obtained cannot be slipped in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::{Nonce, PkceCodeVerifier};

use crate::relying_party::RelyingParty;

/// Long enough for a visitor who first registers or recovers a password.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Beginning costs a visitor nothing, so what they can make us remember is bounded.
const MOST: usize = 20_000;

pub struct PendingSignIn {
    pub party: RelyingParty,
    /// The value of the browser's cookie.
    pub browser: String,
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
    /// Asked with `prompt=none`: the provider may not show anything.
    pub silent: bool,
    pub begun: Instant,
}

#[derive(Default)]
pub struct PendingSignIns(Mutex<HashMap<String, PendingSignIn>>);

impl PendingSignIns {
    pub fn remember(&self, state: &str, sign_in: PendingSignIn) {
        let now = sign_in.begun;
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, one| is_alive(one, now));
        }
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, one)| one.begun).map(|(state, _)| state.clone());
            oldest.and_then(|state| all.remove(&state));
        }
        all.insert(state.to_owned(), sign_in);
    }

    /// Takes it out, so that an answer counts once. A stranger's attempt leaves it where it is.
    pub fn take(
        &self,
        state: &str,
        party: RelyingParty,
        browser: &str,
        now: Instant,
    ) -> Option<PendingSignIn> {
        let mut all = self.all();
        let found = all.get(state)?;
        if found.party != party || found.browser != browser {
            return None;
        }
        all.remove(state).filter(|one| is_alive(one, now))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, PendingSignIn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(one: &PendingSignIn, now: Instant) -> bool {
    now.saturating_duration_since(one.begun) < LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: RelyingParty = RelyingParty::Application(&crate::relying_party::APPLICATIONS[0]);

    fn begin(all: &PendingSignIns, state: &str, begun: Instant) {
        let sign_in = PendingSignIn {
            party: RelyingParty::Hall,
            browser: "mine".into(),
            nonce: Nonce::new(format!("nonce of {state}")),
            verifier: PkceCodeVerifier::new("v".repeat(43)),
            silent: false,
            begun,
        };
        all.remember(state, sign_in);
    }

    #[test]
    fn two_tabs_do_not_disturb_each_other() {
        let (all, now) = (PendingSignIns::default(), Instant::now());
        begin(&all, "first", now);
        begin(&all, "second", now);
        for state in ["first", "second"] {
            let taken = all.take(state, RelyingParty::Hall, "mine", now).expect("still pending");
            assert_eq!(taken.nonce.secret(), &format!("nonce of {state}"));
        }
    }

    #[test]
    fn counts_once_for_one_browser_and_one_portal() {
        let (all, now) = (PendingSignIns::default(), Instant::now());
        begin(&all, "s", now);
        assert!(all.take("s", RelyingParty::Hall, "another browser", now).is_none());
        assert!(all.take("s", APP, "mine", now).is_none());
        assert!(all.take("other", RelyingParty::Hall, "mine", now).is_none());
        assert!(
            all.take("s", RelyingParty::Hall, "mine", now).is_some(),
            "the strangers' attempts changed nothing"
        );
        assert!(all.take("s", RelyingParty::Hall, "mine", now).is_none());
    }

    #[test]
    fn is_forgotten_after_its_lifetime() {
        let (all, now) = (PendingSignIns::default(), Instant::now());
        begin(&all, "s", now);
        assert!(all.take("s", RelyingParty::Hall, "mine", now + LIFETIME).is_none());
    }
}

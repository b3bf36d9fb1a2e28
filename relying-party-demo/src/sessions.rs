//! Portal sessions, in this process's memory: enough for a demonstration of a portal. (A real one
//! keeps them in a store that its instances share.)

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::dpop::ProofKey;
use crate::relying_party::RelyingParty;
use crate::tokens::SharedTokens;

/// One working day.
const LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

#[derive(Debug, Clone)]
pub struct Session {
    pub party: RelyingParty,
    pub account: Account,
    /// Who and which session this is at the provider, to be found again by a logout token.
    pub subject: String,
    pub provider_session: Option<String>,
    /// Shown to the provider when signing out.
    pub id_token: String,
    /// What the app asks the provider with; portals that only want to know who is there keep none.
    pub tokens: Option<SharedTokens>,
    /// What they are bound to.
    pub proof_key: Option<Arc<ProofKey>>,
    pub began: Instant,
    /// 好差评 given in this session: case number to stars.
    pub ratings: BTreeMap<u32, u8>,
}

#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    pub fn begin(&self, id: String, session: Session) {
        let now = session.began;
        let mut all = self.all();
        all.retain(|_, one| is_alive(one, now));
        all.insert(id, session);
    }

    pub fn find(&self, id: &str, party: RelyingParty, now: Instant) -> Option<Session> {
        self.all().get(id).filter(|one| one.party == party && is_alive(one, now)).cloned()
    }

    pub fn end(&self, id: &str) -> Option<Session> {
        self.all().remove(id)
    }

    pub fn rate(&self, id: &str, case: u32, stars: u8) {
        if let Some(session) = self.all().get_mut(id) {
            session.ratings.insert(case, stars);
        }
    }

    /// The provider says that a session of its own has ended (`sid`), or without one, all of an
    /// account's. Returns those of ours that were.
    pub fn end_matching(
        &self,
        party: RelyingParty,
        subject: Option<&str>,
        provider_session: Option<&str>,
    ) -> Vec<Session> {
        let mut all = self.all();
        let ended = all.extract_if(|_, one| {
            one.party == party
                && subject.is_none_or(|subject| one.subject == subject)
                && provider_session.is_none_or(|sid| one.provider_session.as_deref() == Some(sid))
        });
        ended.map(|(_, session)| session).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_alive(one: &Session, now: Instant) -> bool {
    now.saturating_duration_since(one.began) < LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: RelyingParty = RelyingParty::Application(&crate::relying_party::APPLICATIONS[0]);

    fn begin(all: &Sessions, id: &str, party: RelyingParty, subject: &str, sid: Option<&str>) {
        let session = Session {
            party,
            account: Account::default(),
            subject: subject.into(),
            provider_session: sid.map(Into::into),
            id_token: String::new(),
            tokens: None,
            proof_key: None,
            began: Instant::now(),
            ratings: BTreeMap::new(),
        };
        all.begin(id.into(), session);
    }

    fn living(all: &Sessions) -> Vec<String> {
        let mut ids: Vec<_> = all.all().keys().cloned().collect();
        ids.sort();
        ids
    }

    fn four() -> Sessions {
        let all = Sessions::default();
        begin(&all, "desk", RelyingParty::Hall, "anna", Some("1"));
        begin(&all, "phone", RelyingParty::Hall, "anna", Some("2"));
        begin(&all, "app", APP, "anna", Some("1"));
        begin(&all, "other", RelyingParty::Hall, "otto", Some("3"));
        all
    }

    #[test]
    fn a_sid_ends_one_session_of_one_portal() {
        let all = four();
        assert_eq!(all.end_matching(RelyingParty::Hall, Some("anna"), Some("1")).len(), 1);
        assert_eq!(living(&all), ["app", "other", "phone"]);
    }

    #[test]
    fn a_subject_alone_ends_all_of_the_account() {
        let all = four();
        assert_eq!(all.end_matching(RelyingParty::Hall, Some("anna"), None).len(), 2);
        assert_eq!(living(&all), ["app", "other"]);
    }

    #[test]
    fn a_session_serves_its_own_portal_only() {
        let all = four();
        let now = Instant::now();
        assert!(all.find("app", APP, now).is_some());
        assert!(all.find("app", RelyingParty::Hall, now).is_none());
        assert!(all.find("app", APP, now + LIFETIME).is_none());
    }
}

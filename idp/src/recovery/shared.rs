//! What the steps have in common: how they are named in links, and the way back to the first.

use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded;

use crate::domain::principal::AccountKind;
use crate::web::{Visitor, urls};

/// The query of every step.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Query {
    #[serde(rename = "as")]
    who: String,
    /// The recovery's token, after the first step.
    pub recovery: String,
    /// The authorization request that waits for this visitor to sign in.
    request: String,
    restarted: String,
}

/// The kinds, by the words of their sign-in pages. The first is meant where none is named.
pub const KINDS: [(AccountKind, &str); 3] = [
    (AccountKind::LegalEntity, "legal-entity"),
    (AccountKind::Operator, "operator"),
    (AccountKind::Person, "personal"),
];

impl Query {
    pub fn kind(&self) -> AccountKind {
        let named = KINDS.iter().find(|(_, word)| *word == self.who);
        named.map_or(AccountKind::LegalEntity, |(kind, _)| *kind)
    }

    /// Whether a step was out of order or too late.
    pub fn is_restarted(&self) -> bool {
        !self.restarted.is_empty()
    }

    /// The first step, for a kind of account.
    pub fn begin(&self, kind: AccountKind) -> String {
        self.link(urls::RECOVERY, &[("as", word(kind))])
    }

    /// Where the script asks about the first step's fields.
    pub fn check(&self) -> String {
        self.link(urls::RECOVERY_CHECK, &[("as", word(self.kind()))])
    }

    /// A later step of a recovery.
    pub fn step(&self, path: &str, token: &str) -> String {
        self.link(path, &[("recovery", token), ("as", word(self.kind()))])
    }

    /// Back to the first step, with a word why.
    pub fn restart(&self, visitor: &Visitor) -> Response {
        visitor.go(&self.link(urls::RECOVERY, &[("as", word(self.kind())), ("restarted", "1")]))
    }

    /// Where to sign in with the new password; a portal that waits is not forgotten.
    pub fn sign_in(&self) -> String {
        let path = match self.kind() {
            AccountKind::LegalEntity => urls::SIGN_IN_LEGAL_ENTITY,
            AccountKind::Operator => urls::SIGN_IN_OPERATOR,
            AccountKind::Person => urls::SIGN_IN_PERSONAL,
        };
        urls::with_request(path, Some(&*self.request).filter(|request| !request.is_empty()))
    }

    fn link(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let request = Some(("request", &*self.request)).filter(|(_, request)| !request.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs).extend_pairs(request);
        format!("{path}?{}", query.finish())
    }
}

fn word(kind: AccountKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, word)| word)
}

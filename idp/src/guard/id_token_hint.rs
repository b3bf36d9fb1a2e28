//! `id_token_hint`: an ID token of ours that a portal shows again (OpenID Connect Core section 3.1.2.1, RP-Initiated
//! Logout section 2). An expired one is still a hint; one that we did not sign never is.

use std::borrow::Cow;

use crate::app::App;
use crate::platform::keys::Jwe;
use crate::platform::random;
use crate::platform::vault::Purpose;

pub struct Hint {
    pub client_id: String,
    pub sub: String,
    pub sid: Option<String>,
    id: Option<String>,
}

impl Hint {
    /// Whether the token was given in this session.
    pub fn is_of(&self, app: &App, sid: &str) -> bool {
        match (&self.sid, &self.id) {
            (Some(named), _) => named == sid,
            (None, Some(id)) => {
                id.split_once('~').is_some_and(|(salt, mark)| mark == self::mark(app, salt, sid))
            }
            (None, None) => false,
        }
    }
}

/// A `jti` for an ID token of a portal that is not told `sid`: it says nothing to the portal, and to us which session it
/// was given in.
pub fn id_within(app: &App, sid: &str) -> String {
    let salt = random::id();
    let mark = mark(app, &salt, sid);
    format!("{salt}~{mark}")
}

fn mark(app: &App, salt: &str, sid: &str) -> String {
    app.vault.derive(Purpose::TokenSession, &format!("{salt}|{sid}"))
}

/// Reads a hint, which may be encrypted to one of our keys (Core section 3.1.2.1); `None` if it is not an ID token of ours.
pub fn read(app: &App, hint: &str) -> Option<Hint> {
    let signed = if hint.split('.').count() == 5 {
        let inside = app.keys.decrypt(&Jwe::read(hint).ok()?, app.clock.now())?;
        Cow::Owned(String::from_utf8(inside).ok()?)
    } else {
        Cow::Borrowed(hint)
    };
    let (header, claims) = app.keys.verify(&signed)?;
    // Logout tokens and access tokens carry other types, and must not pass for ID tokens.
    (header.token_type() == Some("JWT")).then_some(())?;
    let text = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
    (text("iss").as_deref() == Some(app.config.issuer.as_str())).then_some(())?;
    Some(Hint { client_id: text("aud")?, sub: text("sub")?, sid: text("sid"), id: text("jti") })
}

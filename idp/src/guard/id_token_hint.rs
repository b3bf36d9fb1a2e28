//! `id_token_hint`: an ID token of ours that a portal shows again (OpenID Connect Core section 3.1.2.1, RP-Initiated
//! Logout section 2). An expired one is still a hint; one that we did not sign never is.

use crate::app::App;

pub struct Hint {
    pub client_id: String,
    pub sub: String,
    pub sid: Option<String>,
}

/// Reads a hint; `None` if it is not an ID token of ours.
pub fn read(app: &App, hint: &str) -> Option<Hint> {
    let (header, claims) = app.keys.verify(hint)?;
    // Logout tokens and access tokens carry other types, and must not pass for ID tokens.
    (header.token_type() == Some("JWT")).then_some(())?;
    let text = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
    (text("iss").as_deref() == Some(app.config.issuer.as_str())).then_some(())?;
    Some(Hint { client_id: text("aud")?, sub: text("sub")?, sid: text("sid") })
}

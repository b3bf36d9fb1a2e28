//! Access tokens: 32 random bytes for the provider's own resource, a signed JWT (RFC 9068) for others'.
//!
//! Both are a row of the store, so that both can be revoked and asked about. A JWT's `jti` is the row's key, that is,
//! the hash of a random token that nobody gets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::error::{Code, OAuthError, Result};
use super::scopes;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::confirmation::Confirmation;
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::random;

/// RFC 9068 section 2.1. Never that of ID tokens, so that neither passes for the other.
const TYPE: &str = "at+jwt";

/// A token whose key is known before what it is for: taking a code and noting its token are one statement.
pub struct Draft {
    secret: String,
    pub hash: Vec<u8>,
    pub now: Timestamp,
    pub lifetime: u32,
}

/// What an access token says to a resource that reads it itself.
pub struct Contents<'a> {
    pub scope: &'a str,
    /// URIs, space separated; `None`: the provider's own resource.
    pub audience: Option<&'a str>,
    pub binding: Option<&'a Confirmation>,
    pub sign_in: Option<SignIn<'a>>,
    /// RFC 9396: a JSON array.
    pub authorization_details: Option<&'a str>,
    /// RFC 8693 section 4.1: a JSON object.
    pub actor: Option<&'a str>,
}

/// Whose token it is, and how they proved it; a client's own token has none.
pub struct SignIn<'a> {
    /// The `sub` claim.
    pub subject: String,
    pub acr: &'a str,
    /// Space separated.
    pub amr: &'a str,
    pub authenticated_at: i64,
}

impl Draft {
    pub fn new(app: &App) -> Self {
        Self::until(app, None)
    }

    /// One that does not outlive `end`.
    pub fn until(app: &App, end: Option<Timestamp>) -> Self {
        let secret = random::token();
        let now = app.clock.now();
        let left = end.map_or(i64::MAX, |end| (end - now).as_seconds().max(0));
        let lifetime = u32::try_from(left).unwrap_or(u32::MAX).min(app.config.tokens.access_token_seconds);
        Self { hash: random::hash(&secret), secret, now, lifetime }
    }

    pub fn expires_at(&self) -> Timestamp {
        self.now + Span::seconds(self.lifetime)
    }

    /// The token itself, as the client gets it.
    ///
    /// # Errors
    /// When signing fails.
    pub fn finish(self, app: &App, client: &Client, contents: &Contents<'_>) -> Result<String> {
        let Some(audience) = contents.audience else { return Ok(self.secret) };
        let issued = self.now.seconds();
        let resources: Vec<&str> = audience.split(' ').collect();
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iss", json!(app.config.issuer));
        set("aud", if let [one] = resources[..] { json!(one) } else { json!(resources) });
        set("iat", json!(issued));
        set("exp", json!(issued + i64::from(self.lifetime)));
        set("jti", json!(random::base64url(&self.hash)));
        set("client_id", json!(client.id));
        set("scope", json!(contents.scope));
        match &contents.sign_in {
            Some(sign_in) => {
                set("sub", json!(sign_in.subject));
                set("acr", json!(sign_in.acr));
                set("amr", json!(sign_in.amr.split(' ').collect::<Vec<_>>()));
                set("auth_time", json!(Timestamp::from_millis(sign_in.authenticated_at).seconds()));
            }
            None => {
                set("sub", json!(client.id));
            }
        }
        if let Some(binding) = contents.binding {
            set("cnf", binding.claim());
        }
        for (name, text) in
            [("authorization_details", contents.authorization_details), ("act", contents.actor)]
        {
            if let Some(text) = text {
                set(name, serde_json::from_str(text).map_err(anyhow::Error::from)?);
            }
        }
        // The algorithm that this client's own tokens have: whoever serves it reads those.
        Ok(app.keys.sign(client.metadata.id_token_signed_response_alg, TYPE, &claims, self.now)?)
    }
}

/// The key of the row that a presented token has; `None` if it can't be one of ours.
pub fn key_of(app: &App, presented: &str) -> Option<Vec<u8>> {
    if !presented.contains('.') {
        return Some(random::hash(presented));
    }
    let (header, claims) = app.keys.verify(presented)?;
    (header.token_type() == Some(TYPE)).then_some(())?;
    URL_SAFE_NO_PAD.decode(claims.get("jti")?.as_str()?).ok()
}

/// Resources that are named to us for the first time (RFC 8707 section 2), joined by spaces.
///
/// # Errors
/// `invalid_target` for one that is unknown, or that the client may not ask for.
pub fn known_resources(app: &App, client: &Client, named: &[&str]) -> Result<Option<String>, OAuthError> {
    if !named.iter().all(|uri| app.config.protocol.resource(uri, &client.id).is_some()) {
        return Err(OAuthError::new(Code::InvalidTarget, "a resource is unknown, or not for this client"));
    }
    Ok((!named.is_empty()).then(|| named.join(" ")))
}

/// The resources that a token is asked for (RFC 8707 section 2.2): of those granted, all, or those that are named
/// again.
///
/// # Errors
/// `invalid_target` for one that was not granted.
pub fn narrowed(granted: Option<&str>, named: &[&str]) -> Result<Option<String>, OAuthError> {
    if named.is_empty() {
        return Ok(granted.map(str::to_owned));
    }
    if !named.iter().all(|one| granted.is_some_and(|granted| scopes::contains(granted, one))) {
        return Err(OAuthError::new(Code::InvalidTarget, "a resource was named that was not granted"));
    }
    Ok(Some(named.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_no_more_than_was_granted() {
        let (a, b) = ("https://a.example", "https://b.example");
        let both = Some("https://a.example https://b.example");
        assert_eq!(narrowed(both, &[]).unwrap().as_deref(), both);
        assert_eq!(narrowed(both, &[b]).unwrap().as_deref(), Some(b));
        assert_eq!(narrowed(None, &[]).unwrap(), None);
        for (granted, named) in [(both, [b, "https://c.example"]), (Some(a), [a, b]), (None, [a, a])] {
            assert_eq!(narrowed(granted, &named).unwrap_err().code, Code::InvalidTarget, "{named:?}");
        }
    }
}

//! A logout token, and whether to believe it (OpenID Connect Back-Channel Logout 1.0, section 2.6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyUse as _, JwsSigningAlgorithm as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token without `exp` may be, in seconds.
const OLDEST: i64 = 10 * 60;

/// What a token must fit to be believed.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub keys: &'a [CoreJsonWebKey],
    pub algorithms: &'a [CoreJwsSigningAlgorithm],
    /// In seconds since 1970.
    pub now: i64,
}

/// Which sessions have ended: at least one of the two is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub subject: Option<String>,
    pub session: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the logout token cannot be read")]
    Malformed,
    #[error("the logout token is not signed in a way that we accept")]
    Algorithm,
    #[error("the logout token is signed by a key that we do not know")]
    UnknownKey,
    #[error("the signature of the logout token is wrong")]
    Signature,
    #[error("the logout token is from another issuer")]
    Issuer,
    #[error("the logout token is for another client")]
    Audience,
    #[error("the logout token has expired")]
    Expired,
    #[error("this is not a logout token")]
    NotLogout,
    #[error("the logout token names neither sub nor sid")]
    Nobody,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    sub: Option<String>,
    sid: Option<String>,
    #[serde(default)]
    events: Value,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

pub fn check(token: &str, expected: &Expected<'_>) -> Result<Ended, Refusal> {
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
    let header: Header = read(header)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;

    let is_public_key = !header.alg.uses_shared_secret() && header.alg != CoreJwsSigningAlgorithm::None;
    if !is_public_key || !expected.algorithms.contains(&header.alg) {
        return Err(Refusal::Algorithm);
    }
    if header.typ.as_deref().is_some_and(|typ| !is_accepted_type(typ)) {
        return Err(Refusal::NotLogout);
    }
    let mut candidates = expected.keys.iter().filter(|key| fits(key, &header)).peekable();
    candidates.peek().ok_or(Refusal::UnknownKey)?;
    if !candidates.any(|key| key.verify_signature(&header.alg, message.as_bytes(), &signature).is_ok()) {
        return Err(Refusal::Signature);
    }

    let claims: Claims = read(payload)?;
    if claims.iss != expected.issuer {
        return Err(Refusal::Issuer);
    }
    if !claims.aud.contains(expected.client_id) {
        return Err(Refusal::Audience);
    }
    // A token from the future passes: only the provider can have signed it, and a clock that runs
    // ahead is no reason to keep a session alive.
    if claims.exp.unwrap_or(claims.iat.saturating_add(OLDEST)) <= expected.now {
        return Err(Refusal::Expired);
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) || claims.nonce.is_some() {
        return Err(Refusal::NotLogout);
    }
    if claims.sub.is_none() && claims.sid.is_none() {
        return Err(Refusal::Nobody);
    }
    Ok(Ended { subject: claims.sub, session: claims.sid })
}

fn read<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}

/// `logout+jwt` is recommended, not required.
fn is_accepted_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "logout+jwt" | "jwt")
}

fn fits(key: &CoreJsonWebKey, header: &Header) -> bool {
    let same_id = header.kid.as_deref().is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid));
    same_id
        && header.alg.key_type().as_ref() == Some(key.key_type())
        && key.key_use().is_none_or(|purpose| purpose.allows_signature())
}

impl Audience {
    fn contains(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Several(several) => several.iter().any(|one| one == client_id),
        }
    }
}

#[cfg(test)]
mod tests;

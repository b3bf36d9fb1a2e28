//! Request objects (RFC 9101): an authorization request as a JWT that its client signed, and may have encrypted. What is
//! inside is the whole request; parameters beside it count for nothing but finding the client.

mod nested;
mod once;

use serde_json::{Map, Value};

pub use self::once::Once;
use super::error::{Code, OAuthError};
use super::numeric_date;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::signing_alg::SigningAlg;
use crate::web::params::Params;

/// The longest, in bytes: of what comes by the URL or by PAR it is told, instead of a connection that ends.
const LARGEST: usize = 32 * 1024;
/// How far a client's clock may run ahead, in seconds (FAPI 2.0 Message Signing asks for 8 at least).
const LEEWAY: i64 = 10;
/// FAPI 2.0 Message Signing section 5.3.1: no older, and no longer, in seconds.
const LONGEST: i64 = 3600;
/// Claims of the JWT itself, which are no parameters.
const OF_THE_JWT: [&str; 7] = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti"];

const fn refuse(description: &'static str) -> OAuthError {
    OAuthError::new(Code::InvalidRequestObject, description)
}

/// What a request really asks for.
pub struct Asked {
    pub params: Params,
    /// Of a request object with a `jti`.
    pub once: Option<Once>,
}

impl From<Params> for Asked {
    fn from(params: Params) -> Self {
        Self { params, once: None }
    }
}

/// What a request really asks for: its request object, if it has one.
///
/// # Errors
/// `invalid_request_object`, with what is wrong with it, and `invalid_request` where a client that must sign did not.
pub async fn resolve(app: &App, client: &Client, params: Params) -> Result<Asked, OAuthError> {
    match params.get("request") {
        Some(jws) => read(app, client, jws).await,
        None if client.metadata.require_signed_request_object => {
            Err(OAuthError::new(Code::InvalidRequest, "the client must sign its requests"))
        }
        None => Ok(params.into()),
    }
}

/// A request object that waits at one of the addresses that the client registered. An address is compared as text; its
/// fragment, a hash of the object, is for caches, and we keep none.
///
/// # Errors
/// `invalid_request_uri` if it can't be had, otherwise as [`resolve`].
pub async fn fetch(app: &App, client: &Client, uri: &str) -> Result<Asked, OAuthError> {
    let refuse = |description| OAuthError::new(Code::InvalidRequestUri, description);
    let registered = client.metadata.request_uris.as_deref().unwrap_or_default();
    if !registered.iter().any(|known| known == uri) {
        return Err(refuse("the request_uri is not registered"));
    }
    let place = uri.split('#').next().unwrap_or_default();
    let document = app.fetcher.get(place, &["application/oauth-authz-req+jwt", "application/jwt"]).await;
    let document = document.map_err(|why| {
        tracing::info!(client = client.id, %why, "a request object was not fetched");
        refuse("the request_uri can't be fetched")
    })?;
    let jws = String::from_utf8(document).map_err(|_| refuse("what is at the request_uri is no JWT"))?;
    read(app, client, jws.trim()).await
}

/// What is inside of a request object.
async fn read(app: &App, client: &Client, text: &str) -> Result<Asked, OAuthError> {
    if text.len() > LARGEST {
        return Err(refuse("the request object is larger than 32 KiB"));
    }
    let jws = nested::opened(app, client, text)?;
    check_header(client, &jws)?;
    let only = client.metadata.request_object_signing_alg;
    let unsigned = refuse("the client did not sign this request object");
    let claims = app.signed_by(client, &jws, only).await.ok_or(unsigned)?;
    check_claims(app, client, &claims)?;
    let once = Once::of(client, &claims, app.clock.now())?;
    Ok(Asked { params: parameters(claims)?, once })
}

/// RFC 7515 section 4.1.9: `application/` may be left out, and the case does not matter.
fn short_type(named: &str) -> String {
    let lower = named.to_ascii_lowercase();
    lower.strip_prefix("application/").map(str::to_owned).unwrap_or(lower)
}

/// RFC 8725 section 3.11: a JWT that was made for something else is no request object.
fn check_header(client: &Client, jws: &str) -> Result<(), OAuthError> {
    let unreadable = |_| refuse("the request object is not a signed JWT");
    let header = josekit::jwt::decode_header(jws).map_err(unreadable)?;
    let typ = header.claim("typ").map(|typ| short_type(typ.as_str().unwrap_or_default()));
    if !matches!(typ.as_deref(), None | Some("oauth-authz-req+jwt" | "jwt")) {
        return Err(refuse("typ must be oauth-authz-req+jwt"));
    }
    let alg = header.claim("alg").and_then(Value::as_str).and_then(SigningAlg::parse);
    // FAPI 2.0 section 5.4.1 leaves RS256 out; a client that must only sign may still register it.
    let strict =
        client.metadata.require_signed_request_object && client.metadata.request_object_signing_alg.is_none();
    let is_weak = (strict || client.is_held_to_fapi()) && alg == Some(SigningAlg::RS256);
    if is_weak { Err(refuse("alg must be PS256, ES256 or EdDSA")) } else { Ok(()) }
}

/// RFC 9101 sections 4 and 10.8. A client that must sign says from when to when, to whom and from whom.
fn check_claims(app: &App, client: &Client, claims: &Map<String, Value>) -> Result<(), OAuthError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let strict = client.metadata.require_signed_request_object;
    let is_missing = |name: &str| !claims.contains_key(name);
    if strict && ["iss", "aud", "exp", "nbf"].into_iter().any(is_missing) {
        return Err(refuse("the request object needs iss, aud, exp and nbf"));
    }
    if claims.contains_key("iss") && text("iss") != Some(&client.id) {
        return Err(refuse("iss is not the client"));
    }
    if text("client_id") != Some(&client.id) {
        return Err(refuse("client_id is missing or not that of the request"));
    }
    // Otherwise the object would do as a client assertion.
    if text("sub") == Some(&client.id) {
        return Err(refuse("sub must not be the client"));
    }
    let issuer = app.config.issuer.as_str();
    let is_for_us = match claims.get("aud") {
        None => true,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(issuer)),
        Some(one) => one.as_str() == Some(issuer),
    };
    if !is_for_us {
        return Err(refuse("aud is not this provider"));
    }
    if ["request", "request_uri"].into_iter().any(|name| claims.contains_key(name)) {
        return Err(refuse("a request object can't hold another"));
    }
    check_times(app.clock.now().seconds(), claims)
}

fn check_times(now: i64, claims: &Map<String, Value>) -> Result<(), OAuthError> {
    let time = |name| {
        let wrong = |_| refuse("exp, nbf and iat must be numbers");
        numeric_date::read(claims, name).map_err(wrong)
    };
    let (begin, end) = (time("nbf")?, time("exp")?);
    if end.is_some_and(|end| end <= now) {
        return Err(refuse("the request object has expired"));
    }
    if begin.max(time("iat")?).is_some_and(|begin| begin > now + LEEWAY) {
        return Err(refuse("the request object is not valid yet"));
    }
    if begin.is_some_and(|begin| begin < now - LONGEST) {
        return Err(refuse("nbf is more than 60 minutes ago"));
    }
    if begin.zip(end).is_some_and(|(begin, end)| end.saturating_sub(begin) > LONGEST) {
        return Err(refuse("exp is more than 60 minutes after nbf"));
    }
    Ok(())
}

/// RFC 9101 section 4: text as it is, anything else as JSON; of a `resource` list each is a parameter.
fn parameters(claims: Map<String, Value>) -> Result<Params, OAuthError> {
    let mut pairs = Vec::new();
    for (name, value) in claims {
        if OF_THE_JWT.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Null => (),
            Value::String(text) => pairs.push((name, text)),
            Value::Array(values) if name == "resource" => {
                for value in values {
                    let text = value.as_str().ok_or(refuse("a resource is not a text"))?;
                    pairs.push((name.clone(), text.to_owned()));
                }
            }
            other => pairs.push((name, other.to_string())),
        }
    }
    let holds_nul = |(name, value): &(String, String)| name.contains('\0') || value.contains('\0');
    // As for parameters that come in a query: PostgreSQL takes U+0000 in no text.
    if pairs.iter().any(holds_nul) {
        return Err(refuse("a parameter contains U+0000"));
    }
    Ok(Params::from(pairs))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_those_of_message_signing() {
        let now = 1_800_000_000;
        let check = |claims: Value| check_times(now, claims.as_object().unwrap()).is_ok();
        for right in [
            json!({}),
            json!({"nbf": now - 3590, "exp": now + 10}),
            json!({"nbf": now + 8, "iat": now + 8, "exp": now + 60}),
            json!({"exp": now + 1_000_000}),
        ] {
            assert!(check(right.clone()), "{right}");
        }
        for wrong in [
            json!({"exp": now}),
            json!({"exp": "soon"}),
            json!({"exp": null}),
            json!({"nbf": now - 70 * 60, "exp": now + 60}),
            json!({"nbf": now, "exp": now + 3601}),
            json!({"nbf": now + 60, "exp": now + 120}),
            json!({"iat": now + 60}),
            json!({"nbf": i64::MIN, "exp": i64::MAX}),
            json!({"nbf": 1e300}),
        ] {
            assert!(!check(wrong.clone()), "{wrong}");
        }
    }

    #[test]
    fn claims_become_parameters() {
        let claims = json!({
            "iss": "c", "client_id": "c", "max_age": 10, "claims": {"userinfo": {"name": null}},
            "resource": ["urn:a", "urn:b"], "state": "吉", "nonce": null,
        });
        let params = parameters(claims.as_object().unwrap().clone()).unwrap();
        assert_eq!((params.get("iss"), params.get("nonce")), (None, None));
        assert_eq!(params.get("max_age"), Some("10"));
        assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"name":null}}"#));
        assert_eq!(params.all("resource"), ["urn:a", "urn:b"]);
        assert_eq!(params.get("state"), Some("吉"));
        for wrong in [json!({"resource": [1]}), json!({"state": "a\u{0}"}), json!({"a\u{0}": "b"})] {
            assert!(parameters(wrong.as_object().unwrap().clone()).is_err(), "{wrong}");
        }
    }
}

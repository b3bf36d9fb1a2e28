//! DPoP (RFC 9449): a client proves with each request that it has a key, and its tokens are bound to that key.
//!
//! A proof is used once: its `jti` is remembered in the store that all instances share. Nonces are not stored; they
//! are derived from a key that all instances share and the time.

mod key;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use self::key::ProofKey;
use super::envelope::Envelope;
use super::error::{Code, OAuthError, Result};
use super::numeric_date;
use crate::app::App;
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::platform::vault::Purpose;
use crate::store::used_once;

/// Asymmetric, and none that FAPI 2.0 section 5.4 leaves out.
pub const ALGS: [&str; 3] = ["ES256", "PS256", "EdDSA"];

pub const NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");
const HEADER: HeaderName = HeaderName::from_static("dpop");

/// How far `iat` may be from our clock, either way.
const LEEWAY: i64 = 60;
/// How long one nonce is given out; it is taken for as long again.
const NONCE_SECONDS: i64 = 300;
/// Nobody needs a longer `jti`, which is hashed for each request.
const LONGEST_JTI: usize = 256;

/// The thumbprint of the key behind the request's proof; `None` if it has no proof. The proof is used up.
///
/// With `access_token` the proof must be made for it (section 7).
///
/// # Errors
/// `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use.
pub async fn proved_key(
    app: &App,
    envelope: &Envelope,
    access_token: Option<&str>,
) -> Result<Option<String>> {
    let mut sent = envelope.headers.get_all(HEADER).into_iter();
    let Some(proof) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(invalid("more than one DPoP header").into());
    }
    let proof = proof.to_str().map_err(|_| invalid("the DPoP header can't be read"))?;
    let (key, claims) = read(proof)?;
    check(app, envelope, access_token, &claims)?;
    let jti = text(&claims, "jti").filter(|jti| (1..=LONGEST_JTI).contains(&jti.len()));
    let jti = jti.ok_or_else(|| invalid("the DPoP proof has no jti"))?;
    let id = random::hash(&format!("dpop|{}|{jti}", key.thumbprint));
    // As long as the same proof could pass: by its nonce, or by its iat.
    let passes = if claims.contains_key("nonce") { 2 * NONCE_SECONDS } else { 2 * LEEWAY };
    let until = app.clock.now() + Span::millis((passes + 1) * 1000);
    if !used_once::r#use(&app.store, &id, until).await? {
        return Err(invalid("the DPoP proof was used before").into());
    }
    Ok(Some(key.thumbprint))
}

/// Tells the next nonce beside an answer to a request with a proof, where the configuration demands nonces (section
/// 8.2).
pub fn tell_nonce(app: &App, response: &mut Response) {
    if app.config.tokens.dpop_nonce
        && let Ok(value) = HeaderValue::try_from(nonce(app, window(app)))
    {
        response.headers_mut().insert(NONCE_HEADER, value);
    }
}

fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(Code::InvalidDpopProof, description)
}

/// Section 4.3, points 2 to 7: one JWT of the right type, signed by the public key in its header.
fn read(proof: &str) -> Result<(ProofKey, Map<String, Value>), OAuthError> {
    let header = josekit::jwt::decode_header(proof).map_err(|_| invalid("the DPoP proof is no JWT"))?;
    if header.claim("typ").and_then(Value::as_str) != Some("dpop+jwt") {
        return Err(invalid("the DPoP proof's typ must be dpop+jwt"));
    }
    let alg = header.claim("alg").and_then(Value::as_str).filter(|alg| ALGS.contains(alg));
    let alg = alg.ok_or_else(|| invalid("the DPoP proof's alg is not supported"))?;
    let jwk = header.claim("jwk").and_then(Value::as_object);
    let jwk = jwk.ok_or_else(|| invalid("the DPoP proof has no jwk"))?;
    let key =
        ProofKey::read(alg, jwk).ok_or_else(|| invalid("the DPoP proof's jwk does not suit its alg"))?;
    let claims = key.verify(proof).ok_or_else(|| invalid("the DPoP proof's signature is wrong"))?;
    Ok((key, claims))
}

/// Section 4.3, points 8 to 12: made for this request, now, and for this token.
fn check(
    app: &App,
    envelope: &Envelope,
    access_token: Option<&str>,
    claims: &Map<String, Value>,
) -> Result<(), OAuthError> {
    if text(claims, "htm") != Some(envelope.method.as_str()) {
        return Err(invalid("the DPoP proof's htm is not the request's method"));
    }
    if !text(claims, "htu").is_some_and(|htu| is_here(app, &envelope.path, htu)) {
        return Err(invalid("the DPoP proof's htu is not the request's URL"));
    }
    let time = |name| {
        let wrong = |_| invalid("iat, exp and nbf of the DPoP proof must be numbers");
        numeric_date::read(claims, name).map_err(wrong)
    };
    let now = app.clock.now().seconds();
    let issued = time("iat")?.ok_or_else(|| invalid("the DPoP proof has no iat"))?;
    match claims.get("nonce") {
        // A nonce says when the proof was made, whatever the client's clock says.
        Some(given) => {
            let given = given.as_str().unwrap_or_default();
            let windows = [window(app), window(app) - 1];
            if !windows.into_iter().any(|window| nonce(app, window) == given) {
                return Err(use_nonce(app));
            }
        }
        None if app.config.tokens.dpop_nonce => return Err(use_nonce(app)),
        None if issued.saturating_sub(now).saturating_abs() > LEEWAY => {
            return Err(invalid("the DPoP proof was not made just now"));
        }
        None => (),
    }
    let expired = time("exp")?.is_some_and(|at| at <= now - LEEWAY);
    if expired || time("nbf")?.is_some_and(|at| at > now + LEEWAY) {
        return Err(invalid("the DPoP proof has expired, or is for later"));
    }
    if let Some(token) = access_token {
        let expected = random::base64url(&Sha256::digest(token.as_bytes()));
        if text(claims, "ath") != Some(&expected) {
            return Err(invalid("the DPoP proof's ath is not that of the access token"));
        }
    }
    Ok(())
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Compared after normalisation, without query and fragment (section 4.3, point 9).
fn is_here(app: &App, path: &str, htu: &str) -> bool {
    let Ok(mut named) = Url::parse(htu) else { return false };
    let plain = unescaped(named.path());
    named.set_path(&plain);
    named.set_query(None);
    named.set_fragment(None);
    let bases = [Some(&app.config.issuer), app.config.client_certificates.url.as_ref()];
    bases
        .into_iter()
        .flatten()
        .any(|base| Url::parse(base).and_then(|base| base.join(path)).is_ok_and(|here| here == named))
}

/// RFC 3986 section 6.2.2.2: characters that need no escape, written without one.
fn unescaped(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let escaped = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = &after[2..];
            }
            None => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain + rest
}

fn use_nonce(app: &App) -> OAuthError {
    OAuthError::new(Code::UseDpopNonce, "the DPoP proof must carry the nonce of the DPoP-Nonce header")
        .with_nonce(nonce(app, window(app)))
}

fn window(app: &App) -> i64 {
    app.clock.now().seconds() / NONCE_SECONDS
}

fn nonce(app: &App, window: i64) -> String {
    app.vault.derive(Purpose::DpopNonce, &window.to_string())
}

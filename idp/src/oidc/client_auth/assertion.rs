//! `private_key_jwt` and `client_secret_jwt` (RFC 7523): a JWT that the client signed for us, to be used once.

use josekit::jws::alg::hmac::HmacJwsAlgorithm;
use serde_json::{Map, Value};

use crate::app::App;
use crate::domain::client::{AuthMethod, Client};
use crate::domain::signing_alg::{AssertionAlg, SigningAlg};
use crate::domain::timestamp::{Span, Timestamp};
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::numeric_date;
use crate::oidc::registration::SECRET_FIELD;
use crate::platform::random;
use crate::store::used_once;
use crate::web::params::Params;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far a client's clock may run ahead.
const LEEWAY: i64 = 30;
/// How long an assertion may live at most: its `jti` is remembered as long.
const LONGEST: i64 = 3600;

/// The client that an assertion names, before it is believed.
///
/// # Errors
/// What is wrong with its form.
pub fn read(params: &Params, jws: &str, named: Option<&str>) -> Result<String, OAuthError> {
    if params.get("client_assertion_type") != Some(TYPE) {
        return Err(OAuthError::new(Code::InvalidRequest, "client_assertion_type must be jwt-bearer"));
    }
    let unreadable = || OAuthError::new(Code::InvalidClient, "the client_assertion can't be read");
    let claims = unverified_claims(jws).ok_or_else(unreadable)?;
    let subject = claims.get("sub").and_then(Value::as_str).ok_or_else(unreadable)?;
    if named.is_some_and(|named| named != subject) {
        return Err(OAuthError::new(Code::InvalidClient, "client_id differs from the client_assertion"));
    }
    Ok(subject.to_owned())
}

fn unverified_claims(jws: &str) -> Option<Map<String, Value>> {
    use base64::Engine;
    let payload = jws.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether the client signed this assertion, for us, now, and uses it for the first time. `path` is the endpoint's that
/// was called.
///
/// # Errors
/// When the database fails.
pub async fn verify(app: &App, client: &Client, jws: &str, path: &str) -> Result<bool> {
    let Some(claims) = signed_claims(app, client, jws).await? else { return Ok(false) };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name| numeric_date::read(&claims, name);
    let (Ok(expires), Ok(issued), Ok(begins)) = (time("exp"), time("iat"), time("nbf")) else {
        return Ok(false);
    };
    let now = app.clock.now().seconds();
    let Some(expires) = expires.filter(|expires| *expires > now - LEEWAY && *expires <= now + LONGEST) else {
        return Ok(false);
    };
    if issued.max(begins).is_some_and(|at| at > now + LEEWAY) {
        return Ok(false);
    }
    if text("iss") != Some(&client.id)
        || text("sub") != Some(&client.id)
        || !is_for_us(app, client, claims.get("aud"), path)
    {
        return Ok(false);
    }
    let Some(jti) = text("jti").filter(|jti| !jti.is_empty()) else { return Ok(false) };
    let key = random::hash(&format!("client_assertion|{}|{jti}", client.id));
    let until = Timestamp::from_millis(expires * 1000) + Span::seconds(60);
    Ok(used_once::r#use(&app.store, &key, until).await?)
}

/// The claims, if the client's key or secret signed them.
async fn signed_claims(app: &App, client: &Client, jws: &str) -> Result<Option<Map<String, Value>>> {
    let only = client.metadata.token_endpoint_auth_signing_alg.and_then(AssertionAlg::by_key);
    if client.metadata.token_endpoint_auth_method == AuthMethod::ClientSecretJwt {
        let Some(sealed) = &client.secret_sealed else { return Ok(None) };
        let secret = app.vault.open_text(SECRET_FIELD, &client.id, sealed)?;
        return Ok(verify_hmac(&secret, jws));
    }
    // FAPI 2.0 section 5.4 leaves RS256 out.
    if client.is_held_to_fapi() && names_rs256(jws) {
        return Ok(None);
    }
    Ok(app.signed_by(client, jws, only).await)
}

fn names_rs256(jws: &str) -> bool {
    let header = josekit::jwt::decode_header(jws).ok();
    header
        .is_some_and(|header| header.claim("alg").and_then(Value::as_str) == Some(SigningAlg::RS256.as_str()))
}

/// HS256 with the secret's own bytes (RFC 7518 section 3.2). josekit takes no other algorithm for this verifier.
fn verify_hmac(secret: &str, jws: &str) -> Option<Map<String, Value>> {
    let header = josekit::jwt::decode_header(jws).ok()?;
    (header.claim("alg")?.as_str()? == AssertionAlg::HS256.as_str()).then_some(())?;
    let verifier = HmacJwsAlgorithm::Hs256.verifier_from_bytes(secret).ok()?;
    let (payload, _) = josekit::jws::deserialize_compact(jws, &verifier).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// What Core section 9 names as the audience, wherever the assertion is shown (RFC 9126 section 2 for pushed requests).
const TOKEN_ENDPOINT: &str = "/token";

/// The audience is the issuer; programs from before that was said name the token endpoint, or the one that they call
/// (Authlib does). Another endpoint's it never is. FAPI 2.0 section 5.3.2.1 wants the issuer, as a string.
fn is_for_us(app: &App, client: &Client, audience: Option<&Value>, path: &str) -> bool {
    let issuer = app.config.issuer.as_str();
    if client.is_held_to_fapi() {
        return audience.and_then(Value::as_str) == Some(issuer);
    }
    let ours = |value: &Value| {
        let rest = value.as_str().and_then(|one| one.strip_prefix(issuer));
        rest.is_some_and(|rest| rest.is_empty() || rest == TOKEN_ENDPOINT || rest == path)
    };
    match audience {
        Some(Value::Array(all)) => all.len() == 1 && all.iter().all(ours),
        Some(one) => ours(one),
        None => false,
    }
}

//! `private_key_jwt` (RFC 7523): a JWT that the client signed for us, to be used once.

use serde_json::{Map, Value};

use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::{Span, Timestamp};
use crate::oidc::error::{Code, OAuthError, Result};
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

/// Whether the client signed this assertion, for us, now, and uses it for the first time.
///
/// # Errors
/// When the database fails.
pub async fn verify(app: &App, client: &Client, jws: &str) -> Result<bool> {
    let only = client.metadata.token_endpoint_auth_signing_alg;
    let Some(claims) = app.signed_by(client, jws, only).await else { return Ok(false) };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_f64).map(|number| number as i64);
    let now = app.clock.now().seconds();
    let Some(expires) = number("exp").filter(|expires| *expires > now - LEEWAY && *expires <= now + LONGEST)
    else {
        return Ok(false);
    };
    let from_the_future = |name| number(name).is_some_and(|at| at > now + LEEWAY);
    if from_the_future("iat") || from_the_future("nbf") {
        return Ok(false);
    }
    if text("iss") != Some(&client.id)
        || text("sub") != Some(&client.id)
        || !is_for_us(app, claims.get("aud"))
    {
        return Ok(false);
    }
    let Some(jti) = text("jti").filter(|jti| !jti.is_empty()) else { return Ok(false) };
    let key = random::hash(&format!("client_assertion|{}|{jti}", client.id));
    let until = Timestamp::from_millis(expires * 1000) + Span::seconds(60);
    Ok(used_once::r#use(&app.store, &key, until).await?)
}

/// The audience is the issuer; the token endpoint's URL is what older clients send.
fn is_for_us(app: &App, audience: Option<&Value>) -> bool {
    let issuer = app.config.issuer.as_str();
    let ours = |value: &Value| {
        value.as_str().is_some_and(|one| one == issuer || one.strip_prefix(issuer) == Some("/token"))
    };
    match audience {
        Some(Value::Array(all)) => all.len() == 1 && all.iter().all(ours),
        Some(one) => ours(one),
        None => false,
    }
}

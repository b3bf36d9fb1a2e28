//! What portals rely on: OpenID Connect and OAuth 2.0 as the standards say it, a file a topic. Every rule is tested
//! where it is kept and where it is broken; the RFC's section stands beside the test.

mod assertion;
mod assertion_rules;
mod authorization_details;
mod authorize;
mod back_channel;
mod back_channel_moments;
mod client_auth;
mod client_certificates;
mod client_keys;
mod consent;
mod cors;
mod device_decisions;
mod device_grant;
mod discovery;
mod dpop;
mod dpop_at_resource;
mod dynamic_registration;
mod encrypted_requests;
mod endings;
mod front_channel;
mod hanging_up;
mod introspection_and_revocation;
mod introspection_jwt;
mod jarm;
mod jwt_access_tokens;
mod keys;
mod par;
mod profile;
mod promised_algorithms;
mod promised_proofs;
mod promises;
mod prompts;
mod refresh;
mod request_objects;
mod request_once;
mod request_uri;
mod resources;
mod response_modes;
mod sign_out;
mod signed_and_encrypted;
mod step_up;
mod subjects;
mod token;
mod token_exchange;
mod userinfo;
mod variety;
mod verified_claims;

use serde_json::{Value, json};

use crate::support::portal::{claims, jose_header};
use crate::support::{Agent, ClientKey, Portal, Reply, TestApp};

const PASSWORD: &str = "Jlrs2026";

/// A browser at which the demo's person is signed in.
async fn signed_in(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    let reply =
        agent.sign_in("/sign-in/personal", &[("account", "liying2026"), ("password", PASSWORD)]).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

/// Answers the sign-in page that an authorization request has led to; gives what comes of it in the end.
async fn sign_in_at(agent: &mut Agent, asked: &Reply) -> Reply {
    let page = asked.location().expect("a redirect to a sign-in page");
    let account = match page.split('?').next() {
        Some("/sign-in/personal") => "liying2026",
        Some("/sign-in/legal-entity") => "xinyue0221",
        other => panic!("not a sign-in page: {other:?}"),
    };
    let reply = agent.sign_in(&page, &[("account", account), ("password", PASSWORD)]).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent.follow(reply).await
}

/// A public client, as an app or a page's script is.
async fn public_portal(app: &TestApp, id: &str) -> Portal {
    let changes = json!({
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
    });
    Portal::register_with(app, id, changes).await
}

#[track_caller]
fn asks_to_sign_in(reply: &Reply) {
    let location = reply.location().unwrap_or_default();
    assert!(location.starts_with("/sign-in/"), "{} {location} {}", reply.status, reply.text());
}

/// RFC 6749 section 5.2: an endpoint for programs says no.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.json()["error"].as_str()),
        (status, Some(code)),
        "{}",
        reply.body
    );
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.location(), None);
    assert_well_described(reply.json()["error_description"].as_str().unwrap());
    let challenge = reply.header("www-authenticate");
    match code {
        "invalid_client" => assert!(challenge.starts_with("Basic realm="), "{challenge}"),
        "invalid_token" | "insufficient_scope" => {
            assert!(challenge.starts_with("Bearer realm="), "{challenge}");
        }
        _ => (),
    }
}

/// The characters that RFC 6749 section 4.1.2.1 lets a description have.
#[track_caller]
fn assert_well_described(description: &str) {
    let allowed = |char: char| matches!(char, ' '..='~') && char != '"' && char != '\\';
    assert!(!description.is_empty() && description.chars().all(allowed), "{description}");
}

/// A mistake that must not be told by redirect (RFC 9700 section 4.11): a page of our own, in Chinese.
#[track_caller]
fn assert_page(reply: &Reply, detail: &str) {
    assert_eq!(reply.status, 400, "{:?}", reply.location());
    assert_eq!(reply.location(), None);
    assert!(reply.header("content-type").starts_with("text/html"), "{}", reply.header("content-type"));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-frame-options"), "DENY");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.attribute("html", "lang").as_deref(), Some("zh-CN"));
    assert!(reply.text().contains(detail), "{detail}: {}", reply.text());
    assert!(reply.text().contains('请'), "{}", reply.text());
}

/// RFC 6749 section 4.1.2.1 and RFC 9207: a mistake that the portal is told, with its `state` and our `iss`.
#[track_caller]
fn assert_error_redirect(app: &TestApp, portal: &Portal, reply: &Reply, code: &str) {
    assert_eq!(reply.query("error").as_deref(), Some(code), "{:?} {}", reply.location(), reply.text());
    assert_eq!(reply.status, 303);
    assert_eq!(reply.header("cache-control"), "no-store");
    let location = reply.location().unwrap();
    assert!(location.starts_with(&format!("{}?", portal.redirect_uri)), "{location}");
    let url = url::Url::parse(&location).unwrap();
    assert_eq!(url.fragment(), None);
    let mut names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort_unstable();
    assert_eq!(names, ["error", "error_description", "iss", "state"]);
    assert_eq!(reply.query("state").as_deref(), Some("state-1"));
    assert_eq!(reply.query("iss").as_deref(), Some(app.base.as_str()));
    assert_well_described(&reply.query("error_description").unwrap());
}

/// The header and claims of a token of ours, checked against the published keys as a portal would.
async fn verified(app: &TestApp, jws: &str) -> (Value, Value) {
    use josekit::jws::JwsVerifier;
    let header = jose_header(jws);
    let set = Agent::new(&app.base).get("/jwks.json").await.json();
    let fits = |key: &&Value| key["kid"] == header["kid"] && key["alg"] == header["alg"];
    let found: Vec<&Value> = set["keys"].as_array().unwrap().iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "one key for {header}");
    let jwk = josekit::jwk::Jwk::from_map(found[0].as_object().unwrap().clone()).unwrap();
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    let signature = unpadded(signature);
    let outcome = match header["alg"].as_str() {
        Some("ES256") => {
            let verifier = josekit::jws::ES256.verifier_from_jwk(&jwk).unwrap();
            verifier.verify(signed.as_bytes(), &signature)
        }
        Some("EdDSA") => {
            let verifier = josekit::jws::EdDSA.verifier_from_jwk(&jwk).unwrap();
            verifier.verify(signed.as_bytes(), &signature)
        }
        Some("PS256") => {
            let verifier = josekit::jws::PS256.verifier_from_jwk(&jwk).unwrap();
            verifier.verify(signed.as_bytes(), &signature)
        }
        Some("RS256") => {
            let verifier = josekit::jws::RS256.verifier_from_jwk(&jwk).unwrap();
            verifier.verify(signed.as_bytes(), &signature)
        }
        other => panic!("signed with {other:?}"),
    };
    outcome.unwrap();
    (header, claims(jws))
}

fn unpadded(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The names of an object's members, sorted.
fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// A member that must be text.
fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

//! `jwks_uri` (OpenID Connect Registration section 2): fetched when it is needed, again for an unknown `kid`, and never
//! from where the provider's own network is.

use axum::http::StatusCode;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;

use super::*;
use crate::support::Site;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn key(kid: &str) -> Jwk {
    let mut key = Jwk::generate_ec_key(EcCurve::P256).unwrap();
    key.set_key_id(kid);
    key
}

/// One that has no `kid`, and is named by none.
fn nameless() -> Jwk {
    Jwk::generate_ec_key(EcCurve::P256).unwrap()
}

fn set(keys: &[&Jwk]) -> Value {
    let public = keys.iter().map(|key| {
        let mut public = key.to_public_key().unwrap().as_ref().clone();
        public.extend(key.key_id().map(|kid| ("kid".to_owned(), json!(kid))));
        Value::Object(public)
    });
    json!({ "keys": public.collect::<Vec<_>>() })
}

async fn portal(app: &TestApp, id: &str, jwks_uri: &str) -> Portal {
    let changes = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": jwks_uri});
    Portal::register_with(app, id, changes).await
}

/// Asks for a token of the client's own with an assertion that `key` signed.
async fn authenticate(app: &TestApp, portal: &Portal, key: &Jwk) -> Reply {
    let now = app.clock.now().seconds();
    let claims = json!({
        "iss": portal.id, "sub": portal.id, "aud": app.base, "iat": now, "exp": now + 60,
        "jti": idp::platform::random::id(),
    });
    let mut header = josekit::jws::JwsHeader::new();
    key.key_id().inspect(|kid| header.set_key_id(*kid));
    let signer = josekit::jws::ES256.signer_from_jwk(key).unwrap();
    let jws = josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &signer).unwrap();
    let agent = Agent::new(&app.base);
    let params =
        [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", &jws)];
    agent.stranger().send(agent.request(reqwest::Method::POST, "/token").form(&params)).await
}

on_both! {
    async fn keys_are_fetched_and_rotated(app: TestApp) {
        let site = Site::start().await;
        let (first, second) = (key("first"), key("second"));
        let portal = portal(&app, "keyed", &site.put_json("/jwks", &set(&[&first]))).await;
        for _ in 0..3 {
            let reply = authenticate(&app, &portal, &first).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        assert_eq!(site.asked("/jwks").len(), 1, "once for all");
        assert_eq!(site.asked("/jwks")[0].accept, "application/json, application/jwk-set+json");
        // An unknown kid is looked after once a minute, whoever asks.
        for _ in 0..3 {
            assert_refused(&authenticate(&app, &portal, &second).await, 401, "invalid_client");
        }
        site.put_json("/jwks", &set(&[&second]));
        app.advance_seconds(60);
        assert_eq!(authenticate(&app, &portal, &second).await.status, 200, "Core section 10.1.1");
        assert_eq!(site.asked("/jwks").len(), 2);
        assert_refused(&authenticate(&app, &portal, &first).await, 401, "invalid_client");
        // A known kid with another key's signature is no reason to look again.
        app.advance_seconds(61);
        assert_refused(&authenticate(&app, &portal, &key("second")).await, 401, "invalid_client");
        assert_eq!(site.asked("/jwks").len(), 2);
        // Away: the last good keys go on.
        site.put("/jwks", StatusCode::SERVICE_UNAVAILABLE, "text/plain", "");
        app.advance_seconds(700);
        assert_eq!(authenticate(&app, &portal, &second).await.status, 200);
        assert_eq!(site.asked("/jwks").len(), 3);
    }
}

on_both! {
    // A `kid` is optional (RFC 7515 section 4.1.4). Without one, the keys that are known are looked through first.
    async fn keys_without_names_are_fetched_as_seldom(app: TestApp) {
        let site = Site::start().await;
        let (first, second) = (nameless(), nameless());
        let portal = portal(&app, "keyed", &site.put_json("/jwks", &set(&[&key("other"), &first]))).await;
        for _ in 0..3 {
            assert_eq!(authenticate(&app, &portal, &first).await.status, 200);
            app.advance_seconds(61);
        }
        assert_eq!(site.asked("/jwks").len(), 1, "fresh for ten minutes");
        // A key that is not among them is looked after, once a minute.
        site.put_json("/jwks", &set(&[&second]));
        assert_eq!(authenticate(&app, &portal, &second).await.status, 200);
        for _ in 0..3 {
            assert_refused(&authenticate(&app, &portal, &first).await, 401, "invalid_client");
        }
        assert_eq!(site.asked("/jwks").len(), 2);
    }
}

on_both! {
    // RFC 9700 section 4.11, ASVS 10.4: what a client names must not become a request into the network, and what comes
    // back must be a small key set of that very place.
    async fn only_a_key_set_of_an_open_host_is_taken(app: TestApp) {
        let site = Site::start().await;
        let key = key("k");
        let keys = set(&[&key]).to_string();
        site.put("/moved", StatusCode::FOUND, "text/html", &site.put_json("/elsewhere", &set(&[&key])));
        site.put("/html", StatusCode::OK, "text/html", &keys);
        site.put("/large", StatusCode::OK, "application/json", &(keys.clone() + &" ".repeat(70_000)));
        site.put("/list", StatusCode::OK, "application/json", "[]");
        site.put("/broken", StatusCode::OK, "application/json", &keys[1..]);
        let loopback = site.base.replace("localhost", "127.0.0.1");
        site.put_json("/jwks", &set(&[&key]));
        let uris = [
            format!("{}/moved", site.base), format!("{}/html", site.base), format!("{}/large", site.base),
            format!("{}/list", site.base), format!("{}/broken", site.base), format!("{}/none", site.base),
            format!("{loopback}/jwks"), format!("{}/jwks", site.base.replace("localhost", "localhost.")),
        ];
        for (number, uri) in uris.iter().enumerate() {
            let portal = portal(&app, &format!("keyed{number}"), uri).await;
            assert_refused(&authenticate(&app, &portal, &key).await, 401, "invalid_client");
        }
        assert!(site.asked("/elsewhere").is_empty() && site.asked("/jwks").is_empty());
    }
}

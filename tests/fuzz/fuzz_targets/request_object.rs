//! Request objects (RFC 9101). A letter for who signs, then members of header and claims, a line each; what begins with
//! anything else is the JWT itself.

#![no_main]

use fuzz::{Provider, same, wish};
use idp::oidc::request_object;
use idp::web::params::Params;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(init: { Provider::get(); }, |data: &[u8]| {
    let provider = Provider::get();
    let client = provider.client("key");
    let resolve = |jws: &str| {
        let params = Params::from(vec![("request".to_owned(), jws.to_owned())]);
        provider.wait(request_object::resolve(&provider.app, &client, params))
    };
    let now = provider.app.clock.now().seconds();
    let issuer = &provider.app.config.issuer;
    let header = json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": provider.key.kid() });
    let claims =
        json!({ "iss": "key", "client_id": "key", "aud": issuer, "nbf": now, "exp": now + 60, "state": "s" });
    let Some(wish) = wish(data, &header, &claims, now) else {
        let raw = String::from_utf8_lossy(data);
        assert!(raw.is_empty() || resolve(&raw).is_err(), "nobody signed it");
        return;
    };
    let Ok(asked) = resolve(&wish.signed(&provider.key, "")) else { return };
    assert!(wish.is_sound(), "{:?} signed {:?}", wish.by, wish.header);
    assert_eq!(wish.text("client_id"), Some("key"));
    assert!(!wish.claims.contains_key("iss") || wish.text("iss") == Some("key"));
    assert_ne!(wish.text("sub"), Some("key"), "it would do as an assertion");
    assert!(!wish.claims.contains_key("exp") || wish.time("exp").unwrap() > now as f64);
    assert!(!wish.claims.contains_key("nbf") || (wish.time("nbf").unwrap() - now as f64).abs() < 3700.0);
    for (name, value) in asked.params.into_pairs() {
        assert!(!["request", "request_uri", "iss", "aud", "exp", "nbf", "iat", "jti"].contains(&&*name));
        assert!(!name.contains('\0') && !value.contains('\0'));
        let sent = &wish.claims[&name];
        let is_same = || serde_json::from_str(&value).is_ok_and(|value| same(&value, sent));
        assert!(sent.as_str() == Some(&value) || name == "resource" || is_same());
        assert_ne!(*sent, Value::Null);
    }
});

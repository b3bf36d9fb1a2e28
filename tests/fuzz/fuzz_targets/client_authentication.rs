//! How clients prove who they are: assertions (RFC 7523, as request_object.rs reads its input) of two clients, and
//! `Authorization` headers, which begin with `A`.

#![no_main]

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fuzz::{By, Provider, wish};
use idp::oidc::client_auth;
use idp::web::params::Params;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fuzz_target!(init: { Provider::get(); }, |data: &[u8]| {
    let provider = Provider::get();
    if let Some(value) = data.strip_prefix(b"A") {
        return basic(provider, value);
    }
    for id in ["key", "mac"] {
        assertion(provider, id, data);
    }
});

fn proves(provider: &Provider, headers: HeaderMap, params: &[(&str, &str)]) -> Option<String> {
    let envelope = provider.envelope(Method::POST, "/token", headers);
    let pairs = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let params = Params::from(pairs.collect::<Vec<_>>());
    let client = provider.wait(client_auth::authenticate(&provider.app, &envelope, &params)).ok()?;
    Some(client.id.clone())
}

fn assertion(provider: &Provider, id: &str, data: &[u8]) {
    let now = provider.app.clock.now().seconds();
    let jti = idp::platform::random::id();
    let alg = if id == "mac" { "HS256" } else { "ES256" };
    let claims = json!({ "iss": id, "sub": id, "aud": provider.app.config.issuer, "exp": now + 60, "iat": now, "jti": jti });
    let try_with = |jws: &str| {
        proves(provider, HeaderMap::new(), &[("client_assertion_type", TYPE), ("client_assertion", jws)])
    };
    let Some(wish) = wish(data, &json!({ "alg": alg, "typ": "JWT" }), &claims, now) else {
        let raw = String::from_utf8_lossy(data);
        assert!(raw.is_empty() || try_with(&raw).is_none(), "nobody signed it");
        return;
    };
    let jws = wish.signed(&provider.key, &provider.mac_secret);
    let Some(proved) = try_with(&jws) else { return };
    let is_mac = wish.by == By::Secret && wish.header["alg"] == "HS256" && !wish.header.contains_key("crit");
    assert!(if proved == "mac" { is_mac } else { wish.is_sound() }, "{:?} signed {:?}", wish.by, wish.header);
    assert_eq!((wish.text("iss"), wish.text("sub")), (Some(&*proved), Some(&*proved)));
    assert!(wish.text("jti").is_some_and(|jti| !jti.is_empty()));
    let lives = wish.time("exp").unwrap() - now as f64;
    assert!((-31.0..=3601.0).contains(&lives), "{lives}");
    assert_eq!(try_with(&jws), None, "an assertion is good for one use");
}

fn basic(provider: &Provider, value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
    assert_eq!(proves(provider, headers, &[]), None, "nobody can guess the secret");

    // The right secret, however it is encoded; the input is a colon too much.
    let good = |secret: &str| {
        let pair = STANDARD.encode(format!("hall:{}", fuzz::percent_encoded(secret)));
        HeaderMap::from_iter([(
            header::AUTHORIZATION,
            HeaderValue::try_from(format!("Basic {pair}")).unwrap(),
        )])
    };
    assert_eq!(proves(provider, good(&provider.hall_secret), &[]).as_deref(), Some("hall"));
}

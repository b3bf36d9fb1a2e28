//! DPoP proofs (RFC 9449), as request_object.rs reads its input. The header's key is the proof's own unless it is
//! replaced.

#![no_main]

use axum::http::{HeaderMap, HeaderValue, Method};
use fuzz::{Provider, wish};
use idp::oidc::dpop;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(init: { Provider::get(); }, |data: &[u8]| {
    let provider = Provider::get();
    let now = provider.app.clock.now().seconds();
    let here = format!("{}/token", provider.app.config.issuer);
    let proved = |proof: &[u8]| {
        let Ok(value) = HeaderValue::from_bytes(proof) else { return None };
        let headers = HeaderMap::from_iter([("dpop".parse().unwrap(), value)]);
        let envelope = provider.envelope(Method::POST, "/token", headers);
        let key = provider.wait(dpop::proved_key(&provider.app, &envelope, None)).ok()?;
        Some(key.expect("there is a proof"))
    };
    let mut jwk = provider.key.public();
    jwk.as_object_mut().unwrap().remove("kid");
    let header = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk });
    let claims = json!({ "htm": "POST", "htu": here, "iat": now, "jti": idp::platform::random::id() });
    let Some(wish) = wish(data, &header, &claims, now) else {
        // Somebody else's proof, and good at that, has an `iat` which is long past.
        assert_eq!(proved(data), None);
        return;
    };
    let proof = wish.signed(&provider.key, "");
    let Some(thumbprint) = proved(proof.as_bytes()) else { return };
    assert!(wish.is_sound(), "{:?} signed {:?}", wish.by, wish.header);
    assert_eq!(thumbprint, provider.key.thumbprint());
    assert_eq!(wish.header["typ"], "dpop+jwt");
    assert_eq!(wish.text("htm"), Some("POST"));
    assert!(wish.text("htu").unwrap().to_ascii_lowercase().contains("/token"));
    assert!((wish.time("iat").unwrap() - now as f64).abs() < 62.0);
    let jti = wish.text("jti").unwrap();
    assert!(!jti.is_empty() && jti.len() <= 256);
    assert_eq!(proved(proof.as_bytes()), None, "a proof is good for one use");
});

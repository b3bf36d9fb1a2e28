use josekit::jwk::{Jwk, alg::ed::EdCurve};
use serde_json::json;

use super::super::tests::{accepted, p256, refused};
use super::*;

#[test]
fn a_key_is_there_that_fits() {
    let with = |key: Value, alg: Option<&str>| {
        json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key] },
            "token_endpoint_auth_signing_alg": alg,
        })
    };
    accepted(&with(p256(), Some("ES256")));
    refused("jwks", &with(p256(), Some("PS256")));
    let mut encrypts = p256();
    encrypts["use"] = json!("enc");
    refused("jwks", &with(encrypts, None));
    // No key at all, one of 1024 bits, and those on other curves.
    let short = "u".repeat(171);
    let ed448 = Jwk::generate_ed_key(EdCurve::Ed448).unwrap().to_public_key().unwrap();
    for key in [
        Value::Object(ed448.as_ref().clone()),
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "RSA", "n": short, "e": "AQAB" }),
        json!({ "kty": "EC", "crv": "P-384", "x": "A".repeat(64), "y": "A".repeat(64) }),
    ] {
        refused("jwks", &with(key.clone(), None));
        refused("jwks", &json!({ "require_signed_request_object": true, "jwks": { "keys": [key] } }));
    }
    accepted(&json!({ "request_object_signing_alg": "ES256", "jwks": { "keys": [p256()] } }));
    refused("jwks", &json!({ "request_object_signing_alg": "RS256", "jwks": { "keys": [p256()] } }));
    let by_certificate = |key: Value| json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": { "keys": [key] } });
    refused("jwks", &by_certificate(p256()));
    let mut certified = p256();
    certified["x5c"] = json!(["MAA="]);
    accepted(&by_certificate(certified));
}

#[test]
fn a_key_that_fapi_leaves_out_is_no_key() {
    // For any RSA algorithm, unless it says for which.
    let made = Jwk::generate_rsa_key(2048).unwrap().to_public_key().unwrap();
    let rsa = |alg: Option<&str>| {
        let mut key = json!({ "kty": "RSA", "n": made.parameter("n"), "e": made.parameter("e") });
        if let Some(alg) = alg {
            key["alg"] = json!(alg);
        }
        json!({ "keys": [key] })
    };
    let (old, any, pss) = (rsa(Some("RS256")), rsa(None), rsa(Some("PS256")));
    for held in [
        "dpop_bound_access_tokens",
        "tls_client_certificate_bound_access_tokens",
        "require_pushed_authorization_requests",
    ] {
        let by_key = |held_to: bool, jwks: &Value| json!({ "token_endpoint_auth_method": "private_key_jwt", held: held_to, "jwks": jwks });
        refused("jwks", &by_key(true, &old));
        accepted(&by_key(false, &old));
        accepted(&by_key(true, &any));
        accepted(&by_key(true, &pss));
        let encrypted = json!({
            held: true, "jwks": old, "request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A128GCM",
        });
        refused("jwks", &encrypted);
    }
    let must_sign = |alg: Option<&str>| json!({ "require_signed_request_object": true, "request_object_signing_alg": alg, "jwks": old });
    refused("jwks", &must_sign(None));
    accepted(&must_sign(Some("RS256")));
}

use josekit::jwe::{ECDH_ES, JweDecrypter, RSA_OAEP_256};
use josekit::jwk::alg::{ec::EcCurve, ecx::EcxCurve};
use serde_json::json;

use super::*;

fn public(jwk: &Jwk, kid: &str, usage: &str) -> Value {
    let mut map = jwk.to_public_key().unwrap().as_ref().clone();
    map.insert("kid".to_owned(), json!(kid));
    map.insert("use".to_owned(), json!(usage));
    map.remove("key_ops");
    Value::Object(map)
}

#[test]
fn what_is_encrypted_can_be_read_by_the_key_that_was_published() {
    let keys = [
        (KeyManagement::RsaOaep256, Jwk::generate_rsa_key(2048).unwrap()),
        (KeyManagement::EcdhEs, Jwk::generate_ec_key(EcCurve::P256).unwrap()),
        (KeyManagement::EcdhEs, Jwk::generate_ecx_key(EcxCurve::X25519).unwrap()),
    ];
    for (alg, jwk) in keys {
        let decrypter: Box<dyn JweDecrypter> = match alg {
            KeyManagement::RsaOaep256 => Box::new(RSA_OAEP_256.decrypter_from_jwk(&jwk).unwrap()),
            KeyManagement::EcdhEs => Box::new(ECDH_ES.decrypter_from_jwk(&jwk).unwrap()),
        };
        let set = json!({ "keys": [public(&jwk, "signs", "sig"), public(&jwk, "e1", "enc")] });
        let keys = ClientKeys::parse(Some(&set));
        for enc in ContentEncryption::ALL {
            for (inside, cty) in [(Inside::Jwt, Some("JWT")), (Inside::Json, None)] {
                let jwe = keys.encrypt(alg, enc, inside, b"payload").unwrap();
                let (payload, header) = josekit::jwe::deserialize_compact(&jwe, &*decrypter).unwrap();
                assert_eq!(payload, b"payload");
                assert_eq!(
                    (header.algorithm(), header.content_encryption()),
                    (Some(alg.as_str()), Some(enc.as_str()))
                );
                assert_eq!((header.key_id(), header.content_type()), (Some("e1"), cty));
            }
        }
        let other =
            if alg == KeyManagement::EcdhEs { KeyManagement::RsaOaep256 } else { KeyManagement::EcdhEs };
        assert_eq!(keys.encrypt(other, ContentEncryption::A128GCM, Inside::Json, b"payload"), None);
        let only_signs = ClientKeys::parse(Some(&json!({ "keys": [public(&jwk, "signs", "sig")] })));
        assert!(!only_signs.can_encrypt(alg) && keys.can_encrypt(alg));
    }
}

/// RFC 7517 section 5: a key of a kind that we do not know, or that is wrong, is no reason to forget its neighbours.
#[test]
fn one_bad_key_leaves_the_others() {
    let good = public(&Jwk::generate_ec_key(EcCurve::P256).unwrap(), "good", "enc");
    let mut elsewhere = good.clone();
    elsewhere["x"] = good["y"].clone();
    for bad in [
        elsewhere,
        json!({ "kty": "EC", "x": "a;b" }),
        json!({ "kty": "AKP", "use": 1 }),
        json!({}),
        json!("x"),
    ] {
        let keys = ClientKeys::parse(Some(&json!({ "keys": [bad, good] })));
        let jwe = keys.encrypt(KeyManagement::EcdhEs, ContentEncryption::A128GCM, Inside::Json, b"{}");
        assert!(jwe.is_some(), "{bad}");
    }
}

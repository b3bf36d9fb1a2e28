//! JWK Sets of clients, registered or fetched: what can encrypt does, and nothing unsigned passes.

#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fuzz::{By, Key, Wish};
use idp::domain::client_keys::{ClientKeys, Inside};
use idp::domain::encryption_alg::{ContentEncryption, KeyManagement};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

static KEY: LazyLock<Key> = LazyLock::new(|| Key::new("stranger"));

fuzz_target!(|data: &[u8]| {
    let Ok(mut set) = serde_json::from_slice::<Value>(data) else { return };
    let keys = ClientKeys::parse(Some(&set));
    for alg in KeyManagement::ALL {
        for enc in ContentEncryption::ALL {
            let jwe = keys.encrypt(alg, enc, Inside::Json, b"{}");
            let Some(jwe) = jwe else { continue };
            assert!(keys.can_encrypt(alg));
            assert_eq!(jwe.split('.').count(), 5);
            let header = URL_SAFE_NO_PAD.decode(jwe.split('.').next().unwrap()).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert_eq!((&header["alg"], &header["enc"]), (&json!(alg.as_str()), &json!(enc.as_str())));
        }
    }
    for (alg, by) in [
        ("none", By::Nobody),
        ("HS256", By::Secret),
        ("HS256", By::ItsPublicHalf),
        ("ES256", By::TheKey),
        ("ES256", By::Nobody),
    ] {
        let header = Map::from_iter([("alg".to_owned(), json!(alg))]);
        let jws = Wish { by, header, claims: Map::new() }.signed(&KEY, "secret");
        assert_eq!(keys.verify(&jws, None), None, "{alg} by {by:?}");
    }
    // With the key among them, what it signed is read whatever stands beside it.
    if let Some(all) = set.get_mut("keys").and_then(Value::as_array_mut) {
        all.push(KEY.public());
        let header =
            Map::from_iter([("alg".to_owned(), json!("ES256")), ("kid".to_owned(), json!(KEY.kid()))]);
        let jws = Wish { by: By::TheKey, header, claims: Map::new() }.signed(&KEY, "");
        let keys = ClientKeys::parse(Some(&set));
        assert!(keys.knows_signer_of(&jws) && keys.verify(&jws, None).is_some());
    }
});

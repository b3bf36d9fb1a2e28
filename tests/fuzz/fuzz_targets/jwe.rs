//! What is encrypted to the provider. A number for which part of a good JWE is replaced (five: all of it; ten more: of
//! the one for the RSA key), and on the next line by what: whoever touches it, gets nothing else out of it.

#![no_main]

use std::sync::LazyLock;

use idp::domain::timestamp::{Span, Timestamp};
use idp::platform::key_files::KeyFolder;
use idp::platform::keys::{Jwe, KeyRing};
use josekit::jwe::alg::{ecdh_es::EcdhEsJweAlgorithm, rsaes::RsaesJweAlgorithm};
use josekit::jwe::{JweEncrypter, JweHeader};
use josekit::jwk::Jwk;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const INSIDE: &[u8] = b"a.signed.object";

/// The keys, and a JWE to each of them.
static GOOD: LazyLock<(KeyRing, [Vec<String>; 2])> = LazyLock::new(|| {
    let ring = KeyRing::open(KeyFolder::open(&fuzz::folder()).unwrap(), Span::seconds(1), NOW).unwrap();
    let set: Value = serde_json::from_slice(&ring.jwks(NOW)).unwrap();
    let to = |alg: &str| -> Vec<String> {
        let keys = set["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["alg"] == alg).expect("a key to encrypt to");
        let key = Jwk::from_map(key.as_object().unwrap().clone()).unwrap();
        let encrypter: Box<dyn JweEncrypter> = match alg {
            "ECDH-ES" => Box::new(EcdhEsJweAlgorithm::EcdhEs.encrypter_from_jwk(&key).unwrap()),
            _ => Box::new(RsaesJweAlgorithm::RsaOaep256.encrypter_from_jwk(&key).unwrap()),
        };
        let mut header = JweHeader::new();
        header.set_content_encryption("A128GCM");
        let jwe = josekit::jwe::serialize_compact(INSIDE, &header, &*encrypter).unwrap();
        jwe.split('.').map(str::to_owned).collect()
    };
    let good = ["ECDH-ES", "RSA-OAEP-256"].map(to);
    for parts in &good {
        assert_eq!(opened(&ring, &parts.join(".")).as_deref(), Some(INSIDE));
    }
    (ring, good)
});

fn opened(ring: &KeyRing, text: &str) -> Option<Vec<u8>> {
    ring.decrypt(&Jwe::read(text).ok()?, NOW)
}

fuzz_target!(init: { LazyLock::force(&GOOD); }, |data: &[u8]| {
    let Some([which, replacement]) = fuzz::lines(data) else { return };
    let Ok(which) = which.parse::<usize>() else { return };
    let (ring, good) = &*GOOD;
    let mut parts = good[which / 10 % 2].clone();
    let text = match parts.get_mut(which % 10) {
        Some(part) => {
            replacement.clone_into(part);
            parts.join(".")
        }
        None => replacement.to_owned(),
    };
    if let Some(inside) = opened(ring, &text) {
        assert_eq!(inside, INSIDE);
    }
});

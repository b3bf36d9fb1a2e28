//! What a rotation promises, and what is no key of ours.

use super::*;
use crate::platform::random;

fn ring(directory: &std::path::Path) -> KeyRing {
    let folder = KeyFolder::open(directory).unwrap();
    KeyRing::open(folder, Span::seconds(600), Timestamp::from_millis(0)).unwrap()
}

#[test]
fn a_rotation_publishes_first_signs_later_and_keeps_the_old_key() {
    let directory = std::env::temp_dir().join(format!("idp-keys-{}", random::id()));
    let ring = ring(&directory);
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
    let claims = json!({"sub": "a"}).as_object().unwrap().clone();
    let kids = |now: Timestamp| {
        let set: Value = serde_json::from_slice(&ring.jwks(now)).unwrap();
        let keys = set["keys"].as_array().unwrap();
        assert!(keys.iter().all(|key| key["kid"].is_string() && key.get("d").is_none()), "{keys:?}");
        keys.len()
    };
    let old = ring.sign(SigningAlg::ES256, "JWT", &claims, at(10)).unwrap();
    assert_eq!(kids(at(10)), 6);
    let next = ring.rotate(SigningAlg::ES256, at(1000)).unwrap();
    assert_eq!(kids(at(10)), 7, "published at once");
    let kid = |jws: &str| ring.verify(jws).unwrap().0.key_id().unwrap().to_owned();
    assert_ne!(kid(&ring.sign(SigningAlg::ES256, "JWT", &claims, at(999)).unwrap()), next);
    assert_eq!(kid(&ring.sign(SigningAlg::ES256, "JWT", &claims, at(1000)).unwrap()), next);
    assert_eq!(kids(at(1599)), 7, "the old key's tokens may still be alive");
    assert_eq!(kids(at(1600)), 6);
    assert!(ring.verify(&old).is_some());
    assert_eq!(ring.prune(at(1599)).unwrap(), 0);
    assert_eq!(ring.prune(at(1600)).unwrap(), 1);
    assert!(ring.verify(&old).is_none());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn one_key_an_algorithm_is_published_to_encrypt_to_and_the_last_one_still_decrypts() {
    let directory = std::env::temp_dir().join(format!("idp-keys-{}", random::id()));
    let ring = ring(&directory);
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
    let published = |now: Timestamp| {
        let set: Value = serde_json::from_slice(&ring.jwks(now)).unwrap();
        let keys = set["keys"].as_array().unwrap().clone();
        let uses: Vec<&str> = keys.iter().map(|key| key["use"].as_str().unwrap()).collect();
        assert_eq!(uses, ["sig", "sig", "sig", "sig", "enc", "enc"]);
        keys.into_iter().find(|key| key["alg"] == "ECDH-ES").unwrap()
    };
    let encrypted_to = |key: &Value| {
        let jwk = josekit::jwk::Jwk::from_map(key.as_object().unwrap().clone()).unwrap();
        let encrypter = josekit::jwe::ECDH_ES.encrypter_from_jwk(&jwk).unwrap();
        let mut header = josekit::jwe::JweHeader::new();
        header.set_content_encryption("A128GCM");
        header.set_key_id(key["kid"].as_str().unwrap());
        josekit::jwe::serialize_compact(b"inside", &header, &encrypter).unwrap()
    };
    let decrypts = |jwe: &str, now| ring.decrypt(&Jwe::read(jwe).unwrap(), now).is_some();
    let old = published(at(10));
    let next = ring.rotate_encryption(KeyManagement::EcdhEs, at(1000)).unwrap();
    assert_eq!(published(at(999)), old, "until all instances can decrypt");
    let new = published(at(1000));
    assert_eq!(new["kid"], next);
    let (to_old, to_new) = (encrypted_to(&old), encrypted_to(&new));
    let day = 24 * 3600;
    assert!(decrypts(&to_old, at(10)) && decrypts(&to_new, at(10)));
    assert!(decrypts(&to_old, at(1000 + day - 1)) && !decrypts(&to_old, at(1000 + day)));
    assert_eq!(ring.prune(at(1000 + day - 1)).unwrap(), 0);
    assert_eq!(ring.prune(at(1000 + day)).unwrap(), 1);
    assert!(decrypts(&to_new, at(1000 + day)) && !decrypts(&to_old, at(10)));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn forgeries_do_not_verify() {
    let directory = std::env::temp_dir().join(format!("idp-keys-{}", random::id()));
    let ring = ring(&directory);
    let claims = json!({"sub": "a"}).as_object().unwrap().clone();
    let jws = ring.sign(SigningAlg::RS256, "JWT", &claims, Timestamp::from_millis(1)).unwrap();
    let (header, rest) = jws.split_once('.').unwrap();
    let kid = ring.verify(&jws).unwrap().0.key_id().unwrap().to_owned();
    let payload = rest.split_once('.').unwrap().0;
    for forged_header in [
        json!({"alg": "none", "kid": kid}),
        json!({"alg": "HS256", "kid": kid}),
        json!({"alg": "ES256", "kid": kid}),
    ] {
        let forged = random::base64url(forged_header.to_string().as_bytes());
        assert!(ring.verify(&format!("{forged}.{rest}")).is_none());
        assert!(ring.verify(&format!("{forged}.{payload}.")).is_none());
    }
    assert!(ring.verify(&format!("{header}.{payload}.AAAA")).is_none());
    assert!(ring.verify("").is_none() && ring.verify("..").is_none());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let directory = std::env::temp_dir().join(format!("idp-keys-{}", random::id()));
    drop(ring(&directory));
    let name = KeyFolder::open(&directory).unwrap().list("signing-").unwrap().remove(0);
    std::fs::set_permissions(directory.join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    let folder = KeyFolder::open(&directory).unwrap();
    let error = KeyRing::open(folder, Span::seconds(1), Timestamp::from_millis(0)).err().unwrap();
    assert!(format!("{error:#}").contains("chmod 600"), "{error:#}");
    std::fs::remove_dir_all(directory).unwrap();
}

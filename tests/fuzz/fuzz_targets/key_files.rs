//! The files under `keys/`. A letter for which one, then its text: what is taken works, and what is published of it is
//! public.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use idp::domain::signing_alg::SigningAlg;
use idp::domain::timestamp::{Span, Timestamp};
use idp::platform::key_files::KeyFolder;
use idp::platform::keys::KeyRing;
use idp::platform::vault::{Purpose, Vault};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// One that has a key for each algorithm, and their names.
static FOLDER: LazyLock<(PathBuf, Vec<String>)> = LazyLock::new(|| {
    let path = fuzz::folder();
    let folder = KeyFolder::open(&path).unwrap();
    KeyRing::open(folder.clone(), Span::seconds(1), NOW).unwrap();
    (path, [folder.list("signing-").unwrap(), folder.list("encryption-").unwrap()].concat())
});

fuzz_target!(init: { LazyLock::force(&FOLDER); }, |data: &[u8]| {
    let Some((which, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (path, names) = &*FOLDER;
    let folder = KeyFolder::open(path).unwrap();
    if *which == b'v' {
        let _ = fs::remove_file(path.join("data.json"));
        folder.write_new("data.json", text).unwrap();
        let Ok(vault) = Vault::open(&folder) else { return };
        let sealed = vault.seal("field", "owner", "text").unwrap();
        assert_eq!(vault.open_text("field", "owner", &sealed).unwrap(), "text");
        assert!(vault.open_text("field", "other", &sealed).is_err());
        assert_eq!(vault.derive(Purpose::PhoneIndex, "1").len(), 43);
        return;
    }
    let fuzzed = ["signing-ES256-fuzzed.json", "encryption-ECDH-ES-fuzzed.json"];
    for name in fuzzed {
        assert!(!names.iter().any(|known| known == name));
        let _ = fs::remove_file(path.join(name));
    }
    let name = fuzzed[usize::from(*which == b'e')];
    folder.write_new(name, text).unwrap();
    let Ok(ring) = KeyRing::open(folder, Span::seconds(1), NOW) else { return };
    let set: Value = serde_json::from_slice(&ring.jwks(NOW)).unwrap();
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    for key in set["keys"].as_array().unwrap() {
        assert!(!private.iter().any(|member| key.get(member).is_some()), "published: {key}");
        assert!(key["kid"].is_string() && (key["use"] == "sig" || key["use"] == "enc"));
    }
    assert_eq!(ring.status(NOW).len(), names.len() + 1);
    let claims = Map::from_iter([("sub".to_owned(), json!("p"))]);
    for alg in SigningAlg::ALL {
        let jws = ring.sign(alg, "JWT", &claims, NOW).unwrap();
        let (header, read) = ring.verify(&jws).expect("what it signs it knows again");
        assert_eq!((header.algorithm(), read), (Some(alg.as_str()), claims.clone()));
    }
});

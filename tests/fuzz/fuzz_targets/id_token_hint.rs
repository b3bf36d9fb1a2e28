//! ID tokens that portals show again, as request_object.rs reads its input: only what our own key signed, as an ID token.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Key, Provider, wish};
use idp::guard::id_token_hint;
use idp::platform::key_files::KeyFolder;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// The provider's own.
static KEY: LazyLock<Key> = LazyLock::new(|| {
    let folder = KeyFolder::open(&Provider::get().app.config.keys.directory).unwrap();
    let name = folder.list("signing-ES256-").unwrap().remove(0);
    let file: Value = serde_json::from_str(&folder.read(&name).unwrap()).unwrap();
    Key::of(&file["jwk"])
});

fuzz_target!(init: { LazyLock::force(&KEY); }, |data: &[u8]| {
    let provider = Provider::get();
    let now = provider.app.clock.now().seconds();
    let issuer = &provider.app.config.issuer;
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY.kid() });
    let claims = json!({ "iss": issuer, "aud": "hall", "sub": "p", "sid": "s", "exp": now + 60, "iat": now });
    let Some(wish) = wish(data, &header, &claims, now) else {
        let raw = String::from_utf8_lossy(data);
        assert!(id_token_hint::read(&provider.app, &raw).is_none(), "nobody signed it");
        return;
    };
    let Some(hint) = id_token_hint::read(&provider.app, &wish.signed(&KEY, "")) else { return };
    assert!(wish.is_sound(), "{:?} signed {:?}", wish.by, wish.header);
    assert_eq!(wish.header["typ"], "JWT", "an access token or a logout token is no hint");
    assert_eq!(wish.header["kid"], KEY.kid());
    assert_eq!(wish.text("iss"), Some(issuer.as_str()));
    assert_eq!(wish.text("aud"), Some(&*hint.client_id));
    assert_eq!(wish.text("sub"), Some(&*hint.sub));
    assert_eq!(wish.text("sid"), hint.sid.as_deref());
});

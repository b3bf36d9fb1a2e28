//! What clients send to register themselves (RFC 7591): what is taken can be kept, shown, and is not more than a stranger
//! may have.

#![no_main]

use axum::http::{HeaderMap, HeaderValue, header};
use fuzz::{is_plain, same};
use idp::domain::client::{Client, ClientMetadata};
use idp::oidc::dynamic_registration::body;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    let headers =
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let allowed = ["openid", "profile"].map(str::to_owned);
    let Ok(metadata) = body::read(&headers, data, &allowed) else { return };
    if let Err(wrong) = metadata.check() {
        return assert!(!wrong.member.is_empty() && !wrong.why.is_empty());
    }
    let kept = serde_json::to_string(&metadata).unwrap();
    let again: ClientMetadata = serde_json::from_str(&kept).expect("what is kept can be read");
    assert!(same(&json!(again), &json!(metadata)));
    assert_eq!(again.check(), Ok(()));

    assert!(metadata.self_registered && !metadata.first_party && !metadata.resource_server);
    assert!(metadata.sector.is_none());
    assert!(
        metadata.scope.is_empty()
            || metadata.scope.split(' ').all(|one| allowed.iter().any(|may| may == one))
    );
    assert!(is_plain(&metadata.client_name) && !metadata.client_name.trim().is_empty());
    let marks = |char: char| matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!metadata.client_name.contains(marks), "a page would show another name");
    let addresses = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
    for uri in addresses.chain(&metadata.logo_uri).chain(&metadata.client_uri).chain(&metadata.jwks_uri) {
        assert!(HeaderValue::from_str(uri).is_ok() && url::Url::parse(uri).is_ok(), "{uri}");
    }
    let secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].map(|name| json!(name));
    if let Some(keys) = metadata.jwks.as_ref().and_then(|set| set["keys"].as_array()) {
        assert!(!keys.iter().any(|key| secret.iter().any(|name| key.get(name.as_str().unwrap()).is_some())));
    }
    let client = Client::new("d1".to_owned(), None, metadata);
    assert!(!client.sector().is_empty());
    assert!(client.metadata.redirect_uris.iter().all(|uri| client.may_return_to(uri)));
});

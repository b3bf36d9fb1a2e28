//! The `claims` parameter: what is kept of it is ours, and what it yields is within what the client may have.

#![no_main]

use std::sync::LazyLock;

use fuzz::{metadata, same};
use idp::domain::client::Client;
use idp::domain::principal::{Person, Principal, StoredDocument};
use idp::oidc::claims::{self, ClaimsRequest};
use idp::oidc::{scopes, verified_claims};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// Without the scope `id_document`.
static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::new("c".to_owned(), None, metadata(&json!({ "scope": "openid profile" }))));
static PERSON: LazyLock<Principal> = LazyLock::new(|| {
    Principal::Person(Person {
        id: "p".to_owned(),
        login_name: "liying2026".to_owned(),
        name: "李颖".to_owned(),
        document: Some(StoredDocument {
            type_code: "111".to_owned(),
            number: "220102199001010009".to_owned(),
        }),
        document_validity: None,
        profile: idp::domain::profile::Profile::default(),
        phone: Some("19400000003".to_owned()),
    })
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(request) = ClaimsRequest::parse(text) else { return };
    let written = json!(request).to_string();
    assert!(same(&json!(ClaimsRequest::parse(&written).unwrap()), &json!(request)));

    let names = request.names(&|_| "mark".to_owned());
    for (claim, kept) in names.userinfo.iter().chain(&names.id_token) {
        if claim == verified_claims::NAME {
            verified_claims::check(kept).unwrap();
            assert!(only_marks(kept), "{kept}");
        } else {
            assert_eq!(*kept, Value::Null);
        }
    }
    assert!(claims::scopes_of(&CLIENT, &request).iter().all(|scope| scopes::find(scope).is_some()));
    assert!(request.wanted("acr").len() <= text.len());
    let _ = request.is_essential("acr");

    let told = claims::userinfo(&CLIENT, &PERSON, "openid", Some(&request));
    let in_token = claims::id_token(&CLIENT, &PERSON, &request);
    for (claim, value) in told.iter().chain(&in_token) {
        assert!(!value.is_null());
        assert!(!["id_document", "phone_number"].contains(&&**claim), "no scope opens {claim}");
    }
    assert!(claims::wants_account(&request) || in_token.is_empty());
});

/// Nothing that the portal wrote.
fn only_marks(kept: &Value) -> bool {
    match kept {
        Value::String(text) => text == "mark",
        Value::Array(all) => all.iter().all(only_marks),
        Value::Object(members) => members.values().all(only_marks),
        Value::Null | Value::Number(_) => true,
        Value::Bool(_) => false,
    }
}

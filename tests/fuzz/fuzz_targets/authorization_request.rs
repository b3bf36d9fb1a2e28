//! Authorization requests as a query carries them: what is accepted is what the client may ask for, and survives being
//! kept while its visitor signs in.

#![no_main]

use fuzz::{Provider, is_plain, same};
use idp::oidc::authorization_request::{self, AuthorizationRequest, ReturnAddress};
use idp::web::params::Params;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(init: { Provider::get(); }, |data: &[u8]| {
    let Ok(params) = Params::parse(data) else { return };
    let provider = Provider::get();
    let client = provider.client("hall");
    let Ok(address) = ReturnAddress::read(&client, &params) else { return };
    assert!(client.may_return_to(&address.redirect_uri) && !params.is_repeated("redirect_uri"));
    let Ok(request) = authorization_request::read(&provider.app, &client, &params, address) else { return };
    assert_eq!(params.repeated_but(&authorization_request::REPEATABLE), None);
    assert_eq!(request.address.state.as_deref(), params.get("state"));
    let scopes: Vec<&str> = request.scope.split(' ').collect();
    assert!(scopes.contains(&"openid") && scopes.iter().all(|scope| client.may_ask_for(scope)));
    assert!(request.resources.iter().all(|resource| resource == "https://api.example/"));
    assert!(request.code_challenge.is_some() == params.get("code_challenge").is_some());
    assert!(request.dpop_jkt.iter().all(|thumbprint| thumbprint.len() == 43));
    assert_eq!(request.hinted_sub, None, "nobody has an ID token");
    for detail in &request.authorization_details {
        let (_, lines) = provider.app.config.protocol.describe(detail).unwrap();
        assert_eq!(lines.len(), detail.as_object().unwrap().len() - 1, "the page says all of it");
        assert!(lines.iter().all(|(_, value)| is_plain(value) && !value.trim().is_empty()));
    }
    if let Some(claims) = &request.claims {
        let mark = |_: &str| "mark".to_owned();
        let names = claims.names(&mark);
        assert_eq!(json!(names.names(&mark)), json!(names));
    }
    assert!(request.wanted_classes().len() <= data.len());
    kept(&request);
});

/// As guard/pending.rs keeps it: inside of another object, as text.
fn kept(request: &AuthorizationRequest) {
    let text = json!({ "display": {}, "request": request }).to_string();
    let mut stored: Value = serde_json::from_str(&text).expect("what is kept can be read");
    let again: AuthorizationRequest = serde_json::from_value(stored["request"].take()).unwrap();
    assert!(same(&json!(again), &json!(request)));
}

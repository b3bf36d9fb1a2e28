use serde_json::{Value, json};

use super::*;

fn metadata(changes: &Value) -> ClientMetadata {
    let mut members = json!({
        "client_name": "测试", "redirect_uris": ["https://rp.example/cb"], "scope": "openid",
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
    });
    for (name, value) in changes.as_object().unwrap() {
        members[name] = value.clone();
    }
    serde_json::from_value(members).unwrap()
}

#[track_caller]
pub(super) fn refused(member: &str, changes: &Value) {
    let wrong = metadata(changes).check().expect_err(&changes.to_string());
    assert_eq!(wrong.member, member, "{changes}: {wrong}");
}

#[track_caller]
pub(super) fn accepted(changes: &Value) {
    metadata(changes).check().unwrap_or_else(|wrong| panic!("{changes}: {wrong}"));
}

#[test]
fn visitors_are_sent_only_to_safe_addresses() {
    for uri in [
        "http://rp.example/cb",
        "https://rp.example/cb#x",
        "https://u:p@rp.example/",
        "/cb",
        "",
        "app:/cb",
        "cn.gov.example.app:/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:rp.example/cb",
        "https://rp.example/回调",
        "https://rp.example/a b",
        "https://rp.example/\"x",
        "https://rp.example/cb\n",
        "https://rp.example;base-uri/cb",
        "https://rp.example,x/cb",
        "https://rp.example\\@evil.example/",
    ] {
        refused("redirect_uris", &json!({ "redirect_uris": [uri] }));
        refused("post_logout_redirect_uris", &json!({ "post_logout_redirect_uris": [uri] }));
    }
    for uri in ["https://rp.example/cb?a=b", "http://localhost:9000/cb", "http://[::1]/cb"] {
        accepted(&json!({ "redirect_uris": [uri] }));
    }
    let native = |uri: &str| json!({ "redirect_uris": [uri], "application_type": "native" });
    for uri in ["cn.gov.example.app:/cb", "http://127.0.0.1/cb", "https://rp.example/cb"] {
        accepted(&native(uri));
    }
    for uri in ["app:/cb", "javascript:alert(1)", "http://rp.example/", "cn.gov.app:/cb#x"] {
        refused("redirect_uris", &native(uri));
    }
    for uri in
        ["http://localhost/cb", "https://localhost:8443/cb", "https://127.0.0.1/cb", "https://[::1]/cb"]
    {
        refused("redirect_uris", &json!({ "redirect_uris": [uri], "response_types": ["code", "id_token"] }));
    }
    accepted(&json!({ "redirect_uris": ["https://localhost/cb"] }));
    accepted(
        &json!({ "redirect_uris": ["https://localhost.rp.example/cb"], "response_types": ["code", "id_token"] }),
    );
    refused("redirect_uris", &json!({ "redirect_uris": vec!["https://rp.example/cb"; 51] }));
}

#[test]
fn other_addresses_are_https() {
    for member in [
        "logo_uri",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "jwks_uri",
        "sector_identifier_uri",
        "initiate_login_uri",
    ] {
        for uri in ["http://rp.example/x", "http://localhost/x", "javascript:x", "x", "https://rp.example/#x"]
        {
            refused(member, &json!({ member: uri }));
        }
        accepted(&json!({ member: "https://rp.example/x" }));
    }
    refused("request_uris", &json!({ "request_uris": ["http://rp.example/r"] }));
    refused("request_uris", &json!({ "request_uris": ["https://rp.example/r#\n"] }));
    accepted(&json!({ "request_uris": ["https://rp.example/r#GkurKxf5T0Y"] }));
    refused("backchannel_logout_uri", &json!({ "backchannel_logout_uri": "http://rp.example/" }));
    for uri in
        ["http://rp.example/", "https://other.example/", "https://rp.example:8443/", "https://rp.example/#x"]
    {
        refused("frontchannel_logout_uri", &json!({ "frontchannel_logout_uri": uri }));
    }
    accepted(&json!({ "frontchannel_logout_uri": "https://rp.example/bye?a=b" }));
}

#[test]
fn flows_and_grants_agree() {
    refused("redirect_uris", &json!({ "redirect_uris": [] }));
    refused("response_types", &json!({ "response_types": ["id_token"] }));
    refused("response_types", &json!({ "response_types": [] }));
    refused("grant_types", &json!({ "grant_types": [] }));
    accepted(&json!({ "grant_types": ["client_credentials"], "redirect_uris": [] }));
    accepted(&json!({ "grant_types": [], "response_types": ["id_token"] }));
    accepted(&json!({ "grant_types": ["implicit"], "response_types": ["id_token"] }));
    refused("grant_types", &json!({ "grant_types": ["implicit"], "response_types": [] }));
    refused("grant_types", &json!({ "grant_types": ["authorization_code", "implicit"] }));
    let public = json!({
        "grant_types": ["authorization_code", "client_credentials"], "token_endpoint_auth_method": "none",
    });
    refused("grant_types", &public);
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let grants = ["authorization_code", exchange];
    refused("grant_types", &json!({ "grant_types": grants, "token_endpoint_auth_method": "none" }));
    accepted(&json!({ "grant_types": grants }));
}

#[test]
fn names_can_be_shown() {
    for name in ["", "  ", "a\nb", "a\u{0}", "a\u{202e}b", &"长".repeat(101)] {
        refused("client_name", &json!({ "client_name": name }));
    }
    refused("contacts", &json!({ "contacts": ["a@example", ""] }));
    refused("resource_server", &json!({ "resource_server": true }));
    refused("scope", &json!({ "scope": "openid \"" }));
    refused("scope", &json!({ "scope": "openid\tprofile" }));
}

#[test]
fn keys_are_public_and_there_when_they_are_needed() {
    let rsa = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
    let private_key_jwt = json!({ "token_endpoint_auth_method": "private_key_jwt" });
    refused("jwks", &private_key_jwt);
    refused("jwks", &json!({ "require_signed_request_object": true }));
    refused("jwks", &json!({ "jwks": { "keys": [rsa] }, "jwks_uri": "https://rp.example/jwks" }));
    for set in [json!({}), json!([]), json!({ "keys": [] }), json!({ "keys": [1] }), json!({ "keys": {} })] {
        refused("jwks", &json!({ "jwks": set }));
    }
    for secret in ["d", "k", "p"] {
        let mut key = rsa.clone();
        key[secret] = json!("AQAB");
        refused("jwks", &json!({ "jwks": { "keys": [rsa, key] } }));
    }
    accepted(&json!({ "jwks": { "keys": [rsa] } }));
}

#[test]
fn encryption_is_named_in_full_and_has_a_key() {
    for name in ["id_token", "userinfo", "authorization"] {
        let (alg, enc) = (format!("{name}_encrypted_response_alg"), format!("{name}_encrypted_response_enc"));
        let keys = ("jwks_uri", json!("https://rp.example/jwks"));
        refused(&enc, &json!({ &enc: "A128GCM", keys.0: keys.1 }));
        refused(&enc, &json!({ &alg: "ECDH-ES", keys.0: keys.1 }));
        refused(&alg, &json!({ &alg: "ECDH-ES", &enc: "A128GCM" }));
        let signing_only =
            json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "x": "AA", "y": "AA" }] });
        refused(&alg, &json!({ &alg: "ECDH-ES", &enc: "A128GCM", "jwks": signing_only }));
        accepted(&json!({ &alg: "RSA-OAEP-256", &enc: "A256GCM", keys.0: keys.1 }));
    }
}

#[test]
fn encrypted_requests_are_named_in_full_and_signed_inside() {
    let (alg, enc) = ("request_object_encryption_alg", "request_object_encryption_enc");
    let keys = ("jwks_uri", json!("https://rp.example/jwks"));
    refused(enc, &json!({ enc: "A128GCM", keys.0: keys.1 }));
    refused(enc, &json!({ alg: "ECDH-ES", keys.0: keys.1 }));
    refused("jwks", &json!({ alg: "ECDH-ES", enc: "A128GCM" }));
    accepted(&json!({ alg: "RSA-OAEP-256", enc: "A256GCM", keys.0: keys.1 }));
}

#[test]
fn ways_of_authentication_bring_what_they_need() {
    refused("tls_client_auth_subject_dn", &json!({ "tls_client_auth_san_dns": "rp.example" }));
    let keys = json!({ "keys": [p256()] });
    for (method, right, wrong) in [
        ("client_secret_basic", None, "ES256"),
        ("client_secret_basic", None, "HS256"),
        ("client_secret_jwt", Some("HS256"), "ES256"),
        ("private_key_jwt", Some("ES256"), "HS256"),
        ("none", None, "RS256"),
    ] {
        let with = |alg: Option<&str>| json!({ "token_endpoint_auth_method": method, "jwks": keys, "token_endpoint_auth_signing_alg": alg });
        accepted(&with(None));
        accepted(&with(right));
        refused("token_endpoint_auth_signing_alg", &with(Some(wrong)));
    }
}

#[test]
fn pairwise_subjects_need_one_sector() {
    let uris = json!(["https://a.example/cb", "https://b.example/cb"]);
    refused("sector_identifier_uri", &json!({ "redirect_uris": uris }));
    accepted(&json!({ "redirect_uris": uris, "subject_type": "public" }));
    accepted(&json!({ "redirect_uris": uris, "sector": "a.example" }));
    accepted(&json!({ "redirect_uris": uris, "sector_identifier_uri": "https://c.example/uris" }));
    accepted(&json!({ "redirect_uris": ["https://a.example/cb", "https://a.example:8443/cb"] }));
}

/// RFC 7517 appendix A.1.
pub(super) fn p256() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    })
}

#[test]
fn names_of_certificates_are_such() {
    let with =
        |name: &str, value: &str| json!({ "token_endpoint_auth_method": "tls_client_auth", name: value });
    for (member, right, wrong) in [
        ("subject_dn", &["CN=hall,O=\\E5\\8D\\95位"][..], &["hall", "CN=a+O=b", "CN=a,", " "][..]),
        (
            "san_dns",
            &["hall.example", "*.hall.example"],
            &["hall example", "https://hall.example", "hall..example", ""],
        ),
        ("san_uri", &["urn:hall", "https://hall.example/a"], &["hall", "urn:a b"]),
        ("san_ip", &["192.0.2.7", "2001:db8::1"], &["192.0.2", "hall"]),
        ("san_email", &["hall@example.cn"], &["hall", "@example.cn", "a b@example.cn"]),
    ] {
        let member = format!("tls_client_auth_{member}");
        right.iter().for_each(|name| accepted(&with(&member, name)));
        for name in wrong {
            // An empty one counts as none, which is told at the first of them.
            let blank = name.trim().is_empty();
            refused(if blank { "tls_client_auth_subject_dn" } else { &member }, &with(&member, name));
        }
    }
}

#[test]
fn whoever_is_held_to_fapi_registers_what_it_allows() {
    for held in [
        "dpop_bound_access_tokens",
        "tls_client_certificate_bound_access_tokens",
        "require_pushed_authorization_requests",
    ] {
        let keys = json!({ "keys": [p256()] });
        accepted(&json!({ held: true, "id_token_signed_response_alg": "PS256" }));
        refused("response_types", &json!({ held: true, "response_types": ["code id_token"] }));
        for member in [
            "id_token_signed_response_alg",
            "userinfo_signed_response_alg",
            "introspection_signed_response_alg",
            "authorization_signed_response_alg",
        ] {
            refused(member, &json!({ held: true, member: "RS256" }));
            accepted(&json!({ member: "RS256" }));
            accepted(&json!({ held: true, member: "ES256", "jwks": keys }));
        }
    }
}

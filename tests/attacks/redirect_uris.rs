//! `redirect_uri` is compared as a string: nothing that only means the same is the same (RFC 9700 section 4.1.3).

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use super::{assert_alive, assert_error_page, assert_oauth_error};
use crate::support::{Agent, ClientKey, Portal, TestApp};

/// Everything that is wrong is told on a page of ours: the visitor is sent nowhere, not even with an error.
async fn refused(app: &TestApp, portal: &Portal, redirect_uri: &str) {
    for prompt in ["", "none"] {
        let path = portal.authorize_path(&[("redirect_uri", redirect_uri), ("prompt", prompt)]);
        let reply = Agent::new(&app.base).get(&path).await;
        assert_error_page(&reply, 400, redirect_uri);
        assert!(reply.text().contains("返回地址未在本平台登记"), "{redirect_uri}: {}", reply.text());
    }
    let mut agent = Agent::new(&app.base);
    let fields = portal.authorize_params(&[("redirect_uri", redirect_uri)]);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let posted = agent.post("/authorize", &fields).await;
    assert_error_page(&agent.follow(posted).await, 400, redirect_uri);
}

/// What is not `https://hall.example/callback`.
const WRONG: &[&str] = &[
    "", // one must be named, although only one is registered
    "https://hall.example/callback/",
    "https://hall.example/Callback",
    "https://HALL.example/callback",
    "HTTPS://hall.example/callback",
    "http://hall.example/callback",
    "https://hall.example:443/callback",
    "https://hall.example:8443/callback",
    "https://hall.example./callback",
    "https://hall.example//callback",
    "https://hall.example/./callback",
    "https://hall.example/x/../callback",
    "https://hall.example/callback/..%2fcallback",
    "https://hall.example/%63allback",
    "https://hall.example/callback%00",
    "https://hall.example/callback?",
    "https://hall.example/callback?a=b",
    "https://hall.example/callback#",
    "https://hall.example/callback#fragment",
    "https://hall.example/callback;x",
    "https://user@hall.example/callback",
    "https://hall.example@evil.example/callback",
    "https://hall.example%40evil.example/callback",
    "https://hall.example%2eevil.example/callback",
    "https://hall.example.evil.example/callback",
    "https://evilhall.example/callback",
    "https://evil.example/callback",
    "https://evil.example\\@hall.example/callback",
    "https:\\\\hall.example\\callback",
    "https:/hall.example/callback",
    "https:hall.example/callback",
    "//hall.example/callback",
    "/callback",
    "https://hall.example/callback ",
    " https://hall.example/callback",
    "https://hall.example/callback\t",
    "https://hall.example/call\tback",
    "https://hall.example/callback\r\nx-evil: 1",
    "https://hall.example/callback\u{3000}",
    "https://hаll.example/callback", // a Cyrillic а
    "https://hall。example/callback",
    "ｈttps://hall.example/callback",
    "https://hall.example/callback\u{200b}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://hall.example/callback https://evil.example/",
    "*",
];

on_both! {
    async fn only_the_registered_string_is_returned_to(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for wrong in WRONG {
            refused(&app, &portal, wrong).await;
        }
        assert_alive(&app).await;
    }
}

on_both! {
    // RFC 9126 and RFC 9101 are no way around: pushed or signed, the string is the same.
    async fn pushed_and_signed_addresses_are_compared_as_well(app: TestApp) {
        let key = ClientKey::new();
        let portal = Portal::register_with(&app, "hall", json!({ "jwks": key.jwks() })).await;
        let mut agent = Agent::new(&app.base);
        for wrong in WRONG {
            let params = portal.authorize_params(&[("redirect_uri", wrong)]);
            let fields: Vec<(&str, &str)> =
                params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let pushed = portal.post(&mut agent, "/par", &fields).await;
            assert_oauth_error(&pushed, 400, "invalid_request", wrong);
            let claims = params.iter().map(|(name, value)| (name.clone(), json!(value)));
            let jws = key.sign(&serde_json::Value::Object(claims.collect()));
            let reply = agent.get(&format!("/authorize?client_id=hall&request={jws}")).await;
            assert_error_page(&reply, 400, wrong);
            let pushed = portal.post(&mut agent, "/par", &[("request", &jws)]).await;
            assert_oauth_error(&pushed, 400, "invalid_request", wrong);
        }
        assert_alive(&app).await;
    }
}

on_both! {
    async fn a_second_redirect_uri_or_client_id_is_never_chosen_from(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let right = portal.authorize_path(&[]);
        let evil: String = byte_serialize(b"https://evil.example/callback").collect();
        for (name, value) in [("redirect_uri", evil.as_str()), ("client_id", "other"), ("redirect_uri", "")] {
            for path in [
                format!("{right}&{name}={value}"),
                right.replace("/authorize?", &format!("/authorize?{name}={value}&")),
            ] {
                assert_error_page(&Agent::new(&app.base).get(&path).await, 400, &path);
            }
        }
        // The name itself encoded, and other separators.
        for path in [
            format!("{right}&redirect%5Furi={evil}"),
            format!("{right}&redirect_uri[]={evil}"),
            format!("{right};redirect_uri={evil}"),
        ] {
            let reply = Agent::new(&app.base).get(&path).await;
            assert!(reply.location().is_none_or(|to| !to.contains("evil.example/")), "{path}: {:?}", reply.location());
        }
    }
}

on_both! {
    async fn an_unknown_client_is_told_to_the_visitor_only(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for wrong in ["", "HALL", "hall ", "hal", "hall%00", "hall\u{0}", "' OR '1'='1", "%", "法人", "../hall", "🦀"] {
            let path = portal.authorize_path(&[("client_id", wrong)]);
            let reply = Agent::new(&app.base).get(&path).await;
            assert_error_page(&reply, 400, &format!("{wrong:?}"));
        }
        let path = portal.authorize_path(&[("client_id", &"x".repeat(10_000))]);
        assert_error_page(&Agent::new(&app.base).get(&path).await, 400, "a long client_id");
    }
}

on_both! {
    async fn of_a_loopback_address_the_port_is_free_and_nothing_else(app: TestApp) {
        let changes = json!({
            "redirect_uris": ["http://127.0.0.1/cb", "http://localhost:9000/cb"],
            "application_type": "native",
            "subject_type": "public",
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code"],
        });
        let portal = Portal::register_with(&app, "native", changes).await;
        for right in ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", "http://localhost:9000/cb"] {
            let reply = Agent::new(&app.base).get(&portal.authorize_path(&[("redirect_uri", right)])).await;
            assert!(reply.location().unwrap().starts_with("/sign-in/"), "{right}");
        }
        for wrong in [
            "http://127.0.0.1:49152/cb2",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:49152:80/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.1/cb",
            "http://2130706433/cb",
            "http://[::1]/cb",
            "http://localhost:9001/cb",
            "https://127.0.0.1:49152/cb",
        ] {
            refused(&app, &portal, wrong).await;
        }
    }
}

on_both! {
    async fn what_could_not_be_sent_is_not_registered(app: TestApp) {
        use idp::domain::client::ClientMetadata;
        for uri in [
            "https://hall.example/回调",
            "https://大厅.example/callback",
            "https://hall.example/call back",
            "https://hall.example/callback\n",
            "https://hall.example/call\tback",
            " https://hall.example/callback",
            "https://hall.example\\callback",
            "https:hall.example/callback",
            "javascript:alert(1)",
            "https://hall.example/#x",
            "http://hall.example/",
        ] {
            for member in ["redirect_uris", "post_logout_redirect_uris"] {
                let mut metadata = json!({
                    "client_name": "测试",
                    "redirect_uris": ["https://hall.example/callback"],
                    "token_endpoint_auth_method": "client_secret_basic",
                    "grant_types": ["authorization_code"],
                    "scope": "openid",
                });
                metadata[member] = json!([uri]);
                let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
                let registered = idp::oidc::registration::register(&app.app, "hall", &metadata).await;
                assert!(registered.is_err(), "{member}: {uri:?}");
            }
        }
    }
}

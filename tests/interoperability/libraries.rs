//! openid-client (Node), Authlib and requests-oauth2client (Python).

use idp::config::{Config, ResourceConfig};
use idp::domain::timestamp::Span;
use idp::platform::random;
use idp::store::registrations;
use serde_json::{Value, json};

use super::{drive, tools};
use crate::support::{Agent, ClientKey, Portal, TestApp};

pub async fn signed_in(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
    let reply = agent.sign_in("/sign-in/personal", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

fn settings(app: &TestApp, portal: &Portal, scenario: &str) -> Value {
    json!({
        "issuer": app.base, "client_id": portal.id, "client_secret": portal.secret, "name": "李颖",
        "redirect_uri": portal.redirect_uri, "post_logout_redirect_uri": format!("https://{}.example/", portal.id),
        "scenario": scenario, "alg": "ES256",
    })
}

/// With which one client may register itself.
pub async fn initial_token(app: &TestApp) -> String {
    let token = random::token();
    let (now, hash) = (app.clock.now(), random::hash(&token));
    let end = now + Span::minutes(5);
    registrations::insert_initial_token(&app.app.store, &hash, "tests", 1, now, end).await.unwrap();
    token
}

/// The ways to prove who one is by a secret.
pub const BY_SECRET: [&str; 3] = ["client_secret_basic", "client_secret_post", "client_secret_jwt"];

/// A portal that does so in this way.
async fn by_secret(app: &TestApp, method: &str) -> Value {
    let changes = json!({ "token_endpoint_auth_method": method });
    let portal = Portal::register_with(app, &method.replace('_', "-"), changes).await;
    let mut settings = settings(app, &portal, "basic");
    settings["method"] = json!(method);
    settings
}

pub const INTERFACE: &str = "https://interface.example/";

/// An interface that whoever has a secret may serve; `exchange` swaps its users' tokens for some that are for it.
pub fn with_interface(config: &mut Config) {
    config.protocol.resources = vec![ResourceConfig {
        uri: INTERFACE.to_owned(),
        title: "测试接口".to_owned(),
        clients: Vec::new(),
        exchanged_by: vec!["exchange".to_owned()],
        served_by: BY_SECRET.iter().map(|method| method.replace('_', "-")).collect(),
    }];
}

/// As JSON, with what is private.
fn private(key: &ClientKey, alg: &str) -> Value {
    let mut private = Value::Object(key.private.as_ref().clone());
    private.as_object_mut().unwrap().remove("key_ops");
    private["kid"] = json!(key.kid);
    private["alg"] = json!(alg);
    private
}

/// A portal to which what stands in these `answers` is encrypted; the settings hold its key.
async fn sealed(app: &TestApp, alg: &str, answers: &[&str]) -> Value {
    let key = ClientKey::of(if alg == "ECDH-ES" { "ES256" } else { "RS256" }, "key-1");
    let mut public = key.public();
    public["use"] = json!("enc");
    let mut metadata = json!({ "jwks": { "keys": [public] } });
    for answer in answers {
        metadata[format!("{answer}_signed_response_alg")] = json!("ES256");
        metadata[format!("{answer}_encrypted_response_alg")] = json!(alg);
        metadata[format!("{answer}_encrypted_response_enc")] = json!("A256GCM");
    }
    let portal =
        Portal::register_with(app, &format!("{}-{}", alg.to_lowercase(), answers.len()), metadata).await;
    let mut settings = settings(app, &portal, "sealed");
    settings["private_key"] = private(&key, alg);
    settings
}

/// A portal that proves who it is by a key, which the settings hold.
async fn keyed(app: &TestApp, id: &str, scenario: &str, changes: Value) -> Value {
    let key = ClientKey::new();
    let mut metadata = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let portal = Portal::register_with(app, id, metadata).await;
    let mut settings = settings(app, &portal, scenario);
    settings["private_key"] = private(&key, key.alg);
    settings
}

on_both! {
    async fn openid_client(app: TestApp) {
        let Some(tools) = tools() else { return };
        for method in BY_SECRET {
            let settings = by_secret(&app, method).await;
            drive(&tools, "openid_client.mjs", &settings, &mut signed_in(&app).await).await;
        }
        let fapi = json!({
            "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true,
            "require_signed_request_object": true, "authorization_signed_response_alg": "ES256",
        });
        let fapi = keyed(&app, "fapi", "fapi", fapi).await;
        drive(&tools, "openid_client.mjs", &fapi, &mut signed_in(&app).await).await;
        let types = json!({ "response_types": ["code id_token", "id_token"] });
        let hybrid = Portal::register_with(&app, "hybrid", types).await;
        for scenario in ["hybrid", "implicit"] {
            let settings = settings(&app, &hybrid, scenario);
            drive(&tools, "openid_client.mjs", &settings, &mut signed_in(&app).await).await;
        }
        let mut registration = settings(&app, &hybrid, "registration");
        registration["initial_access_token"] = json!(initial_token(&app).await);
        drive(&tools, "openid_client.mjs", &registration, &mut signed_in(&app).await).await;
    }
}

on_both! {
    async fn authlib(app: TestApp) {
        let Some(tools) = tools() else { return };
        for method in BY_SECRET {
            let settings = by_secret(&app, method).await;
            drive(&tools, "authlib_client.py", &settings, &mut signed_in(&app).await).await;
        }
        let hall = Portal::register(&app, "hall").await;
        let framework = settings(&app, &hall, "framework");
        drive(&tools, "authlib_client.py", &framework, &mut signed_in(&app).await).await;
        for scenario in ["private_key_jwt", "encrypted_requests"] {
            let settings = keyed(&app, &scenario.replace('_', "-"), scenario, json!({})).await;
            drive(&tools, "authlib_client.py", &settings, &mut signed_in(&app).await).await;
        }
    }
}

on_both! {
    async fn requests_oauth2client(app: TestApp) {
        let Some(tools) = tools() else { return };
        for method in BY_SECRET {
            let settings = by_secret(&app, method).await;
            drive(&tools, "requests_oauth2client.py", &settings, &mut signed_in(&app).await).await;
        }
        for (scenario, changes) in [
            ("pushed", json!({ "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true })),
            ("signed", json!({ "require_signed_request_object": true })),
        ] {
            let settings = keyed(&app, scenario, scenario, changes).await;
            drive(&tools, "requests_oauth2client.py", &settings, &mut signed_in(&app).await).await;
        }
    }
}

on_both! {
    async fn sealed_answers(app: TestApp) {
        let Some(tools) = tools() else { return };
        for alg in ["RSA-OAEP-256", "ECDH-ES"] {
            let all = sealed(&app, alg, &["id_token", "userinfo", "authorization"]).await;
            drive(&tools, "openid_client.mjs", &all, &mut signed_in(&app).await).await;
            let identity = sealed(&app, alg, &["id_token"]).await;
            drive(&tools, "requests_oauth2client.py", &identity, &mut signed_in(&app).await).await;
        }
    }
}

on_both! {
    with_interface;
    async fn tokens_for_an_interface(app: TestApp) {
        let Some(tools) = tools() else { return };
        let changes = json!({
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"],
        });
        let portal = Portal::register_with(&app, "exchange", changes).await;
        let mut settings = settings(&app, &portal, "exchange");
        settings["resource"] = json!(INTERFACE);
        for script in ["openid_client.mjs", "authlib_client.py", "requests_oauth2client.py"] {
            drive(&tools, script, &settings, &mut signed_in(&app).await).await;
        }
    }
}

on_both! {
    // They wait in real time, five seconds from one question to the next.
    async fn terminals(app: TestApp) {
        let Some(tools) = tools() else { return };
        let changes = json!({
            "token_endpoint_auth_method": "none", "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
            "redirect_uris": [], "dpop_bound_access_tokens": true,
        });
        let settings = settings(&app, &Portal::register_with(&app, "terminal", changes).await, "terminal");
        let (mut one, mut other) = (signed_in(&app).await, signed_in(&app).await);
        tokio::join!(
            drive(&tools, "openid_client.mjs", &settings, &mut one),
            drive(&tools, "requests_oauth2client.py", &settings, &mut other),
        );
    }
}

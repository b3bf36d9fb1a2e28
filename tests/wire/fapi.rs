//! Pushed requests, tokens that are bound to a key, tokens for resources.

use idp::config::{Config, ResourceConfig};

use super::*;
use crate::support::dpop::DpopKey;
use crate::support::portal::VERIFIER;

const REPORTS: &str = "https://reports.example/api";

fn with_resource(config: &mut Config) {
    config.protocol.resources = vec![ResourceConfig {
        uri: REPORTS.to_owned(),
        title: "统计报表接口".to_owned(),
        clients: Vec::new(),
        exchanged_by: vec!["hall".to_owned()],
        served_by: Vec::new(),
    }];
}

on_both! {
    |config| config.tokens.dpop_nonce = true;
    async fn pushed_and_bound(app: TestApp) {
        app.begin_a_nonces_window();
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let mut program = Agent::new(&app.base);
        let mut record = Record::new(&app);
        let params = portal.authorize_params(&[]);
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = call(&program, &portal, "/par", &params);
        let pushed = record.send(&mut program, "A pushed request", request).await;
        let request = call(&program, &portal, "/par", &[("client_id", "hall"), ("request_uri", "urn:x")]);
        record.send(&mut program, "One that is refused", request).await;
        let request_uri = text(&pushed, "request_uri");
        let path = format!("/authorize?client_id=hall&request_uri={request_uri}");
        let request = agent.request(Method::GET, &path);
        let answered = record.send(&mut agent, "Its answer", request).await;
        record.page(&mut agent, "There is one", &path, &["h1"]).await;
        let code = answered.query("code").unwrap();
        let params = [
            ("grant_type", "authorization_code"), ("code", code.as_str()),
            ("redirect_uri", portal.redirect_uri.as_str()), ("code_verifier", VERIFIER),
        ];
        let key = DpopKey::new();
        record.name(&key.thumbprint(), "thumbprint");
        let request = call(&program, &portal, "/token", &params).header("dpop", key.at_token(&app));
        let refused = record.send(&mut program, "use_dpop_nonce", request).await;
        let nonce = json!({ "nonce": refused.header("dpop-nonce") });
        let request = call(&program, &portal, "/token", &params).header("dpop", key.proof(&app, &json!({}), &nonce));
        let tokens = record.send(&mut program, "Bound tokens", request).await;
        let access = text(&tokens, "access_token");
        let request = call(&program, &portal, "/introspect", &[("token", &access)]);
        record.send(&mut program, "Introspection of a bound token", request).await;
        let request = program.request(Method::GET, "/userinfo").bearer_auth(&access);
        record.send(&mut program, "A bound token without its key", request).await;
        let request = program.request(Method::GET, "/userinfo").header("authorization", format!("DPoP {access}"));
        let request = request.header("dpop", key.at_userinfo(&app, &access));
        record.send(&mut program, "use_dpop_nonce at userinfo", request).await;
        record.matches("pushed_and_bound");
    }
}

on_both! {
    with_resource;
    async fn tokens_for_resources(app: TestApp) {
        const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
        let portal =
            Portal::register_with(&app, "hall", json!({"grant_types": ["authorization_code", EXCHANGE]})).await;
        let mut agent = signed_in(&app).await;
        let mut program = Agent::new(&app.base);
        let mut record = Record::new(&app);
        let tokens = portal.tokens(&mut agent, &[("scope", "openid profile")]).await;
        let subject = tokens["access_token"].as_str().unwrap();
        let params = [
            ("grant_type", EXCHANGE), ("subject_token", subject),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), ("resource", REPORTS),
        ];
        record.name(subject, "subject_token");
        let request = call(&program, &portal, "/token", &params);
        let exchanged = record.send(&mut program, "Token exchange", request).await;
        let access = text(&exchanged, "access_token");
        record.jwt("The access token", &access);
        let request = call(&program, &portal, "/introspect", &[("token", &access)]);
        let request = request.header("accept", "application/token-introspection+jwt");
        record.send(&mut program, "Introspection as a JWT", request).await;
        let request = program.request(Method::GET, "/userinfo").bearer_auth(&access);
        record.send(&mut program, "A token for somebody else", request).await;
        record.matches("resources");
    }
}

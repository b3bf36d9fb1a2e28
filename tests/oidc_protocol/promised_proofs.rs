//! Each proof that discovery lists, given: of claims that were verified, and of clients without a JWT. By the document's own
//! lists, so that a new entry is tried or fails. (`promised_algorithms.rs` has those with a JWT.)

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, RequestBuilder};

use super::client_certificates::{HEADER, behind_proxy};
use super::promises::{discovery, list};
use super::*;
use crate::support::certificates::certificates;
use crate::support::dpop::DpopKey;

on_both! {
    // Identity Assurance section 8: each claim is verified of somebody, by each framework and evidence, and each record is
    // somebody's.
    async fn every_verified_claim_and_record_is_told(app: TestApp) {
        let document = discovery(&app).await;
        let scopes = list(&document, "scopes_supported").join(" ");
        let portal = Portal::register_with(&app, "hall", json!({ "scope": scopes })).await;
        let mut unit = Agent::new(&app.base);
        unit.sign_in_legal_entity().await;
        let mut operator = Agent::new(&app.base);
        let fields = [("unit", "91220101TEXT00017E"), ("operator", "15400000002"), ("password", PASSWORD)];
        assert_eq!(operator.sign_in("/sign-in/operator", &fields).await.status, 303);
        let mut agents = [signed_in(&app).await, unit, operator];
        let promised = list(&document, "claims_in_verified_claims_supported");
        let claims: serde_json::Map<String, Value> =
            promised.iter().map(|claim| (claim.clone(), Value::Null)).collect();
        for framework in list(&document, "trust_frameworks_supported") {
            for evidence in list(&document, "evidence_supported") {
                let verification = json!({
                    "trust_framework": { "value": framework },
                    "evidence": [{ "type": { "value": evidence }, "record": { "type": null } }],
                });
                let wanted = json!({ "userinfo": { "verified_claims": {
                    "verification": verification, "claims": claims.clone(),
                } } });
                let (mut told, mut records) = (BTreeSet::new(), BTreeSet::new());
                for agent in &mut agents {
                    let asked = [("scope", "openid"), ("claims", &*wanted.to_string())];
                    let tokens = portal.tokens(agent, &asked).await;
                    let userinfo = portal.userinfo(agent, &text(&tokens, "access_token")).await.json();
                    let verified = &userinfo["verified_claims"];
                    assert_eq!(verified["verification"]["trust_framework"], framework, "{userinfo}");
                    told.extend(members(&verified["claims"]).into_iter().map(str::to_owned));
                    records.insert(text(&verified["verification"]["evidence"][0]["record"], "type"));
                }
                assert_eq!(told, promised.iter().cloned().collect(), "{framework} {evidence}");
                let promised = list(&document, "electronic_records_supported");
                assert_eq!(records, promised.into_iter().collect(), "{framework} {evidence}");
            }
        }
    }
}

/// A client that registered this way, as `id`, and its proof beside a form; `None` where the proof is a JWT.
async fn proof(app: &TestApp, method: &str, id: &str) -> Option<impl Fn(RequestBuilder) -> RequestBuilder> {
    let made = certificates();
    let mut key = DpopKey::new().public();
    key["x5c"] = json!([STANDARD.encode(made.imposter.der())]);
    let more = match method {
        "client_secret_basic" | "client_secret_post" => json!({}),
        "none" => json!({ "grant_types": ["authorization_code", "refresh_token"] }),
        "tls_client_auth" => json!({ "tls_client_auth_san_dns": "hall.example" }),
        "self_signed_tls_client_auth" => json!({ "jwks": { "keys": [key] } }),
        "private_key_jwt" | "client_secret_jwt" => return None,
        other => panic!("{other} is promised, and nobody tries it here"),
    };
    let mut metadata = json!({ "token_endpoint_auth_method": method });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let portal = Portal::register_with(app, id, metadata).await;
    let method = method.to_owned();
    Some(move |request: RequestBuilder| {
        let secret = portal.secret.clone().unwrap_or_default();
        // One that each of them needs to prove nothing else by.
        let form = |more: &[(&str, &str)]| {
            let all =
                [&[("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")], more].concat();
            request.try_clone().unwrap().form(&all)
        };
        let id = ("client_id", portal.id.as_str());
        match method.as_str() {
            "client_secret_basic" => form(&[]).basic_auth(&portal.id, Some(&secret)),
            "client_secret_post" => form(&[id, ("client_secret", &secret)]),
            "tls_client_auth" => form(&[id]).header(HEADER, made.hall.header()),
            "self_signed_tls_client_auth" => form(&[id]).header(HEADER, made.imposter.header()),
            _ => form(&[id]),
        }
    })
}

on_both! {
    behind_proxy;
    // At each endpoint that says how its clients prove who they are.
    async fn each_other_proof_is_taken_where_it_is_promised(app: TestApp) {
        let document = discovery(&app).await;
        for endpoint in ["token", "introspection", "revocation"] {
            let methods = list(&document, &format!("{endpoint}_endpoint_auth_methods_supported"));
            assert!(methods.len() >= 6, "{methods:?}");
            let url = text(&document, &format!("{endpoint}_endpoint"));
            for method in methods {
                let id = format!("{endpoint}-{method}").replace('_', "-");
                let Some(prove) = proof(&app, &method, &id).await else { continue };
                let mut agent = Agent::new(&app.base);
                let request = prove(agent.request(Method::POST, &url));
                let reply = agent.send(request).await;
                // Who it is, is known; the refresh token is nobody's.
                let expected = if endpoint == "token" { 400 } else { 200 };
                assert_eq!(reply.status, expected, "{endpoint} {method}: {}", reply.body);
                if endpoint == "token" {
                    assert_refused(&reply, 400, "invalid_grant");
                }
                // Without the proof there is no answer; a public client has none to leave out.
                let bare = [("grant_type", "refresh_token"), ("client_id", &id), ("token", "x")];
                let request = agent.request(Method::POST, &url).form(&bare);
                if method != "none" {
                    assert_refused(&agent.send(request).await, 401, "invalid_client");
                }
            }
        }
    }
}

//! Whatever discovery promises, called: by its own list, so that a new entry is tried or fails.

use std::collections::BTreeSet;

use reqwest::Method;

use super::*;

/// The registered names, by who defines them. What only drafts have (`verified_claims_supported`) and what is a client's
/// (`dpop_bound_access_tokens`) is not among them.
const KNOWN: &[&[&str]] = &[
    // RFC 8414 section 2
    &[
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "service_documentation",
        "ui_locales_supported",
        "op_policy_uri",
        "op_tos_uri",
        "revocation_endpoint",
        "revocation_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint",
        "introspection_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
        "code_challenge_methods_supported",
        "signed_metadata",
    ],
    // OpenID Connect Discovery 1.0 section 3 (8.2.1 of its errata registers them)
    &[
        "userinfo_endpoint",
        "acr_values_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "id_token_encryption_alg_values_supported",
        "id_token_encryption_enc_values_supported",
        "userinfo_signing_alg_values_supported",
        "userinfo_encryption_alg_values_supported",
        "userinfo_encryption_enc_values_supported",
        "request_object_signing_alg_values_supported",
        "request_object_encryption_alg_values_supported",
        "request_object_encryption_enc_values_supported",
        "display_values_supported",
        "claim_types_supported",
        "claims_supported",
        "claims_locales_supported",
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "require_request_uri_registration",
    ],
    // OpenID Connect RP-Initiated, Back-Channel and Front-Channel Logout 1.0
    &[
        "end_session_endpoint",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
    ],
    // Initiating User Registration via OpenID Connect 1.0
    &["prompt_values_supported"],
    // RFC 8628, RFC 8705, RFC 9101
    &[
        "device_authorization_endpoint",
        "tls_client_certificate_bound_access_tokens",
        "mtls_endpoint_aliases",
        "require_signed_request_object",
    ],
    // RFC 9126, RFC 9207, RFC 9396, RFC 9449
    &[
        "pushed_authorization_request_endpoint",
        "require_pushed_authorization_requests",
        "authorization_response_iss_parameter_supported",
        "authorization_details_types_supported",
        "dpop_signing_alg_values_supported",
    ],
    // RFC 9701, RFC 9728
    &[
        "introspection_signing_alg_values_supported",
        "introspection_encryption_alg_values_supported",
        "introspection_encryption_enc_values_supported",
        "protected_resources",
    ],
    // JARM section 4
    &[
        "authorization_signing_alg_values_supported",
        "authorization_encryption_alg_values_supported",
        "authorization_encryption_enc_values_supported",
    ],
    // CIBA Core 1.0 section 4
    &[
        "backchannel_token_delivery_modes_supported",
        "backchannel_authentication_endpoint",
        "backchannel_authentication_request_signing_alg_values_supported",
        "backchannel_user_code_parameter_supported",
    ],
    // OpenID Connect for Identity Assurance 1.0 section 8, as it became final
    &[
        "trust_frameworks_supported",
        "claims_in_verified_claims_supported",
        "evidence_supported",
        "documents_supported",
        "documents_methods_supported",
        "documents_check_methods_supported",
        "electronic_records_supported",
    ],
];

pub(super) async fn discovery(app: &TestApp) -> Value {
    Agent::new(&app.base).get("/.well-known/openid-configuration").await.json()
}

pub(super) fn list(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
    values.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn every_name_is_a_registered_one(app: TestApp) {
        let document = discovery(&app).await;
        for (name, value) in document.as_object().unwrap() {
            let is_known = KNOWN.iter().any(|names| names.contains(&name.as_str()));
            assert!(is_known, "{name} is no metadata of any standard");
            assert!(!value.is_null() && value != "", "{name} without a value is left out");
        }
    }
}

on_both! {
    async fn every_endpoint_is_served(app: TestApp) {
        let document = discovery(&app).await;
        let agent = Agent::new(&app.base);
        for (name, value) in document.as_object().unwrap() {
            if !(name.ends_with("_endpoint") || name == "jwks_uri") {
                continue;
            }
            let by_browser = ["authorization_endpoint", "end_session_endpoint", "jwks_uri"].contains(&name.as_str());
            let method = if by_browser { Method::GET } else { Method::POST };
            let reply = agent.stranger().send(agent.request(method, value.as_str().unwrap())).await;
            let status = reply.status.as_u16();
            assert!(![404, 405].contains(&status) && status < 500, "{name}: {status} {}", reply.body);
        }
    }
}

on_both! {
    async fn every_response_type_mode_and_prompt_works(app: TestApp) {
        let document = discovery(&app).await;
        let types = list(&document, "response_types_supported");
        let portal = Portal::register_with(&app, "hall", json!({ "response_types": types })).await;
        let mut agent = signed_in(&app).await;
        for response_type in &types {
            for mode in list(&document, "response_modes_supported") {
                let in_query = mode == "query" || mode == "query.jwt";
                if in_query && response_type.contains("id_token") {
                    continue;
                }
                let asked = [("response_type", response_type.as_str()), ("response_mode", &mode)];
                let reply = agent.get(&portal.authorize_path(&asked)).await;
                let body = reply.location().unwrap_or_else(|| reply.body.clone());
                let answered = ["code", "id_token", "response"].iter().any(|name| {
                    body.contains(&format!("{name}=")) || body.contains(&format!("name=\"{name}\""))
                });
                assert!(answered && !body.contains("error"), "{response_type} {mode}: {} {body}", reply.status);
            }
        }
        for prompt in list(&document, "prompt_values_supported") {
            let reply = agent.get(&portal.authorize_path(&[("prompt", &prompt)])).await;
            assert!(reply.query("error").is_none() && reply.status.is_redirection(), "{prompt}: {}", reply.text());
        }
        for locale in list(&document, "ui_locales_supported") {
            assert!(!portal.code(&mut agent, &[("ui_locales", &locale)]).await.is_empty());
        }
        for display in list(&document, "display_values_supported") {
            assert!(!portal.code(&mut agent, &[("display", &display)]).await.is_empty());
        }
        for acr in list(&document, "acr_values_supported") {
            if acr == "urn:jl-uia:loa:3" {
                // The visitor is led to their telephone; tests/scan/step_up.rs goes on from there.
                let reply = agent.get(&portal.authorize_path(&[("acr_values", &acr)])).await;
                assert!(reply.location().is_some_and(|to| to.contains("/sign-in/qr?")), "{}", reply.status);
                continue;
            }
            let tokens = portal.tokens(&mut agent, &[("acr_values", &acr)]).await;
            assert_eq!(claims(&text(&tokens, "id_token"))["acr"], acr);
        }
    }
}

on_both! {
    // Each claim is told to somebody: a person, a unit or an operator, in userinfo or in an ID token.
    async fn every_scope_and_claim_is_told(app: TestApp) {
        crate::support::profile::give(&app, &profile::everything()).await;
        let document = discovery(&app).await;
        let scopes = list(&document, "scopes_supported");
        let registered = json!({ "scope": scopes.join(" "), "backchannel_logout_uri": "https://hall.example/logout" });
        let portal = Portal::register_with(&app, "hall", registered).await;
        let mut told = BTreeSet::new();
        let mut unit = Agent::new(&app.base);
        unit.sign_in_legal_entity().await;
        let mut operator = Agent::new(&app.base);
        let fields = [("unit", "91220101TEXT00017E"), ("operator", "15400000002"), ("password", PASSWORD)];
        assert_eq!(operator.sign_in("/sign-in/operator", &fields).await.status, 303);
        for mut agent in [signed_in(&app).await, unit, operator] {
            let everything = scopes.join(" ");
            let tokens = portal.tokens(&mut agent, &[("scope", &everything)]).await;
            let mut granted: Vec<&str> = tokens["scope"].as_str().unwrap().split(' ').collect();
            granted.sort_unstable();
            let mut expected: Vec<&str> = scopes.iter().map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!(granted, expected, "every scope is granted");
            let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await.json();
            told.extend(members(&userinfo).into_iter().map(str::to_owned));
            told.extend(members(&claims(&text(&tokens, "id_token"))).into_iter().map(str::to_owned));
        }
        for claim in list(&document, "claims_supported") {
            assert!(told.contains(&claim), "{claim} is promised, and nobody has it: {told:?}");
        }
    }
}

on_both! {
    async fn every_grant_type_and_way_of_authentication_is_known(app: TestApp) {
        let document = discovery(&app).await;
        let grants = list(&document, "grant_types_supported");
        let types = list(&document, "response_types_supported");
        let all = json!({ "grant_types": grants, "response_types": types });
        let portal = Portal::register_with(&app, "hall", all).await;
        let mut agent = Agent::new(&app.base);
        // By the implicit grant nothing is redeemed: the response types keep its promise.
        for grant in grants.iter().filter(|grant| *grant != "implicit") {
            let reply = portal.token(&mut agent, &[("grant_type", grant)]).await;
            let error = reply.json()["error"].as_str().unwrap_or_default().to_owned();
            assert!(!["unsupported_grant_type", "unauthorized_client"].contains(&&*error), "{grant}: {error}");
        }
        for method in list(&document, "token_endpoint_auth_methods_supported") {
            assert!(idp::domain::client::AuthMethod::parse(&method).is_some(), "{method}");
        }
        for subject_type in list(&document, "subject_types_supported") {
            let id = format!("of-{subject_type}");
            Portal::register_with(&app, &id, json!({ "subject_type": subject_type })).await;
        }
    }
}

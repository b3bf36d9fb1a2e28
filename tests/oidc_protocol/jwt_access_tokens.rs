//! Access tokens for others' resources: RFC 8707 (resource indicators) and RFC 9068 (the JWT profile).

use idp::config::{Config, ResourceConfig};
use reqwest::Method;

use super::*;
use crate::support::dpop::DpopKey;

pub(super) const REPORTS: &str = "https://reports.example/api";
pub(super) const TAXES: &str = "urn:example:taxes";

/// Two resources, each with the client that serves it; `hall` may exchange its users' tokens for the second.
pub(super) fn with_resources(config: &mut Config) {
    let resource = |uri: &str, clients: &[&str], exchanged_by: &[&str]| ResourceConfig {
        uri: uri.to_owned(),
        title: "测试资源".to_owned(),
        clients: clients.iter().map(|one| (*one).to_owned()).collect(),
        exchanged_by: exchanged_by.iter().map(|one| (*one).to_owned()).collect(),
        served_by: vec![format!("{}-server", if uri == REPORTS { "reports" } else { "other" })],
    };
    config.protocol.resources = vec![
        resource(REPORTS, &[], &[]),
        resource(TAXES, &[], &["hall", "app"]),
        resource("urn:closed", &["x"], &[]),
    ];
}

async fn introspect(portal: &Portal, agent: &mut Agent, token: &str) -> Value {
    portal.post(agent, "/introspect", &[("token", token)]).await.json()
}

on_both! {
    with_resources;
    // RFC 9068 sections 2 and 4.
    async fn a_token_for_a_resource_can_be_read_by_it(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("resource", REPORTS), ("scope", "openid profile")]).await;
        let access = text(&tokens, "access_token");
        let (header, told) = verified(&app, &access).await;
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
        let expected =
            ["acr", "amr", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"];
        assert_eq!(members(&told), expected);
        let id_token = claims(&text(&tokens, "id_token"));
        for claim in ["iss", "sub", "acr", "amr", "auth_time"] {
            assert_eq!(told[claim], id_token[claim], "{claim}");
        }
        assert_eq!((&told["aud"], &told["client_id"]), (&json!(REPORTS), &json!("hall")));
        assert_eq!(told["scope"], "openid profile");
        assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 600);
        // RFC 7662: the same when it is asked about, and revoked like any other.
        let asked = introspect(&portal, &mut agent, &access).await;
        assert_eq!((&asked["aud"], &asked["sub"], &asked["active"]), (&json!([REPORTS]), &told["sub"], &json!(true)));
        // It is not for us.
        let reply = portal.userinfo(&agent, &access).await;
        assert_refused(&reply, 401, "invalid_token");
        let revoked = portal.post(&mut agent, "/revoke", &[("token", &access)]).await;
        assert_eq!(revoked.status, 200);
        assert_eq!(introspect(&portal, &mut agent, &access).await, json!({"active": false}));
        // Without a resource a token is for us, and nobody else can read it.
        let opaque = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        assert!(!opaque.contains('.'));
    }
}

on_both! {
    with_resources;
    // RFC 8707 section 2.2: a token for one of several resources, never for another.
    async fn resources_may_be_narrowed_never_widened(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let both = format!("{}&resource={TAXES}", portal.authorize_path(&[
            ("resource", REPORTS), ("scope", "openid offline_access"),
        ]));
        let code = agent.get(&both).await.query("code").expect("a code");
        let redeem = |code: String, resource: &'static [&'static str]| {
            let mut params = vec![
                ("grant_type", "authorization_code".to_owned()),
                ("code", code),
                ("redirect_uri", portal.redirect_uri.clone()),
                ("code_verifier", crate::support::portal::VERIFIER.to_owned()),
            ];
            params.extend(resource.iter().map(|one| ("resource", (*one).to_owned())));
            params
        };
        let send = async |agent: &mut Agent, params: Vec<(&str, String)>| {
            let params: Vec<_> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
            portal.token(agent, &params).await
        };
        let tokens = send(&mut agent, redeem(code, &[TAXES])).await.json();
        assert_eq!(claims(&text(&tokens, "access_token"))["aud"], TAXES);
        let refresh = text(&tokens, "refresh_token");
        let again = |resource: &'static [&'static str]| {
            let mut params = vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh.clone())];
            params.extend(resource.iter().map(|one| ("resource", (*one).to_owned())));
            params
        };
        for (named, audience) in [
            (&[REPORTS][..], json!(REPORTS)),
            (&[], json!([REPORTS, TAXES])),
            (&[TAXES, REPORTS], json!([TAXES, REPORTS])),
        ] {
            let reply = send(&mut agent, again(named)).await;
            let access = text(&reply.json(), "access_token");
            assert_eq!(claims(&access)["aud"], audience, "{}", reply.body);
            assert_eq!(introspect(&portal, &mut agent, &access).await["active"], true);
        }
        for wrong in [&["https://other.example"][..], &[REPORTS, "urn:closed"], &["reports"]] {
            assert_refused(&send(&mut agent, again(wrong)).await, 400, "invalid_target");
        }
        // At the code: what it bought is told to nobody, and it stays spent.
        for (asked, named) in [(REPORTS, TAXES), ("", TAXES)] {
            let code = portal.code(&mut agent, &[("resource", asked)]).await;
            let named: &'static [&'static str] = if named == TAXES { &[TAXES] } else { &[REPORTS] };
            assert_refused(&send(&mut agent, redeem(code.clone(), named)).await, 400, "invalid_target");
            assert_refused(&send(&mut agent, redeem(code, &[])).await, 400, "invalid_grant");
        }
        // Only resources may be repeated.
        let twice = vec![("grant_type", "client_credentials".to_owned()), ("scope", "reports".to_owned()), ("scope", "reports".to_owned())];
        assert_refused(&send(&mut agent, twice).await, 400, "invalid_request");
    }
}

on_both! {
    with_resources;
    // A back end's own token, bound to its key.
    async fn a_back_end_asks_for_itself(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let key = DpopKey::new();
        let own = [("grant_type", "client_credentials"), ("resource", REPORTS)];
        let tokens = portal.post_with(&mut agent, "/token", &own, &[("dpop", &key.at_token(&app))]).await.json();
        let (_, told) = verified(&app, &text(&tokens, "access_token")).await;
        assert_eq!(members(&told), ["aud", "client_id", "cnf", "exp", "iat", "iss", "jti", "scope", "sub"]);
        assert_eq!((&told["sub"], &told["cnf"]), (&json!("hall"), &json!({"jkt": key.thumbprint()})));
        for wrong in ["urn:closed", "https://reports.example/api/", "https://reports.example/api#x", "x"] {
            let params = [("grant_type", "client_credentials"), ("resource", wrong)];
            assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_target");
        }
    }
}

on_both! {
    with_resources;
    // RFC 9470: a resource reads how, and when, the account signed in, and asks for more by the same words.
    async fn a_resource_can_ask_for_a_fresh_or_better_sign_in(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let server = Portal::register(&app, "reports-server").await;
        let mut agent = signed_in(&app).await;
        let old = text(&portal.tokens(&mut agent, &[("resource", REPORTS)]).await, "access_token");
        app.advance_seconds(300);
        let told = introspect(&server, &mut agent, &old).await;
        assert_eq!((&told["acr"], &told["auth_time"]), (&claims(&old)["acr"], &claims(&old)["auth_time"]));
        // insufficient_user_authentication, max_age=60: the portal sends its visitor again.
        let asked = agent.get(&portal.authorize_path(&[("resource", REPORTS), ("max_age", "60")])).await;
        asks_to_sign_in(&asked);
        let reply = sign_in_at(&mut agent, &asked).await;
        let tokens = portal.redeem(&mut agent, &reply.query("code").expect("a code")).await.json();
        let fresh = text(&tokens, "access_token");
        assert!(claims(&fresh)["auth_time"].as_i64() >= claims(&old)["auth_time"].as_i64().map(|at| at + 300));
    }
}

on_both! {
    with_resources;
    // RFC 9068 section 4 and 5: what is not ours, not an access token, or changed, is worth nothing.
    async fn what_is_no_access_token_of_ours_is_worth_nothing(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("resource", REPORTS)]).await;
        let (access, id_token) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
        let parts: Vec<&str> = access.split('.').collect();
        let of_id: Vec<&str> = id_token.split('.').collect();
        let kid = jose_header(&access)["kid"].clone();
        let header = |value: Value| base64url(value.to_string());
        let none = header(json!({"alg": "none", "typ": "at+jwt", "kid": kid}));
        let forged = base64url(changed_claims(&access, "aud", &app.base));
        let jti = claims(&access)["jti"].as_str().unwrap().to_owned();
        for wrong in [
            id_token.clone(),
            jti,
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.{}", parts[0], forged, parts[2]),
            format!("{}.{}.{}", parts[0], of_id[1], of_id[2]),
            format!("{}.{}.{}", parts[0], parts[1], of_id[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{access}."),
            format!("{access}x"),
            "..".to_owned(),
        ] {
            assert_eq!(introspect(&portal, &mut agent, &wrong).await, json!({"active": false}), "{wrong}");
            let request = agent.request(Method::GET, "/userinfo").bearer_auth(&wrong);
            assert_refused(&agent.stranger().send(request).await, 401, "invalid_token");
        }
        // Neither passes for the other: an access token is no hint of who is signed in.
        for hint in [&access, &format!("{}.{}.{}", parts[0], of_id[1], of_id[2])] {
            let reply = agent.get(&portal.authorize_path(&[("id_token_hint", hint), ("prompt", "none")])).await;
            assert_error_redirect(&app, &portal, &reply, "invalid_request");
        }
        let good = agent.get(&portal.authorize_path(&[("id_token_hint", &id_token), ("prompt", "none")])).await;
        assert!(good.query("code").is_some());
    }
}

fn changed_claims(jwt: &str, name: &str, value: &str) -> String {
    let mut told = claims(jwt);
    told[name] = json!(value);
    told.to_string()
}

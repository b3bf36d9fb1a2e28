//! DPoP (RFC 9449 section 7) at a resource: userinfo takes a bound token only from whoever has its key.

use reqwest::Method;

use super::*;
use crate::support::dpop::{DpopKey, at_userinfo};
use crate::support::portal::VERIFIER;

async fn bound_token(app: &TestApp, portal: &Portal, agent: &mut Agent, key: &DpopKey) -> String {
    let code = portal.code(agent, &[]).await;
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", &portal.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let reply = portal.post_with(agent, "/token", &params, &[("dpop", &key.at_token(app))]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    text(&reply.json(), "access_token")
}

async fn ask(agent: &Agent, method: Method, authorization: &str, proofs: &[&str]) -> Reply {
    let mut request = agent.request(method, "/userinfo").header("authorization", authorization);
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    agent.stranger().send(request).await
}

/// One set of changes after the other.
fn with(first: &Value, then: &Value) -> Value {
    let mut all = first.clone();
    all.as_object_mut().unwrap().extend(then.as_object().unwrap().clone());
    all
}

/// Section 7.1: the scheme, the error, and the algorithms that would do.
#[track_caller]
fn assert_told_by_dpop(reply: &Reply, error: &str) {
    let status = if error == "insufficient_scope" { 403 } else { 401 };
    assert_eq!(
        (reply.status.as_u16(), reply.json()["error"].as_str()),
        (status, Some(error)),
        "{}",
        reply.body
    );
    let challenge = reply.header("www-authenticate");
    assert!(challenge.starts_with("DPoP realm="), "{challenge}");
    assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
    assert!(challenge.contains("algs=\"ES256 PS256 EdDSA\""), "{challenge}");
}

on_both! {
    async fn a_bound_token_is_worth_nothing_without_its_key(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let access = bound_token(&app, &portal, &mut agent, &key).await;
        let dpop = format!("DPoP {access}");
        let now = app.clock.now().seconds();
        let good = at_userinfo(&app, &access);
        for (header, claims) in [
            (json!({"typ": null}), json!({})),
            (json!({"typ": "JWT"}), json!({})),
            (json!({"alg": null}), json!({})),
            (json!({"alg": "none"}), json!({})),
            (json!({"jwk": null}), json!({})),
            (json!({"jwk": other.public()}), json!({})),
            (json!({"jwk": key.private()}), json!({})),
            (json!({}), json!({"jti": null})),
            (json!({}), json!({"htm": null})),
            (json!({}), json!({"htm": "POST"})),
            (json!({}), json!({"htu": null})),
            (json!({}), json!({"htu": format!("{}/token", app.base)})),
            (json!({}), json!({"ath": null})),
            (json!({}), json!({"ath": ""})),
            (json!({}), json!({"ath": base64url(access.as_bytes())})),
            (json!({}), json!({"iat": null})),
            (json!({}), json!({"iat": now - 3600})),
            (json!({}), json!({"iat": now + 3600})),
        ] {
            let proof = key.proof(&app, &header, &with(&good, &claims));
            println!("{header} {claims}");
            assert_told_by_dpop(&ask(&agent, Method::GET, &dpop, &[&proof]).await, "invalid_dpop_proof");
        }
        let rsa = DpopKey::of("RS256").at_userinfo(&app, &access);
        for proofs in [&[][..], &["x"], &["a.b.c"], &[rsa.as_str()]] {
            assert_told_by_dpop(&ask(&agent, Method::GET, &dpop, proofs).await, "invalid_dpop_proof");
        }
        let two = [key.at_userinfo(&app, &access), key.at_userinfo(&app, &access)];
        let two: Vec<&str> = two.iter().map(String::as_str).collect();
        assert_told_by_dpop(&ask(&agent, Method::GET, &dpop, &two).await, "invalid_dpop_proof");
        // Another key, however good its proof.
        let stolen = other.at_userinfo(&app, &access);
        assert_told_by_dpop(&ask(&agent, Method::GET, &dpop, &[&stolen]).await, "invalid_token");
        // Section 7.2: no downgrade to a bearer token, with or without a proof, in header or form.
        let bearer = format!("Bearer {access}");
        assert_told_by_dpop(&ask(&agent, Method::GET, &bearer, &[]).await, "invalid_token");
        let proof = key.at_userinfo(&app, &access);
        assert_told_by_dpop(&ask(&agent, Method::GET, &bearer, &[&proof]).await, "invalid_token");
        let form = agent.request(Method::POST, "/userinfo").form(&[("access_token", &access)]);
        assert_told_by_dpop(&agent.stranger().send(form).await, "invalid_token");
        let query = agent.request(Method::GET, &format!("/userinfo?access_token={access}"));
        assert_eq!(agent.stranger().send(query).await.status, 401);
        // The proof of one token is not that of another.
        let second = bound_token(&app, &portal, &mut agent, &key).await;
        let proof = key.at_userinfo(&app, &second);
        assert_told_by_dpop(&ask(&agent, Method::GET, &dpop, &[&proof]).await, "invalid_dpop_proof");
    }
}

on_both! {
    async fn whoever_has_the_key_is_served(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let key = DpopKey::new();
        let access = bound_token(&app, &portal, &mut agent, &key).await;
        let now = app.clock.now().seconds();
        let good = at_userinfo(&app, &access);
        for (scheme, claims) in [
            ("DPoP", json!({})),
            ("dpop", json!({})),
            ("DPOP", json!({"iat": now - 10})),
            ("DPoP", json!({"iat": now + 10, "nbf": now - 10, "exp": now + 60, "extra": true})),
            ("DPoP", json!({"htu": format!("{}/userinfo?a=b#c", app.base.to_uppercase())})),
        ] {
            let proof = key.proof(&app, &json!({}), &with(&good, &claims));
            let reply = ask(&agent, Method::GET, &format!("{scheme} {access}"), &[&proof]).await;
            assert_eq!(reply.status, 200, "{scheme} {claims}: {}", reply.body);
            assert!(reply.json()["sub"].is_string() && !reply.header("date").is_empty());
            // A proof that was seen is not taken again.
            let again = ask(&agent, Method::GET, &format!("{scheme} {access}"), &[&proof]).await;
            assert_told_by_dpop(&again, "invalid_dpop_proof");
        }
        let proof = key.proof(&app, &json!({}), &with(&good, &json!({"htm": "POST"})));
        assert_eq!(ask(&agent, Method::POST, &format!("DPoP {access}"), &[&proof]).await.status, 200);
    }
}

on_both! {
    // A token that is bound to nothing does not become a bound one by its scheme.
    async fn the_scheme_must_fit_the_token(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let key = DpopKey::new();
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        let proof = key.at_userinfo(&app, &access);
        let reply = ask(&agent, Method::GET, &format!("DPoP {access}"), &[&proof]).await;
        assert_told_by_dpop(&reply, "invalid_token");
        let reply = ask(&agent, Method::GET, "DPoP made-up", &[&key.at_userinfo(&app, "made-up")]).await;
        assert_told_by_dpop(&reply, "invalid_token");
        // RFC 6750 section 2: a token in one way only.
        let request = agent.request(Method::GET, "/userinfo");
        let request = request.header("authorization", format!("Bearer {access}"));
        let request = request.header("authorization", format!("DPoP {access}"));
        assert_refused(&agent.stranger().send(request).await, 400, "invalid_request");
    }
}

on_both! {
    // What is wrong with a bound token beyond its key is told in the scheme in which it came, too.
    async fn a_bound_token_is_refused_in_its_own_scheme(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let key = DpopKey::new();
        let own = [("grant_type", "client_credentials")];
        let reply = portal.post_with(&mut agent, "/token", &own, &[("dpop", &key.at_token(&app))]).await;
        let narrow = text(&reply.json(), "access_token");
        let proof = key.at_userinfo(&app, &narrow);
        let reply = ask(&agent, Method::GET, &format!("DPoP {narrow}"), &[&proof]).await;
        assert_told_by_dpop(&reply, "insufficient_scope");
    }
}

on_both! {
    // FAPI 2.0 Security Profile section 5.4.1: EdDSA is that of Ed25519.
    async fn no_token_is_bound_to_a_key_on_ed448(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let own = [("grant_type", "client_credentials")];
        let proof = DpopKey::of("Ed448").at_token(&app);
        let reply = portal.post_with(&mut agent, "/token", &own, &[("dpop", &proof)]).await;
        assert_refused(&reply, 400, "invalid_dpop_proof");
    }
}

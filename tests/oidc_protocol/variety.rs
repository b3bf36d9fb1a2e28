//! Requests that are right and unusual: in another order, with long values, for every class at once, with any headers. The
//! OpenID Foundation's suite sends them all (tests/certification/modules.txt).

use reqwest::Method;

use super::par::{pushed, visit};
use super::*;
use crate::support::dpop::DpopKey;

on_both! {
    // RFC 6749 section 4.1.2 and Core section 2: exactly as they were sent, however long.
    async fn long_states_and_nonces_come_back(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let (state, nonce) = ("s".repeat(1000), "n".repeat(384));
        let changes = [("state", state.as_str()), ("nonce", &nonce)];
        let request_uri = pushed(&portal, &mut agent, &changes).await;
        for path in [portal.authorize_path(&changes), visit(&portal, &request_uri)] {
            let reply = agent.get(&path).await;
            assert_eq!(reply.query("state").as_deref(), Some(&*state));
            let code = reply.query("code").unwrap();
            let tokens = portal.redeem(&mut agent, &code).await.json();
            assert_eq!(claims(&text(&tokens, "id_token"))["nonce"], nonce);
        }
        let nobody = Agent::new(&app.base).get(&portal.authorize_path(&[("state", &state), ("prompt", "none")])).await;
        assert_eq!(nobody.query("error").as_deref(), Some("login_required"));
        assert_eq!(nobody.query("state").as_deref(), Some(&*state));
    }
}

on_both! {
    // RFC 6749 section 3.3: the order of scopes does not matter, and no specification gives the parameters one.
    async fn the_order_does_not_matter(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let mut params = portal.authorize_params(&[("scope", "profile openid")]);
        for _ in 0..params.len() {
            params.rotate_left(1);
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
            let reply = agent.get(&format!("/authorize?{query}")).await;
            assert!(reply.query("code").is_some(), "{query}: {:?} {}", reply.location(), reply.text());
        }
    }
}

on_both! {
    // Core section 3.1.2.1: whichever can be reached will do; the ID token says one of those that were asked for.
    async fn every_class_at_once_is_no_hurdle(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let document = agent.get("/.well-known/openid-configuration").await.json();
        let classes: Vec<&str> =
            document["acr_values_supported"].as_array().unwrap().iter().map(|class| class.as_str().unwrap()).collect();
        let tokens = portal.tokens(&mut agent, &[("acr_values", &classes.join(" "))]).await;
        let reached = claims(&text(&tokens, "id_token"))["acr"].clone();
        assert!(classes.iter().any(|class| reached == *class), "{reached}");
        // Those that nobody has heard of are no error.
        assert!(!portal.code(&mut agent, &[("acr_values", "1 2")]).await.is_empty());
    }
}

on_both! {
    // Core section 5.3.1: the token is in the header; what else the request says of itself is its own affair.
    async fn userinfo_minds_no_other_header(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        for kind in ["application/json", "application/json;charset=UTF-8", "text/plain", "application/x-www-form-urlencoded"] {
            let request = agent.request(Method::POST, "/userinfo").bearer_auth(&access).header("content-type", kind);
            assert_eq!(agent.stranger().send(request.body("")).await.status, 200, "{kind}");
        }
        for accept in ["application/json; charset=utf-8", "application/json, application/*+json", "*/*", "text/html"] {
            let request = agent.request(Method::GET, "/userinfo").bearer_auth(&access).header("accept", accept);
            let headers = [
                ("x-fapi-auth-date", "Tue, 11 Sep 2012 19:43:31 UTC"), ("x-fapi-customer-ip-address", "2001:db8::1"),
                ("x-fapi-interaction-id", "c770aef3-6784-41f7-8e0e-ff5f97bddb3a"),
            ];
            let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
            let reply = agent.stranger().send(request).await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"), "{accept}");
        }
    }
}

on_both! {
    // FAPI 2.0 section 5.3.4: never in the query, not even with a good proof.
    async fn a_token_in_the_query_is_no_token(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({ "dpop_bound_access_tokens": true })).await;
        let mut agent = signed_in(&app).await;
        let key = DpopKey::new();
        let code = portal.code(&mut agent, &[]).await;
        let params = [
            ("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", &portal.redirect_uri),
            ("code_verifier", crate::support::portal::VERIFIER),
        ];
        let reply = portal.post_with(&mut agent, "/token", &params, &[("dpop", &key.at_token(&app))]).await;
        let access = text(&reply.json(), "access_token");
        let request = agent.request(Method::GET, &format!("/userinfo?access_token={access}"));
        let reply = agent.stranger().send(request.header("dpop", key.at_userinfo(&app, &access))).await;
        assert_eq!(reply.status, 401, "{}", reply.body);
    }
}

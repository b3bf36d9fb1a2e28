//! The userinfo endpoint: OpenID Connect Core section 5.3, RFC 6750.

use reqwest::Method;

use super::*;

/// RFC 6750 section 3.1, RFC 9449 section 7.1: a request without a token is told how to bring one, and no error.
#[track_caller]
fn assert_told_both_schemes(reply: &Reply) {
    let told: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(told, ["Bearer realm=\"idp\"", "DPoP realm=\"idp\", algs=\"ES256 PS256 EdDSA\""]);
}

on_both! {
    // Core section 5.3.1: GET and POST, the token in the header or in the form.
    async fn userinfo_answers_get_and_post(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid profile phone id_document")]).await;
        let access = text(&tokens, "access_token");
        let userinfo = |method| agent.request(method, "/userinfo");
        let requests = [
            userinfo(Method::GET).bearer_auth(&access),
            userinfo(Method::GET).header("authorization", format!("bearer {access}")),
            userinfo(Method::POST).bearer_auth(&access),
            userinfo(Method::POST).form(&[("access_token", &access)]),
        ];
        let mut bodies = Vec::new();
        for request in requests {
            let reply = agent.stranger().send(request).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            assert_eq!(reply.header("content-type"), "application/json");
            assert_eq!(reply.header("cache-control"), "no-store");
            bodies.push(reply.json());
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "the same by every way: {bodies:?}");
        let claims = &bodies[0];
        assert_eq!(claims["sub"], super::claims(&text(&tokens, "id_token"))["sub"], "Core section 5.3.2");
        assert_eq!(claims["name"], "李颖");
        assert_eq!(claims["phone_number"], "+8619400000003");
        assert_eq!(claims["phone_number_verified"], true);
        assert_eq!(claims["id_document"], json!({"type": "111", "number": "220102199001010009"}));
        assert_eq!(claims["account_type"], "natural_person");
        for (name, value) in claims.as_object().unwrap() {
            let empty = value.is_null() || value == "" || value == &json!({}) || value == &json!([]);
            assert!(!empty, "Core section 5.3.2: {name} has no value, so it must be left out");
        }
    }
}

on_both! {
    // Core section 5.4: a scope opens its claims and no others.
    async fn claims_follow_the_scope(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        for (scope, expected) in [
            ("openid", &["sub"][..]),
            (
                "openid phone",
                &["phone_number", "phone_number_masked", "phone_number_verified", "sub"],
            ),
            (
                "openid profile",
                &["account_type", "id_document_masked", "name", "preferred_username", "sub", "updated_at"],
            ),
            ("openid legal_entity operator legal_representative", &["account_type", "sub"]),
        ] {
            let access = text(&portal.tokens(&mut agent, &[("scope", scope)]).await, "access_token");
            let claims = portal.userinfo(&agent, &access).await.json();
            assert_eq!(members(&claims), expected, "{scope}");
        }
    }
}

on_both! {
    // RFC 6750 section 3: what is wrong with the token, in the header and in the body.
    async fn without_a_good_token_there_is_nothing(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let access = text(&tokens, "access_token");
        // Section 3.1: a request without a token is told no error code in its challenge.
        let query = format!("/userinfo?access_token={access}");
        for (method, path) in [
            (Method::GET, "/userinfo"), (Method::POST, "/userinfo"), (Method::GET, &query), (Method::POST, &query),
        ] {
            let request = agent.request(method, path);
            let reply = agent.stranger().send(request).await;
            assert_refused(&reply, 401, "invalid_token");
            assert_told_both_schemes(&reply);
        }
        for wrong in ["made-up", &text(&tokens, "refresh_token"), &text(&tokens, "id_token"), &access[1..]] {
            let reply = portal.userinfo(&agent, wrong).await;
            assert_refused(&reply, 401, "invalid_token");
            assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""));
        }
        let request = agent.request(Method::POST, "/userinfo").form(&[("access_token", "made-up")]);
        assert_refused(&agent.send(request).await, 401, "invalid_token");
        // In a way that is not known here, or in none at all: told the ways that are.
        let post = || agent.request(Method::POST, "/userinfo");
        for request in [
            post().basic_auth("hall", portal.secret.as_ref()), post().header("authorization", "Token x"),
            post().json(&json!({"access_token": access})), post().form(&[("other", "x")]),
        ] {
            let reply = agent.stranger().send(request).await;
            assert_refused(&reply, 401, "invalid_token");
            assert_told_both_schemes(&reply);
        }
        for request in [
            post().header("authorization", "Bearer"), post().bearer_auth(""),
            post().form(&[("access_token", &access), ("access_token", &access)]),
            post().header("content-type", "application/x-www-form-urlencoded").body("access_token=%ff"),
        ] {
            let reply = agent.stranger().send(request).await;
            assert_refused(&reply, 400, "invalid_request");
            assert!(reply.header("www-authenticate").starts_with("Bearer realm=\"idp\", error=\"invalid_request\""));
        }
        // Section 2: one way at a time.
        let sent = ("access_token", &access);
        for form in [&[sent][..], &[sent, sent]] {
            let reply = agent.stranger().send(post().form(form).bearer_auth(&access)).await;
            assert_refused(&reply, 400, "invalid_request");
        }
        let request = post().bearer_auth(&access).header("authorization", "Basic eDp5");
        assert_refused(&agent.stranger().send(request).await, 400, "invalid_request");
        // A good token in the header, and a body that is none of a form's.
        let request = post().bearer_auth(&access).header("content-type", "application/x-www-form-urlencoded").body("a=%ff");
        assert_eq!(agent.stranger().send(request).await.status, 200);
        app.advance_seconds(600);
        assert_refused(&portal.userinfo(&agent, &access).await, 401, "invalid_token");
    }
}

on_both! {
    // RFC 6750 section 3.1: a good token for something else.
    async fn a_back_ends_own_token_has_no_userinfo(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let own = portal.token(&mut agent, &[("grant_type", "client_credentials")]).await.json();
        let reply = portal.userinfo(&agent, &text(&own, "access_token")).await;
        assert_refused(&reply, 403, "insufficient_scope");
        assert!(reply.header("www-authenticate").contains("error=\"insufficient_scope\""));
    }
}

on_both! {
    // Core section 5.1.2: our own claims. A unit's account says which unit, an operator's also who acts for it.
    async fn units_and_operators_are_told_as_such(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let everything = "openid profile phone legal_entity legal_representative operator id_document";
        let mut unit = Agent::new(&app.base);
        unit.sign_in_legal_entity().await;
        let access = text(&portal.tokens(&mut unit, &[("scope", everything)]).await, "access_token");
        let of_unit = portal.userinfo(&unit, &access).await.json();
        let expected =
            ["account_type", "legal_entity", "legal_representative", "name", "preferred_username", "sub"];
        assert_eq!(members(&of_unit), expected, "no human's telephone or document");
        assert_eq!(of_unit["account_type"], "legal_entity");
        assert_eq!(of_unit["legal_entity"]["entity_type"], json!({"code": "2", "name": "企业法人"}));
        let mut agent = Agent::new(&app.base);
        let fields = [("unit", "91220101TEXT00017E"), ("operator", "15400000002"), ("password", PASSWORD)];
        let reply = agent.sign_in("/sign-in/operator", &fields).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let access = text(&portal.tokens(&mut agent, &[("scope", everything)]).await, "access_token");
        let of_operator = portal.userinfo(&agent, &access).await.json();
        assert_eq!((&of_operator["account_type"], &of_operator["name"]), (&json!("operator"), &json!("刘洋")));
        assert_eq!(of_operator["legal_entity"], of_unit["legal_entity"], "the key of the unit is the same for all");
        assert_eq!(of_operator["operator"]["management_authority"], false);
        assert_eq!(of_operator["operator"]["department"], "人力资源部");
        assert_eq!(of_operator["phone_number"], "+8615400000002");
        assert_ne!(of_operator["sub"], of_unit["sub"]);
    }
}

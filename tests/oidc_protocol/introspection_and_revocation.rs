//! RFC 7662 (introspection) and RFC 7009 (revocation).

use super::*;

async fn introspect(portal: &Portal, agent: &mut Agent, token: &str) -> Value {
    let reply = portal.post(agent, "/introspect", &[("token", token)]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(
        (reply.header("content-type"), reply.header("cache-control")),
        ("application/json", "no-store")
    );
    reply.json()
}

async fn revoke(portal: &Portal, agent: &mut Agent, params: &[(&str, &str)]) {
    let reply = portal.post(agent, "/revoke", params).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""));
    assert_eq!(reply.header("cache-control"), "no-store");
}

on_both! {
    async fn a_client_learns_what_its_own_tokens_are_worth(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let other = Portal::register(&app, "other").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid profile offline_access")]).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let sub = claims(&text(&tokens, "id_token"))["sub"].clone();
        let told = introspect(&portal, &mut agent, &access).await;
        // RFC 7662 section 2.2.
                let expected = ["acr", "active", "auth_time", "client_id", "exp", "iat", "iss", "scope", "sub",
            "token_type"];
        assert_eq!(members(&told), expected);
        assert_eq!((&told["active"], &told["client_id"], &told["sub"]), (&json!(true), &json!("hall"), &sub));
        assert_eq!((&told["iss"], &told["scope"]), (&json!(app.base), &json!("openid profile offline_access")));
        assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 600);
        let told = introspect(&portal, &mut agent, &refresh).await;
        assert_eq!((&told["active"], &told["sub"], told.get("token_type")), (&json!(true), &sub, None));
        // Section 4: of others' tokens, and of what is no token, nothing is told.
        let inactive = json!({"active": false});
        for token in [&access, &refresh, "made-up", &text(&tokens, "id_token")] {
            assert_eq!(introspect(&other, &mut agent, token).await, inactive);
        }
        let own = portal.token(&mut agent, &[("grant_type", "client_credentials")]).await.json();
        let told = introspect(&portal, &mut agent, &text(&own, "access_token")).await;
        assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!("hall")));
        app.advance_seconds(600);
        assert_eq!(introspect(&portal, &mut agent, &access).await, inactive, "expired");
        assert_eq!(introspect(&portal, &mut agent, &refresh).await["active"], true);
    }
}

on_both! {
    // RFC 7662 section 2.1: the endpoint must know who asks.
    async fn a_public_client_may_not_introspect(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        let reply = portal.post(&mut agent, "/introspect", &[("token", &access)]).await;
        assert_refused(&reply, 401, "invalid_client");
    }
}

on_both! {
    // RFC 7009 section 2.1: an access token goes alone, a refresh token takes its grant with it.
    async fn revoked_tokens_are_dead(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let second = text(&portal.token(&mut agent, &again).await.json(), "access_token");
        // A wrong hint is only a hint.
        revoke(&portal, &mut agent, &[("token", &access), ("token_type_hint", "refresh_token")]).await;
        assert_refused(&portal.userinfo(&agent, &access).await, 401, "invalid_token");
        assert_eq!(introspect(&portal, &mut agent, &access).await, json!({"active": false}));
        assert_eq!(portal.userinfo(&agent, &second).await.status, 200);
        revoke(&portal, &mut agent, &[("token", &refresh)]).await;
        assert_refused(&portal.userinfo(&agent, &second).await, 401, "invalid_token");
        assert_refused(&portal.token(&mut agent, &again).await, 400, "invalid_grant");
        assert_eq!(introspect(&portal, &mut agent, &refresh).await, json!({"active": false}));
        // Section 2.2: unknown, or revoked already, is as good as revoked.
        for token in ["made-up", &access, &refresh] {
            revoke(&portal, &mut agent, &[("token", token), ("token_type_hint", "nonsense")]).await;
        }
        let own = portal.token(&mut agent, &[("grant_type", "client_credentials")]).await.json();
        let own = text(&own, "access_token");
        revoke(&portal, &mut agent, &[("token", &own)]).await;
        assert_eq!(introspect(&portal, &mut agent, &own).await, json!({"active": false}));
    }
}

on_both! {
    // RFC 7009 section 2.1: nobody revokes what is not theirs, and they are told so.
    async fn anothers_token_lives_on(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let other = Portal::register(&app, "other").await;
        let public = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        for name in ["access_token", "refresh_token"] {
            for thief in [&other, &public] {
                let reply = thief.post(&mut agent, "/revoke", &[("token", &text(&tokens, name))]).await;
                assert_refused(&reply, 400, "invalid_grant");
            }
        }
        assert_eq!(portal.userinfo(&agent, &text(&tokens, "access_token")).await.status, 200);
        let refresh = text(&tokens, "refresh_token");
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(portal.token(&mut agent, &again).await.status, 200);
        // Section 2.2: what is worth nothing any more is nobody's.
        app.advance_seconds(600);
        revoke(&other, &mut agent, &[("token", &text(&tokens, "access_token"))]).await;
        // A public client revokes its own, by name.
        let own = public.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        revoke(&public, &mut agent, &[("token", &text(&own, "refresh_token"))]).await;
        assert_refused(&public.userinfo(&agent, &text(&own, "access_token")).await, 401, "invalid_token");
    }
}

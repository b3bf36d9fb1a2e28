//! What ends with a session or an account: codes that were not redeemed, and tokens (OpenID Connect Core section 11,
//! ASVS 7.4).

use super::*;

on_both! {
    async fn an_ended_session_takes_codes_and_online_tokens_with_it(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let online = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        let offline = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let code = portal.code(&mut agent, &[]).await;
        let offline_code = portal.code(&mut agent, &[("scope", "openid offline_access")]).await;
        let done = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!(done.location().as_deref(), Some("/sign-out/done"));
        for code in [&code, &offline_code] {
            assert_refused(&portal.redeem(&mut agent, code).await, 400, "invalid_grant");
        }
        assert_refused(&portal.userinfo(&agent, &online).await, 401, "invalid_token");
        // Core section 11: offline access is what goes on without the visitor.
        assert_eq!(portal.userinfo(&agent, &text(&offline, "access_token")).await.status, 200);
        let refresh = text(&offline, "refresh_token");
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(portal.token(&mut agent, &params).await.status, 200);
        let reply = agent.get(&portal.authorize_path(&[("prompt", "none")])).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
    }
}

on_both! {
    // Another account signs in at the same browser: what hung on the first one's session ends.
    async fn another_account_at_the_same_browser_ends_the_session(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        let code = portal.code(&mut agent, &[]).await;
        agent.sign_in_legal_entity().await;
        assert_refused(&portal.userinfo(&agent, &access).await, 401, "invalid_token");
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        assert_eq!(portal.userinfo(&agent, &access).await.json()["account_type"], "legal_entity");
    }
}

on_both! {
    // ASVS 7.4.2: a disabled account's sessions and tokens end at once, offline ones too.
    async fn a_disabled_account_has_nothing_left(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let public = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let rotating = public.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let code = portal.code(&mut agent, &[]).await;
        let person = idp::guard::identifiers::Identifier::person("liying2026");
        let account = person.find(&app.app).await.unwrap().unwrap().account_id;
        assert_eq!(idp::guard::sessions::disable_account(&app.app, &account).await.unwrap(), 1);
        for (portal, tokens) in [(&portal, &tokens), (&public, &rotating)] {
            assert_refused(&portal.userinfo(&agent, &text(tokens, "access_token")).await, 401, "invalid_token");
            let refresh = text(tokens, "refresh_token");
            let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_grant");
        }
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
        let told = portal.post(&mut agent, "/introspect", &[("token", &text(&tokens, "access_token"))]).await;
        assert_eq!(told.json(), json!({"active": false}));
        let reply = agent.get(&portal.authorize_path(&[("prompt", "none")])).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
    }
}

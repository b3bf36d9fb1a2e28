//! Refresh tokens: RFC 6749 section 6, RFC 9700 section 4.14, OpenID Connect Core section 12.

use super::*;

const OFFLINE: [(&str, &str); 1] = [("scope", "openid profile phone operator offline_access")];

async fn refresh(portal: &Portal, agent: &mut Agent, token: &str, more: &[(&str, &str)]) -> Reply {
    let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    params.extend(more);
    portal.token(agent, &params).await
}

on_both! {
    // FAPI 2.0 section 5.3.2.1: the secret protects a confidential client's token, so it stays the same.
    async fn a_confidential_clients_token_stays(app: TestApp) {
        let told = json!({ "backchannel_logout_uri": "https://hall.example/logout" });
        let portal = Portal::register_with(&app, "hall", told).await;
        let mut agent = signed_in(&app).await;
        let first = portal.tokens(&mut agent, &OFFLINE).await;
        let token = text(&first, "refresh_token");
        app.advance_seconds(5);
        let reply = refresh(&portal, &mut agent, &token, &[]).await;
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"), "{}", reply.body);
        assert_eq!(reply.header("content-type"), "application/json");
        let second = reply.json();
        assert_eq!(second["refresh_token"], first["refresh_token"]);
        assert_ne!(second["access_token"], first["access_token"]);
        assert_eq!((&second["token_type"], &second["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert_eq!(second["scope"], first["scope"], "in the order in which it was granted");
        // Core section 12.2: the same identity, issued now, and no nonce.
        let before = claims(&text(&first, "id_token"));
        let (_, after) = verified(&app, &text(&second, "id_token")).await;
        for claim in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
            assert_eq!(before[claim], after[claim], "{claim}");
        }
        assert!(after["iat"].as_i64() > before["iat"].as_i64() && after.get("nonce").is_none());
        for access in [&first, &second] {
            assert_eq!(portal.userinfo(&agent, &text(access, "access_token")).await.status, 200);
        }
        // Offline: it outlives the session.
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!(refresh(&portal, &mut agent, &token, &[]).await.status, 200);
    }
}

on_both! {
    // RFC 9700 section 4.14.2: rotation, and the end of the family when an old token comes back.
    async fn a_public_clients_token_is_rotated_and_reuse_ends_the_family(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let first = portal.tokens(&mut agent, &OFFLINE).await;
        let old = text(&first, "refresh_token");
        let second = refresh(&portal, &mut agent, &old, &[]).await.json();
        let successor = text(&second, "refresh_token");
        assert_ne!(old, successor);
        // An answer can be lost on its way: for 30 seconds the old one gets the same successor.
        app.advance_seconds(15);
        let again = refresh(&portal, &mut agent, &old, &[]).await;
        assert_eq!(again.status, 200, "{}", again.body);
        assert_eq!(text(&again.json(), "refresh_token"), successor);
        app.advance_seconds(16);
        assert_refused(&refresh(&portal, &mut agent, &old, &[]).await, 400, "invalid_grant");
        assert_refused(&refresh(&portal, &mut agent, &successor, &[]).await, 400, "invalid_grant");
        for tokens in [&first, &second] {
            let dead = portal.userinfo(&agent, &text(tokens, "access_token")).await;
            assert_refused(&dead, 401, "invalid_token");
        }
    }
}

on_both! {
    // RFC 9700 section 4.14.2: once the successor is in use, the old token is a copy, grace or not.
    async fn the_grace_ends_when_the_successor_is_used(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let old = text(&portal.tokens(&mut agent, &OFFLINE).await, "refresh_token");
        let second = text(&refresh(&portal, &mut agent, &old, &[]).await.json(), "refresh_token");
        let third = text(&refresh(&portal, &mut agent, &second, &[]).await.json(), "refresh_token");
        assert_refused(&refresh(&portal, &mut agent, &old, &[]).await, 400, "invalid_grant");
        assert_refused(&refresh(&portal, &mut agent, &third, &[]).await, 400, "invalid_grant");
    }
}

on_both! {
    // Twenty at once, as a browser with many tabs sends them: all get the same successor, which works.
    async fn parallel_rotations_agree_on_one_successor(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let old = text(&portal.tokens(&mut agent, &OFFLINE).await, "refresh_token");
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", old.as_str()), ("client_id", portal.id.as_str())];
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let request = agent.request(reqwest::Method::POST, "/token").form(&form);
            tries.spawn(async move { request.send().await.unwrap().text().await.unwrap() });
        }
        let answers = tries.join_all().await;
        let mut successors: Vec<String> = answers
            .iter()
            .map(|body| text(&serde_json::from_str(body).unwrap(), "refresh_token"))
            .collect();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        assert_eq!(refresh(&portal, &mut agent, &successors[0], &[]).await.status, 200);
    }
}

on_both! {
    // RFC 6749 section 6: less may be asked for, more may not, and less once is not less for ever.
    async fn a_scope_may_be_narrowed_never_widened(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let first = portal.tokens(&mut agent, &[("scope", "openid profile offline_access")]).await;
        let token = text(&first, "refresh_token");
        let narrow = refresh(&portal, &mut agent, &token, &[("scope", "openid")]).await.json();
        assert_eq!(narrow["scope"], "openid");
        let userinfo = portal.userinfo(&agent, &text(&narrow, "access_token")).await.json();
        assert!(userinfo.get("name").is_none(), "{userinfo}");
        for wide in ["openid phone", "openid reports", "phone", "openid profile offline_access unknown"] {
            let reply = refresh(&portal, &mut agent, &token, &[("scope", wide)]).await;
            assert_refused(&reply, 400, "invalid_scope");
        }
        let whole = refresh(&portal, &mut agent, &token, &[]).await.json();
        assert_eq!(whole["scope"], "openid profile offline_access");
        assert!(portal.userinfo(&agent, &text(&whole, "access_token")).await.json()["name"].is_string());
        // Without openid it is plain OAuth: no ID token, and no userinfo.
        let plain = refresh(&portal, &mut agent, &token, &[("scope", "profile")]).await.json();
        assert!(plain.get("id_token").is_none(), "{plain}");
        let reply = portal.userinfo(&agent, &text(&plain, "access_token")).await;
        assert_refused(&reply, 403, "insufficient_scope");
    }
}

on_both! {
    // RFC 6749 section 10.4: a refresh token is its client's alone, and dies some day.
    async fn a_refresh_token_is_bound_to_its_client_and_ends(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let other = Portal::register(&app, "other").await;
        let public = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let token = text(&portal.tokens(&mut agent, &OFFLINE).await, "refresh_token");
        let rotating = text(&public.tokens(&mut agent, &OFFLINE).await, "refresh_token");
        for wrong in [&other, &public] {
            assert_refused(&refresh(wrong, &mut agent, &token, &[]).await, 400, "invalid_grant");
        }
        assert_refused(&refresh(&other, &mut agent, &rotating, &[]).await, 400, "invalid_grant");
        assert_eq!(refresh(&portal, &mut agent, &token, &[]).await.status, 200, "a stranger's try harms nobody");
        let rotated = text(&refresh(&public, &mut agent, &rotating, &[]).await.json(), "refresh_token");
        // Without proving to be the client there is no answer at all.
        let params = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("client_id", "hall")];
        let request = agent.request(reqwest::Method::POST, "/token").form(&params);
        assert_refused(&agent.send(request).await, 401, "invalid_client");
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        for wrong in ["made-up", &access] {
            assert_refused(&refresh(&portal, &mut agent, wrong, &[]).await, 400, "invalid_grant");
        }
        // ASVS 10.4.8: thirty days after the sign-in it is over, and rotation does not prolong it.
        app.advance_seconds(29 * 86_400);
        let late = refresh(&public, &mut agent, &rotated, &[]).await;
        assert_eq!(late.status, 200, "{}", late.body);
        app.advance_seconds(86_400);
        for (portal, token) in [(&portal, token), (&public, text(&late.json(), "refresh_token"))] {
            assert_refused(&refresh(portal, &mut agent, &token, &[]).await, 400, "invalid_grant");
        }
    }
}

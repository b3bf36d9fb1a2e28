//! Consent: asked of whoever goes to a third party's portal (OpenID Connect Core section 3.1.2.4, ASVS 10.7).

use super::*;

async fn third_party(app: &TestApp) -> Portal {
    Portal::register_with(app, "shop", json!({"first_party": false})).await
}

/// The consent page that a request leads to.
async fn page(agent: &mut Agent, portal: &Portal, changes: &[(&str, &str)]) -> Reply {
    let reply = agent.get(&portal.authorize_path(changes)).await;
    let location = reply.location().unwrap_or_default();
    assert!(location.starts_with("/authorize/consent?request="), "{location}");
    agent.get(&location).await
}

async fn decide(agent: &mut Agent, page: &Reply, decision: &str) -> Reply {
    let action = page.attribute("form[action^='/authorize/consent']", "action").unwrap();
    let sid = page.attribute("input[name=sid]", "value").unwrap();
    let reply = agent.post(&action, &[("decision", decision), ("sid", &sid)]).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    reply
}

on_both! {
    async fn a_third_party_waits_for_consent_which_is_remembered(app: TestApp) {
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let none = [("prompt", "none")];
        let reply = agent.get(&portal.authorize_path(&none)).await;
        assert_error_redirect(&app, &portal, &reply, "consent_required");
        let shown = page(&mut agent, &portal, &[]).await;
        assert_eq!(shown.status, 200);
        for word in ["测试门户shop", "读取姓名或单位名称", "同意并继续", "拒绝"] {
            assert!(shown.text().contains(word), "{word}: {}", shown.text());
        }
        assert!(!shown.text().contains("读取手机号码"), "only what is asked for");
        assert!(shown.header("content-security-policy").contains("form-action 'self' https://shop.example;"));
        assert_eq!(shown.header("x-frame-options"), "DENY");
        let reply = decide(&mut agent, &shown, "allow").await;
        let code = reply.query("code").unwrap();
        assert_eq!(reply.query("state").as_deref(), Some("state-1"));
        assert_eq!(portal.redeem(&mut agent, &code).await.status, 200);
        // Remembered: the same or less goes through, also silently; more does not.
        for changes in [&[][..], &none, &[("scope", "openid")]] {
            assert!(agent.get(&portal.authorize_path(changes)).await.query("code").is_some(), "{changes:?}");
        }
        page(&mut agent, &portal, &[("scope", "openid phone")]).await;
        // Core section 3.1.2.1: prompt=consent asks even so.
        page(&mut agent, &portal, &[("prompt", "consent")]).await;
        // It is the account's: another session goes through, another account is asked, and so is it at another portal.
        let mut later = signed_in(&app).await;
        assert!(later.get(&portal.authorize_path(&none)).await.query("code").is_some());
        let mut unit = Agent::new(&app.base);
        unit.sign_in_legal_entity().await;
        page(&mut unit, &portal, &[]).await;
        let elsewhere = Portal::register_with(&app, "other-shop", json!({"first_party": false})).await;
        page(&mut agent, &elsewhere, &[]).await;
    }
}

on_both! {
    // 个人信息保护法, article 29: sensitive data needs a consent of its own, in each session.
    async fn sensitive_scopes_are_asked_for_in_each_session(app: TestApp) {
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let sensitive = [("scope", "openid profile id_document")];
        let shown = page(&mut agent, &portal, &sensitive).await;
        assert_eq!(shown.text_of(".tag"), "敏感个人信息");
        assert!(decide(&mut agent, &shown, "allow").await.query("code").is_some());
        assert!(agent.get(&portal.authorize_path(&sensitive)).await.query("code").is_some(), "not twice in one");
        let mut later = signed_in(&app).await;
        assert!(later.get(&portal.authorize_path(&[("scope", "openid profile")])).await.query("code").is_some());
        let shown = page(&mut later, &portal, &sensitive).await;
        assert!(decide(&mut later, &shown, "allow").await.query("code").is_some());
        // By name it is as sensitive as by scope.
        let mut third = signed_in(&app).await;
        let by_name = r#"{"userinfo":{"id_document":null}}"#;
        let shown = page(&mut third, &portal, &[("scope", "openid"), ("claims", by_name)]).await;
        assert_eq!(shown.text_of(".tag"), "敏感个人信息");
    }
}

on_both! {
    // Core section 5.5: a claim that is asked for by name is agreed to like its scope.
    async fn claims_by_name_are_shown_and_remembered(app: TestApp) {
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let by_name = r#"{"userinfo":{"phone_number":{"essential":true}}}"#;
        let asked = [("scope", "openid"), ("claims", by_name)];
        let shown = page(&mut agent, &portal, &asked).await;
        assert!(shown.text().contains("读取手机号码"), "{}", shown.text());
        decide(&mut agent, &shown, "allow").await;
        assert!(agent.get(&portal.authorize_path(&asked)).await.query("code").is_some());
        assert!(agent.get(&portal.authorize_path(&[("scope", "openid phone")])).await.query("code").is_some());
        // What the client may not have, nobody is asked for.
        let narrow = json!({"first_party": false, "scope": "openid"});
        let narrow = Portal::register_with(&app, "narrow", narrow).await;
        let shown = page(&mut agent, &narrow, &asked).await;
        assert!(!shown.text().contains("读取手机号码"));
    }
}

on_both! {
    // OpenID Connect Registration section 2, ASVS 10.7.2: who asks, and under which terms.
    async fn the_page_shows_the_portal_and_its_terms(app: TestApp) {
        let shown_as = json!({
            "first_party": false, "logo_uri": "https://static.shop.example:8443/logo.png",
            "policy_uri": "https://shop.example/privacy?a=1&b=2", "tos_uri": "https://shop.example/terms",
            "client_uri": "https://shop.example/about",
        });
        let portal = Portal::register_with(&app, "shop", shown_as).await;
        let mut agent = signed_in(&app).await;
        let shown = page(&mut agent, &portal, &[]).await;
        let logo = shown.attribute("img.portal-logo", "src");
        assert_eq!(logo.as_deref(), Some("https://static.shop.example:8443/logo.png"));
        let policy = shown.header("content-security-policy");
        assert!(policy.contains("img-src 'self' https://static.shop.example:8443;"), "{policy}");
        assert!(policy.contains("form-action 'self' https://shop.example;"), "{policy}");
        for (href, words) in [
            ("https://shop.example/about", "官方网站"), ("https://shop.example/privacy?a=1&b=2", "隐私政策"),
            ("https://shop.example/terms", "服务条款"),
        ] {
            let link = format!("a[href='{href}'][rel='noopener noreferrer']");
            assert!(shown.text_of(&link).starts_with(words), "{words}");
        }
        // No other page is opened for it.
        let elsewhere = agent.get("/account").await;
        assert!(elsewhere.header("content-security-policy").contains("img-src 'self';"));
        let plain = Portal::register_with(&app, "plain", json!({"first_party": false})).await;
        let shown = page(&mut agent, &plain, &[]).await;
        assert!(!shown.has("img.portal-logo") && !shown.text().contains("隐私政策"));
        assert!(shown.header("content-security-policy").contains("img-src 'self';"));
    }
}

on_both! {
    // RFC 6749 section 4.1.2.1: access_denied.
    async fn who_refuses_is_sent_back_without_a_code(app: TestApp) {
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let shown = page(&mut agent, &portal, &[]).await;
        for decision in ["deny", "", "nonsense"] {
            let shown = if decision == "deny" { shown.clone() } else { page(&mut agent, &portal, &[]).await };
            let reply = decide(&mut agent, &shown, decision).await;
            assert_error_redirect(&app, &portal, &reply, "access_denied");
        }
        // The request has been answered: going back and agreeing does not answer it again.
        let action = shown.attribute("form[action^='/authorize/consent']", "action").unwrap();
        assert_page(&agent.post(&action, &[("decision", "allow")]).await, "expired or was answered");
        let reply = agent.get(&portal.authorize_path(&[("prompt", "none")])).await;
        assert_error_redirect(&app, &portal, &reply, "consent_required");
    }
}

on_both! {
    // RFC 9700 section 4.16 and ASVS 3.5: another site can't agree in the visitor's name, nor another browser.
    async fn only_our_own_page_agrees(app: TestApp) {
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let shown = page(&mut agent, &portal, &[]).await;
        let action = shown.attribute("form[action^='/authorize/consent']", "action").unwrap();
        let request = agent.request(reqwest::Method::POST, &action).form(&[("decision", "allow")]);
        let forged = agent.send(request.header("sec-fetch-site", "cross-site")).await;
        assert_eq!((forged.status.as_u16(), forged.location()), (403, None));
        let mut other = signed_in(&app).await;
        assert_page(&other.post(&action, &[("decision", "allow")]).await, "expired or was answered");
        // Signed out meanwhile: agreeing asks to sign in first.
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let asked = agent.post(&action, &[("decision", "allow")]).await;
        asks_to_sign_in(&asked);
        let reply = sign_in_at(&mut agent, &asked).await;
        assert_eq!(reply.query("code"), None, "whoever signs in now is asked");
        assert!(reply.text().contains("同意并继续"), "{}", reply.text());
    }
}

on_both! {
    // Consent is an account's, not a browser's: another tab may have signed in somebody else meanwhile.
    async fn whoever_signed_in_meanwhile_is_asked_themselves(app: TestApp) {
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let shown = page(&mut agent, &portal, &[]).await;
        agent.sign_in_legal_entity().await;
        let asked_again = decide(&mut agent, &shown, "allow").await;
        assert!(asked_again.location().unwrap().starts_with("/authorize/consent?"), "{asked_again:?}");
        let shown = agent.follow(asked_again).await;
        assert!(decide(&mut agent, &shown, "allow").await.query("code").is_some());
    }
}

on_both! {
    // Core section 11: offline_access only with consent, or from a portal of the same authority.
    async fn offline_access_needs_consent(app: TestApp) {
        let offline = ("scope", "openid offline_access");
        let portal = third_party(&app).await;
        let mut agent = signed_in(&app).await;
        let shown = page(&mut agent, &portal, &[offline]).await;
        let code = decide(&mut agent, &shown, "allow").await.query("code").unwrap();
        let tokens = portal.redeem(&mut agent, &code).await.json();
        assert_eq!((&tokens["scope"], tokens.get("refresh_token")), (&json!("openid"), None), "not asked, not given");
        let shown = page(&mut agent, &portal, &[offline, ("prompt", "consent")]).await;
        assert!(shown.text().contains("在您离开后继续访问"));
        let code = decide(&mut agent, &shown, "allow").await.query("code").unwrap();
        let tokens = portal.redeem(&mut agent, &code).await.json();
        assert_eq!(tokens["scope"], "openid offline_access");
        assert_eq!(unpadded(&text(&tokens, "refresh_token")).len(), 32);
        let own = Portal::register(&app, "hall").await;
        assert!(own.tokens(&mut agent, &[offline]).await["refresh_token"].is_string());
        assert!(own.tokens(&mut agent, &[]).await.get("refresh_token").is_none());
        // A client that may not refresh gets none, whatever it asks for.
        let plain = json!({"grant_types": ["authorization_code"]});
        let plain = Portal::register_with(&app, "plain", plain).await;
        let tokens = plain.tokens(&mut agent, &[offline]).await;
        assert_eq!((&tokens["scope"], tokens.get("refresh_token")), (&json!("openid"), None));
    }
}

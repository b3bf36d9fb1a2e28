//! How a portal says who should be there, and how freshly: `prompt`, `max_age`, `id_token_hint`, `login_hint`,
//! `acr_values` and `claims` (OpenID Connect Core sections 3.1.2.1 and 5.5).

use super::*;

fn id_token(tokens: &Value) -> Value {
    claims(tokens["id_token"].as_str().unwrap())
}

/// What a reply's code buys.
async fn redeem(portal: &Portal, agent: &mut Agent, reply: &Reply) -> Value {
    let code = reply.query("code").unwrap_or_else(|| panic!("{:?} {}", reply.location(), reply.text()));
    let tokens = portal.redeem(agent, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    tokens.json()
}

on_both! {
    async fn prompt_login_asks_again_and_renews_auth_time(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let first = id_token(&portal.tokens(&mut agent, &[]).await);
        app.advance_seconds(5);
        let cookie = agent.cookies.clone();
        let asked = agent.get(&portal.authorize_path(&[("prompt", "login")])).await;
        asks_to_sign_in(&asked);
        assert!(agent.get(&asked.location().unwrap()).await.text().contains("请重新登录以确认身份"));
        // Coming back without having signed in is no sign-in.
        let resume = asked.location().unwrap().replace("/sign-in/personal", "/authorize/resume");
        asks_to_sign_in(&agent.get(&resume).await);
        let reply = sign_in_at(&mut agent, &asked).await;
        let second = id_token(&redeem(&portal, &mut agent, &reply).await);
        assert!(second["auth_time"].as_i64().unwrap() >= first["auth_time"].as_i64().unwrap() + 5);
        assert_eq!(second["sub"], first["sub"]);
        assert_eq!(second["sid"], first["sid"], "the same session under a new cookie");
        assert_ne!(agent.cookies, cookie, "ASVS 7.2.4");
    }
}

on_both! {
    async fn max_age_is_kept(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let first = id_token(&portal.tokens(&mut agent, &[("max_age", "15000")]).await);
        app.advance_seconds(2);
        for long in ["10000", "010000", "99999999999"] {
            let second = id_token(&portal.tokens(&mut agent, &[("max_age", long)]).await);
            assert_eq!(second["auth_time"], first["auth_time"], "{long}");
        }
        for (max_age, silent) in [("1", "login_required"), ("0", "login_required")] {
            let changes = [("max_age", max_age), ("prompt", "none")];
            let reply = agent.get(&portal.authorize_path(&changes)).await;
            assert_error_redirect(&app, &portal, &reply, silent);
        }
        let asked = agent.get(&portal.authorize_path(&[("max_age", "1")])).await;
        asks_to_sign_in(&asked);
        let reply = sign_in_at(&mut agent, &asked).await;
        let third = id_token(&redeem(&portal, &mut agent, &reply).await);
        assert!(third["auth_time"].as_i64() > first["auth_time"].as_i64());
        // max_age=0 is prompt=login.
        let asked = agent.get(&portal.authorize_path(&[("max_age", "0")])).await;
        asks_to_sign_in(&asked);
        let reply = sign_in_at(&mut agent, &asked).await;
        assert!(reply.query("code").is_some());
    }
}

on_both! {
    async fn prompt_none_never_shows_a_page(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let none = [("prompt", "none")];
        let mut agent = Agent::new(&app.base);
        let reply = agent.get(&portal.authorize_path(&none)).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
        let mut agent = signed_in(&app).await;
        let first = id_token(&portal.tokens(&mut agent, &[]).await);
        let again = portal.tokens(&mut agent, &none).await;
        let second = id_token(&again);
        for claim in ["sub", "auth_time", "sid"] {
            assert_eq!(first[claim], second[claim], "{claim}");
        }
        let hint = text(&again, "id_token");
        let hinted = [("prompt", "none"), ("id_token_hint", hint.as_str())];
        assert_eq!(id_token(&portal.tokens(&mut agent, &hinted).await)["sub"], first["sub"]);
        // Core section 3.1.2.1: a hint whose exp has passed is still a hint.
        app.advance_seconds(700);
        assert_eq!(id_token(&portal.tokens(&mut agent, &hinted).await)["sub"], first["sub"]);
        // The session idles out.
        app.advance_seconds(31 * 60);
        let reply = agent.get(&portal.authorize_path(&none)).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
    }
}

on_both! {
    // Core section 3.1.2.1: whoever the hint names is there or signs in, or the portal gets an error.
    async fn a_hint_at_somebody_else_is_not_answered(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut unit = Agent::new(&app.base);
        unit.sign_in_legal_entity().await;
        let hint = text(&portal.tokens(&mut unit, &[]).await, "id_token");
        let mut agent = signed_in(&app).await;
        let none = [("prompt", "none"), ("id_token_hint", hint.as_str())];
        let reply = agent.get(&portal.authorize_path(&none)).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
        let asked = agent.get(&portal.authorize_path(&[("id_token_hint", &hint)])).await;
        asks_to_sign_in(&asked);
        let reply = sign_in_at(&mut agent, &asked).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
        let changes = [("id_token_hint", hint.as_str()), ("account_type", "legal_entity")];
        let asked = agent.get(&portal.authorize_path(&changes)).await;
        let reply = sign_in_at(&mut agent, &asked).await;
        assert!(reply.query("code").is_some(), "the right account signs in");
    }
}

on_both! {
    // Core section 2 and 3.1.2.1: a hint is an ID token of ours, for this client, with our signature.
    async fn forged_and_foreign_hints_are_refused(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let other = Portal::register(&app, "other").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[]).await;
        let genuine = text(&tokens, "id_token");
        let (header, rest) = genuine.split_once('.').unwrap();
        let (payload, _) = rest.split_once('.').unwrap();
        let mut claims = claims(&genuine);
        claims["sub"] = json!("somebody");
        let forged = base64url(claims.to_string());
        let unsigned = base64url(r#"{"alg":"none","typ":"JWT"}"#);
        let kid = jose_header(&genuine)["kid"].clone();
        let renamed = base64url(json!({"alg": "none", "typ": "JWT", "kid": kid}).to_string());
        let foreign = text(&other.tokens(&mut agent, &[]).await, "id_token");
        for hint in [
            format!("{header}.{forged}.{}", genuine.rsplit_once('.').unwrap().1),
            format!("{unsigned}.{payload}."),
            format!("{renamed}.{payload}."),
            foreign,
            text(&tokens, "access_token"),
        ] {
            let reply = agent.get(&portal.authorize_path(&[("id_token_hint", &hint)])).await;
            assert_error_redirect(&app, &portal, &reply, "invalid_request");
        }
    }
}

on_both! {
    async fn a_login_hint_is_typed_in_but_can_be_changed(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let asked = agent.get(&portal.authorize_path(&[("login_hint", "\"><b>某人")])).await;
        let page = agent.get(&asked.location().unwrap()).await;
        assert_eq!(page.attribute("input[name=account]", "value").as_deref(), Some("\"><b>某人"));
        assert_eq!(page.attribute("input[name=account]", "readonly"), None);
        // RFC 9700 section 4.16, ASVS 3.4: the page can't be framed, and tells nobody where it was.
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        let reply = sign_in_at(&mut agent, &asked).await;
        assert!(reply.query("code").is_some(), "somebody else may sign in");
    }
}

on_both! {
    async fn select_account_and_account_type_choose_the_page(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        asks_to_sign_in(&agent.get(&portal.authorize_path(&[("prompt", "select_account")])).await);
        let mut stranger = Agent::new(&app.base);
        for (account_type, page) in [
            ("legal_entity", "/sign-in/legal-entity"), ("operator", "/sign-in/operator"),
            ("natural_person", "/sign-in/personal"), ("nonsense", "/sign-in/personal"),
        ] {
            let asked = stranger.get(&portal.authorize_path(&[("account_type", account_type)])).await;
            assert!(asked.location().unwrap().starts_with(&format!("{page}?request=")), "{account_type}");
        }
    }
}

on_both! {
    // Core section 5.5.1.1: what was reached is told, and an essential class that is out of reach is an error.
    async fn acr_says_what_was_reached(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let low = "urn:jl-uia:loa:1";
        let high = "urn:jl-uia:loa:2";
        let plain = id_token(&portal.tokens(&mut agent, &[]).await);
        assert_eq!((&plain["acr"], &plain["amr"]), (&json!(high), &json!(["pwd"])));
        for (wanted, told) in [("urn:jl-uia:loa:1 other", low), ("urn:jl-uia:loa:2", high), ("other", high)] {
            let tokens = portal.tokens(&mut agent, &[("acr_values", wanted)]).await;
            assert_eq!(id_token(&tokens)["acr"], told, "{wanted}");
        }
        let essential =
            |value: &str| json!({"id_token": {"acr": {"essential": true, "values": [value]}}}).to_string();
        let reached = portal.tokens(&mut agent, &[("claims", &essential(low))]).await;
        assert_eq!(id_token(&reached)["acr"], low);
        let reply = agent.get(&portal.authorize_path(&[("claims", &essential("urn:jl-uia:loa:4"))])).await;
        assert_error_redirect(&app, &portal, &reply, "unmet_authentication_requirements");
        // Without a page nobody can bring a second device.
        let silent = [("claims", essential("urn:jl-uia:loa:3")), ("prompt", "none".to_owned())];
        let silent = silent.each_ref().map(|(name, value)| (*name, value.as_str()));
        let reply = agent.get(&portal.authorize_path(&silent)).await;
        assert_error_redirect(&app, &portal, &reply, "unmet_authentication_requirements");
        let voluntary = json!({"id_token": {"acr": {"values": ["urn:jl-uia:loa:3"]}}}).to_string();
        assert_eq!(id_token(&portal.tokens(&mut agent, &[("claims", &voluntary)]).await)["acr"], high);
    }
}

on_both! {
    // Core section 5.5: one claim by name, where it was asked for, within what the client may have.
    async fn the_claims_parameter_asks_by_name(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"scope": "openid profile"})).await;
        let mut agent = signed_in(&app).await;
        let asked = r#"{"userinfo":{"name":{"essential":true},"phone_number":null,"unknown":null}}"#;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid"), ("claims", asked)]).await;
        assert!(id_token(&tokens).get("name").is_none());
        let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await.json();
        assert_eq!(userinfo["name"], "李颖");
        assert!(userinfo.get("phone_number").is_none() && userinfo.get("unknown").is_none(), "{userinfo}");
        let asked = r#"{"id_token":{"name":null,"auth_time":{"essential":true}}}"#;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid"), ("claims", asked)]).await;
        assert_eq!(id_token(&tokens)["name"], "李颖");
        assert!(id_token(&tokens)["auth_time"].is_i64());
        let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await.json();
        assert!(userinfo.get("name").is_none(), "{userinfo}");
        // Core section 5.5.1: tokens for this subject, or none.
        let somebody = r#"{"id_token":{"sub":{"value":"somebody"}}}"#;
        let changes = [("scope", "openid"), ("claims", somebody), ("prompt", "none")];
        let reply = agent.get(&portal.authorize_path(&changes)).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
    }
}

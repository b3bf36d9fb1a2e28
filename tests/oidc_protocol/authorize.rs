//! The authorization endpoint: OpenID Connect Core section 3.1.2, RFC 6749 section 4.1, RFC 7636, RFC 9700.

use super::*;

on_both! {
    // Core section 3.1.2.5, RFC 9207: code, state and iss in the query, nothing in the fragment.
    async fn a_signed_in_visitor_gets_a_code(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        // RFC 6749 section 4.1.2: the state comes back as it went, whatever is in it.
        let state = "吉 林+%2B&=#?/\"'<>~".to_owned() + &"x".repeat(128);
        let reply = agent.get(&portal.authorize_path(&[("state", &state)])).await;
        assert_eq!(reply.status, 303);
        assert_eq!(reply.header("cache-control"), "no-store");
        let location = reply.location().unwrap();
        assert!(location.starts_with(&format!("{}?code=", portal.redirect_uri)) && !location.contains('#'));
        assert_eq!(reply.query("state").as_deref(), Some(state.as_str()));
        assert_eq!(reply.query("iss").as_deref(), Some(app.base.as_str()));
        // RFC 6749 section 10.10: 32 random bytes.
        assert_eq!(unpadded(&reply.query("code").unwrap()).len(), 32);
        // No state, no state in the answer; a state without a value counts as none (RFC 6749 section 3.1).
        for empty in ["", "&state="] {
            let reply = agent.get(&(portal.authorize_path(&[("state", "")]) + empty)).await;
            assert!(reply.query("code").is_some() && reply.query("state").is_none(), "{:?}", reply.location());
        }
    }
}

on_both! {
    // RFC 6749 section 3.1 and Core section 3.1.2.1: what is not understood is ignored, order does not matter.
    async fn unknown_parameters_and_scopes_are_ignored(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let long = "长".repeat(5000);
        for changes in [
            [("extra", "foobar"), ("display", "popup"), ("ui_locales", "se"), ("claims_locales", "se")],
            [("display", "page"), ("ui_locales", "fr zh-CN"), ("login_hint", "buffy@a.b"), ("acr_values", "1 2")],
            [("audience", "x"), ("scope", "unknown profile openid"), ("nonce", ""), ("login_hint", &long)],
        ] {
            let tokens = portal.tokens(&mut agent, &changes).await;
            assert!(tokens["id_token"].is_string(), "{changes:?}");
        }
        let tokens = portal.tokens(&mut agent, &[("scope", "operator unknown profile openid profile")]).await;
        assert_eq!(tokens["scope"], "operator profile openid", "known scopes, once each, in the portal's order");
        let reversed: Vec<String> = portal
            .authorize_path(&[])
            .trim_start_matches("/authorize?")
            .split('&')
            .rev()
            .map(str::to_owned)
            .collect();
        assert!(agent.get(&format!("/authorize?{}", reversed.join("&"))).await.query("code").is_some());
    }
}

on_both! {
    // RFC 9700 sections 2.1 and 4.11: no redirect until client and address are known for sure.
    async fn an_address_that_is_not_registered_gets_a_page(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        for redirect_uri in [
            "https://evil.example/callback", "https://hall.example/callback/deeper",
            "https://hall.example/callback?a=b", "https://hall.example/callback#x", "https://HALL.example/callback",
            "http://hall.example/callback",
            "https://hall.example:443/callback", "javascript:alert(1)", "",
        ] {
            let reply = agent.get(&portal.authorize_path(&[("redirect_uri", redirect_uri)])).await;
            assert_page(&reply, "redirect_uri is not registered");
            let form = portal.authorize_params(&[("redirect_uri", redirect_uri)]);
            let request = agent.request(reqwest::Method::POST, "/authorize").form(&form);
            let posted = agent.send(request).await;
            assert_page(&agent.follow(posted).await, "redirect_uri is not registered");
        }
        for client_id in ["nobody", "", "Hall"] {
            let reply = agent.get(&portal.authorize_path(&[("client_id", client_id)])).await;
            assert_page(&reply, "client_id is unknown");
        }
        assert_page(&agent.get("/authorize?client_id=%00").await, "UTF-8");
        // RFC 6749 section 3.1: which of two would be meant?
        for (name, value) in [("client_id", "hall"), ("redirect_uri", "https%3A%2F%2Fhall.example%2Fcallback")] {
            let path = format!("{}&{name}={value}", portal.authorize_path(&[]));
            assert_page(&agent.get(&path).await, &format!("{name} is repeated"));
        }
        for bad in ["&state=%ff", "&%fe=x", "&nonce=%00"] {
            assert_page(&agent.get(&(portal.authorize_path(&[]) + bad)).await, "UTF-8");
        }
        assert_page(&agent.get("/authorize").await, "client_id is unknown");
    }
}

on_both! {
    // RFC 6749 section 4.1.2.1: everything else is told to the portal, signed in or not.
    async fn other_mistakes_are_told_by_redirect(app: TestApp) {
        let scope = json!({"scope": "openid profile legal_entity operator"});
        let portal = Portal::register_with(&app, "hall", scope).await;
        let mut strangers = Agent::new(&app.base);
        let mut agent = signed_in(&app).await;
        let nested =
            format!("{{\"userinfo\":{{\"name\":{{\"value\":{}1{}}}}}}}", "[".repeat(123), "]".repeat(123));
        for (changes, code) in [
            (&[("response_type", "")][..], "invalid_request"),
            (&[("response_type", "nonsense")], "unsupported_response_type"),
            (&[("response_mode", "web_message")], "invalid_request"),
            // Core section 6: never ignored.
            (&[("request", "eyJhbGciOiJub25lIn0.e30.")], "invalid_request_object"),
            (&[("request_uri", "https://hall.example/request")], "invalid_request_uri"),
            (&[("registration", "{}")], "registration_not_supported"),
            (&[("scope", "")], "invalid_scope"),
            (&[("scope", "openid \"x\"")], "invalid_scope"),
            (&[("scope", "profile")], "invalid_scope"),
            (&[("scope", "openid id_document")], "invalid_scope"),
            // RFC 7636 section 4.4.1 and RFC 9700 section 2.1.1: no plain, nothing half.
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("code_challenge", "")], "invalid_request"),
            (&[("code_challenge", "too-short")], "invalid_request"),
            // Core section 3.1.2.1.
            (&[("prompt", "none login")], "invalid_request"),
            (&[("prompt", "nonsense")], "invalid_request"),
            (&[("max_age", "-1")], "invalid_request"),
            (&[("max_age", "soon")], "invalid_request"),
            (&[("max_age", "+50000")], "invalid_request"),
            (&[("id_token_hint", "not.a.token")], "invalid_request"),
            (&[("claims", "[]")], "invalid_request"),
            (&[("claims", "{\"userinfo\":{\"name\":1}}")], "invalid_request"),
            // Could be read once more, but not from inside of what is kept for a visitor who signs in.
            (&[("claims", &nested)], "invalid_request"),
        ] {
            for agent in [&mut agent, &mut strangers] {
                let reply = agent.get(&portal.authorize_path(changes)).await;
                assert_error_redirect(&app, &portal, &reply, code);
            }
        }
        // RFC 6749 section 3.1: a parameter is sent at most once, whatever it is.
        for twice in ["&nonce=other", "&scope=openid", "&extra=1&extra=2"] {
            let reply = agent.get(&(portal.authorize_path(&[]) + twice)).await;
            assert_error_redirect(&app, &portal, &reply, "invalid_request");
        }
    }
}

on_both! {
    // RFC 7636 section 4.4.1, RFC 9700 section 2.1.1: who has no secret must use PKCE.
    async fn a_public_client_must_use_pkce(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let without = [("code_challenge", ""), ("code_challenge_method", "")];
        let reply = agent.get(&portal.authorize_path(&without)).await;
        assert_error_redirect(&app, &portal, &reply, "invalid_request");
        assert!(portal.tokens(&mut agent, &[]).await["id_token"].is_string());
        // OAuth 2.1 section 7.5.1 leaves it to confidential clients that send a nonce.
        let confidential = Portal::register(&app, "hall").await;
        let code = confidential.code(&mut agent, &without).await;
        assert_eq!(confidential.redeem_with(&mut agent, &code, "").await.status, 200);
    }
}

on_both! {
    // Core section 3.1.2.1: POST works as GET does, also for whoever is not signed in, and from another site.
    async fn a_posted_request_is_as_good(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let post = |agent: &Agent, changes: &[(&str, &str)]| {
            let request = agent.request(reqwest::Method::POST, "/authorize");
            let request = request.header("origin", "https://hall.example").header("sec-fetch-site", "cross-site");
            request.form(&portal.authorize_params(changes))
        };
        let reply = agent.send(post(&agent, &[])).await;
        assert!(agent.follow(reply).await.query("code").is_some());
        // RFC 6749 section 3.1: a repeated parameter is told to the portal, as with GET.
        let mut params = portal.authorize_params(&[]);
        params.push(("scope".to_owned(), "openid".to_owned()));
        let request = agent.request(reqwest::Method::POST, "/authorize").form(&params);
        let reply = agent.send(request).await;
        let reply = agent.follow(reply).await;
        assert_error_redirect(&app, &portal, &reply, "invalid_request");
        let mut stranger = Agent::new(&app.base);
        let reply = stranger.send(post(&stranger, &[])).await;
        assert_eq!(reply.status, 303, "never 307, which would send the form on");
        let asked = stranger.get(&reply.location().unwrap()).await;
        asks_to_sign_in(&asked);
        assert!(sign_in_at(&mut stranger, &asked).await.query("code").is_some());
    }
}

on_both! {
    // RFC 9700 section 4.1.3, RFC 8252 section 7.3: a registered query stays, and only a loopback port may vary.
    async fn registered_addresses_are_kept_byte_by_byte(app: TestApp) {
        let uris = json!({"redirect_uris": ["https://hall.example/cb?foo=b%61r"]});
        let portal = Portal::register_with(&app, "hall", uris).await;
        let mut agent = signed_in(&app).await;
        let reply = agent.get(&portal.authorize_path(&[])).await;
        assert!(reply.location().unwrap().starts_with("https://hall.example/cb?foo=b%61r&code="));
        for other in ["https://hall.example/cb", "https://hall.example/cb?foo=bar", "http://localhost:1/cb"] {
            assert_page(&agent.get(&portal.authorize_path(&[("redirect_uri", other)])).await, "redirect_uri");
        }
        let native = json!({"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native"});
        let portal = Portal::register_with(&app, "native", native).await;
        let free = [("redirect_uri", "http://127.0.0.1:49152/cb")];
        let reply = agent.get(&portal.authorize_path(&free)).await;
        assert!(reply.location().unwrap().starts_with("http://127.0.0.1:49152/cb?code="));
    }
}

on_both! {
    // RFC 9700 section 4.16 and ASVS 7.2: the request waits for the browser that made it, and is answered once.
    async fn a_pending_request_belongs_to_its_browser(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut first = Agent::new(&app.base);
        let asked = first.get(&portal.authorize_path(&[])).await;
        let resume = asked.location().unwrap().replace("/sign-in/personal", "/authorize/resume");
        let mut other = signed_in(&app).await;
        assert_page(&other.get(&resume).await, "expired or was answered");
        assert!(sign_in_at(&mut first, &asked).await.query("code").is_some());
        assert_page(&first.get(&resume).await, "expired or was answered");
    }
}

on_both! {
    // RFC 6749 section 4.1.2.1: each client has its own list of grants.
    async fn a_grant_that_is_not_registered_is_refused(app: TestApp) {
        let only = json!({"grant_types": ["client_credentials"], "response_types": ["id_token"]});
        let portal = Portal::register_with(&app, "backend", only).await;
        let mut agent = signed_in(&app).await;
        let reply = agent.get(&portal.authorize_path(&[])).await;
        assert_error_redirect(&app, &portal, &reply, "unauthorized_client");
    }
}

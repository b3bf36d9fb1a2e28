//! The token endpoint with `authorization_code` and `client_credentials`, and the ID token (RFC 6749 sections 4.1.3
//! and 5, RFC 7636 section 4.6, OpenID Connect Core sections 2 and 3.1.3).

use reqwest::Method;
use sha2::{Digest, Sha256};

use super::*;
use crate::support::portal::VERIFIER;

const WITHOUT_PKCE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

on_both! {
    // RFC 6749 section 5.1, Core sections 2, 3.1.3.3 and 3.1.3.6.
    async fn a_code_buys_exactly_the_tokens_of_the_protocol(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[("scope", "openid offline_access profile")]).await;
        assert_eq!(unpadded(&code).len(), 32, "RFC 6749 section 10.10");
        let reply = portal.redeem(&mut agent, &code).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
        let tokens = reply.json();
        let expected = ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"];
        assert_eq!(members(&tokens), expected);
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert_eq!(tokens["scope"], "openid offline_access profile");
        for name in ["access_token", "refresh_token"] {
            assert_eq!(unpadded(&text(&tokens, name)).len(), 32, "{name}");
        }
        let (header, claims) = verified(&app, &text(&tokens, "id_token")).await;
        assert_eq!(members(&header), ["alg", "kid", "typ"]);
        assert_eq!(header["alg"], "ES256");
        // Nothing of the account beyond its id: that is what userinfo is for.
                let protocol = ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "jti", "nonce", "sub"];
        assert_eq!(members(&claims), protocol);
        let now = app.clock.now().seconds();
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.base), &json!("hall")));
        assert_eq!(claims["nonce"], "nonce-1");
        let number = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("{name} is no integer"));
        assert!((now - 5..=now).contains(&number("iat")) && number("exp") == number("iat") + 600);
        assert!((now - 60..=now).contains(&number("auth_time")));
        let sub = text(&claims, "sub");
        assert!((1..=255).contains(&sub.len()) && sub.bytes().all(|byte| byte.is_ascii_graphic()), "{sub}");
        let half = &Sha256::digest(text(&tokens, "access_token"))[..16];
        assert_eq!(claims["at_hash"], base64url(half));
        let bare = portal.tokens(&mut agent, &[("nonce", "")]).await;
        let bare = super::claims(&text(&bare, "id_token"));
        assert!(bare.get("nonce").is_none(), "Core section 2: echoed, not made up");
    }
}

on_both! {
    // Core section 15.1: RS256 for clients that register it.
    async fn a_client_may_want_rs256(app: TestApp) {
        let portal = Portal::register_with(&app, "old", json!({"id_token_signed_response_alg": "RS256"})).await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[]).await;
        let (header, claims) = verified(&app, &text(&tokens, "id_token")).await;
        assert_eq!(header["alg"], "RS256");
        let half = &Sha256::digest(text(&tokens, "access_token"))[..16];
        assert_eq!(claims["at_hash"], base64url(half));
        let hint = text(&tokens, "id_token");
        assert!(!portal.code(&mut agent, &[("id_token_hint", &hint), ("prompt", "none")]).await.is_empty());
    }
}

on_both! {
    // RFC 7636 section 4.6 and RFC 9700 section 2.1.1.
    async fn the_verifier_must_fit_the_challenge(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let public = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        for portal in [&portal, &public] {
            let challenge = Portal::challenge();
            for verifier in ["", "a-code-verifier-that-is-long-enough-but-wrong!", &VERIFIER[1..], &challenge] {
                let code = portal.code(&mut agent, &[]).await;
                let reply = portal.redeem_with(&mut agent, &code, verifier).await;
                assert_refused(&reply, 400, "invalid_grant");
                // Whoever guesses at a verifier has one guess.
                assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
            }
        }
        // RFC 7636 section 4.1: even where it fits, what is too short, too long or of other characters is none.
        for (verifier, status) in [
            ("abc".to_owned(), 400), ("v".repeat(42), 400), ("v".repeat(43), 200), ("-._~".repeat(32), 200),
            ("v".repeat(129), 400), ("v".repeat(50) + "!", 400),
        ] {
            let challenge = base64url(idp::platform::random::hash(&verifier));
            let code = portal.code(&mut agent, &[("code_challenge", &challenge)]).await;
            let reply = portal.redeem_with(&mut agent, &code, &verifier).await;
            assert_eq!(reply.status, status, "{verifier}: {}", reply.body);
        }
        // RFC 9700 section 4.8.2: a verifier without a challenge is a downgrade that somebody tried.
        let code = portal.code(&mut agent, &WITHOUT_PKCE).await;
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
        let code = portal.code(&mut agent, &WITHOUT_PKCE).await;
        assert_eq!(portal.redeem_with(&mut agent, &code, "").await.status, 200);
    }
}

on_both! {
    // RFC 6749 section 4.1.3: the code is bound to its address, and lives a minute.
    async fn a_code_is_bound_and_short_lived(app: TestApp) {
        let portal = Portal::register_with(
            &app,
            "hall",
            json!({"redirect_uris": ["https://hall.example/callback", "https://hall.example/other"]}),
        )
        .await;
        let mut agent = signed_in(&app).await;
        for (redirect_uri, error) in [
            (Some("https://hall.example/other"), "invalid_grant"),
            (Some("https://hall.example/callback/"), "invalid_grant"),
            (Some("https://evil.example/"), "invalid_grant"), (None, "invalid_request"),
        ] {
            let code = portal.code(&mut agent, &[]).await;
            let mut params = vec![("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
            params.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
            assert_refused(&portal.token(&mut agent, &params).await, 400, error);
        }
        let code = portal.code(&mut agent, &[]).await;
        app.advance_seconds(45);
        assert_eq!(portal.redeem(&mut agent, &code).await.status, 200);
        let code = portal.code(&mut agent, &[]).await;
        app.advance_seconds(60);
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
        assert_refused(&portal.redeem(&mut agent, "made-up").await, 400, "invalid_grant");
    }
}

on_both! {
    // RFC 6749 section 4.1.2 and RFC 9700 section 4.5.3: a second use fails, and takes back what the first bought.
    async fn a_code_used_twice_revokes_what_it_bought(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        for wait in [0, 30, 300] {
            let code = portal.code(&mut agent, &[("scope", "openid offline_access")]).await;
            let tokens = portal.redeem(&mut agent, &code).await.json();
            let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
            assert_eq!(portal.userinfo(&agent, &access).await.status, 200);
            app.advance_seconds(wait);
            assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
            assert_refused(&portal.userinfo(&agent, &access).await, 401, "invalid_token");
            let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_grant");
        }
        // The visitor's other grants are not touched.
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        assert_eq!(portal.userinfo(&agent, &access).await.status, 200);
    }
}

on_both! {
    // RFC 6749 section 4.1.3: another client's code is refused, and is still there for its owner.
    async fn a_code_of_another_client_is_not_spent(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let public = public_portal(&app, "app").await;
        let thief = Portal::register_with(&app, "thief", json!({"redirect_uris": [portal.redirect_uri]})).await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[]).await;
        for wrong in [&thief, &public] {
            assert_refused(&wrong.redeem(&mut agent, &code).await, 400, "invalid_grant");
        }
        assert_eq!(portal.redeem(&mut agent, &code).await.status, 200);
    }
}

on_both! {
    // RFC 6749 section 10.5: of any number at once, one wins.
    async fn two_hundred_redemptions_at_once_give_one_success(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[("scope", "openid offline_access")]).await;
        let form = [
            ("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &portal.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let request = agent.request(Method::POST, "/token");
            let request = request.basic_auth(&portal.id, portal.secret.as_ref()).form(&form);
            tries.spawn(async move {
                let response = request.send().await.unwrap();
                (response.status().as_u16(), serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
            });
        }
        let answers = tries.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| *status == 200);
        assert_eq!(won.len(), 1);
        for (status, body) in &lost {
            assert_eq!((*status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
        }
        // The others were replays: what the one has bought is revoked.
        let tokens = &won[0].1;
        assert_refused(&portal.userinfo(&agent, &text(tokens, "access_token")).await, 401, "invalid_token");
        let refresh = text(tokens, "refresh_token");
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_grant");
    }
}

on_both! {
    // RFC 6749 sections 3.2 and 5.2: what is not a token request is told as JSON.
    async fn malformed_requests_are_told_as_json(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        for (params, error) in [
            (&[][..], "invalid_request"),
            (&[("grant_type", "")], "invalid_request"),
            (&[("grant_type", "password"), ("username", "a"), ("password", "b")], "unsupported_grant_type"),
            (&[("grant_type", "implicit")], "unsupported_grant_type"),
            (&[("grant_type", "authorization_code")], "invalid_request"),
            (&[("grant_type", "refresh_token")], "invalid_request"),
            (&[("grant_type", "client_credentials"), ("grant_type", "client_credentials")], "invalid_request"),
            (&[("grant_type", "client_credentials"), ("scope", "reports"), ("scope", "reports")], "invalid_request"),
        ] {
            assert_refused(&portal.token(&mut agent, params).await, 400, error);
        }
        for (kind, body) in [
            ("application/json", r#"{"grant_type":"client_credentials"}"#), ("", "grant_type=client_credentials"),
            ("application/x-www-form-urlencoded", "grant_type=%ff"),
        ] {
            let request = agent.request(Method::POST, "/token").basic_auth(&portal.id, portal.secret.as_ref());
            let reply = agent.send(request.header("content-type", kind).body(body)).await;
            assert_refused(&reply, 400, "invalid_request");
        }
        let large = [("grant_type", "client_credentials"), ("padding", &*"x".repeat(70_000))];
        assert_refused(&portal.token(&mut agent, &large).await, 413, "invalid_request");
        let nul = [("grant_type", "client_credentials"), ("client_id", "a\0b")];
        assert_refused(&portal.token(&mut agent, &nul).await, 400, "invalid_request");
        let get = agent.get("/token?grant_type=client_credentials").await;
        assert_eq!((get.status.as_u16(), get.location()), (405, None));
        let plain = json!({"grant_types": ["authorization_code"]});
        let plain = Portal::register_with(&app, "plain", plain).await;
        for grant_type in ["refresh_token", "client_credentials"] {
            let reply = plain.token(&mut agent, &[("grant_type", grant_type), ("refresh_token", "x")]).await;
            assert_refused(&reply, 400, "unauthorized_client");
        }
    }
}

on_both! {
    // RFC 6749 section 5.2: also where nothing listens to the method.
    async fn what_no_endpoint_answers_is_told_as_json(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for (method, path, known) in [
            (Method::GET, "/token", "POST"), (Method::PUT, "/par", "POST"), (Method::GET, "/revoke", "POST"),
            (Method::GET, "/introspect", "POST"), (Method::DELETE, "/userinfo", "GET"), (Method::GET, "/register", "POST"),
            (Method::PUT, "/device_authorization", "POST"), (Method::POST, "/jwks.json", "GET"),
        ] {
            let request = agent.request(method, path);
            let reply = agent.send(request).await;
            assert_refused(&reply, 405, "invalid_request");
            assert!(reply.header("allow").contains(known), "{path}: {}", reply.header("allow"));
        }
        let request = agent.request(Method::PUT, "/scan/api/scan");
        let reply = agent.send(request).await;
        let told = (reply.status.as_u16(), reply.header("cache-control"), &reply.json()["error"]);
        assert_eq!(told, (405, "no-store", &json!("malformed")));
        // A script can read it, too.
        let browser = json!({
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
            "redirect_uris": ["https://spa.example/in"],
        });
        Portal::register_with(&app, "spa", browser).await;
        for path in ["/token", "/scan/api/scan"] {
            let request = agent.request(Method::PUT, path).header("origin", "https://spa.example");
            let reply = agent.send(request).await;
            assert_eq!(reply.header("access-control-allow-origin"), "https://spa.example", "{path}");
        }
    }
}

on_both! {
    // RFC 6749 section 4.4: the client's own token, of no account.
    async fn client_credentials_give_the_clients_own_scopes(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let grant = ("grant_type", "client_credentials");
        for params in [&[grant][..], &[grant, ("scope", "reports")]] {
            let reply = portal.token(&mut agent, params).await;
            assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"), "{}", reply.body);
            let tokens = reply.json();
            let expected = ["access_token", "expires_in", "scope", "token_type"];
            assert_eq!(members(&tokens), expected, "nothing to refresh, nobody");
            assert_eq!(tokens["scope"], "reports");
        }
        for scope in ["openid", "reports openid", "reports other", "profile", "offline_access"] {
            assert_refused(&portal.token(&mut agent, &[grant, ("scope", scope)]).await, 400, "invalid_scope");
        }
        // A client without scopes of its own has nothing to ask for.
        let bare = Portal::register_with(&app, "bare", json!({"scope": "openid profile"})).await;
        assert_refused(&bare.token(&mut agent, &[grant]).await, 400, "invalid_scope");
        let public = public_portal(&app, "app").await;
        assert_refused(&public.token(&mut agent, &[grant]).await, 400, "unauthorized_client");
    }
}

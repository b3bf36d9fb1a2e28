//! Pushed authorization requests: RFC 9126, and what FAPI 2.0 asks of them (entropy, lifetime, bound to the client,
//! visited again before the sign-in, used up by the answer).

use reqwest::Method;

use super::*;

/// Pushes a request as the portal's program does.
pub async fn push(portal: &Portal, agent: &mut Agent, changes: &[(&str, &str)]) -> Reply {
    let mut params = portal.authorize_params(changes);
    if portal.secret.is_none() {
        params.retain(|(name, _)| name != "client_id"); // a public client's is its authentication
    }
    let params: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    portal.post(agent, "/par", &params).await
}

/// The `request_uri` of a request that is in order.
pub async fn pushed(portal: &Portal, agent: &mut Agent, changes: &[(&str, &str)]) -> String {
    let reply = push(portal, agent, changes).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    text(&reply.json(), "request_uri")
}

/// Where a browser is sent with it.
pub fn visit(portal: &Portal, request_uri: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!(
        "/authorize?{}",
        query.extend_pairs([("client_id", &*portal.id), ("request_uri", request_uri)]).finish()
    )
}

const GONE: &str = "invalid_request_uri";

on_both! {
    async fn a_pushed_request_is_answered_once(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let reply = push(&portal, &mut agent, &[]).await;
        // RFC 9126 section 2.2: created, not cached, gone soon.
        assert_eq!(reply.status, 201);
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/json", "no-store"));
        assert_eq!(members(&reply.json()), ["expires_in", "request_uri"]);
        assert_eq!(reply.json()["expires_in"], 60);
        let request_uri = text(&reply.json(), "request_uri");
        let id = request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
        assert_eq!(unpadded(id).len(), 32, "32 random bytes");
        let answered = agent.get(&visit(&portal, &request_uri)).await;
        let code = answered.query("code").unwrap();
        assert_eq!(answered.query("state").as_deref(), Some("state-1"));
        assert_eq!(answered.query("iss").as_deref(), Some(app.base.as_str()));
        let tokens = portal.redeem(&mut agent, &code).await.json();
        assert_eq!(claims(&text(&tokens, "id_token"))["nonce"], "nonce-1");
        assert_page(&agent.get(&visit(&portal, &request_uri)).await, GONE);
    }
}

on_both! {
    // FAPI: who looks twice before signing in has done nothing wrong; who answers twice has.
    async fn it_may_be_visited_again_until_it_is_answered(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let request_uri = pushed(&portal, &mut agent, &[]).await;
        let first = agent.get(&visit(&portal, &request_uri)).await;
        asks_to_sign_in(&first);
        app.advance_seconds(30);
        let second = agent.get(&visit(&portal, &request_uri)).await;
        asks_to_sign_in(&second);
        // The visit was in time; the sign-in takes as long as it takes.
        app.advance_seconds(600);
        assert!(sign_in_at(&mut agent, &second).await.query("code").is_some());
        let resume = first.location().unwrap().replace("/sign-in/personal", "/authorize/resume");
        let again = agent.get(&resume).await;
        assert_eq!(again.query("code"), None);
        assert_page(&again, GONE);
    }
}

on_both! {
    async fn it_is_for_its_client_and_for_a_minute(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let other = Portal::register(&app, "other").await;
        let mut agent = signed_in(&app).await;
        let request_uri = pushed(&portal, &mut agent, &[]).await;
        let unknown = format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43));
        let twice = format!("{}&request_uri={request_uri}", visit(&portal, &request_uri));
        for path in [
            visit(&other, &request_uri), visit(&portal, &unknown), twice,
            visit(&portal, "urn:ietf:params:oauth:request_uri:"), visit(&portal, &format!("{request_uri}x")),
            visit(&portal, &format!("{request_uri}\u{fffd}")),
        ] {
            assert_page(&agent.get(&path).await, GONE);
        }
        let nobody = visit(&portal, &request_uri).replace("client_id=hall", "client_id=nobody");
        assert_page(&agent.get(&nobody).await, "client_id is unknown");
        app.advance_seconds(61);
        assert_page(&agent.get(&visit(&portal, &request_uri)).await, GONE);
    }
}

on_both! {
    // RFC 9126 section 4, RFC 9700 section 4.1: whoever changes the URL changes nothing.
    async fn only_what_was_pushed_counts(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let request_uri = pushed(&portal, &mut agent, &[("scope", "openid profile"), ("state", "s")]).await;
        let path = visit(&portal, &request_uri)
            + "&scope=openid+phone&state=evil&redirect_uri=https%3A%2F%2Fevil.example%2F&nonce=evil&prompt=login"
            + "&response_mode=fragment&response_type=token&resource=urn:evil";
        let answered = agent.get(&path).await;
        assert!(answered.location().unwrap().starts_with(&format!("{}?code=", portal.redirect_uri)));
        assert_eq!(answered.query("state").as_deref(), Some("s"));
        let tokens = portal.redeem(&mut agent, &answered.query("code").unwrap()).await.json();
        assert_eq!(tokens["scope"], "openid profile");
        assert_eq!(claims(&text(&tokens, "id_token"))["nonce"], "nonce-1");
    }
}

on_both! {
    async fn what_is_wrong_with_it_is_told_at_once(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"scope": "openid profile legal_entity operator"})).await;
        let mut agent = Agent::new(&app.base);
        for (changes, code) in [
            (&[("redirect_uri", "")][..], "invalid_request"),
            (&[("redirect_uri", "https://evil.example/")], "invalid_request"),
            (&[("response_type", "")], "invalid_request"),
            (&[("response_type", "token")], "unsupported_response_type"),
            (&[("response_type", "code id_token")], "unsupported_response_type"),
            (&[("response_mode", "nonsense")], "invalid_request"),
            (&[("scope", "profile")], "invalid_scope"),
            (&[("scope", "openid phone")], "invalid_scope"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("prompt", "none login")], "invalid_request"),
            (&[("max_age", "soon")], "invalid_request"),
            (&[("claims", "[]")], "invalid_request"),
            (&[("id_token_hint", "nonsense")], "invalid_request"),
            (&[("dpop_jkt", "short")], "invalid_request"),
            (&[("resource", "https://unknown.example/")], "invalid_target"),
            (&[("authorization_details", "[{\"type\":\"unknown\"}]")], "invalid_authorization_details"),
            (&[("request", "nonsense")], "invalid_request_object"),
            // RFC 9126 section 2.1: never a request_uri.
            (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request"),
            (&[("request_uri", "https://hall.example/request")], "invalid_request"),
        ] {
            assert_refused(&push(&portal, &mut agent, changes).await, 400, code);
        }
        let mut params = portal.authorize_params(&[]);
        params.push(("nonce".to_owned(), "other".to_owned()));
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_refused(&portal.post(&mut agent, "/par", &params).await, 400, "invalid_request");
    }
}

on_both! {
    // RFC 9126 section 2: authenticated as at the token endpoint; section 2.3: other methods 405.
    async fn the_client_proves_who_it_is(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let form = portal.authorize_params(&[]);
        let bare = agent.request(Method::POST, "/par").form(&form);
        assert_refused(&agent.send(bare).await, 401, "invalid_client");
        let wrong = agent.request(Method::POST, "/par").form(&form).basic_auth("hall", Some("wrong"));
        assert_refused(&agent.send(wrong).await, 401, "invalid_client");
        let other = Portal::register(&app, "other").await;
        let borrowed = agent.request(Method::POST, "/par").form(&form).basic_auth("other", other.secret.as_ref());
        assert_refused(&agent.send(borrowed).await, 400, "invalid_request");
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let request = agent.request(method.clone(), "/par").form(&form);
            assert_eq!(agent.send(request).await.status, 405, "{method}");
        }
        let json = agent.request(Method::POST, "/par").header("content-type", "application/json").body("{}");
        assert_refused(&agent.send(json).await, 400, "invalid_request");
        // A client_id in the header is enough.
        let form = portal.authorize_params(&[("client_id", "")]);
        let request = agent.request(Method::POST, "/par").form(&form).basic_auth("hall", portal.secret.as_ref());
        assert_eq!(agent.send(request).await.status, 201);
        // RFC 9700 section 2.1.1: a public client, with PKCE.
        let app_client = public_portal(&app, "app").await;
        let without = [("code_challenge", ""), ("code_challenge_method", "")];
        assert_refused(&push(&app_client, &mut agent, &without).await, 400, "invalid_request");
        let request_uri = pushed(&app_client, &mut agent, &[]).await;
        let mut visitor = signed_in(&app).await;
        let code = visitor.get(&visit(&app_client, &request_uri)).await.query("code").unwrap();
        assert_eq!(app_client.redeem(&mut visitor, &code).await.status, 200);
    }
}

on_both! {
    // RFC 9126 section 6: who said that it pushes may not be asked for in another way.
    async fn a_client_that_must_push_gets_no_plain_request(app: TestApp) {
        let must = json!({"require_pushed_authorization_requests": true});
        let portal = Portal::register_with(&app, "hall", must).await;
        let mut agent = signed_in(&app).await;
        let reply = agent.get(&portal.authorize_path(&[])).await;
        assert_error_redirect(&app, &portal, &reply, "invalid_request");
        let by_value = portal.authorize_path(&[("request", "a.b.c")]);
        assert_error_redirect(&app, &portal, &agent.get(&by_value).await, "invalid_request");
        let request_uri = pushed(&portal, &mut agent, &[]).await;
        assert!(agent.get(&visit(&portal, &request_uri)).await.query("code").is_some());
    }
}

on_both! {
    |config| config.protocol.require_pushed_authorization_requests = true;
    async fn a_provider_may_ask_it_of_all(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let reply = agent.get(&portal.authorize_path(&[])).await;
        assert_error_redirect(&app, &portal, &reply, "invalid_request");
        let document = agent.get("/.well-known/openid-configuration").await.json();
        assert_eq!(document["require_pushed_authorization_requests"], true);
        let request_uri = pushed(&portal, &mut agent, &[]).await;
        assert!(agent.get(&visit(&portal, &request_uri)).await.query("code").is_some());
    }
}

on_both! {
    // An error is an answer, too; and of many who come at once one gets the code.
    async fn one_answer_whatever_it_is(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut stranger = Agent::new(&app.base);
        let request_uri = pushed(&portal, &mut stranger, &[("prompt", "none")]).await;
        let reply = stranger.get(&visit(&portal, &request_uri)).await;
        assert_error_redirect(&app, &portal, &reply, "login_required");
        assert_page(&stranger.get(&visit(&portal, &request_uri)).await, GONE);
        let mut agent = signed_in(&app).await;
        let request_uri = pushed(&portal, &mut agent, &[]).await;
        let at_once = (0..8).map(|_| {
            let mut tab = Agent::new(&app.base);
            tab.cookies = agent.cookies.clone();
            let path = visit(&portal, &request_uri);
            tokio::spawn(async move { tab.get(&path).await.query("code").is_some() })
        });
        let mut codes = 0;
        for tab in at_once.collect::<Vec<_>>() {
            codes += u32::from(tab.await.unwrap());
        }
        assert_eq!(codes, 1);
    }
}

on_both! {
    // FAPI 2.0 Security Profile section 5.3.2.2: whoever is held to it proves that the code is theirs.
    async fn who_is_held_to_fapi_must_use_pkce(app: TestApp) {
        let changes = json!({ "require_pushed_authorization_requests": true });
        let portal = Portal::register_with(&app, "fapi", changes).await;
        let mut agent = signed_in(&app).await;
        let mut params = portal.authorize_params(&[]);
        params.retain(|(name, _)| !name.starts_with("code_challenge"));
        let params: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = portal.post(&mut agent, "/par", &params).await;
        assert_refused(&refused, 400, "invalid_request");
        assert_eq!(push(&portal, &mut agent, &[]).await.status, 201);
    }
}

on_both! {
    |config| config.tokens.code_seconds = 600;
    // FAPI 2.0 Security Profile section 5.3.2.2: 60 seconds at most, however long those of others are good.
    async fn a_code_of_who_is_held_to_fapi_is_good_for_a_minute(app: TestApp) {
        let changes = json!({ "require_pushed_authorization_requests": true });
        let held = Portal::register_with(&app, "fapi", changes).await;
        let other = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let mut codes = Vec::new();
        for _ in 0..2 {
            let request_uri = pushed(&held, &mut agent, &[]).await;
            codes.push(agent.get(&visit(&held, &request_uri)).await.query("code").unwrap());
        }
        let others = other.code(&mut agent, &[]).await;
        assert_eq!(held.redeem(&mut agent, &codes[0]).await.status, 200);
        app.advance_seconds(60);
        assert_refused(&held.redeem(&mut agent, &codes[1]).await, 400, "invalid_grant");
        assert_eq!(other.redeem(&mut agent, &others).await.status, 200);
    }
}

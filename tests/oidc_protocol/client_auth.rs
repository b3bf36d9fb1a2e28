//! How clients prove who they are: RFC 6749 section 2.3, OpenID Connect Core section 9.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use super::*;

const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// A token request with an `Authorization` header (if any) and a form, exactly as given.
async fn ask(app: &TestApp, authorization: Option<String>, form: &[(&str, &str)]) -> Reply {
    let mut agent = Agent::new(&app.base);
    let mut request = agent.request(Method::POST, "/token").form(form);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    agent.send(request).await
}

fn basic(id: &str, secret: &str) -> Option<String> {
    Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
}

on_both! {
    async fn client_secret_basic(app: TestApp) {
        let uris = json!({"redirect_uris": ["https://a.example/"], "post_logout_redirect_uris": []});
        // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
        let portal = Portal::register_with(&app, "a portal:+%&", uris).await;
        let secret = portal.secret.as_deref().unwrap();
        assert_eq!(ask(&app, basic("a+portal%3A%2B%25%26", secret), &GRANT).await.status, 200);
        let lower = basic("a%20portal%3a%2b%25%26", secret).map(|value| value.replace("Basic", "bAsIc"));
        assert_eq!(ask(&app, lower, &GRANT).await.status, 200);
        let named = [GRANT[0], ("client_id", "a portal:+%&")];
        assert_eq!(ask(&app, basic("a+portal%3A%2B%25%26", secret), &named).await.status, 200);
        let plain = Portal::register(&app, "hall").await;
        let secret = plain.secret.as_deref().unwrap();
        for wrong in [
            basic("hall", "wrong"), basic("hall", ""), basic("hall", &secret[1..]), basic("nobody", secret),
            basic("a+portal%3A%2B%25%26", secret), basic("", ""), basic("hall%ff", secret),
            Some("Basic".to_owned()), Some("Basic !!!".to_owned()),
            Some(format!("Basic {}", STANDARD.encode("hall"))), Some(format!("Bearer {secret}")), None,
        ] {
            let reply = ask(&app, wrong.clone(), &GRANT).await;
            assert_refused(&reply, 401, "invalid_client");
        }
        // The registered way is the only way.
        let posted = [GRANT[0], ("client_id", "hall"), ("client_secret", secret)];
        assert_refused(&ask(&app, None, &posted).await, 401, "invalid_client");
        assert_refused(&ask(&app, None, &[GRANT[0], ("client_id", "hall")]).await, 401, "invalid_client");
        // RFC 6749 section 2.3: one way at a time, and one client.
        assert_refused(&ask(&app, basic("hall", secret), &posted).await, 400, "invalid_request");
        let mut agent = Agent::new(&app.base);
        let twice = agent.request(Method::POST, "/token").form(&GRANT);
        let twice = twice.header("authorization", basic("hall", secret).unwrap()).header("authorization", "Basic eDp5");
        assert_refused(&agent.send(twice).await, 400, "invalid_request");
        let other = [GRANT[0], ("client_id", "other")];
        assert_refused(&ask(&app, basic("hall", secret), &other).await, 400, "invalid_request");
        let assertion = [GRANT[0], ("client_assertion", "a.b.c"), ("client_assertion_type", "x")];
        assert_refused(&ask(&app, basic("hall", secret), &assertion).await, 400, "invalid_request");
        // RFC 9700 section 4.3.2: never in the query.
        let mut agent = Agent::new(&app.base);
        let path = format!("/token?client_id=hall&client_secret={secret}");
        let request = agent.request(Method::POST, &path).form(&GRANT);
        assert_refused(&agent.send(request).await, 401, "invalid_client");
    }
}

on_both! {
    async fn client_secret_post(app: TestApp) {
        let method = json!({"token_endpoint_auth_method": "client_secret_post"});
        let portal = Portal::register_with(&app, "hall", method).await;
        let secret = portal.secret.as_deref().unwrap();
        let good = [GRANT[0], ("client_id", "hall"), ("client_secret", secret)];
        let reply = ask(&app, None, &good).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        for (id, wrong) in [("hall", "wrong"), ("hall", ""), ("nobody", secret)] {
            let form = [GRANT[0], ("client_id", id), ("client_secret", wrong)];
            assert_refused(&ask(&app, None, &form).await, 401, "invalid_client");
        }
        assert_refused(&ask(&app, basic("hall", secret), &GRANT).await, 401, "invalid_client");
        assert_refused(&ask(&app, None, &[GRANT[0], ("client_secret", secret)]).await, 401, "invalid_client");
        // The whole flow.
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[]).await;
        let reply = ask(&app, None, &[
            ("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &portal.redirect_uri),
            ("code_verifier", crate::support::portal::VERIFIER), ("client_id", "hall"), ("client_secret", secret),
        ]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

on_both! {
    // RFC 6749 section 2.1: a public client names itself, and must not pretend to have a secret.
    async fn a_public_client_only_names_itself(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[]).await;
        let form = [
            ("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &portal.redirect_uri),
            ("code_verifier", crate::support::portal::VERIFIER),
        ];
        assert_refused(&ask(&app, None, &form).await, 401, "invalid_client");
        assert_refused(&ask(&app, basic("app", ""), &form).await, 401, "invalid_client");
        let with_secret: Vec<_> = form.into_iter().chain([("client_id", "app"), ("client_secret", "x")]).collect();
        assert_refused(&ask(&app, None, &with_secret).await, 401, "invalid_client");
        let named: Vec<_> = form.into_iter().chain([("client_id", "app")]).collect();
        assert_eq!(ask(&app, None, &named).await.status, 200, "none of the failures has spent the code");
    }
}

on_both! {
    // RFC 6749 section 2.3 with 5.2: whoever is switched off is nobody, at every endpoint.
    async fn a_disabled_client_is_nobody(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let now = app.clock.now();
        assert!(idp::store::clients::disable(&app.app.store, "hall", now).await.unwrap());
        // As long as a change of a client takes to reach an instance, at most.
        tokio::time::sleep(std::time::Duration::from_millis(3100)).await;
        assert_refused(&portal.token(&mut agent, &GRANT).await, 401, "invalid_client");
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_refused(&portal.token(&mut agent, &params).await, 401, "invalid_client");
        for path in ["/introspect", "/revoke"] {
            let reply = portal.post(&mut agent, path, &[("token", &access)]).await;
            assert_refused(&reply, 401, "invalid_client");
        }
        assert_refused(&portal.userinfo(&agent, &access).await, 401, "invalid_token");
        assert_page(&agent.get(&portal.authorize_path(&[])).await, "client_id is unknown");
    }
}

on_both! {
    // RFC 7662 section 2.1 and RFC 7009 section 2.1: these ask, too.
    async fn introspection_and_revocation_authenticate_clients(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        for path in ["/introspect", "/revoke"] {
            for authorization in [None, basic("hall", "wrong"), basic("nobody", "x")] {
                let mut request = agent.request(Method::POST, path).form(&[("token", "x")]);
                if let Some(value) = authorization {
                    request = request.header("authorization", value);
                }
                assert_refused(&agent.send(request).await, 401, "invalid_client");
            }
            assert_refused(&portal.post(&mut agent, path, &[]).await, 400, "invalid_request");
            let twice = [("token", "x"), ("token", "y")];
            assert_refused(&portal.post(&mut agent, path, &twice).await, 400, "invalid_request");
            assert_eq!(portal.post(&mut agent, path, &[("token", "x")]).await.status, 200);
            assert_eq!(agent.get(&format!("{path}?token=x")).await.status, 405);
        }
    }
}

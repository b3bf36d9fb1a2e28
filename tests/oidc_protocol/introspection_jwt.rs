//! RFC 9701: introspection answers as signed JWTs.

use super::jwt_access_tokens::{REPORTS, TAXES, with_resources};
use super::*;

const MEDIA_TYPE: &str = "application/token-introspection+jwt";

on_both! {
    async fn an_answer_is_signed_for_whoever_asks(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let access = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        let plain = portal.post(&mut agent, "/introspect", &[("token", &access)]).await;
        assert_eq!(plain.header("content-type"), "application/json");
        for (accept, token, inside) in [
            (MEDIA_TYPE, access.as_str(), plain.json()),
            ("application/json;q=0.5, Application/Token-Introspection+JWT;q=0.9", &access, plain.json()),
            (MEDIA_TYPE, "made-up", json!({"active": false})),
        ] {
            let asked_at = app.clock.now().seconds();
            let reply =
                portal.post_with(&mut agent, "/introspect", &[("token", token)], &[("accept", accept)]).await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, MEDIA_TYPE));
            assert_eq!(reply.header("cache-control"), "no-store");
            let (header, told) = verified(&app, &reply.body).await;
            // Section 6: RS256 where nothing else was registered. Section 5: no claim of the token outside.
            assert_eq!((&header["typ"], &header["alg"]), (&json!("token-introspection+jwt"), &json!("RS256")));
            assert_eq!(members(&told), ["aud", "iat", "iss", "token_introspection"]);
            assert_eq!((&told["iss"], &told["aud"]), (&json!(app.base), &json!("hall")));
            assert!((asked_at..=app.clock.now().seconds()).contains(&told["iat"].as_i64().unwrap()));
            assert_eq!(told["token_introspection"], inside);
        }
        // RFC 9110 section 12.4.2: q says which is wanted more, and 0 that it is not.
        let less = "application/json, application/token-introspection+jwt;q=0.1";
        let never = "application/token-introspection+jwt;q=0";
        let rather = "application/token-introspection+jwt;q=0.1, */*";
        for other in ["application/json", "*/*", "application/jwt", less, never, rather] {
            let reply =
                portal.post_with(&mut agent, "/introspect", &[("token", &access)], &[("accept", other)]).await;
            assert_eq!(reply.json(), plain.json(), "{other}");
        }
    }
}

on_both! {
    with_resources;
    // Section 5: of a token that is for somebody else a resource server learns nothing, signed or not.
    async fn a_resource_server_learns_of_the_tokens_for_it(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let [reports, other] =
            ["reports-server", "other-server"].map(|id| Portal::register_with(&app, id, json!({"introspection_signed_response_alg": "ES256"})));
        let (reports, other) = (reports.await, other.await);
        let mut agent = signed_in(&app).await;
        let inside = async |server: &Portal, agent: &mut Agent, token: &str| {
            let reply = server.post(agent, "/introspect", &[("token", token)]).await;
            verified(&app, &reply.body).await.1["token_introspection"].clone()
        };
        let inactive = json!({"active": false});
        let scope = ("scope", "openid offline_access");
        let tokens = portal.tokens(&mut agent, &[scope, ("resource", REPORTS)]).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let told = inside(&reports, &mut agent, &access).await;
        assert_eq!((&told["active"], &told["aud"], &told["client_id"]), (&json!(true), &json!([REPORTS]), &json!("hall")));
        assert_eq!(inside(&other, &mut agent, &access).await, inactive, "meant for another");
        // What is meant for nobody but us, and a refresh token, are nobody else's business.
        let ours = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        let own = portal.token(&mut agent, &[("grant_type", "client_credentials")]).await.json();
        for token in [&ours, &refresh, &text(&own, "access_token")] {
            for server in [&reports, &other] {
                assert_eq!(inside(server, &mut agent, token).await, inactive);
            }
            let told = portal.post(&mut agent, "/introspect", &[("token", token)]).await.json();
            assert_eq!(told["active"], true);
        }
        // A token for two is for each of them.
        let both = format!("{}&resource={TAXES}", portal.authorize_path(&[("resource", REPORTS)]));
        let code = agent.get(&both).await.query("code").unwrap();
        let both = text(&portal.redeem(&mut agent, &code).await.json(), "access_token");
        for server in [&reports, &other] {
            assert_eq!(inside(server, &mut agent, &both).await["active"], true);
        }
    }
}

on_both! {
    with_resources;
    async fn a_resource_server_registers_its_algorithm(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let access = text(&portal.tokens(&mut agent, &[("resource", REPORTS)]).await, "access_token");
        for alg in ["ES256", "PS256", "EdDSA", "RS256"] {
            let changes = json!({"introspection_signed_response_alg": alg});
            let server = Portal::register_with(&app, "reports-server", changes).await;
            app.app.clients.forget("reports-server");
            let reply = server.post(&mut agent, "/introspect", &[("token", &access)]).await;
            let (header, told) = verified(&app, &reply.body).await;
            assert_eq!((&header["alg"], &told["token_introspection"]["active"]), (&json!(alg), &json!(true)));
            // Section 8: the answer is no token of any kind.
            for refused in [
                portal.userinfo(&agent, &reply.body).await,
                portal.post(&mut agent, "/introspect", &[("token", &reply.body)]).await,
                agent.get(&portal.authorize_path(&[("id_token_hint", &reply.body)])).await,
            ] {
                let inactive = refused.body == "{\"active\":false}";
                let told = refused.query("error").as_deref() == Some("invalid_request");
                assert!(inactive || told || refused.status == 401, "{} {}", refused.status, refused.body);
            }
        }
    }
}

//! Cross-origin calls (the Fetch standard; RFC 9700 section 2.6): only scripts of public clients, only where a script
//! has something to ask.

use reqwest::Method;

use super::*;

const ALLOW: &str = "access-control-allow-origin";

async fn call(agent: &mut Agent, method: Method, path: &str, origin: &str) -> Reply {
    let request = agent.request(method, path).header("origin", origin);
    agent.send(request).await
}

on_both! {
    async fn only_origins_of_public_clients_may_read(app: TestApp) {
        let public = public_portal(&app, "app").await;
        Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        for path in ["/token", "/userinfo", "/revoke", "/par"] {
            let request = agent.request(Method::OPTIONS, path).header("origin", "https://app.example");
            let request = request.header("access-control-request-method", "POST");
            let reply = agent.send(request.header("access-control-request-headers", "authorization")).await;
            assert_eq!((reply.status.as_u16(), reply.header(ALLOW)), (204, "https://app.example"), "{path}");
            assert!(reply.header("access-control-allow-headers").contains("authorization"));
            assert!(reply.header("access-control-allow-methods").contains("POST"));
            assert_eq!(reply.header("access-control-allow-credentials"), "", "cookies stay out of it");
            assert!(reply.header("vary").to_lowercase().contains("origin"));
            for stranger in ["https://hall.example", "https://evil.example", "http://app.example", "null"] {
                let reply = call(&mut agent, Method::OPTIONS, path, stranger).await;
                assert_eq!(reply.header(ALLOW), "", "{stranger} at {path}");
                assert!(reply.header("vary").to_lowercase().contains("origin"));
            }
        }
        let access = text(&public.tokens(&mut agent, &[]).await, "access_token");
        let request = agent.request(Method::GET, "/userinfo").bearer_auth(&access);
        let reply = agent.send(request.header("origin", "https://app.example")).await;
        assert_eq!((reply.status.as_u16(), reply.header(ALLOW)), (200, "https://app.example"));
        // A refusal must be readable as well: the script has to know that its token is dead.
        for (method, path) in [(Method::GET, "/userinfo"), (Method::POST, "/token"), (Method::POST, "/revoke")] {
            let reply = call(&mut agent, method, path, "https://app.example").await;
            assert!(reply.status.is_client_error());
            assert_eq!(reply.header(ALLOW), "https://app.example", "{path}");
            assert!(reply.header("access-control-expose-headers").contains("www-authenticate"));
        }
        for (method, path) in [(Method::GET, "/userinfo"), (Method::POST, "/token")] {
            assert_eq!(call(&mut agent, method, path, "https://evil.example").await.header(ALLOW), "", "{path}");
        }
    }
}

on_both! {
    async fn what_is_public_is_for_everybody_and_pages_are_for_nobody(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks.json"] {
            assert_eq!(call(&mut agent, Method::GET, path, "https://any.example").await.header(ALLOW), "*");
        }
        for path in [portal.authorize_path(&[]), "/sign-out".to_owned(), "/sign-in/personal".to_owned()] {
            for method in [Method::GET, Method::OPTIONS] {
                let reply = call(&mut agent, method, &path, "https://app.example").await;
                assert_eq!(reply.header(ALLOW), "", "{path}");
            }
        }
        let reply = call(&mut agent, Method::POST, "/introspect", "https://app.example").await;
        assert_eq!(reply.header(ALLOW), "", "a script has nothing to introspect");
    }
}

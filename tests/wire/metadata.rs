//! What everybody may read: discovery, keys, and what browsers ask before a script may call.

use super::*;

on_both! {
    async fn discovery_and_keys(app: TestApp) {
        let mut record = Record::new(&app);
        let mut agent = Agent::new(&app.base);
        for (title, path) in [
            ("Discovery", "/.well-known/openid-configuration"),
            ("The keys", "/jwks.json"),
        ] {
            let request = agent.request(Method::GET, path);
            assert_eq!(record.send(&mut agent, title, request).await.status, 200);
        }
        record.matches("metadata");
    }
}

on_both! {
    async fn cross_origin_calls(app: TestApp) {
        let changes = json!({"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]});
        Portal::register_with(&app, "app", changes).await;
        let mut record = Record::new(&app);
        let mut agent = Agent::new(&app.base);
        for (title, origin) in [
            ("A preflight from a public client's origin", "https://app.example"),
            ("A preflight from anywhere else", "https://evil.example"),
        ] {
            let request = agent.request(Method::OPTIONS, "/token").header("origin", origin);
            let request = request.header("access-control-request-method", "POST");
            let request = request.header("access-control-request-headers", "dpop");
            record.send(&mut agent, title, request).await;
        }
        let request = agent.request(Method::GET, "/userinfo").header("origin", "https://app.example");
        record.send(&mut agent, "A refusal that the script may read", request).await;
        let request = agent.request(Method::GET, "/token");
        record.send(&mut agent, "A method that is not there", request).await;
        record.matches("cross_origin");
    }
}

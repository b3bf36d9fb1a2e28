//! Clients that register themselves.

use idp::config::RegistrationMode;

use super::*;

on_both! {
    |config| config.registration.mode = RegistrationMode::Open;
    async fn clients_that_register_themselves(app: TestApp) {
        let mut record = Record::new(&app);
        let mut program = Agent::new(&app.base);
        let metadata = json!({
            "redirect_uris": ["https://new.example/callback"], "client_name": "新应用", "scope": "openid profile",
        });
        let register = |metadata: &serde_json::Value| {
            let request = Agent::new(&app.base).request(Method::POST, "/register");
            request.header("content-type", "application/json").body(metadata.to_string())
        };
        let told = record.send(&mut program, "A registration", register(&metadata)).await;
        let wrong = json!({ "redirect_uris": ["https://new.example/callback#fragment"] });
        record.send(&mut program, "invalid_redirect_uri", register(&wrong)).await;
        let wrong = json!({ "redirect_uris": ["https://new.example/callback"], "jwks_uri": 1 });
        record.send(&mut program, "invalid_client_metadata", register(&wrong)).await;
        let uri = text(&told, "registration_client_uri");
        let token = text(&told, "registration_access_token");
        let request = program.request(Method::GET, &uri).bearer_auth(&token);
        record.send(&mut program, "What is registered", request).await;
        let request = program.request(Method::GET, &uri);
        record.send(&mut program, "Without its token", request).await;
        let request = program.request(Method::GET, &uri).bearer_auth("made-up");
        record.send(&mut program, "With another token", request).await;
        let request = program.request(Method::DELETE, &uri).bearer_auth(&token);
        record.send(&mut program, "The end of a registration", request).await;
        record.matches("registration");
    }
}

on_both! {
    async fn registration_needs_a_token(app: TestApp) {
        let mut record = Record::new(&app);
        let mut program = Agent::new(&app.base);
        for (title, token) in [("Without an initial access token", ""), ("With another one", "made-up")] {
            let mut request = program.request(Method::POST, "/register").header("content-type", "application/json");
            if !token.is_empty() {
                request = request.bearer_auth(token);
            }
            let request = request.body(json!({"redirect_uris": ["https://new.example/callback"]}).to_string());
            record.send(&mut program, title, request).await;
        }
        record.matches("registration_by_token");
    }
}

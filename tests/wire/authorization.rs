//! Authorization responses in each mode, good and bad.

use super::*;

on_both! {
    async fn responses_in_each_mode(app: TestApp) {
        let types = json!({"response_types": ["code", "id_token", "code id_token"], "id_token_signed_response_alg": "ES256",
            "authorization_signed_response_alg": "ES256"});
        let portal = Portal::register_with(&app, "hall", types).await;
        let mut agent = signed_in(&app).await;
        let mut record = Record::new(&app);
        let path = portal.authorize_path(&[("response_mode", "form_post")]);
        record.page(&mut agent, "form_post", &path, &["form"]).await;
        let request = agent.request(Method::GET, &portal.authorize_path(&[("response_type", "code id_token")]));
        let reply = record.send(&mut agent, "code id_token, in the fragment", request).await;
        let location = reply.location().unwrap();
        let id_token = location.split(['#', '&']).find_map(|pair| pair.strip_prefix("id_token=")).unwrap();
        record.jwt("The ID token", id_token);
        let request = agent.request(Method::GET, &portal.authorize_path(&[("response_mode", "jwt")]));
        let reply = record.send(&mut agent, "JARM", request).await;
        record.jwt("The response", &reply.query("response").unwrap());
        record.matches("response_modes");
    }
}

on_both! {
    async fn errors(app: TestApp) {
        let portal =
            Portal::register_with(&app, "hall", json!({"authorization_signed_response_alg": "ES256"})).await;
        let mut agent = Agent::new(&app.base);
        let mut record = Record::new(&app);
        for (title, changes) in [
            ("login_required", [("prompt", "none"), ("response_mode", "")]),
            ("unsupported_response_type", [("response_type", "token"), ("response_mode", "query")]),
            ("invalid_scope, in the fragment", [("scope", "profile"), ("response_mode", "fragment")]),
        ] {
            let request = agent.request(Method::GET, &portal.authorize_path(&changes));
            record.send(&mut agent, title, request).await;
        }
        let path = portal.authorize_path(&[("prompt", "none"), ("response_mode", "form_post")]);
        record.page(&mut agent, "login_required by form_post", &path, &["form"]).await;
        let request =
            agent.request(Method::GET, &portal.authorize_path(&[("prompt", "none"), ("response_mode", "jwt")]));
        let reply = record.send(&mut agent, "login_required by JARM", request).await;
        record.jwt("The response", &reply.query("response").unwrap());
        let path = portal.authorize_path(&[("redirect_uri", "https://evil.example/")]);
        record.page(&mut agent, "A page, since nobody else can be told", &path, &["h1"]).await;
        let path = portal.authorize_path(&[("response_mode", "")]);
        record.page(&mut agent, "To the sign-in", &path, &[]).await;
        record.matches("authorization_errors");
    }
}

//! The device grant.

use super::*;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

on_both! {
    async fn a_terminal(app: TestApp) {
        let changes = json!({
            "token_endpoint_auth_method": "none", "grant_types": [GRANT], "redirect_uris": [], "first_party": true,
        });
        let portal = Portal::register_with(&app, "device", changes).await;
        let mut record = Record::new(&app);
        let mut device = Agent::new(&app.base);
        let request = call(&device, &portal, "/device_authorization", &[("scope", "openid profile")]);
        let begun = record.send(&mut device, "Device authorization", request).await;
        let device_code = text(&begun, "device_code");
        let poll = [("grant_type", GRANT), ("device_code", device_code.as_str())];
        for title in ["authorization_pending", "slow_down"] {
            let request = call(&device, &portal, "/token", &poll);
            record.send(&mut device, title, request).await;
        }
        let mut visitor = signed_in(&app).await;
        let reply = visitor.post("/device", &[("user_code", &text(&begun, "user_code"))]).await;
        let page = visitor.follow(reply).await;
        let action = page.attribute("form[action^='/device/confirm']", "action").unwrap();
        let sid = page.attribute("[name=sid]", "value").unwrap();
        assert_eq!(visitor.post(&action, &[("sid", &sid), ("decision", "allow")]).await.status, 200);
        app.advance_seconds(30);
        let request = call(&device, &portal, "/token", &poll);
        let tokens = record.send(&mut device, "Tokens", request).await;
        record.jwt("The ID token", &text(&tokens, "id_token"));
        app.advance_seconds(30);
        let request = call(&device, &portal, "/token", &poll);
        record.send(&mut device, "Once more", request).await;
        let request = call(&device, &portal, "/device_authorization", &[("scope", "openid")]);
        let begun = record.send(&mut device, "Another one", request).await;
        app.advance_seconds(600);
        let device_code = text(&begun, "device_code");
        let request = call(&device, &portal, "/token", &[("grant_type", GRANT), ("device_code", &device_code)]);
        record.send(&mut device, "expired_token", request).await;
        record.matches("device");
    }
}

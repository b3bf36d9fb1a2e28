//! Signing out, and what portals are told of it.

use super::*;
use crate::support::Site;

on_both! {
    async fn signing_out(app: TestApp) {
        let site = Site::start().await;
        let notice = site.put("/logout", reqwest::StatusCode::OK, "text/plain", "");
        let back = Portal::register_with(&app, "back", json!({ "backchannel_logout_uri": notice })).await;
        let uri = "https://front.example/logout";
        let front = Portal::register_with(&app, "front", json!({ "frontchannel_logout_uri": uri })).await;
        let mut agent = signed_in(&app).await;
        let hint = front.tokens(&mut agent, &[]).await["id_token"].as_str().unwrap().to_owned();
        back.tokens(&mut agent, &[]).await;
        let mut record = Record::new(&app);
        record.name(&site.base, "portal");
        record.name(&hint, "id_token");
        record.name(crate::support::portal::claims(&hint)["sid"].as_str().unwrap(), "sid");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://front.example/"), ("state", "bye"),
            ])
            .finish();
        let path = format!("/sign-out?{query}");
        let parts = ["iframe", "a[data-when-told]"];
        record.page(&mut agent, "Front-channel logout", &path, &parts).await;
        idp::janitor::send_outbox(&app.app).await.unwrap();
        let mut asked = site.asked("/logout");
        for _ in 0..500 {
            if !asked.is_empty() {
                break;
            }
            // The server's own janitor may have taken it a moment before.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            asked = site.asked("/logout");
        }
        let head = format!("{} /logout\ncontent-type: {}", asked[0].method, asked[0].content_type);
        record.received("Back-channel logout", &head, &asked[0].body);
        record.jwt("The logout token", asked[0].body.strip_prefix("logout_token=").unwrap());
        record.matches("sign_out");
    }
}

on_both! {
    async fn where_a_sign_out_leads(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let hint = portal.tokens(&mut agent, &[]).await["id_token"].as_str().unwrap().to_owned();
        let mut record = Record::new(&app);
        record.name(&hint, "id_token");
        let at = |uri: &str| format!("/sign-out?id_token_hint={hint}&post_logout_redirect_uri={uri}&state=bye");
        record.page(&mut agent, "Nowhere that is not registered", &at("https://evil.example/"), &["h1"]).await;
        let request = agent.request(Method::GET, &at("https://hall.example/"));
        record.send(&mut agent, "Where the portal said", request).await;
        record.matches("sign_out_redirects");
    }
}

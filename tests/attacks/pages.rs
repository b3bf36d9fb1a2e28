//! What protects every page, whatever it says.

use serde_json::json;

use super::{assert_error_page, assert_page, assert_protected};
use crate::support::{Agent, Portal};

on_both! {
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Always;
    async fn every_page_is_protected_and_has_no_inline_code(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for path in [
            "/sign-in/personal", "/sign-in/legal-entity", "/sign-in/operator", "/help", "/accessibility", "/registration/legal-entity",
            "/registration/personal", "/recovery", "/appeals", "/sign-out", "/sign-out/done", "/device",
        ] {
            let page = agent.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            assert_page(&page, path);
        }
        for path in ["/", "/sign-in", "/account", "/sign-in/finish", "/display?switch=large"] {
            let reply = agent.get(path).await;
            assert_eq!(reply.status, 303, "{path}");
            assert_protected(&reply, path);
        }
        assert_error_page(&agent.get("/nowhere").await, 404, "/nowhere");
        assert_error_page(&agent.get("/authorize").await, 400, "/authorize");
        assert_error_page(&agent.get("/authorize/resume").await, 400, "/authorize/resume");
        assert_error_page(&agent.get("/authorize/consent?request=x").await, 400, "/authorize/consent");
        assert_error_page(&agent.get("/device/confirm?request=x").await, 400, "/device/confirm");
        let refused = agent.post("/sign-in/personal", &[]).await;
        assert_eq!(refused.status, 422);
        assert_page(&refused, "a refusal");
        // Large type and high contrast are classes, not styles.
        let mut agent = Agent::new(&app.base);
        agent.get("/display?switch=large").await;
        agent.get("/display?switch=contrast").await;
        let page = agent.get("/sign-in/personal").await;
        assert_page(&page, "large type");
        assert!(page.has("html.large-type.high-contrast"));
    }
}

on_both! {
    async fn the_pages_of_a_signed_in_visitor_too(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({ "first_party": false })).await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        assert_page(&agent.get("/account").await, "/account");
        assert_page(&agent.get("/sign-out").await, "/sign-out");
        let asked = agent.get(&portal.authorize_path(&[])).await;
        assert_protected(&asked, "/authorize");
        let consent = agent.follow(asked).await;
        assert!(consent.text().contains("申请获取您的以下信息"), "{}", consent.text());
        assert_page(&consent, "consent");
        assert!(consent.header("content-security-policy").contains("form-action 'self' https://hall.example;"));
        // An app's own scheme, and a port.
        for (id, uri, target) in [
            ("app", "cn.gov.example.app:/callback", "cn.gov.example.app:"),
            ("port", "https://port.example:8443/callback", "https://port.example:8443"),
        ] {
            let kind = if uri.starts_with("https") { "web" } else { "native" };
            let changes = json!({ "redirect_uris": [uri], "application_type": kind });
            let portal = Portal::register_with(&app, id, changes).await;
            let mut stranger = Agent::new(&app.base);
            let asked = stranger.get(&portal.authorize_path(&[])).await;
            let page = stranger.follow(asked).await;
            assert_page(&page, uri);
            let policy = page.header("content-security-policy");
            assert!(policy.contains(&format!("form-action 'self' {target};")), "{policy}");
        }
    }
}

on_both! {
    async fn what_is_no_page_is_not_taken_for_one(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let page = agent.get("/sign-in/personal").await;
        let style = page.attribute("link[rel=stylesheet]", "href").unwrap();
        let script = page.attribute("script", "src").unwrap();
        let picture = page.attribute("link[rel=icon]", "href").unwrap();
        for (path, kind) in [(style, "text/css"), (script, "text/javascript"), (picture, "image/svg+xml")] {
            let asset = agent.get(&path).await;
            assert_eq!(asset.status, 200, "{path}");
            assert!(asset.header("content-type").starts_with(kind), "{path}");
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(asset.header("x-content-type-options"), "nosniff", "{path}");
            assert!(asset.headers.get("set-cookie").is_none(), "{path}: kept by proxies for everybody");
            let (folder, name) = path.rsplit_once('/').unwrap();
            let stale = format!("{}/{name}", folder.replace(|digit: char| digit.is_ascii_hexdigit(), "0"));
            assert_eq!(agent.get(&stale).await.status, 404, "{stale}");
        }
        for path in ["/jwks.json", "/.well-known/openid-configuration", "/userinfo"] {
            assert_eq!(agent.get(path).await.header("x-content-type-options"), "nosniff", "{path}");
        }
    }
}

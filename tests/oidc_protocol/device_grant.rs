//! The device grant (RFC 8628): a terminal shows a code, its user types it elsewhere, signs in and agrees.

use super::jwt_access_tokens::{REPORTS, with_resources};
use super::*;
use crate::support::dpop::DpopKey;
use crate::support::sql;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A terminal in a service hall: a public client.
pub(super) async fn terminal(app: &TestApp, id: &str) -> Portal {
    let changes = json!({
        "token_endpoint_auth_method": "none", "grant_types": [GRANT, "refresh_token"], "redirect_uris": [],
        "first_party": true,
    });
    Portal::register_with(app, id, changes).await
}

/// What the terminal gets to show.
pub(super) async fn begin(portal: &Portal, agent: &mut Agent, params: &[(&str, &str)]) -> Value {
    let reply = portal.post(agent, "/device_authorization", params).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"), "{}", reply.body);
    assert_eq!(reply.header("content-type"), "application/json");
    reply.json()
}

pub(super) async fn poll(portal: &Portal, agent: &mut Agent, begun: &Value) -> Reply {
    portal.token(agent, &[("grant_type", GRANT), ("device_code", &text(begun, "device_code"))]).await
}

/// Types the code; gives the page that asks to allow it.
pub(super) async fn enter(agent: &mut Agent, user_code: &str) -> Reply {
    let reply = agent.post("/device", &[("user_code", user_code)]).await;
    agent.follow(reply).await
}

/// Answers the page that asks.
pub(super) async fn decide(agent: &mut Agent, page: &Reply, decision: &str) -> Reply {
    let action = page.attribute("form[action^='/device/confirm']", "action").expect("a form");
    let sid = page.attribute("[name=sid]", "value").unwrap();
    agent.post(&action, &[("sid", &sid), ("decision", decision)]).await
}

on_both! {
    async fn a_terminal_gets_its_tokens_when_somebody_allows_it(app: TestApp) {
        let portal = terminal(&app, "terminal").await;
        let mut device = Agent::new(&app.base);
        // Section 3.2.
        let begun = begin(&portal, &mut device, &[("scope", "openid profile offline_access")]).await;
        let expected = [
            "device_code", "expires_in", "interval", "user_code", "verification_qr_uri", "verification_uri",
            "verification_uri_complete",
        ];
        assert_eq!(members(&begun), expected);
        let user_code = text(&begun, "user_code");
        assert!(text(&begun, "device_code").len() == 43 && user_code.len() == 9, "{begun}");
        assert!(user_code.chars().all(|char| "BCDFGHJKLMNPQRSTVWXZ-".contains(char)), "{user_code}");
        assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(600), &json!(5)));
        assert_eq!(begun["verification_uri"], format!("{}/device", app.base));
        assert_eq!(begun["verification_uri_complete"], format!("{}/device?user_code={user_code}", app.base));
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "authorization_pending");
        // Somebody reads the picture with their telephone, and signs in there.
        let mut phone = Agent::new(&app.base);
        let page = phone.get(&format!("/device?user_code={user_code}")).await;
        assert_eq!(page.attribute("#user_code", "value").as_deref(), Some(user_code.as_str()));
        let reply = phone.post("/device", &[("user_code", &user_code.to_lowercase())]).await;
        let confirm = reply.location().unwrap();
        // It is no portal's request, and whoever has another telephone at hand may begin with that.
        for other in ["/authorize/resume", "/authorize/consent"] {
            assert_page(&phone.get(&confirm.replace("/device/confirm", other)).await, "expired or was answered");
        }
        assert!(phone.get(&confirm.replace("/device/confirm", "/sign-in/qr")).await.has("[data-qr]"));
        let sign_in = phone.get(&confirm).await.location().unwrap();
        let sign_in = phone.get(&sign_in).await.location().unwrap();
        let reply = phone.sign_in(&sign_in, &[("account", "liying2026"), ("password", PASSWORD)]).await;
        let page = phone.follow(reply).await;
        let said = page.text();
        for expected in ["测试门户terminal", "127.0.0.1", "读取姓名或单位名称", "在您离开后继续访问", "当前账号"] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
        app.advance_seconds(6);
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "authorization_pending");
        let done = decide(&mut phone, &page, "allow").await;
        assert!(done.text().contains("设备已登录"), "{}", done.text());
        app.advance_seconds(6);
        let reply = poll(&portal, &mut device, &begun).await;
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"), "{}", reply.body);
        let tokens = reply.json();
        let (_, told) = verified(&app, &text(&tokens, "id_token")).await;
        assert_eq!((&told["aud"], told.get("nonce")), (&json!("terminal"), None));
        let userinfo = portal.userinfo(&device, &text(&tokens, "access_token")).await.json();
        assert_eq!((&userinfo["name"], &userinfo["sub"]), (&json!("李颖"), &told["sub"]));
        let again = [("grant_type", "refresh_token"), ("refresh_token", &text(&tokens, "refresh_token"))];
        assert_eq!(portal.token(&mut device, &again).await.status, 200);
        let events = sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'device_allowed'").await;
        assert_eq!(events, 1);
        // Section 3.4: once. Whoever shows it again has a copy, and what it bought ends.
        app.advance_seconds(6);
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "invalid_grant");
        let dead = portal.userinfo(&device, &text(&tokens, "access_token")).await;
        assert_refused(&dead, 401, "invalid_token");
    }
}

on_both! {
    // Section 3.5.
    async fn a_terminal_is_told_why_it_must_wait(app: TestApp) {
        let portal = terminal(&app, "terminal").await;
        let other = terminal(&app, "other").await;
        let mut device = Agent::new(&app.base);
        let begun = begin(&portal, &mut device, &[]).await;
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "authorization_pending");
        app.advance_seconds(1);
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "slow_down");
        // Five seconds longer from then on.
        app.advance_seconds(5);
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "slow_down");
        app.advance_seconds(15);
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "authorization_pending");
        assert_refused(&poll(&other, &mut device, &begun).await, 400, "invalid_grant");
        app.advance_seconds(600);
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "expired_token");
        let mut agent = signed_in(&app).await;
        assert_eq!(enter(&mut agent, &text(&begun, "user_code")).await.status, 422, "it has expired here, too");
        // Who says no is believed.
        let begun = begin(&portal, &mut device, &[]).await;
        let page = enter(&mut agent, &text(&begun, "user_code")).await;
        let done = decide(&mut agent, &page, "deny").await;
        assert!(done.text().contains("已拒绝"), "{}", done.text());
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "access_denied");
        // Decided is decided: going back and allowing changes nothing.
        for decision in ["allow", "deny"] {
            let late = decide(&mut agent, &page, decision).await;
            assert!(late.status == 200 && late.text().contains("已拒绝"), "{} {}", late.status, late.text());
        }
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "access_denied");
        for params in [&[][..], &[("device_code", "made-up")], &[("device_code", &text(&begun, "user_code"))]] {
            let mut params = params.to_vec();
            params.push(("grant_type", GRANT));
            let error = if params.len() == 1 { "invalid_request" } else { "invalid_grant" };
            assert_refused(&portal.token(&mut device, &params).await, 400, error);
        }
    }
}

on_both! {
    |config| { config.trusted_proxies = 1; with_resources(config); };
    // Sections 5.1 and 5.2: codes can't be guessed, and nobody fills the store with them.
    async fn guesses_and_requests_are_limited(app: TestApp) {
        let portal = terminal(&app, "terminal").await;
        let mut device = Agent::at(&app.base, "192.0.2.1");
        let begun = begin(&portal, &mut device, &[]).await;
        let user_code = text(&begun, "user_code");
        let mut guesser = Agent::at(&app.base, "192.0.2.2");
        for guess in ["", "x", "BCDF-GHJ", "BCDF-GHJK-L", "1234-5678"] {
            let page = guesser.post("/device", &[("user_code", guess)]).await;
            assert_eq!(page.status, 422, "{guess}");
            assert!(page.has("#user_code-error"), "{guess}");
        }
        for _ in 0..6 {
            guesser.post("/device", &[("user_code", "BCDF-GHJK")]).await;
        }
        let locked = guesser.post("/device", &[("user_code", &user_code)]).await;
        assert!(locked.text().contains("尝试次数过多"), "{}", locked.text());
        let mut elsewhere = Agent::at(&app.base, "192.0.2.3");
        assert_eq!(elsewhere.post("/device", &[("user_code", &user_code)]).await.status, 303);
        app.advance_seconds(599);
        assert_eq!(guesser.post("/device", &[("user_code", "BCDF-GHJK")]).await.status, 422);
        // Right codes are not counted.
        let begun = begin(&portal, &mut device, &[]).await;
        for _ in 0..12 {
            let reply = elsewhere.post("/device", &[("user_code", &text(&begun, "user_code"))]).await;
            assert_eq!(reply.status, 303);
        }
        let mut greedy = Agent::at(&app.base, "192.0.2.4");
        let ask = |agent: &Agent| agent.request(reqwest::Method::POST, "/device_authorization").form(&[("client_id", "terminal")]);
        for _ in 0..60 {
            let request = ask(&greedy);
            assert_eq!(greedy.send(request).await.status, 200);
        }
        let request = ask(&greedy);
        let refused = greedy.send(request).await;
        assert_refused(&refused, 429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), "600");
    }
}

on_both! {
    with_resources;
    async fn only_what_the_client_may_have_is_given(app: TestApp) {
        let portal = terminal(&app, "terminal").await;
        let changes = json!({"grant_types": [GRANT], "redirect_uris": [], "scope": "openid"});
        let narrow = Portal::register_with(&app, "narrow", changes).await;
        let hall = Portal::register(&app, "hall").await;
        let mut device = Agent::new(&app.base);
        for (portal, params, error) in [
            (&portal, &[("scope", "openid made-up")][..], "invalid_scope"),
            (&portal, &[("scope", "openid  profile")], "invalid_scope"),
            (&narrow, &[("scope", "openid profile")], "invalid_scope"),
            (&portal, &[("resource", "urn:closed")], "invalid_target"),
            (&portal, &[("scope", "openid"), ("scope", "profile")], "invalid_request"),
            (&hall, &[], "unauthorized_client"),
        ] {
            assert_refused(&portal.post(&mut device, "/device_authorization", params).await, 400, error);
        }
        let nobody = device.request(reqwest::Method::POST, "/device_authorization").form(&[("client_id", "nobody")]);
        assert_refused(&device.send(nobody).await, 401, "invalid_client");
        // RFC 9449: bound to the key that asked; RFC 8707: for the resource that was named.
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let at = json!({"htu": format!("{}/device_authorization", app.base)});
        let proof = key.proof(&app, &json!({}), &at);
        let params = [("resource", REPORTS)];
        let begun = portal.post_with(&mut device, "/device_authorization", &params, &[("dpop", &proof)]).await.json();
        let mut agent = signed_in(&app).await;
        let page = enter(&mut agent, &text(&begun, "user_code")).await;
        decide(&mut agent, &page, "allow").await;
        let params = [("grant_type", GRANT), ("device_code", &text(&begun, "device_code"))];
        assert_refused(&portal.token(&mut device, &params).await, 400, "invalid_grant");
        let stolen = portal.post_with(&mut device, "/token", &params, &[("dpop", &other.at_token(&app))]).await;
        assert_refused(&stolen, 400, "invalid_grant");
        let reply = portal.post_with(&mut device, "/token", &params, &[("dpop", &key.at_token(&app))]).await;
        let told = claims(&text(&reply.json(), "access_token"));
        assert_eq!((&told["aud"], &told["cnf"]["jkt"]), (&json!(REPORTS), &json!(key.thumbprint())));
    }
}

on_both! {
    // A device code is not a code of another kind, and the other way round.
    async fn codes_do_not_pass_for_each_other(app: TestApp) {
        let both = json!({"grant_types": ["authorization_code", GRANT]});
        let portal = Portal::register_with(&app, "hall", both).await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[]).await;
        let as_device = [("grant_type", GRANT), ("device_code", code.as_str())];
        assert_refused(&portal.token(&mut agent, &as_device).await, 400, "invalid_grant");
        for redirect_uri in [portal.redirect_uri.as_str(), GRANT, ""] {
            let begun = begin(&portal, &mut agent, &[]).await;
            let page = enter(&mut agent, &text(&begun, "user_code")).await;
            decide(&mut agent, &page, "allow").await;
            let device_code = text(&begun, "device_code");
            let as_code =
                [("grant_type", "authorization_code"), ("code", &device_code), ("redirect_uri", redirect_uri)];
            let reply = portal.token(&mut agent, &as_code).await;
            assert_eq!(reply.status, 400, "{}", reply.body);
            assert_refused(&poll(&portal, &mut agent, &begun).await, 400, "invalid_grant");
        }
    }
}

on_both! {
    async fn the_code_comes_as_a_picture_too(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let picture = agent.get("/device/qr.svg?user_code=BCDF-GHJK").await;
        assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/svg+xml"));
        assert!(picture.body.starts_with("<?xml") && picture.body.contains("<svg"), "{}", picture.body);
        // It draws codes that we give, and nobody's texts.
        let long = format!("?user_code={}", "B".repeat(9000));
        for wrong in [
            "", "?user_code=", "?user_code=<script>", "?user_code=BCDF-GHJA", "?user_code=BCDF-GHJKL", "?user_code=%ff", &long,
        ] {
            assert_eq!(agent.get(&format!("/device/qr.svg{wrong}")).await.status, 400, "{wrong}");
        }
        let page = agent.get("/device?user_code=%3Cscript%3E").await;
        assert_eq!(page.attribute("#user_code", "value").as_deref(), Some(""));
    }
}

//! OpenID Connect Front-Channel Logout 1.0: the page that loads each portal's address and goes on.

use super::response_modes::fragment;
use super::*;

async fn portal(app: &TestApp, id: &str) -> Portal {
    let uri = format!("https://{id}.example/bye?a=b");
    Portal::register_with(app, id, json!({ "frontchannel_logout_uri": uri })).await
}

/// The frames of a page, by their portal.
fn frames(page: &Reply) -> Vec<url::Url> {
    let document = scraper::Html::parse_document(&page.body);
    let selector = scraper::Selector::parse("iframe").unwrap();
    document
        .select(&selector)
        .map(|frame| url::Url::parse(frame.value().attr("src").unwrap()).unwrap())
        .collect()
}

#[track_caller]
fn assert_told(app: &TestApp, page: &Reply, sid: &Value, ids: &[&str], onward: &str) {
    assert_eq!(page.status, 200, "{:?}", page.location());
    let mut frames = frames(page);
    frames.sort();
    let hosts: Vec<String> = frames.iter().map(|frame| frame.host_str().unwrap().to_owned()).collect();
    assert_eq!(hosts, ids.iter().map(|id| format!("{id}.example")).collect::<Vec<_>>());
    for frame in &frames {
        // Section 2: what was registered, and exactly iss and sid.
        let params: Vec<(String, String)> = frame.query_pairs().into_owned().collect();
        let expected = [("a", "b"), ("iss", &*app.base), ("sid", sid.as_str().unwrap())];
        assert_eq!(params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    let origins: Vec<String> = ids.iter().map(|id| format!("https://{id}.example")).collect();
    let policy = page.header("content-security-policy");
    let opened =
        policy.split(';').find_map(|part| part.trim().strip_prefix("frame-src ")).unwrap_or_default();
    let mut opened: Vec<&str> = opened.split(' ').collect();
    opened.sort_unstable();
    assert_eq!(opened, origins, "for exactly those portals");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    // Onward with scripts, without them, and by hand.
    assert_eq!(page.attribute("a[data-when-told]", "href").as_deref(), Some(onward));
    let refresh =
        format!("<noscript><meta http-equiv=\"refresh\" content=\"4;url={}\">", onward.replace('&', "&#38;"));
    assert!(page.body.contains(&refresh), "{}", page.body);
    assert!(page.text().contains("正在通知您登录过的应用"), "{}", page.text());
}

on_both! {
    async fn every_portal_of_the_session_is_loaded_and_then_the_way_leads_on(app: TestApp) {
        let hall = portal(&app, "hall").await;
        let shop = portal(&app, "shop").await;
        let unused = portal(&app, "unused").await;
        Portal::register(&app, "plain").await.tokens(&mut signed_in(&app).await, &[]).await;
        let mut agent = signed_in(&app).await;
        // A code that nobody redeemed is no session at the portal.
        unused.code(&mut agent, &[]).await;
        let token = text(&hall.tokens(&mut agent, &[]).await, "id_token");
        shop.tokens(&mut agent, &[]).await;
        let sid = claims(&token)["sid"].clone();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("id_token_hint", token.as_str()), ("post_logout_redirect_uri", "https://hall.example/"), ("state", "x&y"),
            ])
            .finish();
        let page = agent.get(&format!("/sign-out?{query}")).await;
        assert_told(&app, &page, &sid, &["hall", "shop"], "https://hall.example/?state=x%26y");
        assert!(!agent.cookies.contains_key("__Host-session"), "signed out before anything is loaded");
        let again = agent.get(&hall.authorize_path(&[("prompt", "none")])).await;
        assert_error_redirect(&app, &hall, &again, "login_required");
        // Nothing is left to tell: the same request goes straight on.
        let reply = agent.get(&format!("/sign-out?{query}")).await;
        assert_told(&app, &reply, &sid, &["hall", "shop"], "https://hall.example/?state=x%26y");
    }
}

on_both! {
    // Who got an ID token by way of the browser knows of the session, with a code or without.
    async fn who_only_got_an_id_token_by_the_browser_is_loaded(app: TestApp) {
        for (id, response_type) in [("alone", "id_token"), ("both", "code id_token")] {
            let uri = format!("https://{id}.example/bye?a=b");
            let changes = json!({"frontchannel_logout_uri": uri, "response_types": ["code", response_type]});
            let portal = Portal::register_with(&app, id, changes).await;
            let mut agent = signed_in(&app).await;
            let reply = agent.get(&portal.authorize_path(&[("response_type", response_type)])).await;
            let token = text(&fragment(&reply), "id_token");
            let page = agent.get(&format!("/sign-out?id_token_hint={token}")).await;
            assert_told(&app, &page, &claims(&token)["sid"], &[id], "/sign-out/done");
        }
    }
}

on_both! {
    // Whoever is asked first, and says yes, is told as much.
    async fn signing_out_by_hand_tells_them_too(app: TestApp) {
        let hall = portal(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let sid = claims(&text(&hall.tokens(&mut agent, &[]).await, "id_token"))["sid"].clone();
        let page = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_told(&app, &page, &sid, &["hall"], "/sign-out/done");
        assert!(!agent.cookies.contains_key("__Host-session"));
        assert!(agent.get("/sign-out/done").await.text().contains("您已安全退出"));
        // Without such portals there is no page in between.
        let mut agent = signed_in(&app).await;
        let reply = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!(reply.location().as_deref(), Some("/sign-out/done"));
    }
}

on_both! {
    // The browser shows the answer to the second click: it must tell the portals, too.
    async fn a_second_click_is_answered_like_the_first(app: TestApp) {
        let hall = portal(&app, "hall").await;
        let plain = Portal::register(&app, "plain").await;
        let mut agent = signed_in(&app).await;
        let sid = claims(&text(&hall.tokens(&mut agent, &[]).await, "id_token"))["sid"].clone();
        let twice = agent.cookies.clone();
        for _ in 0..2 {
            agent.cookies = twice.clone();
            let page = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
            assert_told(&app, &page, &sid, &["hall"], "/sign-out/done");
        }
        // By a hint that names no session, as well.
        let mut agent = signed_in(&app).await;
        let sid = claims(&text(&hall.tokens(&mut agent, &[]).await, "id_token"))["sid"].clone();
        let hint = text(&plain.tokens(&mut agent, &[]).await, "id_token");
        let twice = agent.cookies.clone();
        for _ in 0..2 {
            agent.cookies = twice.clone();
            let page = agent.get(&format!("/sign-out?id_token_hint={hint}")).await;
            assert_told(&app, &page, &sid, &["hall"], "/sign-out/done");
        }
        // A moment later the cookie says nothing any more.
        app.advance_seconds(61);
        agent.cookies = twice;
        let late = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!(late.location().as_deref(), Some("/sign-out/done"));
        idp::janitor::sweep(&app.app).await.unwrap();
        let kept = crate::support::sql::number(&app, "SELECT COUNT(*) FROM ended_sessions").await;
        assert_eq!(kept, 0);
    }
}

on_both! {
    // Whoever has an ID token, and neither the browser nor the session's cookie, learns nothing of a session that goes on
    // and ends none of it: not where it was used, not by loading what would sign its owner out there.
    async fn who_is_not_the_browser_tells_nobody(app: TestApp) {
        let hall = portal(&app, "hall").await;
        let shop = portal(&app, "shop").await;
        let mut agent = signed_in(&app).await;
        let token = text(&hall.tokens(&mut agent, &[]).await, "id_token");
        shop.tokens(&mut agent, &[]).await;
        let sid = claims(&token)["sid"].clone();
        let path = format!("/sign-out?id_token_hint={token}");
        let mut other = agent.stranger();
        other.cookies.insert("__Host-session".to_owned(), "made-up".to_owned());
        for mut stranger in [agent.stranger(), other] {
            let page = stranger.get(&path).await;
            assert_eq!((page.status.as_u16(), frames(&page).len()), (200, 0), "{}", page.text());
            assert!(!page.body.contains("测试门户") && !page.header("content-security-policy").contains(".example"));
            let back = stranger.get(&format!("{path}&post_logout_redirect_uri=https://hall.example/")).await;
            assert_eq!(back.location().as_deref(), Some("https://hall.example/"));
        }
        let still = agent.get(&hall.authorize_path(&[("prompt", "none")])).await;
        assert!(still.query("code").is_some(), "{:?}", still.location());
        // Once nobody has come for half an hour, nothing is left that could go on.
        app.advance_seconds(31 * 60);
        let page = agent.stranger().get(&path).await;
        assert_told(&app, &page, &sid, &["hall", "shop"], "/sign-out/done");
    }
}

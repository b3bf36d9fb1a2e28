//! Who is signed in, for how long, and what ends with it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use serde_json::json;

use super::{PASSWORD, as_legal_entity, as_operator, as_person, is_signed_in};
use crate::support::portal::{claims, jose_header};
use crate::support::{Agent, Portal, TestApp, sql};

const SESSION: &str = "__Host-session";

/// Another browser that has stolen a session cookie.
fn thief(app: &TestApp, token: &str) -> Agent {
    let mut agent = Agent::new(&app.base);
    agent.cookies.insert(SESSION.to_owned(), token.to_owned());
    agent
}

on_both! {
    async fn cookies_are_for_this_site_alone(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let page = agent.get("/sign-in/personal").await;
        let fields = [("account", "xinyue0221"), ("password", PASSWORD)];
        let signed_in = agent.sign_in("/sign-in/legal-entity", &fields).await;
        let display = agent.get("/display?switch=large&return_to=/help").await;
        let mut seen = Vec::new();
        for cookie in [&page, &signed_in, &display].iter().flat_map(|reply| reply.headers.get_all("set-cookie")) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
            assert!(name.starts_with("__Host-"), "{cookie}");
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(attributes.contains(&attribute), "{cookie} without {attribute}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
            if name != "__Host-display" {
                assert_eq!(value.len(), 43, "32 random bytes");
            }
            assert_eq!(attributes.iter().any(|attribute| attribute.starts_with("Max-Age")), name != SESSION, "{cookie}");
            seen.push(name);
        }
        assert_eq!(seen, ["__Host-visitor", SESSION, "__Host-display"]);
    }
}

on_both! {
    async fn every_sign_in_has_a_new_token_and_the_old_one_dies(app: TestApp) {
        let told = json!({ "backchannel_logout_uri": "https://hall.example/logout" });
        let portal = Portal::register_with(&app, "hall", told).await;
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
        let first = agent.cookies[SESSION].clone();
        let before = portal.tokens(&mut agent, &[]).await;
        app.advance_seconds(5);
        assert_eq!(as_person(&mut agent, "19400000003", PASSWORD).await.status, 303);
        assert_ne!(agent.cookies[SESSION], first);
        assert!(!is_signed_in(&mut thief(&app, &first)).await);
        assert!(is_signed_in(&mut agent).await);
        // To portals it is the same session, with a later sign-in.
        let after = portal.tokens(&mut agent, &[]).await;
        let (before, after) =
            (claims(before["id_token"].as_str().unwrap()), claims(after["id_token"].as_str().unwrap()));
        assert!(before["sid"].is_string());
        assert_eq!(before["sid"], after["sid"]);
        assert!(before["auth_time"].as_i64() < after["auth_time"].as_i64());
    }
}

on_both! {
    async fn a_token_that_somebody_planted_is_never_taken_over(app: TestApp) {
        let planted = "A".repeat(43);
        let mut agent = thief(&app, &planted);
        assert!(!is_signed_in(&mut agent).await);
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
        assert_ne!(agent.cookies[SESSION], planted);
        assert!(!is_signed_in(&mut thief(&app, &planted)).await);
        for forged in ["", "x", "AAAA;", &"A".repeat(10_000), "' OR '1'='1", &agent.cookies[SESSION].to_lowercase()] {
            assert!(!is_signed_in(&mut thief(&app, forged)).await, "{forged}");
        }
    }
}

on_both! {
    async fn half_an_hour_idle_ends_it(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
        app.advance_seconds(29 * 60);
        assert!(is_signed_in(&mut agent).await);
        app.advance_seconds(29 * 60);
        assert!(is_signed_in(&mut agent).await, "being used keeps it");
        app.advance_seconds(30 * 60 + 1);
        assert!(!is_signed_in(&mut agent).await);
    }
}

on_both! {
    async fn twelve_hours_end_it_however_busy(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
        for _ in 0..36 {
            assert!(is_signed_in(&mut agent).await);
            app.advance_seconds(20 * 60 - 1);
        }
        assert!(is_signed_in(&mut agent).await);
        app.advance_seconds(60);
        assert!(!is_signed_in(&mut agent).await);
    }
}

on_both! {
    async fn it_never_outlives_the_operator(app: TestApp) {
        let end = app.clock.now().millis() + 600_000;
        sql::execute(&app, &format!("UPDATE operators SET valid_until = {end}")).await;
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_operator(&mut agent, "xinyue0221", "19400000001", PASSWORD).await.status, 303);
        app.advance_seconds(9 * 60);
        assert!(is_signed_in(&mut agent).await);
        app.advance_seconds(61);
        assert!(!is_signed_in(&mut agent).await);
    }
}

on_both! {
    async fn signing_out_ends_it_at_the_server(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
        let token = agent.cookies[SESSION].clone();
        let asked = agent.get("/sign-out").await;
        assert!(asked.text().contains("确定退出登录吗？"), "{}", asked.text());
        assert!(is_signed_in(&mut agent).await, "a link alone signs nobody out");
        let stayed = agent.post("/sign-out/confirm", &[("decision", "cancel")]).await;
        assert_eq!(stayed.location().as_deref(), Some("/account"));
        assert!(is_signed_in(&mut agent).await);
        let left = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!((left.status.as_u16(), left.location().as_deref()), (303, Some("/sign-out/done")));
        assert!(!agent.cookies.contains_key(SESSION));
        assert!(agent.follow(left).await.text().contains("您已安全退出"));
        assert!(!is_signed_in(&mut thief(&app, &token)).await);
        // Again, with the dead cookie and with none: nothing breaks.
        assert_eq!(thief(&app, &token).post("/sign-out/confirm", &[]).await.status, 303);
        assert_eq!(Agent::new(&app.base).post("/sign-out/confirm", &[]).await.status, 303);
        assert!(Agent::new(&app.base).get("/sign-out").await.text().contains("您已安全退出"));
    }
}

on_both! {
    async fn other_browsers_stay_signed_in(app: TestApp) {
        let (mut office, mut home) = (Agent::new(&app.base), Agent::new(&app.base));
        for agent in [&mut office, &mut home] {
            assert_eq!(as_person(agent, "liying2026", PASSWORD).await.status, 303);
        }
        office.post("/sign-out/confirm", &[]).await;
        assert!(!is_signed_in(&mut office).await && is_signed_in(&mut home).await);
    }
}

/// A portal's back-channel logout address; keeps what it is sent.
async fn listen() -> (String, Arc<Mutex<Vec<String>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&received);
    let keep = move |body: String| async move { kept.lock().unwrap().push(body) };
    let router = Router::new().route("/backchannel-logout", post(keep));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/backchannel-logout", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

on_both! {
    async fn another_account_at_the_same_browser_ends_the_first(app: TestApp) {
        let (url, received) = listen().await;
        let portal = Portal::register_with(&app, "hall", json!({ "backchannel_logout_uri": url })).await;
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_legal_entity(&mut agent, "xinyue0221", PASSWORD).await.status, 303);
        let token = agent.cookies[SESSION].clone();
        let tokens = portal.tokens(&mut agent, &[]).await;
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
        assert!(!is_signed_in(&mut thief(&app, &token)).await);
        assert!(agent.get("/account").await.text().contains("个人账号：liying2026"));
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(portal.userinfo(&agent, access).await.status, 401, "its tokens ended with it");
        for _ in 0..100 {
            if !received.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let notices = received.lock().unwrap().clone();
        assert_eq!(notices.len(), 1, "{notices:?}");
        let logout_token = notices[0].strip_prefix("logout_token=").unwrap();
        assert_eq!(jose_header(logout_token)["typ"], "logout+jwt");
        let notice = claims(logout_token);
        assert_eq!((&notice["sid"], &notice["sub"]), (&id_token["sid"], &id_token["sub"]));
        assert_eq!(notice["aud"], "hall");
        assert!(notice["events"].get("http://schemas.openid.net/event/backchannel-logout").is_some());
        assert!(notice.get("nonce").is_none());
        // Once told, it waits no longer.
        for _ in 0..50 {
            if sql::number(&app, "SELECT COUNT(*) FROM outbox").await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the notice was delivered but is still in the outbox");
    }
}

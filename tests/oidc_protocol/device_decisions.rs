//! Who decides about a device (RFC 8628 section 3.3), and that a decision is one, however often it is sent.

use super::device_grant::{begin, decide, enter, poll, terminal};
use super::*;
use crate::support::sql;

on_both! {
    // The page belongs to one browser and one session.
    async fn only_whoever_was_asked_can_allow(app: TestApp) {
        let portal = terminal(&app, "terminal").await;
        let mut device = Agent::new(&app.base);
        let begun = begin(&portal, &mut device, &[]).await;
        let mut agent = signed_in(&app).await;
        let page = enter(&mut agent, &text(&begun, "user_code")).await;
        let action = page.attribute("form[action^='/device/confirm']", "action").unwrap();
        // Another browser, another site, another session's page.
        let mut stranger = signed_in(&app).await;
        assert_eq!(stranger.get(&action).await.status, 400);
        assert_eq!(stranger.post(&action, &[("decision", "allow")]).await.status, 400);
        let forged = agent.request(reqwest::Method::POST, &action).form(&[("decision", "allow")]);
        let forged = forged.header("sec-fetch-site", "cross-site").header("origin", "https://evil.example");
        assert_eq!(agent.send(forged).await.status, 403);
        let stale = agent.post(&action, &[("decision", "allow"), ("sid", "another")]).await;
        assert_eq!(stale.location().as_deref(), Some(action.as_str()), "it is asked again");
        assert_refused(&poll(&portal, &mut device, &begun).await, 400, "authorization_pending");
        // Ten at once: one decision, one grant.
        let sid = page.attribute("[name=sid]", "value").unwrap();
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let request = agent.request(reqwest::Method::POST, &action).header("cookie", agent.cookie_header());
            let request = request.form(&[("decision", "allow"), ("sid", &sid)]).header("sec-fetch-site", "same-origin");
            tries.spawn(async move { request.send().await.unwrap().status().as_u16() });
        }
        // All are told what the one has decided, at once or by way of the page.
        let statuses = tries.join_all().await;
        assert!(statuses.iter().all(|status| [200, 303].contains(status)), "{statuses:?}");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM grants").await, 1);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'device_allowed'").await, 1);
        let form = [("decision", "allow"), ("sid", &*sid)];
        for again in [agent.post(&action, &form).await, agent.get(&action).await] {
            assert!(again.status == 200 && again.text().contains("设备已登录"), "{}", again.text());
        }
        // Of a yes nobody else is told that it was theirs: the code has been used.
        let mut other = signed_in(&app).await;
        let begun = begin(&portal, &mut device, &[]).await;
        let theirs = enter(&mut other, &text(&begun, "user_code")).await;
        let mine = enter(&mut agent, &text(&begun, "user_code")).await;
        decide(&mut agent, &mine, "allow").await;
        let late = decide(&mut other, &theirs, "allow").await;
        assert!(late.status == 400 && late.text().contains("代码已失效"), "{}", late.text());
    }
}

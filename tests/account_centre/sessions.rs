//! 登录记录 and 登录设备.

use super::*;
use crate::support::{Portal, sql};

on_both! {
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn the_history_tells_what_happened(app: TestApp) {
        let mut stranger = Agent::new(&app.base);
        let wrong = [("account", "xinyue0221"), ("password", "Wrong2026")];
        stranger.sign_in("/sign-in/legal-entity", &wrong).await;
        let mut agent = unit(&app).await;
        let page = agent.get("/account/history").await;
        for wanted in ["登录失败", "密码错误", "127.0.0.1", "未知浏览器"] {
            assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
        }
        for _ in 0..25 {
            unit(&app).await;
            app.advance_seconds(1);
        }
        let page = agent.get("/account/history").await;
        let older = page.attribute(".pages .button", "href").unwrap();
        let page = agent.get(&older).await;
        assert!(page.text().contains("登录失败") && page.text().contains("最新"));
    }
}

on_both! {
    async fn others_can_be_ended_one_or_all(app: TestApp) {
        let mut agents = Vec::new();
        for _ in 0..4 {
            agents.push(unit(&app).await);
        }
        let page = agents[0].get("/account/sessions").await;
        assert_eq!(page.body.matches("<tr>").count(), 5, "a head and four");
        assert!(page.text().contains("当前设备"));
        let sid = page.attribute("[name=sid]", "value").unwrap();
        let reply = agents[0].post("/account/sessions", &[("sid", &sid)]).await;
        assert!(agents[0].follow(reply).await.text().contains("该设备已退出登录"));
        let mut left = 0;
        for agent in &mut agents {
            left += u32::from(is_signed_in(agent).await);
        }
        assert_eq!(left, 3);
        let reply = agents[0].post("/account/sessions", &[("others", "all")]).await;
        assert!(agents[0].follow(reply).await.text().contains("其他设备已全部退出登录"));
        assert!(is_signed_in(&mut agents[0]).await);
        for agent in &mut agents[1..] {
            assert!(!is_signed_in(agent).await);
        }
    }
}

on_both! {
    async fn nobody_ends_a_strangers_session(app: TestApp) {
        let mut owner = unit(&app).await;
        unit(&app).await;
        let page = owner.get("/account/sessions").await;
        let sid = page.attribute("[name=sid]", "value").unwrap();
        let mut other = person(&app).await;
        other.post("/account/sessions", &[("sid", &sid)]).await;
        assert_eq!(owner.get("/account/sessions").await.body.matches("<tr>").count(), 3);
    }
}

on_both! {
    async fn no_event_is_lost_between_two_pages(app: TestApp) {
        let mut agent = unit(&app).await;
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'").await;
        // Three pages of events of one millisecond.
        for number in 0..45 {
            sql::execute(&app, &format!("INSERT INTO audit_log (id, at, event, account_id, address, user_agent, detail)
                VALUES ('same{number:02}', 1700000000000, 'sign_out', '{id}', '198.51.100.{number}', '', '')")).await;
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut next = Some("/account/history".to_owned());
        while let Some(page) = next {
            let page = agent.get(&page).await;
            seen.extend((0..45).filter(|number| page.body.contains(&format!(">198.51.100.{number}<"))));
            let older = page.attribute(".pages .button:last-child", "href");
            next = older.filter(|href| href.contains("before="));
        }
        assert_eq!(seen.len(), 45);
    }
}

on_both! {
    async fn what_rests_on_the_accounts_proof_is_listed_and_ends_with_it(app: TestApp) {
        let metadata = serde_json::json!({ "backchannel_logout_uri": "http://localhost:9/notice" });
        let portal = Portal::register_with(&app, "told", metadata).await;
        let mut owner = person(&app).await;
        for others in [false, true] {
            // At a second device, where the person has become an operator.
            let mut elsewhere = person(&app).await;
            let page = elsewhere.get("/sign-in/choose-identity").await;
            let account = identities::account_of(&page, "92220102TEXT00033F");
            elsewhere.post("/sign-in/choose-identity", &[("account", &account)]).await;
            portal.tokens(&mut elsewhere, &[]).await;
            let page = owner.get("/account/sessions").await;
            assert_eq!(page.body.matches("<tr>").count(), 3, "a head and two: {}", page.text());
            assert!(page.text().contains("长春市南关区颖记百货店（演示）"), "as whom: {}", page.text());
            let sid = page.attribute("[name=sid]", "value").unwrap();
            let fields = if others { [("others", "all")] } else { [("sid", sid.as_str())] };
            assert_eq!(owner.post("/account/sessions", &fields).await.status, 303);
            assert!(!is_signed_in(&mut elsewhere).await, "{others}");
            assert_eq!(owner.get("/account/sessions").await.body.matches("<tr>").count(), 2);
        }
        assert!(is_signed_in(&mut owner).await);
        let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout'";
        assert_eq!(sql::number(&app, told).await, 2);
        let acting = "SELECT COUNT(*) FROM audit_log a JOIN operators o ON o.account_id = a.account_id WHERE event = 'sign_out'";
        assert_eq!(sql::number(&app, acting).await, 2, "written down of who acted");
    }
}

//! The steps in their order, in time, at one browser, once.

use super::{ALL, NEW, OPERATOR, PERSON, UNIT, assert_restarted, is_done, same_browser, set};
use crate::sign_in::PASSWORD;
use crate::support::{Agent, TestApp, sql};

/// The same recovery at another of its pages.
fn at(url: &str, page: &str) -> String {
    format!("/recovery/{page}?{}", url.split_once('?').unwrap().1)
}

async fn resets(app: &TestApp) -> i64 {
    sql::number(app, "SELECT COUNT(*) FROM audit_log WHERE event = 'password_reset'").await
}

on_both! {
    async fn out_of_order_it_begins_anew(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        for page in ["set-password", "done"] {
            let reply = agent.get(&at(&url, page)).await;
            assert_restarted(&mut agent, reply, page).await;
        }
        let reply = set(&mut agent, &at(&url, "set-password"), NEW).await;
        assert_restarted(&mut agent, reply, "a password before the code").await;
        assert_eq!(resets(&app).await, 0);
        // What was begun goes on all the same.
        let code = app.code_sent_to(UNIT.phone).await;
        let third = agent.post(&url, &[("phone_code", &code)]).await.location().unwrap();
        let reply = agent.get(&at(&url, "done")).await;
        assert_restarted(&mut agent, reply, "the end before the password").await;
        // Back and forth, as the browser's buttons do.
        assert_eq!(agent.get(&url).await.location().as_ref(), Some(&third));
        assert_eq!(agent.post(&url, &[("action", "send_code")]).await.location().as_ref(), Some(&third));
        assert_eq!(agent.get(&third).await.status, 200);
        assert!(is_done(&set(&mut agent, &third, NEW).await));
        // Once done, no step goes on with it, and reloading the end shows the end.
        for page in ["verify-sms", "set-password"] {
            let reply = agent.get(&at(&url, page)).await;
            match page {
                "set-password" => assert!(is_done(&reply)),
                _ => assert_restarted(&mut agent, reply, page).await,
            }
        }
        assert_eq!(agent.get(&at(&url, "done")).await.text_of("h2"), "密码设置成功");
        app.advance_seconds(15 * 60 + 1);
        let reply = agent.get(&at(&url, "done")).await;
        assert_restarted(&mut agent, reply, "an old end").await;
    }
}

on_both! {
    async fn each_step_has_a_quarter_of_an_hour(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        app.code_sent_to(UNIT.phone).await; // on its way before the next one
        app.advance_seconds(15 * 60 + 1);
        let reply = agent.get(&url).await;
        assert_restarted(&mut agent, reply, "the second step").await;
        for fields in [[("phone_code", "123456")], [("action", "send_code")]] {
            let reply = agent.post(&url, &fields).await;
            assert_restarted(&mut agent, reply, "the second step's form").await;
        }
        let url = UNIT.begin(&mut agent).await;
        app.advance_seconds(4 * 60);
        let code = app.code_sent_to(UNIT.phone).await;
        let third = agent.post(&url, &[("phone_code", &code)]).await.location().unwrap();
        app.advance_seconds(14 * 60);
        assert_eq!(agent.get(&third).await.status, 200, "counted from the proof");
        app.advance_seconds(61);
        let reply = set(&mut agent, &third, NEW).await;
        assert_restarted(&mut agent, reply, "the third step's form").await;
        assert_eq!(resets(&app).await, 0);
        assert_eq!(UNIT.sign_in(&mut agent, PASSWORD).await.status, 303);
    }
}

on_both! {
    async fn a_link_is_worth_nothing_elsewhere(app: TestApp) {
        for who in ALL {
            let mut owner = Agent::new(&app.base);
            let url = who.begin(&mut owner).await;
            let code = app.code_sent_to(who.phone).await;
            let mut thief = Agent::new(&app.base);
            thief.get("/recovery").await;
            for reply in [thief.get(&url).await, thief.post(&url, &[("phone_code", &code)]).await,
                thief.post(&url, &[("action", "send_code")]).await] {
                assert_restarted(&mut thief, reply, who.word).await;
            }
            let third = owner.post(&url, &[("phone_code", &code)]).await.location().unwrap();
            for reply in [thief.get(&third).await, set(&mut thief, &third, NEW).await, thief.get(&at(&third, "done")).await] {
                assert_restarted(&mut thief, reply, who.word).await;
            }
            assert_eq!(resets(&app).await, 0);
            assert_eq!(who.sign_in(&mut Agent::new(&app.base), PASSWORD).await.status, 303);
        }
    }
}

on_both! {
    async fn nonsense_begins_anew(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let long = "A".repeat(5000);
        for token in ["", "x", "%27%20OR%201=1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &long] {
            for page in ["verify-sms", "set-password", "done"] {
                let url = format!("/recovery/{page}?recovery={token}&as=nobody");
                let reply = agent.get(&url).await;
                assert_restarted(&mut agent, reply, &url).await;
                if page != "done" {
                    let reply = set(&mut agent, &url, NEW).await;
                    assert_restarted(&mut agent, reply, &url).await;
                }
            }
        }
        let reply = agent.get("/recovery/done").await;
        assert_restarted(&mut agent, reply, "no query").await;
        assert_eq!(agent.get("/recovery?as=%3Cscript%3E").await.text_of(".tabs [aria-current]"), "法人账号");
    }
}

on_both! {
    async fn of_many_submissions_one_counts(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = PERSON.prove(&app, &mut agent).await;
        let passwords: Vec<String> = (0..8).map(|number| format!("Nanhu-{number}{number}27")).collect();
        let mut posts = tokio::task::JoinSet::new();
        for number in (0..8).chain([0]) {
            let (mut agent, url, password) = (same_browser(&agent), url.clone(), passwords[number].clone());
            posts.spawn(async move { set(&mut agent, &url, &password).await });
        }
        for reply in posts.join_all().await {
            assert!(is_done(&reply), "{} {:?} {}", reply.status, reply.location(), reply.text());
        }
        assert_eq!(resets(&app).await, 1);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM password_history").await, 1);
        let mut right = 0;
        for password in &passwords {
            let reply = PERSON.sign_in(&mut Agent::new(&app.base), password).await;
            right += usize::from(reply.status == 303);
            sql::execute(&app, "DELETE FROM attempts").await;
        }
        assert_eq!(right, 1);
        // Later still.
        assert!(is_done(&set(&mut agent, &url, "Another-2027").await));
        assert_eq!(resets(&app).await, 1);
    }
}

on_both! {
    async fn what_else_was_begun_ends_and_a_changed_telephone_proves_nothing(app: TestApp) {
        let (mut first, mut second) = (Agent::new(&app.base), Agent::new(&app.base));
        let one = UNIT.prove(&app, &mut first).await;
        app.advance_seconds(61);
        let other = UNIT.prove(&app, &mut second).await;
        assert!(is_done(&set(&mut first, &one, NEW).await));
        let reply = set(&mut second, &other, "Another-2027").await;
        assert_restarted(&mut second, reply, "the other browser's").await;
        app.advance_seconds(61);
        let url = PERSON.prove(&app, &mut first).await;
        sql::execute(&app, "UPDATE persons SET phone = NULL, phone_index = NULL").await;
        let reply = set(&mut first, &url, NEW).await;
        assert_restarted(&mut first, reply, "no telephone any more").await;
        assert_eq!(resets(&app).await, 1);
        app.advance_seconds(61);
        let url = OPERATOR.prove(&app, &mut first).await;
        sql::execute(&app, "UPDATE operators SET frozen_at = 1").await;
        let reply = set(&mut first, &url, NEW).await;
        assert_restarted(&mut first, reply, "frozen meanwhile").await;
    }
}

on_both! {
    async fn a_password_set_elsewhere_ends_what_was_begun(app: TestApp) {
        // By the owner, in the account centre.
        let mut thief = Agent::new(&app.base);
        let url = PERSON.prove(&app, &mut thief).await;
        let mut owner = Agent::new(&app.base);
        assert_eq!(PERSON.sign_in(&mut owner, PASSWORD).await.status, 303);
        let form = [("old_password", PASSWORD), ("new_password", NEW), ("new_password_again", NEW)];
        assert_eq!(owner.post("/account/password", &form).await.status, 303);
        let reply = set(&mut thief, &url, "Thief-2027").await;
        assert_restarted(&mut thief, reply, "a person's").await;
        assert_eq!(PERSON.sign_in(&mut owner, NEW).await.status, 303);
        // By the unit, for its operator.
        let url = OPERATOR.prove(&app, &mut thief).await;
        let mut unit = crate::operators::unit(&app).await;
        let page = crate::operators::of(&crate::operators::id_of(&app, OPERATOR.phone).await, "password");
        let form = [("new_password", NEW), ("new_password_again", NEW)];
        assert_eq!(unit.post(&page, &form).await.status, 303);
        let reply = set(&mut thief, &url, "Thief-2027").await;
        assert_restarted(&mut thief, reply, "an operator's").await;
    }
}

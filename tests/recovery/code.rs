//! 短信验证: wrong, late and repeated codes.

use super::{OPERATOR, PERSON, UNIT, beside, same_browser};
use crate::support::{Agent, full_width};

/// Six digits that are not the code.
fn other(code: &str) -> &'static str {
    if code == "123456" { "654321" } else { "123456" }
}

on_both! {
    async fn five_wrong_codes_spend_the_right_one(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        let code = app.code_sent_to(UNIT.phone).await;
        let reply = agent.post(&url, &[("phone_code", " ")]).await;
        assert_eq!(beside(&reply, "phone_code"), "请输入验证码");
        for _ in 0..5 {
            let reply = agent.post(&url, &[("phone_code", other(&code))]).await;
            assert_eq!(beside(&reply, "phone_code"), "短信验证码错误");
            assert!(reply.has("#phone_code[autofocus]"));
        }
        let reply = agent.post(&url, &[("phone_code", &code)]).await;
        assert_eq!(beside(&reply, "phone_code"), "验证码已失效，请重新获取");
        // A new one is right.
        app.advance_seconds(61);
        assert_eq!(agent.post(&url, &[("action", "send_code")]).await.status, 200);
        let code = app.code_sent_to(UNIT.phone).await;
        assert_eq!(agent.post(&url, &[("phone_code", &code)]).await.status, 303);
    }
}

on_both! {
    async fn a_code_is_good_for_five_minutes(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        let code = app.code_sent_to(UNIT.phone).await;
        app.advance_seconds(301);
        let reply = agent.post(&url, &[("phone_code", &code)]).await;
        assert_eq!(beside(&reply, "phone_code"), "验证码已失效，请重新获取");
    }
}

on_both! {
    async fn another_one_after_a_minute_takes_the_firsts_place(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        let first = app.code_sent_to(UNIT.phone).await;
        app.advance_seconds(50);
        let reply = agent.post(&url, &[("action", "send_code")]).await;
        assert_eq!(beside(&reply, "phone_code"), "获取验证码过于频繁，请稍后再试");
        app.advance_seconds(11);
        let reply = agent.post(&url, &[("action", "send_code")]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.text_of("[role=status]"), "验证码已发送至该账号绑定的手机号，请注意查收");
        let second = app.code_sent_to(UNIT.phone).await;
        if first != second {
            let reply = agent.post(&url, &[("phone_code", &first)]).await;
            assert_eq!(beside(&reply, "phone_code"), "短信验证码错误");
        }
        assert_eq!(agent.post(&url, &[("phone_code", &second)]).await.status, 303);
    }
}

on_both! {
    async fn an_impatient_finger_does_no_harm(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        let code = app.code_sent_to(UNIT.phone).await;
        let mut posts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let mut agent = same_browser(&agent);
            let (url, code) = (url.clone(), code.clone());
            posts.spawn(async move { agent.post(&url, &[("phone_code", &code)]).await });
        }
        for reply in posts.join_all().await {
            // Within the five tries that a code has.
            let expired = reply.status == 422 && beside(&reply, "phone_code") == "验证码已失效，请重新获取";
            assert!(reply.status == 303 || expired, "{}", reply.text());
        }
        assert!(agent.get(&url).await.location().unwrap().starts_with("/recovery/set-password?"));
    }
}

on_both! {
    async fn a_code_of_another_purpose_or_telephone_is_worth_nothing(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        let persons = PERSON.begin(&mut agent).await;
        let (own, others) = (app.code_sent_to(UNIT.phone).await, app.code_sent_to(PERSON.phone).await);
        if own != others {
            let reply = agent.post(&url, &[("phone_code", &others)]).await;
            assert_eq!(beside(&reply, "phone_code"), "短信验证码错误");
        }
        // The same number, at the same browser, but for a registration.
        app.advance_seconds(61);
        let fields = [("purpose", "registration"), ("phone", PERSON.phone)];
        assert_eq!(agent.post("/sms-code/send", &fields).await.status, 200);
        let registration = app.code_sent_to(PERSON.phone).await;
        if registration != others {
            let reply = agent.post(&persons, &[("phone_code", &registration)]).await;
            assert_eq!(beside(&reply, "phone_code"), "短信验证码错误");
        }
        let fields = [("purpose", "recovery"), ("phone", PERSON.phone)];
        assert_eq!(agent.post("/sms-code/send", &fields).await.status, 400, "nobody types this telephone");
    }
}

on_both! {
    async fn who_has_lost_the_telephone_is_told_where_to_turn(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for who in [UNIT, PERSON] {
            let url = who.begin(&mut agent).await;
            let page = agent.get(&url).await;
            assert_eq!(page.attribute(".console__note a", "href").as_deref(), Some("/appeals"));
            assert!(page.text_of(".console__note").starts_with("绑定的手机号码已停用，或无法接收短信？请进行账号申诉"));
        }
        let url = OPERATOR.begin(&mut agent).await;
        let note = agent.get(&url).await.text_of(".console__note");
        assert!(note.contains("请联系本单位法人或管理员更换手机号码"), "{note}");
    }
}

on_both! {
    async fn full_width_and_spaces_are_no_mistake(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let url = UNIT.begin(&mut agent).await;
        let code = full_width(&app.code_sent_to(UNIT.phone).await);
        assert_eq!(agent.post(&url, &[("phone_code", &code)]).await.status, 303);
    }
}

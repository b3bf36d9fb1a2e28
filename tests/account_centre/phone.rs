//! 修改手机号: the old number and the new one are proved.

use super::*;
use crate::support::sql;

const NEW: &str = "19400000301";

/// Step 1, done.
async fn prove_old(app: &TestApp, agent: &mut Agent, phone: &str) {
    let reply = agent.post("/account/phone", &[("action", "send_code")]).await;
    assert!(reply.text_of("[data-sms-status]").starts_with("验证码已发送至"), "{}", reply.text());
    let code = app.code_sent_to(phone).await;
    let reply = agent.post("/account/phone", &[("phone_code", &code)]).await;
    assert_eq!(reply.location().as_deref(), Some("/account/new-phone"), "{}", reply.text());
}

/// The form of step 2, proved.
async fn new_number(app: &TestApp, agent: &mut Agent, phone: &str) -> String {
    let reply = agent.post("/account/new-phone", &[("phone", phone), ("action", "send_code")]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    app.code_sent_to(phone).await
}

on_both! {
    async fn both_numbers_are_proved(app: TestApp) {
        let mut agent = unit(&app).await;
        prove_old(&app, &mut agent, UNIT_PHONE).await;
        let code = new_number(&app, &mut agent, NEW).await;
        let reply = agent.post("/account/new-phone", &[("phone", NEW), ("phone_code", &code)]).await;
        let centre = agent.follow(reply).await;
        assert!(centre.text().contains("手机号码修改成功") && centre.text().contains("194****0301"));
        let told = app.last_text(UNIT_PHONE).await.unwrap();
        assert!(told.contains("已修改为194****0301"), "{told}");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM account_changes WHERE kind = 'phone'").await, 1);
        // The proofs are used up.
        let reply = agent.get("/account/new-phone").await;
        assert_eq!(reply.location().as_deref(), Some("/account/phone"));
    }
}

on_both! {
    async fn the_second_step_is_not_the_first(app: TestApp) {
        let mut agent = unit(&app).await;
        let step_1 = Some("/account/phone");
        assert_eq!(agent.get("/account/new-phone").await.location().as_deref(), step_1);
        let reply = agent.post("/account/new-phone", &[("phone", NEW), ("action", "send_code")]).await;
        assert_eq!(reply.location().as_deref(), step_1, "nothing is sent before");
        assert_eq!(app.last_text(NEW).await, None);
        prove_old(&app, &mut agent, UNIT_PHONE).await;
        let mut elsewhere = unit(&app).await;
        assert_eq!(elsewhere.get("/account/new-phone").await.location().as_deref(), step_1, "another session's");
        app.advance_seconds(29 * 60);
        is_signed_in(&mut agent).await;
        app.advance_seconds(2 * 60);
        assert_eq!(agent.get("/account/new-phone").await.location().as_deref(), step_1, "it has expired");
    }
}

on_both! {
    async fn refusals_stand_beside_their_fields(app: TestApp) {
        let mut agent = unit(&app).await;
        let reply = agent.post("/account/phone", &[("phone_code", "")]).await;
        assert_eq!(error(&reply, "phone_code"), "请输入验证码");
        let reply = agent.post("/account/phone", &[("phone_code", "123456")]).await;
        assert_eq!(error(&reply, "phone_code"), "验证码已失效，请重新获取");
        prove_old(&app, &mut agent, UNIT_PHONE).await;
        let reply = agent.post("/account/new-phone", &[("phone", "12000000000"), ("action", "send_code")]).await;
        assert_eq!(error(&reply, "phone"), "手机号码格式不正确");
        app.advance_seconds(61);
        let code = new_number(&app, &mut agent, UNIT_PHONE).await;
        let reply = agent.post("/account/new-phone", &[("phone", UNIT_PHONE), ("phone_code", &code)]).await;
        assert_eq!(error(&reply, "phone"), "新手机号码不能与原手机号码相同");
    }
}

on_both! {
    async fn a_number_that_another_operator_has_is_refused(app: TestApp) {
        let mut agent = operator(&app, "xinyue0221", "15400000002").await;
        prove_old(&app, &mut agent, "15400000002").await;
        let code = new_number(&app, &mut agent, "19400000001").await;
        let reply = agent.post("/account/new-phone", &[("phone", "19400000001"), ("phone_code", &code)]).await;
        assert_eq!(error(&reply, "phone"), "该手机号码已被本单位其他经办人使用");
    }
}

on_both! {
    async fn who_has_no_number_proves_the_password(app: TestApp) {
        let mut agent = person(&app).await;
        sql::execute(&app, "UPDATE persons SET phone = NULL, phone_index = NULL").await;
        let reply = agent.post("/account/phone", &[("password", "Wrong2026")]).await;
        assert_eq!(error(&reply, "password"), "密码错误");
        let reply = agent.post("/account/phone", &[("password", PASSWORD)]).await;
        assert_eq!(reply.location().as_deref(), Some("/account/new-phone"));
        let code = new_number(&app, &mut agent, NEW).await;
        let reply = agent.post("/account/new-phone", &[("phone", NEW), ("phone_code", &code)]).await;
        assert!(agent.follow(reply).await.text().contains("194****0301"));
    }
}

on_both! {
    async fn two_who_swap_their_numbers_at_once_do_not_wait_for_each_other(app: TestApp) {
        const ONE: &str = "19400000003";
        const OTHER: &str = "19400000201";
        let (_, registered) = crate::registration::Form::person().register(&app).await;
        assert_eq!(registered.status, 303, "{}", registered.text());
        let mut one = person(&app).await;
        let mut other = Agent::new(&app.base);
        let fields = [("account", OTHER), ("password", crate::registration::PASSWORD)];
        assert_eq!(other.sign_in("/sign-in/personal", &fields).await.status, 303);
        app.advance_seconds(61); // one message a minute
        prove_old(&app, &mut one, ONE).await;
        prove_old(&app, &mut other, OTHER).await;
        app.advance_seconds(61);
        let code_of_one = new_number(&app, &mut one, OTHER).await;
        let code_of_other = new_number(&app, &mut other, ONE).await;
        let to_other = [("phone", OTHER), ("phone_code", code_of_one.as_str())];
        let to_one = [("phone", ONE), ("phone_code", code_of_other.as_str())];
        let replies =
            tokio::join!(one.post("/account/new-phone", &to_other), other.post("/account/new-phone", &to_one));
        // Whoever was second may have lost the old number by then, and proves themselves anew.
        for reply in [replies.0, replies.1] {
            assert_eq!(reply.status, 303, "{}", reply.text());
        }
        let bound = "SELECT COUNT(*) FROM account_changes WHERE kind = 'phone'";
        assert!(sql::number(&app, bound).await >= 1);
    }
}

on_both! {
    |config| config.sms.captcha = true;
    async fn both_steps_ask_for_a_captcha(app: TestApp) {
        let mut agent = unit(&app).await;
        let mut codes = Vec::new();
        for (page, phone, typed) in [("/account/phone", UNIT_PHONE, ""), ("/account/new-phone", NEW, NEW)] {
            let reply = agent.post(page, &[("phone", typed), ("action", "send_code")]).await;
            assert_eq!(error(&reply, "captcha_answer"), "请先输入图片验证码", "{page}");
            assert_eq!(app.last_text(phone).await, None, "{page}");
            let id = reply.attribute("[name=captcha_id]", "value").unwrap();
            let answer = app.captcha_answer(&id).await;
            let fields = [("phone", typed), ("action", "send_code"), ("captcha_id", &id), ("captcha_answer", &answer)];
            let sent = agent.post(page, &fields).await;
            assert!(sent.text_of("[data-sms-status]").starts_with("验证码已发送至"), "{page}: {}", sent.text());
            codes.push(app.code_sent_to(phone).await);
            let reply = agent.post(page, &[("phone", typed), ("phone_code", codes.last().unwrap())]).await;
            assert_eq!(reply.status, 303, "{page}: {}", reply.text());
        }
        assert!(agent.get("/account").await.text().contains("194****0301"));
    }
}

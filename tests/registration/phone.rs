//! 短信验证码: what is sent, how often, and what a code is worth.

use idp::guard::captcha;
use idp::platform::random;
use idp::store::captchas;

use super::*;
use crate::support::full_width;

async fn ask(agent: &mut Agent, phone: &str) -> Reply {
    Form::person().with("phone", phone).with("action", "send_code").send(agent).await
}

on_both! {
    async fn the_text_says_what_it_is_for(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let reply = ask(&mut agent, "19400000201").await;
        assert_eq!(reply.text_of("[data-sms-status]"), "验证码已发送至 194****0201，请注意查收");
        assert_eq!(reply.attribute("#person_name", "value").unwrap(), "陈静", "nothing typed is lost");
        let text = app.last_text("19400000201").await.unwrap();
        assert!(text.starts_with("【统一身份认证】验证码") && text.contains("用于注册账号，5分钟内有效"), "{text}");
    }
}

on_both! {
    async fn once_a_minute_five_an_hour_ten_a_day(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let again = "获取验证码过于频繁，请稍后再试";
        for hour in 0..2 {
            for _ in 0..5 {
                assert_eq!(ask(&mut agent, "19400000201").await.status, 200, "hour {hour}");
                assert_eq!(error(&ask(&mut agent, "194-0000-0201").await, "phone_code"), again);
                app.advance_seconds(61);
            }
            assert_eq!(error(&ask(&mut agent, "19400000201").await, "phone_code"), again, "hour {hour}");
            app.advance_seconds(3600);
        }
        let reply = ask(&mut agent, "19400000201").await;
        assert_eq!(error(&reply, "phone_code"), "今日获取次数已达上限");
        app.advance_seconds(24 * 3600);
        assert_eq!(ask(&mut agent, "19400000201").await.status, 200);
    }
}

on_both! {
    |config| { config.sms.device_hour = 2; config.sms.address_hour = 3; };
    async fn browsers_and_addresses_are_counted_too(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        for (number, allowed) in [("19400000201", true), ("19400000202", true), ("19400000203", false)] {
            assert_eq!(ask(&mut agent, number).await.status == 200, allowed, "{number}");
        }
        let mut other = Agent::new(&app.base);
        assert_eq!(ask(&mut other, "19400000204").await.status, 200);
        let mut third = Agent::new(&app.base);
        let reply = ask(&mut third, "19400000205").await;
        assert_eq!(error(&reply, "phone_code"), "获取验证码过于频繁，请稍后再试");
    }
}

on_both! {
    async fn five_tries_and_five_minutes(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let form = Form::person().with_code(&app, &mut agent).await;
        for _ in 0..5 {
            let reply = form.clone().with("phone_code", "abcdef").send(&mut agent).await;
            assert_eq!(error(&reply, "phone_code"), "短信验证码错误");
        }
        let reply = form.send(&mut agent).await;
        assert_eq!(error(&reply, "phone_code"), "验证码已失效，请重新获取", "the sixth, though right");
        app.advance_seconds(61);
        let form = Form::person().with_code(&app, &mut agent).await;
        app.advance_seconds(301);
        assert_eq!(error(&form.send(&mut agent).await, "phone_code"), "验证码已失效，请重新获取");
    }
}

on_both! {
    async fn a_newer_code_takes_the_place_of_the_older(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let first = Form::person().with_code(&app, &mut agent).await;
        app.advance_seconds(61);
        let second = Form::person().with_code(&app, &mut agent).await;
        if first.pairs() != second.pairs() {
            assert_eq!(error(&first.send(&mut agent).await, "phone_code"), "短信验证码错误");
        }
        assert_eq!(second.send(&mut agent).await.status, 303);
    }
}

on_both! {
    async fn a_code_belongs_to_its_browser_its_number_and_its_purpose(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let form = Form::person().with_code(&app, &mut agent).await;
        let gone = "验证码已失效，请重新获取";
        assert_eq!(error(&form.send(&mut Agent::new(&app.base)).await, "phone_code"), gone);
        let other = form.clone().with("phone", "19400000299");
        assert_eq!(error(&other.send(&mut agent).await, "phone_code"), gone);
        let code = app.code_sent_to("19400000201").await;
        let fields = [("purpose", "new_phone"), ("phone", "19400000201"), ("phone_code", code.as_str())];
        let reply = agent.post("/sms-code/verify", &fields).await;
        assert_eq!((reply.status.as_u16(), reply.json()["message"].as_str()), (422, Some(gone)));
        assert_eq!(form.send(&mut agent).await.status, 303);
    }
}

on_both! {
    async fn a_proof_outlives_its_code_by_half_an_hour(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let form = Form::person().with_code(&app, &mut agent).await;
        // Something else is wrong: the code is used up, the telephone stays proved.
        let reply = form.clone().with("person_name", "").send(&mut agent).await;
        assert!(reply.text_of("[data-sms-proved]").contains("194****0201 已验证"), "{}", reply.text());
        let token = reply.attribute("[name=phone_token]", "value").unwrap();
        let form = Form::person().with("phone_token", &token);
        let stolen = form.send(&mut Agent::new(&app.base)).await;
        assert_eq!(error(&stolen, "phone_code"), "验证码已失效，请重新获取", "another browser's");
        let other = form.clone().with("phone", "19400000202").send(&mut agent).await;
        assert_eq!(error(&other, "phone_code"), "验证码已失效，请重新获取", "another number's");
        app.advance_seconds(29 * 60);
        assert_eq!(form.send(&mut agent).await.status, 303);
    }
}

on_both! {
    async fn a_proof_expires(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let form = Form::person().with_code(&app, &mut agent).await;
        let reply = form.with("person_name", "").send(&mut agent).await;
        let token = reply.attribute("[name=phone_token]", "value").unwrap();
        app.advance_seconds(31 * 60);
        let reply = Form::person().with("phone_token", &token).send(&mut agent).await;
        assert_eq!(error(&reply, "phone_code"), "验证码已失效，请重新获取");
        assert!(reply.has("#phone"), "the number can be proved again");
    }
}

on_both! {
    async fn the_script_sends_and_proves_by_the_same_rules(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let fields = [("purpose", "registration"), ("phone", "+86 194 0000 0201")];
        let sent = agent.post("/sms-code/send", &fields).await;
        assert_eq!(sent.json()["notice"], "验证码已发送至 194****0201，请注意查收");
        let code = app.code_sent_to("19400000201").await;
        let verify = [("purpose", "registration"), ("phone", "19400000201"), ("phone_code", code.as_str())];
        let proved = agent.post("/sms-code/verify", &verify).await;
        assert_eq!(proved.json()["masked"], "194****0201");
        let form = Form::person().with("phone_token", proved.json()["token"].as_str().unwrap());
        assert_eq!(form.send(&mut agent).await.status, 303);
        for purpose in ["recovery", "manage_operators", "nonsense"] {
            let fields = [("purpose", purpose), ("phone", "19400000201")];
            assert_eq!(agent.post("/sms-code/send", &fields).await.status, 400, "{purpose}");
        }
        let request = agent.request(reqwest::Method::POST, "/sms-code/send");
        let foreign = request.form(&fields).header("sec-fetch-site", "cross-site");
        assert_eq!(agent.send(foreign).await.status, 403);
    }
}

on_both! {
    |config| config.sms.captcha = true;
    async fn nothing_is_sent_without_a_captcha(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let page = agent.get(PERSONAL).await;
        assert_eq!(error(&ask(&mut agent, "19400000201").await, "captcha_answer"), "请先输入图片验证码");
        let id = page.attribute("[name=captcha_id]", "value").unwrap();
        let wrong = Form::person().with("captcha_id", &id).with("captcha_answer", "????");
        let reply = wrong.with("action", "send_code").send(&mut agent).await;
        assert_eq!(error(&reply, "captcha_answer"), "验证码错误，请重新输入");
        let id = reply.attribute("[name=captcha_id]", "value").unwrap();
        assert!(captcha::is_open(&app.app, &id).await.unwrap());
        let answer = captchas::find(&app.app.store, &random::hash(&id), app.clock.now()).await.unwrap();
        // As an input method for Chinese may type it.
        let typed: String = answer.unwrap().chars().flat_map(|c| [to_full_width(c), ' ']).collect();
        let right = Form::person().with("captcha_id", &id).with("captcha_answer", &typed.to_lowercase());
        let right = right.with("action", "send_code");
        assert_eq!(right.send(&mut agent).await.status, 200);
        app.advance_seconds(61);
        let reply = right.send(&mut agent).await;
        assert_eq!(error(&reply, "captcha_answer"), "验证码已过期，请点击刷新", "one captcha, one message");
        let fields = [("purpose", "registration"), ("phone", "19400000201")];
        let reply = agent.post("/sms-code/send", &fields).await;
        assert_eq!(reply.json()["field"], "captcha_answer");
        assert!(reply.json()["captcha"]["id"].is_string(), "and here is the next");
    }
}

/// `Ａ` for `A`.
fn to_full_width(character: char) -> char {
    char::from_u32(u32::from(character) + 0xFEE0).unwrap()
}

on_both! {
    |config| config.sms.transport = idp::config::SmsTransport::Off;
    async fn without_a_gateway_the_page_says_so(app: TestApp) {
        let reply = ask(&mut Agent::new(&app.base), "19400000201").await;
        assert_eq!(error(&reply, "phone_code"), "短信服务暂未开通，请联系技术支持");
    }
}

on_both! {
    async fn a_code_may_be_typed_in_full_width_and_with_spaces(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(PERSONAL).await;
        let form = Form::person().with("phone", "１９４ ００００ ０２０１");
        let sent = form.clone().with("action", "send_code").send(&mut agent).await;
        assert_eq!(sent.attribute("#phone_code", "placeholder").as_deref(), Some("请输入验证码"));
        let code = full_width(&app.code_sent_to("19400000201").await);
        let reply = form.with("phone_code", &code).send(&mut agent).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

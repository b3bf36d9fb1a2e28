//! How often somebody may say who they are.

use idp::config::Config;

use super::{MISMATCH, OPERATOR, PERSON, UNIT, Who, beside};
use crate::sign_in::{PASSWORD, alert};
use crate::support::{Agent, TestApp, sql};

const TOO_OFTEN: &str = "操作过于频繁，请稍后再试";

fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = 1;
}

async fn guess(agent: &mut Agent, who: &Who, account: &str) -> String {
    alert(&who.identify(agent, &[("account", account), ("person_name", "王小明")]).await)
}

on_both! {
    behind_a_proxy;
    async fn ten_an_hour_for_a_name_whether_or_not_it_exists(app: TestApp) {
        for account in [PERSON.account, "nobody2026"] {
            for place in 0..10 {
                let mut agent = Agent::at(&app.base, &format!("192.0.2.{place}"));
                assert_eq!(guess(&mut agent, &PERSON, account).await, MISMATCH, "{account} {place}");
            }
            let mut agent = Agent::at(&app.base, "198.51.100.1");
            assert_eq!(guess(&mut agent, &PERSON, account).await, TOO_OFTEN, "{account}");
            let right = PERSON.identify(&mut agent, &[("account", account)]).await;
            assert_eq!((right.status.as_u16(), alert(&right).as_str()), (422, TOO_OFTEN), "also what is right");
        }
        let mut agent = Agent::at(&app.base, "198.51.100.1");
        assert_eq!(alert(&PERSON.identify(&mut agent, &[("account", "LIYING 2026")]).await), TOO_OFTEN);
        assert_eq!(UNIT.identify(&mut agent, &[]).await.status, 303, "others go on");
        app.advance_seconds(3601);
        assert_eq!(PERSON.identify(&mut agent, &[]).await.status, 303);
    }
}

on_both! {
    behind_a_proxy;
    async fn strangers_do_not_keep_the_owner_out_of_a_known_browser(app: TestApp) {
        let mut owner = Agent::at(&app.base, "192.0.2.200");
        assert_eq!(PERSON.sign_in(&mut owner, PASSWORD).await.status, 303);
        for place in 0..11 {
            guess(&mut Agent::at(&app.base, &format!("192.0.2.{place}")), &PERSON, PERSON.account).await;
        }
        assert_eq!(alert(&PERSON.identify(&mut Agent::at(&app.base, "198.51.100.1"), &[]).await), TOO_OFTEN);
        assert_eq!(PERSON.identify(&mut owner, &[]).await.status, 303);
        // Its own tries are counted as anybody's.
        for _ in 0..9 {
            assert_eq!(guess(&mut owner, &PERSON, PERSON.account).await, MISMATCH);
        }
        assert_eq!(guess(&mut owner, &PERSON, PERSON.account).await, TOO_OFTEN);
    }
}

on_both! {
    behind_a_proxy;
    async fn thirty_an_hour_for_an_address(app: TestApp) {
        for number in 0..30 {
            let mut agent = Agent::at(&app.base, "192.0.2.1");
            assert_eq!(guess(&mut agent, &PERSON, &format!("person{number:04}")).await, MISMATCH, "{number}");
        }
        assert_eq!(alert(&UNIT.identify(&mut Agent::at(&app.base, "192.0.2.1"), &[]).await), TOO_OFTEN);
        assert_eq!(UNIT.identify(&mut Agent::at(&app.base, "192.0.2.2"), &[]).await.status, 303);
        app.advance_seconds(3601);
        assert_eq!(UNIT.identify(&mut Agent::at(&app.base, "192.0.2.1"), &[]).await.status, 303);
    }
}

on_both! {
    behind_a_proxy;
    async fn of_an_operator_it_is_the_name_that_is_guessed_at(app: TestApp) {
        let who = OPERATOR;
        let numbers = ["220102199912310002", "220102199001010009", "220103190002280006"];
        for guess in 0..10 {
            let mut agent = Agent::at(&app.base, &format!("192.0.2.{guess}"));
            let reply = who.identify(&mut agent, &[("document_number", numbers[guess % 3])]).await;
            assert_eq!(alert(&reply), MISMATCH);
        }
        assert_eq!(alert(&who.identify(&mut Agent::at(&app.base, "198.51.100.1"), &[]).await), TOO_OFTEN);
    }
}

/// Asks for a code to a number that is typed.
async fn ask(agent: &mut Agent, phone: &str) -> String {
    let reply = agent.post("/sms-code/send", &[("purpose", "registration"), ("phone", phone)]).await;
    reply.json()["message"].as_str().unwrap_or("sent").to_owned()
}

const TODAY: &str = "今日获取次数已达上限";

on_both! {
    |config| config.sms.device_day = 2;
    async fn a_browser_has_its_messages_a_day(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get("/registration/personal").await;
        for phone in ["19400000201", "19400000202"] {
            assert_eq!(ask(&mut agent, phone).await, "sent");
        }
        assert_eq!(ask(&mut agent, "19400000203").await, TODAY);
        assert_eq!(app.last_text("19400000203").await, None);
        let mut other = Agent::new(&app.base);
        other.get("/registration/personal").await;
        assert_eq!(ask(&mut other, "19400000203").await, "sent", "another browser, and the number, have their own");
        app.advance_seconds(24 * 3600 + 1);
        assert_eq!(ask(&mut agent, "19400000201").await, "sent");
    }
}

on_both! {
    |config| { config.sms.address_day = 2; config.trusted_proxies = 1; };
    async fn an_address_has_its_messages_a_day(app: TestApp) {
        for (address, phone, answer) in [
            ("192.0.2.1", "19400000201", "sent"),
            ("192.0.2.1", "19400000202", "sent"),
            ("192.0.2.1", "19400000203", TODAY),
            ("192.0.2.2", "19400000203", "sent"),
        ] {
            let mut agent = Agent::at(&app.base, address);
            assert_eq!(ask(&mut agent, phone).await, answer, "{address} {phone}");
        }
        app.advance_seconds(24 * 3600 + 1);
        assert_eq!(ask(&mut Agent::at(&app.base, "192.0.2.1"), "19400000203").await, "sent");
    }
}

const SOON: &str = "获取验证码过于频繁，请稍后再试";

async fn audited(app: &TestApp, detail: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM audit_log WHERE event LIKE 'recovery%' AND detail = '{detail}'");
    sql::number(app, &sql).await
}

on_both! {
    |config| { config.sms.device_hour = 2; config.sms.address_hour = 4; config.trusted_proxies = 1; };
    async fn whoever_has_used_up_their_messages_learns_nothing_here(app: TestApp) {
        let mut agent = Agent::at(&app.base, "192.0.2.1");
        agent.get("/recovery").await;
        for phone in ["19400000201", "19400000202"] {
            assert_eq!(ask(&mut agent, phone).await, "sent");
        }
        let mut neighbour = Agent::at(&app.base, "192.0.2.1");
        neighbour.get("/recovery").await;
        for phone in ["19400000203", "19400000204"] {
            assert_eq!(ask(&mut neighbour, phone).await, "sent");
        }
        // The browser's own, and those of its address.
        let mut newcomer = Agent::at(&app.base, "192.0.2.1");
        for agent in [&mut agent, &mut newcomer] {
            let right = PERSON.identify(agent, &[]).await;
            let wrong = PERSON.identify(agent, &[("person_name", "王小明")]).await;
            let nobody = PERSON.identify(agent, &[("account", "nobody2026")]).await;
            for reply in [right, wrong, nobody] {
                assert_eq!((reply.status.as_u16(), alert(&reply).as_str()), (422, SOON));
            }
        }
        assert_eq!(app.last_text(PERSON.phone).await, None);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM recoveries").await, 0);
        assert_eq!(audited(&app, "natural_person messages").await, 6, "it is on record all the same");
        let named = "SELECT COUNT(*) FROM audit_log WHERE event = 'recovery_refused' AND account_id IS NOT NULL";
        assert_eq!(sql::number(&app, named).await, 0);
    }
}

on_both! {
    async fn a_telephone_that_has_had_too_many_codes_does_not_tell_who_is_right(app: TestApp) {
        let mut first = Agent::new(&app.base);
        PERSON.begin(&mut first).await;
        let code = app.code_sent_to(PERSON.phone).await;
        let sent = app.texts(PERSON.phone).await.len();
        // A stranger who is right goes on as ever, with a trace; nothing is sent.
        let mut second = Agent::new(&app.base);
        let url = PERSON.begin(&mut second).await;
        assert_eq!(app.texts(PERSON.phone).await.len(), sent);
        assert_eq!(audited(&app, "natural_person").await, 1);
        assert_eq!(audited(&app, "natural_person unsent").await, 1);
        // The page does not say that a code is under way which is not.
        let page = second.get(&url).await;
        assert_eq!((page.status.as_u16(), page.text_of("[data-sms-status]").as_str()), (200, ""));
        assert_eq!(page.text_of(".alert--info"), "暂未发送验证码，请稍后点击“获取验证码”");
        assert_eq!(page.text_of("[data-sms-send]"), "获取验证码");
        let refused = second.post(&url, &[("action", "send_code")]).await;
        assert_eq!(beside(&refused, "phone_code"), SOON);
        let refused = second.post(&url, &[("phone_code", &code)]).await;
        assert_eq!(beside(&refused, "phone_code"), "验证码已失效，请重新获取", "another browser's code");
        // Who comes back at once finds the code still good that they have.
        let again = PERSON.begin(&mut first).await;
        assert!(first.get(&again).await.text().contains("验证码已发送至该账号绑定的手机号"));
        assert_eq!(first.post(&again, &[("phone_code", &code)]).await.status, 303);
        app.advance_seconds(61);
        let sent = second.post(&url, &[("action", "send_code")]).await;
        assert_eq!(sent.text_of(".alert--info"), "");
        assert_eq!(sent.text_of("[data-sms-status]"), "验证码已发送至该账号绑定的手机号，请注意查收");
        let code = app.code_sent_to(PERSON.phone).await;
        assert_eq!(second.post(&url, &[("phone_code", &code)]).await.status, 303);
    }
}

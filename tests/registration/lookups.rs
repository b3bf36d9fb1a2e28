//! What is refused tells whose names are taken, and what the registers say: not as often as one likes, and on record.

use super::*;
use crate::support::registers::{SlowRegisters, with_registers, with_slow_registers};
use crate::support::sql;

const TOO_OFTEN: &str = "操作过于频繁，请稍后再试";

/// What stands above the form.
fn whole(reply: &Reply) -> String {
    assert_eq!(reply.status, 422, "{}", reply.text());
    reply.text_of("#error-summary[data-whole] p")
}

/// A visitor at an address, whose telephone is proved by a form that fails in another way.
async fn proved(app: &TestApp, address: &str, form: Form) -> (Agent, Form) {
    let mut agent = Agent::at(&app.base, address);
    agent.get(form.page).await;
    let coded = form.clone().with_code(app, &mut agent).await;
    let reply = coded.with("new_password", "").send(&mut agent).await;
    let token = reply.attribute("[name=phone_token]", "value").unwrap();
    (agent, form.with("phone_token", &token))
}

async fn recorded(app: &TestApp, detail: &str) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM audit_log WHERE event = 'registration_refused' AND detail = '{detail}'"
    );
    sql::number(app, &sql).await
}

on_both! {
    |config| config.trusted_proxies = 1;
    async fn one_code_does_not_tell_all_names(app: TestApp) {
        let (mut agent, form) = proved(&app, "192.0.2.1", Form::unit()).await;
        let taken = form.clone().with("credit_code", "91220101TEXT00017E").with("login_name", "XinYue0221");
        for number in 0..10 {
            let reply = taken.clone().send(&mut agent).await;
            assert_eq!(error(&reply, "login_name"), "该法人账号已被注册", "{number}");
        }
        for form in [&taken, &form] {
            let reply = form.clone().send(&mut agent).await;
            assert_eq!(whole(&reply), TOO_OFTEN);
            assert!(!reply.body.contains("已注册"), "an oracle");
        }
        assert_eq!(recorded(&app, "legal_entity login_name credit_code").await, 10);
        assert_eq!(recorded(&app, "legal_entity limit").await, 2);
        // Neither does another browser's about the same unit; about another it does.
        let (mut other, form) = proved(&app, "192.0.2.2", Form::unit().with("phone", "19400000102")).await;
        let reply = form.clone().with("credit_code", "91220101TEXT00017E").send(&mut other).await;
        assert_eq!(whole(&reply), TOO_OFTEN);
        assert_eq!(form.send(&mut other).await.status, 303);
        // An hour later the telephone is proved anew.
        app.advance_seconds(3601);
        let (mut agent, form) = proved(&app, "192.0.2.1", Form::unit().with("credit_code", "91220101TEXT001640")).await;
        assert_eq!(form.with("login_name", "another2026").send(&mut agent).await.status, 303);
    }
}

on_both! {
    |config| { with_registers(config); config.trusted_proxies = 1; config.sms.address_hour = 30; };
    async fn nor_who_belongs_to_which_number(app: TestApp) {
        // Three browsers at one address: each has its ten, the address thirty.
        let numbers = ["220102198506150002", "220102199203080005", "220102190001010008", "220103190002280006"];
        for (browser, number) in numbers.into_iter().enumerate() {
            let form = Form::person().with("phone", &format!("1940000020{browser}")).with("document_number", number);
            let form = form.with("person_name", "王小明").with("term", "long_term").with("valid_from", "2020-01-01");
            let (mut agent, form) = proved(&app, "192.0.2.1", form.with("confirmed", "term")).await;
            for guess in 0..10 {
                let reply = form.clone().send(&mut agent).await;
                if browser < 3 {
                    let told = error(&reply, "document_number");
                    assert_eq!(told, "姓名与证件号码不一致，请核对", "{browser} {guess}: {}", reply.text());
                } else {
                    assert_eq!(whole(&reply), TOO_OFTEN, "{guess}");
                }
            }
        }
        assert_eq!(recorded(&app, "natural_person document_number").await, 30);
        // Who is right is kept out by nobody's guesses elsewhere.
        let (mut agent, form) = proved(&app, "192.0.2.2", Form::unit()).await;
        let reply = form.send(&mut agent).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

on_both! {
    |config| config.trusted_proxies = 1;
    async fn presses_that_are_not_answered_keep_out_no_neighbour(app: TestApp) {
        let taken = Form::unit().with("login_name", "XinYue0221");
        let (mut agent, form) = proved(&app, "192.0.2.1", taken).await;
        // Each is about another unit: it is the browser that has had its ten.
        for number in 0..10 {
            let code = ["91220101TEXT00017E", "91220101TEXT001640"][number % 2];
            let reply = form.clone().with("credit_code", code).send(&mut agent).await;
            assert_eq!(error(&reply, "login_name"), "该法人账号已被注册", "{number}: {}", reply.text());
        }
        for press in 0..45 {
            assert_eq!(whole(&form.send(&mut agent).await), TOO_OFTEN, "{press}");
        }
        let (mut neighbour, form) = proved(&app, "192.0.2.1", Form::unit().with("phone", "19400000102")).await;
        let reply = form.send(&mut neighbour).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

on_both! {
    |config| config.trusted_proxies = 1;
    async fn a_unit_that_strangers_asked_about_costs_its_owner_no_tries(app: TestApp) {
        let (mut stranger, form) = proved(&app, "192.0.2.1", Form::unit().with("login_name", "XinYue0221")).await;
        for _ in 0..10 {
            assert_eq!(error(&form.send(&mut stranger).await, "login_name"), "该法人账号已被注册");
        }
        let (mut owner, form) = proved(&app, "192.0.2.2", Form::unit().with("phone", "19400000102")).await;
        for _ in 0..12 {
            assert_eq!(whole(&form.send(&mut owner).await), TOO_OFTEN);
        }
        let other = form.with("credit_code", "91220101TEXT001640");
        assert_eq!(other.send(&mut owner).await.status, 303, "the browser and the telephone have all their tries");
    }
}

on_both! {
    with_slow_registers;
    async fn whoever_hangs_up_is_registered_and_has_asked_nothing(app: TestApp) {
        let registers = SlowRegisters::of(&app);
        let mut agent = Agent::new(&app.base);
        agent.get(LEGAL_ENTITY).await;
        let form = Form::unit().with_code(&app, &mut agent).await;
        tokio::select! {
            reply = form.send(&mut agent) => panic!("it was answered: {}", reply.text()),
            () = registers.is_asked() => (),
        }
        let counted = "SELECT COUNT(*) FROM attempts WHERE bucket LIKE 'lookup-%' AND count > 0";
        assert_eq!(sql::number(&app, counted).await, 4);
        registers.answer();
        for _ in 0..1500 {
            if sql::number(&app, counted).await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(sql::number(&app, counted).await, 0);
        assert_eq!(form.send(&mut agent).await.status, 303, "the same form again: it was accepted");
        let made = "SELECT COUNT(*) FROM legal_entities WHERE login_name = 'shilishiye'";
        assert_eq!(sql::number(&app, made).await, 1);
    }
}

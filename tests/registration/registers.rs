//! 法人库 and 人口库: what they confirm, what they do not know, and what happens while they are away.

use serde_json::Value;

use super::*;
use crate::support::portal::claims;
use crate::support::registers::{switch, with_registers};
use crate::support::{Portal, sql};

/// The `acr` of an ID token for whoever is signed in.
async fn acr(app: &TestApp, agent: &mut Agent) -> Value {
    let portal = Portal::register(app, "levels").await;
    let tokens = portal.tokens(agent, &[]).await;
    claims(tokens["id_token"].as_str().unwrap())["acr"].clone()
}

async fn sign_in(app: &TestApp) -> (Agent, Reply) {
    let mut agent = Agent::new(&app.base);
    let fields = [("account", "shilishiye"), ("password", PASSWORD)];
    let reply = agent.sign_in("/sign-in/legal-entity", &fields).await;
    (agent, reply)
}

on_both! {
    with_registers;
    async fn a_confirmed_unit_is_trusted_more(app: TestApp) {
        let form = Form::unit().with("unit_name", "吉林示例实业有限公司(演示)");
        assert_eq!(form.register(&app).await.1.status, 303, "brackets of either width");
        let (mut agent, _) = sign_in(&app).await;
        assert_eq!(acr(&app, &mut agent).await, "urn:jl-uia:loa:2");
    }
}

on_both! {
    async fn without_registers_only_the_format_is_known(app: TestApp) {
        assert_eq!(Form::unit().register(&app).await.1.status, 303);
        let (mut agent, _) = sign_in(&app).await;
        assert_eq!(acr(&app, &mut agent).await, "urn:jl-uia:loa:1");
    }
}

on_both! {
    with_registers;
    async fn what_differs_is_told_beside_its_field(app: TestApp) {
        let unit = "本次核验不成功，请确认您输入的单位名称和统一社会信用代码与登记管理部门签发的完全一致";
        let who = "法定代表人信息与登记信息不一致";
        for (field, value, beside, message) in [
            ("unit_name", "吉林示例实业股份有限公司", "credit_code", unit),
            ("credit_code", "91220101TEXT00180M", "credit_code", unit),
            ("representative_name", "周亭", "representative_name", who),
            ("document_number", "220102196802140002", "representative_name", who),
        ] {
            let (_, reply) = Form::unit().with(field, value).with("confirmed", "term").register(&app).await;
            assert_eq!(error(&reply, beside), message, "{field}={value}: {}", reply.text());
            app.advance_seconds(3600);
        }
        let branch = Form::unit().with("entity_type", "unincorporated_enterprise").with("representative_name", "周亭");
        let (_, reply) = branch.register(&app).await;
        assert_eq!(error(&reply, "representative_name"), "负责人信息与登记信息不一致", "{}", reply.text());
        app.advance_seconds(3600);
        let (_, reply) = Form::person().with("person_name", "陈晶").register(&app).await;
        assert_eq!(error(&reply, "document_number"), "姓名与证件号码不一致，请核对");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'registered'").await, 0);
    }
}

on_both! {
    with_registers;
    async fn while_the_register_is_away_the_account_waits(app: TestApp) {
        switch(&app, true).await;
        let (mut agent, reply) = Form::unit().register(&app).await;
        let done = agent.follow(reply).await;
        assert!(done.text().contains("等待核验"), "{}", done.text());
        let (_, reply) = sign_in(&app).await;
        assert!(reply.text().contains("您的注册信息正在核验，核验通过后即可登录"), "{}", reply.text());
        app.advance_seconds(31);
        idp::guard::evidence::ask_due(&app.app).await.unwrap();
        assert_eq!(sign_in(&app).await.1.status, 422, "still away");
        switch(&app, false).await;
        app.advance_seconds(3600);
        idp::guard::evidence::ask_due(&app.app).await.unwrap();
        settled(&app).await;
        let (mut agent, reply) = sign_in(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        assert_eq!(acr(&app, &mut agent).await, "urn:jl-uia:loa:2");
        assert!(app.last_text("19400000101").await.unwrap().contains("已通过核验"));
    }
}

on_both! {
    |config| {
        with_registers(config);
        config.sign_in.captcha = idp::config::CaptchaMode::Off;
    };
    async fn a_person_waits_as_well(app: TestApp) {
        for (name, number, comes) in [("陈晶", "19400000201", false), ("陈静", "19400000202", true)] {
            switch(&app, true).await;
            let form = Form::person().with("person_name", name).with("phone", number);
            let (mut agent, reply) = form.register(&app).await;
            assert!(agent.follow(reply).await.text().contains("等待核验"), "{name}");
            let fields = [("account", number), ("password", PASSWORD)];
            let waiting = agent.sign_in("/sign-in/personal", &fields).await;
            assert!(waiting.text().contains("核验通过后即可登录"), "{}", waiting.text());
            switch(&app, false).await;
            app.advance_seconds(3600);
            idp::guard::evidence::ask_due(&app.app).await.unwrap();
            settled(&app).await;
            let told = app.last_text(number).await.unwrap();
            assert!(told.contains(if comes { "已通过核验" } else { "未通过核验" }), "{told}");
            let reply = agent.sign_in("/sign-in/personal", &fields).await;
            assert_eq!(reply.status, if comes { 303 } else { 422 }, "{name}: {}", reply.text());
            if comes {
                assert_eq!(acr(&app, &mut agent).await, "urn:jl-uia:loa:2");
            }
        }
    }
}

on_both! {
    with_registers;
    async fn what_the_register_denies_later_is_gone(app: TestApp) {
        switch(&app, true).await;
        let form = Form::unit().with("representative_name", "周亭");
        assert_eq!(form.register(&app).await.1.status, 303);
        // Whatever an administrator has added meanwhile is no obstacle.
        let id = sql::text(&app, "SELECT id FROM accounts WHERE pending_since IS NOT NULL").await;
        let profile = idp::domain::profile::Profile::parse(r#"{"nickname":"x"}"#).unwrap();
        let mut tx = app.app.store.begin().await.unwrap();
        idp::store::profiles::put(&mut tx, &app.app.vault, &id, &profile, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        switch(&app, false).await;
        app.advance_seconds(3600);
        idp::guard::evidence::ask_due(&app.app).await.unwrap();
        settled(&app).await;
        assert!(sign_in(&app).await.1.text().contains("账号或密码错误"));
        assert!(app.last_text("19400000101").await.unwrap().contains("未通过核验"));
        let (_, reply) = Form::unit().with("phone", "19400000102").register(&app).await;
        assert_eq!(reply.status, 303, "the names are free again: {}", reply.text());
    }
}

/// The server's own janitor may have taken the check a moment before.
async fn settled(app: &TestApp) {
    for _ in 0..1000 {
        if sql::number(app, "SELECT COUNT(*) FROM register_checks").await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the register was never asked");
}

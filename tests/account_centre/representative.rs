//! 企业信息变更, 法定代表人变更: as the register has it, with history.

use super::*;
use crate::support::registers::{switch, with_registers};
use crate::support::sql;

/// The demo's first unit, signed in.
async fn shop(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [("account", "91220101TEXT00017E"), ("password", PASSWORD)];
    agent.sign_in("/sign-in/legal-entity", &fields).await;
    agent
}

/// Who represents the unit in the register.
const REGISTERED: [(&str, &str); 7] = [
    ("unit_name", "长春欣悦信息技术有限公司（演示）"),
    ("representative_name", "王颖"),
    ("document_type", "111"),
    ("document_number", "220102199912310002"),
    ("term", "10"),
    ("valid_from", "2022-03-01"),
    ("password", PASSWORD),
];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = REGISTERED.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().collect()
}

on_both! {
    with_registers;
    async fn what_the_register_does_not_have_leads_to_the_appeal(app: TestApp) {
        let mut agent = shop(&app).await;
        let reply = agent.post("/account/entity-change", &with(&[("representative_name", "陈静"),
            ("document_number", "220102198506150002"), ("term", "20")])).await;
        assert!(reply.text_of(".alert--error").contains("变更信息与登记机关信息不一致，请先到登记机关办理变更或进行账号申诉"));
        assert!(reply.has("main a[href='/appeals']"));
        assert!(is_signed_in(&mut agent).await);
        switch(&app, true).await;
        let reply = agent.post("/account/entity-change", &with(&[])).await;
        assert!(reply.text().contains("登记信息暂时无法核验，请稍后再试"), "{}", reply.text());
    }
}

on_both! {
    with_registers;
    async fn another_representative_signs_everybody_out(app: TestApp) {
        // The register has moved on since the unit was registered.
        sql::execute(&app, "UPDATE legal_entities SET representative_document_index = NULL,
            representative_document = NULL, representative_document_type = NULL WHERE login_name = 'xinyue0221'").await;
        let (mut agent, mut other) = (shop(&app).await, shop(&app).await);
        let reply = agent.post("/account/entity-change", &with(&[])).await;
        let told = agent.follow(reply).await;
        assert!(told.text().contains("变更成功"), "{}", told.text());
        assert!(!is_signed_in(&mut agent).await && !is_signed_in(&mut other).await);
        let mut again = shop(&app).await;
        let page = again.get("/account/representative").await;
        assert!(page.text().contains("2022-03-01 至 2032-03-01"), "{}", page.text());
        let changes = "SELECT COUNT(*) FROM account_changes WHERE kind = 'representative' AND value_before IS NOT NULL";
        assert_eq!(sql::number(&app, changes).await, 1);
        assert!(again.get("/account/operators").await.text().contains("法定代表人已变更"));
        assert!(app.last_text(UNIT_PHONE).await.unwrap().contains("法定代表人信息已变更"));
    }
}

on_both! {
    with_registers;
    async fn a_new_card_of_the_same_person_signs_nobody_out(app: TestApp) {
        let mut agent = shop(&app).await;
        let reply = agent.post("/account/entity-change", &with(&[])).await;
        assert_eq!(reply.location().as_deref(), Some("/account/representative?done=changed"));
        let page = agent.follow(reply).await;
        assert!(page.text().contains("变更成功") && page.text().contains("2032-03-01"), "{}", page.text());
    }
}

on_both! {
    async fn each_field_has_its_message(app: TestApp) {
        let mut agent = unit(&app).await;
        for (field, value, message) in [
            ("unit_name", "", "请输入企业名称"),
            ("unit_name", "公", "名称格式不正确"),
            ("representative_name", "", "请输入法定代表人姓名"),
            ("document_number", "220102199912310003", "身份证号码格式不正确"),
            ("valid_from", "", "请选择身份证有效开始日期"),
            ("password", "", "请输入登录密码"),
            ("password", "Wrong2026", "密码错误"),
        ] {
            let reply = agent.post("/account/entity-change", &with(&[(field, value)])).await;
            assert_eq!(error(&reply, field), message, "{field}={value}");
        }
        // At 22 a card is given for ten years; whoever stands by twenty goes on.
        let reply = agent.post("/account/entity-change", &with(&[("term", "20")])).await;
        assert!(reply.text_of("#term-error").ends_with("身份证有效期限与签发时的年龄不符，请核对"));
        assert_eq!(reply.attribute("#confirmed:not([checked])", "value").as_deref(), Some("term"));
        let reply = agent.post("/account/entity-change", &with(&[("term", "20"), ("confirmed", "term")])).await;
        assert_eq!(reply.location().as_deref(), Some("/account/representative?done=changed"));
        assert!(agent.get("/account/entity-change").await.text().contains("企业法定代表人变更"));
    }
}

on_both! {
    with_registers;
    async fn a_renamed_unit_takes_its_new_name_from_the_register(app: TestApp) {
        // The register has the demo's name; the account was made under an older one.
        sql::execute(&app, "UPDATE legal_entities SET name = '长春旧名有限公司' WHERE login_name = 'xinyue0221'").await;
        let mut agent = shop(&app).await;
        let page = agent.get("/account/entity-change").await;
        assert_eq!(page.attribute("#unit_name", "value").as_deref(), Some("长春旧名有限公司"));
        let reply = agent.post("/account/entity-change", &with(&[("unit_name", "长春旧名有限公司")])).await;
        assert!(reply.text_of(".alert--error").contains("变更信息与登记机关信息不一致"));
        assert_eq!(reply.attribute("#unit_name", "value").as_deref(), Some("长春旧名有限公司"));
        let reply = agent.post("/account/entity-change", &with(&[])).await;
        let page = agent.follow(reply).await;
        assert!(page.text().contains("企业信息变更成功"), "{}", page.text());
        assert!(page.text().contains("长春欣悦信息技术有限公司（演示）"));
        assert!(is_signed_in(&mut agent).await, "the same representative");
        assert!(app.last_text(UNIT_PHONE).await.unwrap().contains("变更为“长春欣悦信息技术有限公司（演示）”"));
        assert!(agent.get("/account/history").await.text().contains("变更名称"));
        let data = agent.post("/account/data", &[("password", PASSWORD)]).await.json();
        let change = data["changes"].as_array().unwrap().iter().find(|change| change["kind"] == "unit_name").unwrap();
        assert_eq!(change["before"], "长春旧名有限公司");
    }
}

on_both! {
    async fn traders_have_a_proprietor(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in("/sign-in/legal-entity", &[("account", "92220102TEXT00033F"), ("password", PASSWORD)]).await;
        let fields = with(&[("unit_name", "长春市南关区颖记百货店（演示）")]);
        let reply = agent.post("/account/entity-change", &fields).await;
        assert!(agent.follow(reply).await.text().contains("变更成功"));
        agent.sign_in("/sign-in/legal-entity", &[("account", "92220102TEXT00033F"), ("password", PASSWORD)]).await;
        let history = agent.get("/account/history").await;
        assert!(history.text().contains("变更经营者") && !history.text().contains("法定代表人"), "{}", history.text());
    }
}

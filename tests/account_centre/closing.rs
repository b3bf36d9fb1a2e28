//! 注销账号: what goes, and what stays.

use super::*;
use crate::support::{Portal, profile, sql};

on_both! {
    async fn a_unit_goes_with_its_operators(app: TestApp) {
        let mut agent = unit(&app).await;
        let mut clerk = operator(&app, "xinyue0221", "15400000002").await;
        let portal = Portal::register(&app, "visited").await;
        let tokens = portal.tokens(&mut clerk, &[]).await;
        for (fields, field, message) in [
            (vec![("password", PASSWORD)], "understood", "请确认您已了解注销的后果"),
            (vec![("understood", "yes")], "password", "请输入登录密码"),
        ] {
            assert_eq!(error(&agent.post("/account/close", &fields).await, field), message);
        }
        let reply = agent.post("/account/close", &[("understood", "yes"), ("password", PASSWORD)]).await;
        assert!(agent.follow(reply).await.text().contains("账号已注销"));
        assert!(!is_signed_in(&mut agent).await && !is_signed_in(&mut clerk).await);
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(portal.userinfo(&clerk, access).await.status, 401);
        let reply = agent.sign_in("/sign-in/legal-entity", &[("account", "xinyue0221"), ("password", PASSWORD)]).await;
        assert!(reply.text().contains("账号或密码错误"));
        for left in [
            "SELECT COUNT(*) FROM legal_entities WHERE credit_code = '91220101TEXT00017E' OR login_name = 'xinyue0221'",
            "SELECT COUNT(*) FROM legal_entities WHERE name = '' AND (phone IS NOT NULL OR representative_name IS NOT NULL)",
            "SELECT COUNT(*) FROM operators WHERE removed_at IS NULL AND legal_entity_id IN
                (SELECT account_id FROM legal_entities WHERE name = '')",
        ] {
            assert_eq!(sql::number(&app, left).await, 0, "{left}");
        }
        let kept = "SELECT COUNT(*) FROM audit_log WHERE event IN ('sign_in', 'account_closed')";
        assert!(sql::number(&app, kept).await >= 3, "the law wants the records");
    }
}

on_both! {
    async fn a_person_can_register_anew(app: TestApp) {
        profile::give(&app, &serde_json::json!({ "nickname": "小颖" })).await;
        // As a registration writes it: an account, a version, a time; nothing of a person.
        sql::execute(&app, "INSERT INTO agreement_consents (account_id, document, version, agreed_at)
            SELECT account_id, 'terms', '2026-01', 1700000000000 FROM persons").await;
        let mut agent = person(&app).await;
        let reply = agent.post("/account/close", &[("understood", "yes"), ("password", PASSWORD)]).await;
        assert_eq!(reply.status, 303);
        for table in ["persons", "profiles"] {
            assert_eq!(sql::number(&app, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM agreement_consents").await, 1, "the evidence is kept");
        let form = crate::registration::Form::person()
            .with("person_name", "李颖")
            .with("document_number", "220102199001010009")
            .with("phone", "19400000003");
        assert_eq!(form.register(&app).await.1.status, 303);
    }
}

on_both! {
    async fn an_operator_is_the_units_to_remove(app: TestApp) {
        let mut agent = operator(&app, "xinyue0221", "15400000002").await;
        let page = agent.get("/account/data").await;
        assert!(page.text().contains("请联系本单位法人或管理员"));
        let reply = agent.post("/account/close", &[("understood", "yes"), ("password", PASSWORD)]).await;
        assert_eq!(reply.location().as_deref(), Some("/account"));
        assert!(is_signed_in(&mut agent).await);
    }
}

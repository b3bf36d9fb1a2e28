//! 证件信息变更: the same document, renewed.

use super::*;
use crate::support::registers::{switch, with_registers};
use crate::support::sql;

const PAGE: &str = "/account/document";

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let renewed = [
        ("document_type", "111"),
        ("document_number", "220102199001010009"),
        ("term", "20"),
        ("valid_from", "2018-05-20"),
        ("password", PASSWORD),
    ];
    let kept = renewed.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().collect()
}

on_both! {
    with_registers;
    async fn a_person_renews_the_document(app: TestApp) {
        let mut agent = person(&app).await;
        assert_eq!(agent.get("/account").await.attribute("main a[href='/account/document']", "href").as_deref(), Some(PAGE));
        let page = agent.get(PAGE).await;
        assert!(page.text().contains("*颖") && page.text().contains("**************0009"), "{}", page.text());
        assert!(!page.body.contains("220102199001010009"));
        let reply = agent.post(PAGE, &with(&[])).await;
        let centre = agent.follow(reply).await;
        assert!(centre.text().contains("证件信息更新成功") && centre.text().contains("2038-05-20"), "{}", centre.text());
        assert_eq!(sql::number(&app, "SELECT assurance FROM accounts WHERE kind = 'natural_person'").await, 2);
        assert!(app.last_text("19400000003").await.unwrap().contains("证件信息已更新"));
        assert!(agent.get("/account/history").await.text().contains("变更证件信息"));
        let data = agent.post("/account/data", &[("password", PASSWORD)]).await.json();
        let change = data["changes"].as_array().unwrap().iter().find(|change| change["kind"] == "document").unwrap();
        assert_eq!(change["after"]["validity"], "2018-05-20/2038-05-20");
        // A register that is away takes nothing back.
        switch(&app, true).await;
        let reply = agent.post(PAGE, &with(&[("valid_from", "2019-05-20")])).await;
        assert!(agent.follow(reply).await.text().contains("2039-05-20"));
        assert_eq!(sql::number(&app, "SELECT assurance FROM accounts WHERE kind = 'natural_person'").await, 2);
    }
}

on_both! {
    async fn another_document_is_refused(app: TestApp) {
        let mut agent = person(&app).await;
        let other = "与已登记的证件不一致，更换证件号码请进行账号申诉";
        for (changes, field, message) in [
            (&[("document_number", "220102198506150002")][..], "document_number", other),
            (&[("document_type", "414"), ("document_number", "E00000000"), ("valid_to", "2038-05-20")], "document_number", other),
            (&[("document_number", "")], "document_number", "请输入证件号码"),
            (&[("valid_from", "")], "valid_from", "请选择身份证有效开始日期"),
            (&[("password", "")], "password", "请输入登录密码"),
            (&[("password", "Wrong2026")], "password", "密码错误"),
        ] {
            let reply = agent.post(PAGE, &with(changes)).await;
            assert_eq!((reply.status.as_u16(), error(&reply, field).as_str()), (422, message), "{changes:?}");
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM account_changes WHERE kind = 'document'").await, 0);
    }
}

on_both! {
    async fn only_persons_have_it(app: TestApp) {
        for mut agent in [unit(&app).await, operator(&app, "xinyue0221", "15400000002").await] {
            assert_eq!(agent.get(PAGE).await.location().as_deref(), Some("/account"));
            assert_eq!(agent.post(PAGE, &with(&[])).await.location().as_deref(), Some("/account"));
            assert!(!agent.get("/account").await.has("main a[href='/account/document']"));
        }
        assert_eq!(Agent::new(&app.base).get(PAGE).await.location().as_deref(), Some("/sign-in"));
    }
}

on_both! {
    async fn what_is_wrong_is_told_before_the_form_is_sent(app: TestApp) {
        let fields = [("unit_name", "（）"), ("representative_name", "陈3"), ("document_type", "111"), ("document_number", "220102198506150002"),
            ("term", "20"), ("valid_from", "2099-01-01"), ("password", PASSWORD)];
        let mut person = person(&app).await;
        let told = person.post("/account/document/check", &fields).await.json();
        assert!(told["valid_from"]["message"].is_string() && told["password"].is_null(), "{told}");
        let another = [fields[2], fields[3], fields[4], ("valid_from", "2020-01-01")];
        let told = person.post("/account/document/check", &another).await.json();
        assert_eq!(told["document_number"]["message"], "与已登记的证件不一致，更换证件号码请进行账号申诉");
        let mut unit = unit(&app).await;
        let told = unit.post("/account/entity-change/check", &fields).await.json();
        for field in ["unit_name", "representative_name", "valid_from"] {
            assert!(told[field]["message"].is_string(), "{field}: {told}");
        }
        // A form of somebody else's kind of account leads away, as the page does.
        assert_eq!(unit.post("/account/document/check", &fields).await.location().as_deref(), Some("/account"));
    }
}

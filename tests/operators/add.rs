//! 添加经办人: from 验证信息 to the new operator's first sign-in.

use super::*;
use crate::support::{Portal, full_width};

on_both! {
    async fn a_unit_adds_an_operator_who_then_signs_in(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        // 验证信息 comes first.
        let asked = agent.get(ADD).await;
        assert_eq!(asked.location().unwrap(), format!("{VERIFY}?next=%2Faccount%2Foperators%2Fadd"));
        let page = agent.get(&asked.location().unwrap()).await;
        assert_eq!(page.text_of("h1"), "验证信息");
        assert!(page.text().contains("154****7850") && !page.body.contains(UNIT_PHONE));
        assert_eq!(page.attribute("[name=next]", "value").as_deref(), Some(ADD));
        verify(&app, &mut agent, UNIT_PHONE).await;
        let page = agent.get(ADD).await;
        assert_eq!(page.text_of("h1"), "添加经办人");
        add(&app, &mut agent, &[("valid_to", "2099-12-31"), ("validity", "until")]).await;
        let list = agent.get(&format!("{LIST}?done=added")).await;
        assert!(list.text().contains("添加成功"));
        let row = list.text_of("tbody tr");
        for text in ["陈静", "居民身份证", "**************0002", "194****0101", "2099-12-31", "综合部", "生效"] {
            assert!(row.contains(text), "{text}: {row}");
        }
        let told = app.last_text(NEW_PHONE).await.unwrap();
        assert!(told.contains("您已被“长春欣悦信息技术有限公司（演示）”登记为经办人"), "{told}");
        // By telephone and by document, at the unit's name and code.
        let portal = Portal::register(&app, "hall").await;
        for (unit, operator) in [(UNIT, NEW_PHONE), ("xinyue0221", "220102198506150002")] {
            let mut agent = Agent::new(&app.base);
            let reply = sign_in(&mut agent, unit, operator, NEW_PASSWORD).await;
            assert_eq!(reply.status, 303, "{}", reply.text());
            let tokens = portal.tokens(&mut agent, &[("scope", "openid profile operator")]).await;
            let who = portal.userinfo(&agent, tokens["access_token"].as_str().unwrap()).await.json();
            assert_eq!((&who["name"], &who["operator"]["department"]), (&"陈静".into(), &"综合部".into()));
            assert_eq!(agent.get(LIST).await.status, 403, "no right to manage was given");
        }
        // What is written down of it has nothing personal in clear.
        let detail = sql::text(&app, "SELECT detail FROM audit_log WHERE event = 'operator_added'").await;
        assert_eq!(detail, id_of(&app, NEW_PHONE).await);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM account_changes WHERE kind = 'operator_added'").await, 1);
        // Without a register only the format was checked.
        let sql = format!("SELECT assurance FROM accounts WHERE id = '{detail}'");
        assert_eq!(sql::number(&app, &sql).await, 1);
    }
}

on_both! {
    async fn it_works_without_scripts(app: TestApp) {
        let mut agent = unit(&app).await;
        let sent = agent.post(ADD, &form("", &[("action", "send_code")])).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        assert!(sent.text_of("[data-sms-status]").contains("验证码已发送至 194****0101"));
        assert_eq!(sent.attribute("#name", "value").as_deref(), Some("陈静"));
        assert_eq!(sent.attribute("#department", "value").as_deref(), Some("综合部"));
        assert!(!sent.body.contains(NEW_PASSWORD));
        let code = app.code_sent_to(NEW_PHONE).await;
        // A right code is kept although something else is wrong.
        let refused = agent.post(ADD, &form("", &[("phone_code", &code), ("new_password_again", "x")])).await;
        assert_eq!(refused.status, 422);
        assert_eq!(error(&refused, "new_password_again"), "两次输入的密码不一致");
        let token = refused.attribute("[name=phone_token]", "value").unwrap();
        assert_eq!(token.len(), 43);
        let added = agent.post(ADD, &form(&token, &[])).await;
        assert_eq!(added.location().as_deref(), Some("/account/operators?done=added"), "{}", added.text());
        assert_eq!(count(&app).await, 3);
    }
}

on_both! {
    async fn a_form_that_comes_twice_makes_one_operator(app: TestApp) {
        let mut agent = unit(&app).await;
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        let second = app.second_instance().await;
        let mut other = Agent::new(&second.base);
        other.cookies = agent.cookies.clone();
        let fields = form(&token, &[]);
        let replies = tokio::join!(agent.post(ADD, &fields), other.post(ADD, &fields));
        for reply in [replies.0, replies.1] {
            assert_eq!(reply.location().as_deref(), Some("/account/operators?done=added"), "{}", reply.text());
        }
        let again = agent.post(ADD, &fields).await;
        assert_eq!(again.location().as_deref(), Some("/account/operators?done=added"));
        assert_eq!(count(&app).await, 3);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'operator_added'").await, 1);
    }
}

on_both! {
    async fn two_forms_for_one_person_make_one_operator(app: TestApp) {
        let mut agent = unit(&app).await;
        let first = prove(&app, &mut agent, NEW_PHONE).await;
        let second = prove(&app, &mut agent, "15400000102").await;
        let mut other = Agent::new(&app.base);
        other.cookies = agent.cookies.clone();
        let forms = [form(&first, &[]), form(&second, &[("phone", "15400000102")])];
        let replies = tokio::join!(agent.post(ADD, &forms[0]), other.post(ADD, &forms[1]));
        let (added, refused): (Vec<_>, Vec<_>) = [replies.0, replies.1].into_iter().partition(|reply| reply.status == 303);
        assert_eq!((added.len(), refused.len()), (1, 1));
        assert_eq!(error(&refused[0], "document_number"), "该经办人已存在");
        assert_eq!(count(&app).await, 3);
    }
}

on_both! {
    async fn one_person_acts_for_two_units(app: TestApp) {
        // 李颖 acts for the second unit already, with a password of that account.
        let mut agent = unit(&app).await;
        let li = [("name", "李颖"), ("document_number", "220102199001010009"), ("phone", "19400000003")];
        add(&app, &mut agent, &li).await;
        for (unit, password) in [(UNIT, NEW_PASSWORD), ("92220102TEXT00033F", PASSWORD)] {
            let mut agent = Agent::new(&app.base);
            assert_eq!(sign_in(&mut agent, unit, "19400000003", password).await.status, 303);
        }
        let mut wrong = Agent::new(&app.base);
        assert_eq!(sign_in(&mut wrong, UNIT, "19400000003", PASSWORD).await.status, 422);
        assert_eq!(sql::number(&app, "SELECT COUNT(DISTINCT legal_entity_id) FROM operators WHERE removed_at IS NULL").await, 2);
    }
}

on_both! {
    async fn a_removed_person_may_be_added_again(app: TestApp) {
        let mut agent = unit(&app).await;
        let first = add(&app, &mut agent, &[]).await;
        assert_eq!(agent.post(&of(&first, "remove"), &[]).await.status, 303);
        app.advance_seconds(61);
        let second = add(&app, &mut agent, &[("new_password", "Again#2026"), ("new_password_again", "Again#2026")]).await;
        assert_ne!(first, second);
        operator(&app, NEW_PHONE, "Again#2026").await;
        assert_eq!(sign_in(&mut Agent::new(&app.base), UNIT, NEW_PHONE, NEW_PASSWORD).await.status, 422);
    }
}

on_both! {
    async fn full_width_and_stray_spaces_are_no_mistake(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        // 验证信息.
        agent.post(VERIFY, &[("action", "send_code")]).await;
        let code = full_width(&app.code_sent_to(UNIT_PHONE).await);
        assert_eq!(agent.post(VERIFY, &[("phone_code", &code), ("next", ADD)]).await.status, 303);
        let (number, phone) = (full_width("22010219030101000x"), full_width(NEW_PHONE));
        let typed = [("name", " 陈　静 "), ("document_number", number.as_str()), ("phone", phone.as_str()),
            ("validity", "until"), ("valid_to", " 2099-12-31 "), ("department", "　综合部 ")];
        let sent = agent.post(ADD, &form("", &[&typed[..], &[("action", "send_code")]].concat())).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        let code = full_width(&app.code_sent_to(NEW_PHONE).await);
        let reply = agent.post(ADD, &form("", &[&typed[..], &[("phone_code", &code)]].concat())).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=added"), "{}", reply.text());
        let row = agent.get(LIST).await.text_of("tbody tr");
        for text in ["陈静", "**************000X", "194****0101", "2099-12-31", "综合部"] {
            assert!(row.contains(text), "{text}: {row}");
        }
        // They sign in with what was meant, however it is typed.
        let reply = sign_in(&mut Agent::new(&app.base), &full_width(UNIT), &number, NEW_PASSWORD).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

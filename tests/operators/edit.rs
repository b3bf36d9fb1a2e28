//! 编辑 and 重置密码.

use super::*;

const KEEP: [(&str, &str); 3] =
    [("validity", "long_term"), ("may_manage", "no"), ("department", "人力资源部")];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = KEEP.to_vec();
    for (name, value) in changes {
        fields.retain(|(key, _)| key != name);
        fields.push((name, value));
    }
    fields
}

on_both! {
    async fn name_and_document_stay_and_the_rest_changes(app: TestApp) {
        let mut agent = unit(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let page = agent.get(&of(&id, "edit")).await;
        for text in ["刘洋", "居民身份证", "**************0004", "154****0002"] {
            assert!(page.text().contains(text), "{text}");
        }
        assert!(!page.body.contains(OPERATOR_PHONE) && !page.body.contains("222401199912310004"));
        assert!(!page.has("#name") && !page.has("#document_number"));
        let changes = [("department", "审计部"), ("may_manage", "yes"), ("validity", "until"), ("valid_to", "2099/1/31"),
            ("name", "冒名"), ("document_number", "220102198506150002")];
        let reply = agent.post(&of(&id, "edit"), &with(&changes)).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=edited"), "{}", reply.text());
        let page = agent.get(&of(&id, "edit")).await;
        assert!(page.text().contains("刘洋") && page.text().contains("0004"));
        assert_eq!(page.attribute("#valid_to", "value").as_deref(), Some("2099-01-31"));
        assert_eq!(page.attribute("#department", "value").as_deref(), Some("审计部"));
        assert!(page.has("[name=may_manage][value=yes][checked]"));
        // In China the whole of that day.
        let end = sql::number(&app, &format!("SELECT valid_until FROM operators WHERE account_id = '{id}'")).await;
        assert_eq!(end, 4_073_558_399_999, "2099-01-31T15:59:59.999Z");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM account_changes WHERE kind = 'operator_edited' AND value_before IS NOT NULL").await, 1);
        let sealed = sql::text(&app, "SELECT detail FROM audit_log WHERE event = 'operator_edited'").await;
        assert_eq!(sealed, id);
    }
}

on_both! {
    async fn another_telephone_must_be_proved(app: TestApp) {
        let mut agent = unit(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let edit = of(&id, "edit");
        // Typed values survive the buttons that open and close the fields.
        let open = agent.post(&edit, &with(&[("new_phone", "open"), ("department", "新")])).await;
        assert_eq!((open.status.as_u16(), open.attribute("#department", "value").as_deref()), (200, Some("新")));
        assert!(open.has("#phone") && open.has("[name=new_phone][value=yes]"));
        let closed = agent.post(&edit, &with(&[("new_phone", "yes"), ("keep_phone", "yes")])).await;
        assert!(!closed.has("#phone"));
        // A telephone that nobody asked for is not looked at.
        assert_eq!(agent.post(&edit, &with(&[("phone", NEW_PHONE)])).await.status, 303);
        id_of(&app, OPERATOR_PHONE).await;
        let new = [("new_phone", "yes"), ("phone", NEW_PHONE)];
        let reply = agent.post(&edit, &with(&new)).await;
        assert_eq!(error(&reply, "phone_code"), "请输入验证码");
        let sent = agent.post(&edit, &with(&[("new_phone", "yes"), ("phone", NEW_PHONE), ("action", "send_code")])).await;
        assert!(sent.text().contains("验证码已发送至 194****0101"), "{}", sent.text());
        let code = app.code_sent_to(NEW_PHONE).await;
        let typed = [("new_phone", "yes"), ("phone", NEW_PHONE), ("phone_code", &code)];
        let reply = agent.post(&edit, &with(&typed)).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        assert_eq!(id_of(&app, NEW_PHONE).await, id);
        assert!(app.last_text(OPERATOR_PHONE).await.unwrap().contains("手机号码已由本单位修改"));
        operator(&app, NEW_PHONE, PASSWORD).await;
        // Another operator's, and the representative's.
        app.advance_seconds(61);
        let token = prove(&app, &mut agent, MANAGER_PHONE).await;
        let taken = [("new_phone", "yes"), ("phone", MANAGER_PHONE), ("phone_token", &token)];
        assert_eq!(error(&agent.post(&edit, &with(&taken)).await, "phone"), "该手机号码已被本单位其他经办人使用");
        let token = prove(&app, &mut agent, UNIT_PHONE).await;
        let same = [("new_phone", "yes"), ("phone", UNIT_PHONE), ("phone_token", &token)];
        assert_eq!(error(&agent.post(&edit, &with(&same)).await, "same_phone"), "经办人手机号与法定代表人手机号相同，请确认");
        let sure = [same[0], same[1], same[2], ("same_phone", "yes")];
        assert_eq!(agent.post(&edit, &with(&sure)).await.status, 303);
        assert_eq!(agent.post(&edit, &with(&sure)).await.status, 303, "the same form twice");
    }
}

on_both! {
    async fn what_has_passed_may_stay_and_may_be_extended(app: TestApp) {
        let mut agent = unit(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        sql::execute(&app, &format!("UPDATE operators SET valid_until = 1700000000000 WHERE account_id = '{id}'")).await;
        assert!(agent.get(LIST).await.text().contains("失效"));
        let past = [("validity", "until"), ("valid_to", "2023-11-15"), ("department", "新")];
        assert_eq!(agent.post(&of(&id, "edit"), &with(&past)).await.status, 303, "only the department changes");
        let other = [("validity", "until"), ("valid_to", "2023-11-16")];
        assert_eq!(error(&agent.post(&of(&id, "edit"), &with(&other)).await, "valid_to"), "有效时间不能早于今天");
        let mut expired = Agent::new(&app.base);
        assert_eq!(sign_in(&mut expired, UNIT, OPERATOR_PHONE, PASSWORD).await.status, 422);
        assert_eq!(agent.post(&of(&id, "edit"), &with(&[])).await.status, 303);
        assert_eq!(sign_in(&mut expired, UNIT, OPERATOR_PHONE, PASSWORD).await.status, 303);
    }
}

on_both! {
    async fn a_reset_password_ends_what_the_old_one_began(app: TestApp) {
        let mut victim = operator(&app, OPERATOR_PHONE, PASSWORD).await;
        let mut agent = manager(&app).await;
        let reset = of(&id_of(&app, OPERATOR_PHONE).await, "password");
        let page = agent.get(&reset).await;
        assert!(page.text().contains("刘洋") && page.text().contains("密码应为8-16位数字、字母或符号至少2种的组合"));
        for (password, again, field, message) in [
            ("", "", "new_password", "请输入新密码"),
            ("abc123", "abc123", "new_password", "密码应为8-16位数字、字母或符号至少2种的组合"),
            (NEW_PASSWORD, "", "new_password_again", "请再次输入新密码"),
            (NEW_PASSWORD, "Chen#2027", "new_password_again", "两次输入的密码不一致"),
            (PASSWORD, PASSWORD, "new_password", "新密码不能与旧密码相同"),
            ("x15400000002", "x15400000002", "new_password", "密码不能包含账号、统一社会信用代码、手机号码或证件号码"),
        ] {
            let reply = agent.post(&reset, &[("new_password", password), ("new_password_again", again)]).await;
            assert_eq!((reply.status.as_u16(), error(&reply, field)), (422, message.to_owned()));
            assert_eq!(reply.attribute("[autofocus]", "id").as_deref(), Some(field));
            assert!(!reply.has("[type=password][value]"));
        }
        assert!(is_signed_in(&mut victim).await);
        let reply = agent.post(&reset, &[("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)]).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=password"), "{}", reply.text());
        assert!(!is_signed_in(&mut victim).await);
        operator(&app, OPERATOR_PHONE, NEW_PASSWORD).await;
        assert_eq!(sign_in(&mut victim, UNIT, OPERATOR_PHONE, PASSWORD).await.status, 422);
        assert!(app.last_text(OPERATOR_PHONE).await.unwrap().contains("密码已被重置"));
    }
}

on_both! {
    async fn from_a_date_to_long_term_the_date_may_stand_there(app: TestApp) {
        // The page fills the date in, and without a script nobody takes it away.
        let mut agent = unit(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let until = [("validity", "until"), ("valid_to", "2099-01-31")];
        assert_eq!(agent.post(&of(&id, "edit"), &with(&until)).await.status, 303);
        for leftover in ["2099-01-31", "yesterday"] {
            let long = [("validity", "long_term"), ("valid_to", leftover)];
            let reply = agent.post(&of(&id, "edit"), &with(&long)).await;
            assert_eq!(reply.location().as_deref(), Some("/account/operators?done=edited"), "{}", reply.text());
            let end = format!("SELECT COUNT(*) FROM operators WHERE account_id = '{id}' AND valid_until IS NULL");
            assert_eq!(sql::number(&app, &end).await, 1);
        }
    }
}

on_both! {
    async fn what_was_before_is_what_the_change_replaced(app: TestApp) {
        // Two managers edit from pages that they opened at the same time: the record of the second begins where the first
        // ended.
        let (mut one, mut other) = (unit(&app).await, manager(&app).await);
        let id = id_of(&app, OPERATOR_PHONE).await;
        let edit = of(&id, "edit");
        let (first, second) = (with(&[("department", "一部")]), with(&[("department", "二部")]));
        let (first, second) = tokio::join!(one.post(&edit, &first), other.post(&edit, &second));
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303));
        let changes = idp::store::account_changes::of_account(&app.app.store, &app.app.vault, &id).await.unwrap();
        let departments: Vec<_> = changes.iter().map(|change| {
            let of = |value: &Option<serde_json::Value>| value.as_ref().unwrap()["department"].as_str().unwrap().to_owned();
            (of(&change.before), of(&change.after))
        }).collect();
        let begin = departments.iter().find(|(before, _)| before == "人力资源部").expect("one began there");
        assert!(departments.iter().any(|(before, _)| *before == begin.1), "{departments:?}");
    }
}

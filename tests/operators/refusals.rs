//! Everything that 添加 refuses: beside its field, with what was typed kept, and passwords gone.

use super::*;

/// Posts 添加 with a proved telephone; gives the refusal.
async fn refused(agent: &mut Agent, token: &str, changes: &[(&str, &str)]) -> Reply {
    let reply = agent.post(ADD, &form(token, changes)).await;
    assert_eq!(reply.status, 422, "{changes:?}");
    assert!(!reply.body.contains(NEW_PASSWORD), "passwords are not shown again");
    reply
}

on_both! {
    async fn every_field_says_what_is_wrong_with_it(app: TestApp) {
        let mut agent = unit(&app).await;
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        let yesterday = chrono::NaiveDate::pred_opt(&app.clock.now().china_date()).unwrap().to_string();
        let young = format!("{}0101", app.clock.now().china_date().format("%Y").to_string().parse::<i32>().unwrap() - 10);
        let young = with_check(&format!("220102{young}000"));
        let long = "部".repeat(41);
        let cases = [
            (&[("name", "")][..], "name", "请输入姓名"),
            (&[("name", "陈3静")], "name", "姓名格式不正确"),
            (&[("document_type", "999")], "document_type", "请选择证件类型"),
            (&[("document_number", " ")], "document_number", "请输入证件号码"),
            (&[("document_number", "220102198506150003")], "document_number", "身份证号码格式不正确"),
            (&[("document_type", "414"), ("document_number", "EI0000001")], "document_number", "证件号码格式不正确"),
            (&[("document_number", &young)], "document_number", "经办人须年满16周岁"),
            (&[("new_password", "abc"), ("new_password_again", "abc")], "new_password", "密码应为6-16位数字、字母或符号至少2种的组合"),
            (&[("new_password", "0101x0101"), ("new_password_again", "0101x")], "new_password_again", "两次输入的密码不一致"),
            (&[("new_password", "a19400000101"), ("new_password_again", "a19400000101")], "new_password", "密码不能包含账号、统一社会信用代码、手机号码或证件号码"),
            (&[("new_password", ""), ("new_password_again", "")], "new_password", "请设置密码"),
            (&[("validity", "")], "validity", "请选择有效时间"),
            (&[("validity", "until")], "valid_to", "请选择有效结束日期"),
            (&[("validity", "until"), ("valid_to", "2099-02-30")], "valid_to", "日期格式不正确，请按 2026-01-31 的格式填写"),
            (&[("validity", "until"), ("valid_to", &yesterday)], "valid_to", "有效时间不能早于今天"),
            (&[("may_manage", "perhaps")], "may_manage", "请选择是否授予管理权限"),
            (&[("department", &long)], "department", "下级所属部门不能超过40个字，且不能含有特殊字符"),
            (&[("department", "财\u{7}务")], "department", "下级所属部门不能超过40个字，且不能含有特殊字符"),
        ];
        for (changes, field, message) in cases {
            let reply = refused(&mut agent, &token, changes).await;
            assert_eq!(error(&reply, field), message, "{changes:?}");
            assert_eq!(reply.text_of(&format!("#error-summary a[href='#{field}']")), message);
            assert_eq!(reply.attribute("[autofocus]", "name").as_deref(), Some(field));
            let described = reply.attribute(&format!("[name='{field}'][aria-invalid]"), "aria-describedby");
            let described = described.or_else(|| reply.attribute(&format!("[data-choice='{field}'][aria-invalid]"), "aria-describedby"));
            assert!(described.is_some_and(|ids| ids.contains(&format!("{field}-error"))), "{field}");
        }
        assert_eq!(count(&app).await, 2);
        // Today is early enough, and the telephone is still proved.
        let today = app.clock.now().china_date().to_string();
        let reply = agent.post(ADD, &form(&token, &[("validity", "until"), ("valid_to", &today)])).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

on_both! {
    async fn one_answer_tells_all_and_keeps_what_was_typed(app: TestApp) {
        let mut agent = unit(&app).await;
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        let typed = [("name", "<b>"), ("document_number", "12345"), ("department", "一\"部"), ("validity", "until"),
            ("valid_to", "2001-01-01"), ("may_manage", "yes"), ("document_type", "414")];
        let reply = refused(&mut agent, &token, &typed).await;
        assert_eq!(error(&reply, "name"), "姓名格式不正确");
        assert_eq!(error(&reply, "document_number"), "证件号码格式不正确");
        assert_eq!(error(&reply, "valid_to"), "有效时间不能早于今天");
        assert_eq!(reply.attribute("[autofocus]", "id").as_deref(), Some("name"));
        assert!(reply.text_of("title").starts_with("错误："));
        for (name, value) in [("name", "<b>"), ("document_number", "12345"), ("department", "一\"部"), ("valid_to", "2001-01-01")] {
            assert_eq!(reply.attribute(&format!("#{name}"), "value").as_deref(), Some(value));
        }
        assert!(reply.has("#document_type option[value='414'][selected]"));
        assert!(reply.has("[name=validity][value=until][checked]") && reply.has("[name=may_manage][value=yes][checked]"));
        assert!(reply.text().contains("194****0101") && reply.text().contains("已验证"));
    }
}

on_both! {
    async fn the_same_person_or_telephone_once_a_unit(app: TestApp) {
        let mut agent = unit(&app).await;
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        // 刘洋 is an operator already.
        let liu = [("name", "刘洋"), ("document_number", "222401199912310004")];
        let reply = refused(&mut agent, &token, &liu).await;
        assert_eq!(error(&reply, "document_number"), "该经办人已存在");
        // Somebody else's telephone, though proved.
        let token = prove(&app, &mut agent, OPERATOR_PHONE).await;
        let reply = refused(&mut agent, &token, &[("phone", OPERATOR_PHONE)]).await;
        assert_eq!(error(&reply, "phone"), "该手机号码已被本单位其他经办人使用");
        assert_eq!(count(&app).await, 2);
    }
}

on_both! {
    async fn the_representatives_telephone_is_asked_about(app: TestApp) {
        let mut agent = unit(&app).await;
        app.advance_seconds(61);
        let token = prove(&app, &mut agent, UNIT_PHONE).await;
        let reply = refused(&mut agent, &token, &[("phone", UNIT_PHONE)]).await;
        assert_eq!(error(&reply, "same_phone"), "经办人手机号与法定代表人手机号相同，请确认");
        assert!(reply.has("input#same_phone[type=checkbox][autofocus]") && !reply.has("#same_phone[checked]"));
        let reply = agent.post(ADD, &form(&token, &[("phone", UNIT_PHONE), ("same_phone", "yes")])).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

on_both! {
    async fn the_telephone_must_be_proved_here_and_now(app: TestApp) {
        let mut agent = unit(&app).await;
        for (changes, field, message) in [
            (&[("phone", "")][..], "phone", "请输入手机号码"),
            (&[("phone", "12000000000")], "phone", "手机号码格式不正确"),
            (&[], "phone_code", "请输入验证码"),
            (&[("phone_code", "000000")], "phone_code", "验证码已失效，请重新获取"),
        ] {
            assert_eq!(error(&refused(&mut agent, "", changes).await, field), message);
        }
        let empty = [("phone", ""), ("new_password", ""), ("new_password_again", "")];
        let reply = refused(&mut agent, "", &empty).await;
        for field in ["phone", "phone_code", "new_password", "new_password_again"] {
            assert!(!error(&reply, field).is_empty(), "{field}");
        }
        let reply = agent.post(ADD, &form("", &[("phone", "1"), ("action", "send_code")])).await;
        assert_eq!(error(&reply, "phone"), "手机号码格式不正确");
        // A token that was made up, another browser's, and one that is half an hour old.
        let gone = "验证码已失效，请重新获取";
        assert_eq!(error(&refused(&mut agent, &"A".repeat(43), &[]).await, "phone_code"), gone);
        let mut stranger = Agent::new(&app.base);
        stranger.get("/sign-in/personal").await;
        let foreign = prove(&app, &mut stranger, NEW_PHONE).await;
        assert_eq!(error(&refused(&mut agent, &foreign, &[]).await, "phone_code"), gone);
        app.advance_seconds(61);
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        assert_eq!(error(&refused(&mut agent, &token, &[("phone", "15400000103")]).await, "phone_code"), gone);
        app.advance_seconds(29 * 60);
        verify(&app, &mut agent, UNIT_PHONE).await;
        app.advance_seconds(61);
        let reply = refused(&mut agent, &token, &[]).await;
        assert_eq!(error(&reply, "phone_code"), gone);
        assert_eq!(reply.attribute("[name=phone_token]", "value").as_deref(), Some(""), "the page asks for a code again");
        assert_eq!(count(&app).await, 2);
    }
}

on_both! {
    async fn what_is_wrong_is_told_before_the_form_is_sent(app: TestApp) {
        let mut agent = unit(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let odd = [("name", "陈3静"), ("document_type", "111"), ("document_number", "220102198506150003"), ("phone", "123"),
            ("validity", "until"), ("valid_to", "2020-01-01"), ("may_manage", "no"), ("department", "<b>\u{7}")];
        for (path, fields) in [
            (format!("{ADD}/check"), &["name", "document_number", "phone", "valid_to", "department"][..]),
            (of(&id, "edit/check"), &["phone", "valid_to", "department"]),
        ] {
            let told = agent.post(&path, &odd).await.json();
            let names: Vec<&String> = told.as_object().unwrap().keys().collect();
            assert_eq!(names.len(), fields.len(), "{path}: {told}");
            for field in fields {
                assert_eq!(told[field]["warning"], false, "{path}: {told}");
            }
            assert_eq!(told["valid_to"]["message"], "有效时间不能早于今天");
            assert_eq!(operator(&app, OPERATOR_PHONE, PASSWORD).await.post(&path, &odd).await.status, 403, "{path}");
        }
        let fine = [("name", "陈静"), ("document_type", "111"), ("document_number", "220102198506150002"),
            ("validity", "long_term"), ("may_manage", "no")];
        assert_eq!(agent.post(&format!("{ADD}/check"), &fine).await.json(), serde_json::json!({}));
    }
}

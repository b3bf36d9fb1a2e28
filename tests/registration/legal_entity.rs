//! 企业注册: the way through, each refusal beside its field, and exactly one account.

use super::*;
use crate::support::sql;

on_both! {
    async fn a_unit_registers_and_signs_in(app: TestApp) {
        let (mut agent, reply) = Form::unit().register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let done = agent.follow(reply).await;
        assert!(done.text().contains("注册成功，即将前往登录"), "{}", done.text());
        assert_eq!(done.attribute("[data-onward]", "href").unwrap(), "/sign-in/legal-entity");
        for name in ["shilishiye", "SHILISHIYE", "91220000XXXX00027L"] {
            let mut agent = Agent::new(&app.base);
            let fields = [("account", name), ("password", PASSWORD)];
            let reply = agent.sign_in("/sign-in/legal-entity", &fields).await;
            let centre = agent.follow(reply).await;
            for wanted in ["*婷，您好！", "194****0101", "吉林示例实业有限公司（演示）"] {
                assert!(centre.text().contains(wanted), "{name} {wanted}: {}", centre.text());
            }
        }
        let agreed = "SELECT COUNT(*) FROM agreement_consents WHERE version = '2026-11' AND agreed_at > 0";
        assert_eq!(sql::number(&app, agreed).await, 2);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'registered'").await, 1);
    }
}

on_both! {
    async fn full_width_and_stray_spaces_are_no_mistake(app: TestApp) {
        let form = Form::unit()
            .with("login_name", " ｓｈｉｌｉshiye ")
            .with("credit_code", "9122 0000-xxxx 0002 7l")
            .with("document_number", "２２０１０２１９７００１０１０００ｘ")
            .with("representative_name", " 周 婷 ")
            .with("valid_from", "2016年1月1日");
        let (_, reply) = form.register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let code = sql::text(&app, "SELECT credit_code FROM legal_entities WHERE login_name = 'shilishiye'");
        assert_eq!(code.await, "91220000XXXX00027L");
    }
}

on_both! {
    async fn each_field_has_its_own_message_and_keeps_what_was_typed(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(LEGAL_ENTITY).await;
        for (field, value, beside, message) in [
            ("login_name", "", "login_name", "请输入法人账号"),
            ("login_name", "1xinyue", "login_name", "账号应为6-20位字符，字母开头"),
            ("login_name", "Y1220000XXXX001238", "login_name", "账号不能与统一社会信用代码相似，请更换"),
            ("entity_type", "nonsense", "entity_type", "请选择法人类型"),
            ("entity_type", "public_institution", "unit_name", ""),
            ("unit_name", "", "unit_name", "请输入企业名称"),
            ("unit_name", "<b>", "unit_name", "名称格式不正确"),
            ("credit_code", "91220000XXXX00027F", "credit_code", "统一社会信用代码格式不正确"),
            ("credit_code", "000000000000000000", "credit_code", "统一社会信用代码格式不正确"),
            ("credit_code", "92220102TEXT00033F", "entity_type", "法人类型与统一社会信用代码不符，请核对"),
            ("representative_name", "", "representative_name", "请输入法定代表人姓名"),
            ("document_type", "nonsense", "document_type", "请选择证件类型"),
            ("document_number", "", "document_number", "请输入法定代表人证件号码"),
            ("document_number", "220102190001010009", "document_number", "身份证号码格式不正确"),
            ("document_number", "220102190002290005", "document_number", "身份证号码格式不正确"),
            ("document_number", "810000199001010000", "document_number", "请选择正确的证件类型"),
            ("document_number", "220102201501010005", "document_number", "法定代表人须年满16周岁"),
            ("valid_from", "", "valid_from", "请选择身份证有效开始日期"),
            ("valid_from", "2016-13-01", "valid_from", "日期格式不正确，请按 2026-01-31 的格式填写"),
            ("valid_from", "2096-01-01", "valid_from", "身份证有效开始日期不能晚于今天"),
            ("valid_from", "1969-12-31", "valid_from", "身份证有效开始日期应晚于出生日期"),
            ("valid_to", "2036-01-01", "valid_to", "长期有效的身份证无需填写结束日期"),
            ("phone", "", "phone", "请输入手机号码"),
            ("phone", "12000000000", "phone", "手机号码格式不正确"),
            ("phone", "19400000109", "phone_code", "请输入验证码"),
            ("new_password", "", "new_password", "请设置密码"),
            ("new_password", "abcdef", "new_password", "密码应为6-16位数字、字母或符号至少2种的组合"),
            ("new_password", "shilishiye1", "new_password", "密码不能包含账号、统一社会信用代码、手机号码或证件号码"),
            ("new_password_again", "", "new_password_again", "请再次输入密码"),
            ("new_password_again", "Jlrs2026b", "new_password_again", "两次输入的密码不一致"),
            ("agreed", "", "agreed", "请阅读并同意《注册协议》与《隐私政策》"),
        ] {
            let reply = Form::unit().with(field, value).send(&mut agent).await;
            assert_eq!(reply.status, 422, "{field}={value}");
            assert_eq!(error(&reply, beside), message, "{field}={value}");
            assert_eq!(reply.attribute("#representative_name", "value").unwrap(),
                if field == "representative_name" { value } else { "周婷" });
            assert!(!reply.body.contains(PASSWORD), "passwords never come back");
            let first = reply.attribute("#error-summary a", "href").unwrap();
            let id = first.trim_start_matches('#');
            assert!(reply.has(&format!("#{id}[autofocus], #{id} [autofocus]")), "{field}={value}: {first} comes first");
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM legal_entities").await, 2, "only the demo's");
        // A term that the law does not give at that age is asked about, not refused.
        let form = Form::unit().with("term", "20").with("valid_from", "2017-01-01");
        let reply = form.clone().send(&mut agent).await;
        assert_eq!(error(&reply, "term"), "身份证有效期限与签发时的年龄不符，请核对");
        let (_, reply) = form.with("confirmed", "term").register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

on_both! {
    async fn a_password_must_not_contain_what_was_typed_in_another_way(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(LEGAL_ENTITY).await;
        for (field, typed, password) in [
            ("phone", "+86 194-0000-0101", "a19400000101"),
            ("phone", "１９４ ００００ ０１０１", "a19400000101"),
            ("login_name", "ｓｈｉｌｉｓｈｉｙｅ", "shilishiye1"),
            ("credit_code", "9122 0000 xxxx 0002 7l", "xxxx00027L"),
            ("document_number", "220102 19700101 000x", "a01000X"),
        ] {
            let form = Form::unit().with(field, typed).with("new_password", password);
            let reply = form.with("new_password_again", password).send(&mut agent).await;
            let message = "密码不能包含账号、统一社会信用代码、手机号码或证件号码";
            assert_eq!(error(&reply, "new_password"), message, "{typed}");
        }
    }
}

on_both! {
    async fn labels_follow_the_type(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let form = Form::unit().with("entity_type", "individual_business").with("unit_name", "");
        let reply = form.with("representative_name", "").send(&mut agent).await;
        assert_eq!(error(&reply, "unit_name"), "请输入单位名称");
        assert_eq!(error(&reply, "representative_name"), "请输入经营者姓名");
        assert!(reply.text().contains("经营者信息"));
        for (field, words) in [
            ("unit_name", "请输入单位名称"),
            ("representative_name", "请输入经营者姓名"),
            ("document_number", "请输入经营者证件号码"),
        ] {
            assert_eq!(reply.attribute(&format!("#{field}"), "placeholder").unwrap(), words);
        }
    }
}

on_both! {
    async fn who_has_an_account_is_told_only_with_a_proved_telephone(app: TestApp) {
        let taken = Form::unit().with("login_name", "XinYue0221").with("credit_code", "91220101TEXT00017E");
        let mut agent = Agent::new(&app.base);
        agent.get(LEGAL_ENTITY).await;
        let reply = taken.clone().with("phone_code", "000000").send(&mut agent).await;
        for hidden in ["该法人账号已被注册", "已注册，请直接登录"] {
            assert!(!reply.body.contains(hidden), "an oracle");
        }
        let reply = taken.clone().with("phone_token", &"x".repeat(43)).send(&mut agent).await;
        assert_eq!(error(&reply, "phone_code"), "验证码已失效，请重新获取");
        assert!(!reply.body.contains("已被注册"), "an oracle");
        let (_, reply) = taken.register(&app).await;
        assert_eq!(error(&reply, "login_name"), "该法人账号已被注册");
        let told = "该统一社会信用代码已注册，请直接登录，忘记密码可找回，如非本单位注册请进行账号申诉";
        assert_eq!(error(&reply, "credit_code"), told);
        assert_eq!(reply.attribute(".page-head__links a[href='/appeals']", "href").as_deref(), Some("/appeals"));
        let note = reply.text_of(".console__note");
        assert_eq!(note, "注：如果注册有问题，或信息已被他人注册，可进行账号申诉，也可咨询电话：0431-00000000。");
    }
}

on_both! {
    async fn all_that_is_missing_is_told_at_once(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for (page, own, whose) in [
            (LEGAL_ENTITY, &["login_name", "unit_name", "credit_code", "representative_name"][..], "法定代表人"),
            (PERSONAL, &["person_name"], ""),
        ] {
            agent.get(page).await;
            let reply = agent.post(page, &[("document_type", "111"), ("entity_type", "enterprise")]).await;
            let common = ["document_number", "term", "valid_from", "phone", "phone_code", "new_password", "new_password_again", "agreed"];
            for field in own.iter().chain(&common) {
                assert!(!error(&reply, field).is_empty(), "{page} {field}");
                assert!(reply.has(&format!("#error-summary a[href='#{field}']")), "{page} {field}");
            }
            assert_eq!(error(&reply, "document_number"), format!("请输入{whose}证件号码"));
            assert_eq!(error(&reply, "term"), "请选择有效期限");
            assert_eq!(error(&reply, "phone_code"), "请输入验证码");
            assert_eq!(error(&reply, "new_password_again"), "请再次输入密码");
        }
    }
}

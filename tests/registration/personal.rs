//! 个人注册.

use super::*;
use crate::support::sql;

on_both! {
    async fn a_person_registers_and_signs_in(app: TestApp) {
        let (mut agent, reply) = Form::person().register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let done = agent.follow(reply).await;
        assert_eq!(done.attribute("[data-onward]", "href").unwrap(), "/sign-in/personal");
        for name in ["19400000201", "+86 194-0000-0201", "220102198506150002"] {
            let mut agent = Agent::new(&app.base);
            let reply =
                agent.sign_in("/sign-in/personal", &[("account", name), ("password", PASSWORD)]).await;
            let centre = agent.follow(reply).await;
            assert!(centre.text().contains("*静，您好！"), "{name}: {}", centre.text());
            assert!(centre.text().contains("2038-05-20") && centre.text().contains("居民身份证"));
        }
    }
}

on_both! {
    async fn other_documents_have_their_own_rules(app: TestApp) {
        let form = Form::person()
            .with("document_type", "516")
            .with("document_number", "h0000000001")
            .with("valid_to", "2099-01-01");
        let mut agent = Agent::new(&app.base);
        let reply = form.clone().with("valid_to", "").send(&mut agent).await;
        assert_eq!(error(&reply, "valid_to"), "请选择证件有效结束日期");
        assert!(reply.has("#valid_to[required]") && !reply.has(".field--optional #valid_to"), "it follows from nothing");
        assert_eq!(reply.text_of("#valid_to-hint"), "请填写证件上的截止日期");
        let reply = form.clone().with("document_number", "A00000000").send(&mut agent).await;
        assert_eq!(error(&reply, "document_number"), "证件号码格式不正确");
        let reply = form.clone().with("valid_to", "2020-01-01").send(&mut agent).await;
        assert_eq!(error(&reply, "valid_to"), "证件已过期，请更换有效证件");
        let (_, reply) = form.register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        // The count of renewals at the end does not make another person of the holder.
        let again = Form::person().with("phone", "19400000202").with("document_type", "516");
        let again = again.with("document_number", "H0000000002").with("valid_to", "2099-01-01");
        let (_, reply) = again.register(&app).await;
        assert!(error(&reply, "document_number").starts_with("该证件号码已注册"), "{}", reply.text());
    }
}

on_both! {
    async fn each_field_has_its_own_message(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for (field, value, beside, message) in [
            ("person_name", "", "person_name", "请输入姓名"),
            ("person_name", "王1", "person_name", "姓名格式不正确"),
            ("document_number", "220102201501010005", "document_number", "本人须年满14周岁"),
            ("valid_from", "2005-05-20", "valid_to", "身份证已过期，请更换有效证件"),
            ("valid_to", "2038-05-19", "valid_to", "身份证有效结束日期不正确"),
            ("term", "5", "valid_to", "身份证已过期，请更换有效证件"),
            ("new_password", "19400000201a", "new_password", "密码不能包含账号、统一社会信用代码、手机号码或证件号码"),
            ("agreement_version", "2020-01", "agreed", "协议已更新，请重新阅读并同意《注册协议》与《隐私政策》"),
        ] {
            let reply = Form::person().with(field, value).send(&mut agent).await;
            assert_eq!(error(&reply, beside), message, "{field}={value}");
        }
    }
}

on_both! {
    async fn a_number_belongs_to_whoever_proves_it_now(app: TestApp) {
        // The demo's person had this number; numbers are given out again.
        let (_, reply) = Form::person().with("phone", "19400000003").register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let mut agent = Agent::new(&app.base);
        let fields = [("account", "19400000003"), ("password", PASSWORD)];
        let reply = agent.sign_in("/sign-in/personal", &fields).await;
        assert!(agent.follow(reply).await.text().contains("*静，您好！"));
        let mut former = Agent::new(&app.base);
        let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
        let reply = former.sign_in("/sign-in/personal", &fields).await;
        assert!(former.follow(reply).await.text_of(".profile__phone").starts_with("未绑定"));
        let released = "SELECT COUNT(*) FROM account_changes WHERE kind = 'phone_released'";
        assert_eq!(sql::number(&app, released).await, 1);
    }
}

on_both! {
    |config| config.password.profile = idp::config::PasswordProfile::Djbh;
    async fn the_strict_profile_says_so(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let reply = agent.get(PERSONAL).await;
        assert_eq!(reply.text_of("#new_password-hint"), "密码应为8-16位数字、字母或符号至少2种的组合");
        let form = Form::person().with("new_password", "abcdef!").with("new_password_again", "abcdef!");
        let reply = form.send(&mut agent).await;
        assert_eq!(error(&reply, "new_password"), "密码应为8-16位数字、字母或符号至少2种的组合");
    }
}

on_both! {
    async fn whose_a_document_is_is_told_only_with_a_proved_telephone(app: TestApp) {
        // 李颖 has an account.
        let taken = Form::person().with("document_number", "220102199001010009").with("valid_from", "2018-05-20");
        let mut agent = Agent::new(&app.base);
        let page = agent.get(PERSONAL).await;
        assert!(page.text_of(".console__note").contains("账号申诉"));
        let unproved = [("phone_code", ""), ("phone_code", "000000"), ("phone_token", "A")];
        for (field, value) in unproved {
            let value = if value == "A" { "A".repeat(43) } else { value.to_owned() };
            let reply = taken.clone().with(field, &value).send(&mut agent).await;
            let free = Form::person().with(field, &value).send(&mut agent).await;
            assert_eq!((reply.status, error(&reply, "document_number")), (free.status, String::new()));
            assert_eq!(error(&reply, "phone_code"), error(&free, "phone_code"));
            assert!(!reply.body.contains("已注册"), "an oracle");
        }
        let checked = agent.post("/registration/personal/check", &taken.pairs()).await;
        assert_eq!(checked.json(), serde_json::json!({}), "the script learns nothing either");
        let (_, reply) = taken.register(&app).await;
        let told = "该证件号码已注册，请直接登录，忘记密码可找回，如非本人注册请进行账号申诉";
        assert_eq!(error(&reply, "document_number"), told);
    }
}

//! 身份验证: what is told, and what is not.

use idp::config::SmsTransport;
use idp::platform::random;
use idp::store::captchas;
use serde_json::json;

use super::{ALL, MISMATCH, OPERATOR, PERSON, UNIT, beside};
use crate::sign_in::alert;
use crate::support::{Agent, TestApp, sql};

on_both! {
    async fn whatever_does_not_match_reads_the_same(app: TestApp) {
        let mut texts = Vec::new();
        let mut agent = Agent::new(&app.base);
        for who in ALL {
            for changes in [
                &[("account", "nobody2026")] as &[_],
                &[("person_name", "王小明")],
                &[("document_number", "220102199912310002")],
                // The same number as another document.
                &[("document_type", "foreign_passport")],
                &[("document_type", "414"), ("document_number", "E12345678")],
            ] {
                app.advance_seconds(3601);
                let reply = who.identify(&mut agent, changes).await;
                assert_eq!((reply.status.as_u16(), alert(&reply).as_str()), (422, MISMATCH), "{who:?} {changes:?}");
                texts.push((who.word, reply.text()));
            }
        }
        for (spoil, who) in [
            ("accounts SET disabled_at = 1 WHERE kind = 'legal_entity'", UNIT),
            ("accounts SET disabled_at = NULL, pending_since = 1 WHERE kind = 'legal_entity'", UNIT),
            ("legal_entities SET phone = NULL, phone_index = NULL", UNIT),
            ("operators SET frozen_at = 1", OPERATOR),
            ("operators SET frozen_at = NULL, valid_until = 1", OPERATOR),
            ("operators SET valid_until = NULL, removed_at = 1", OPERATOR),
            ("accounts SET pending_since = 1 WHERE kind = 'natural_person'", PERSON),
        ] {
            app.advance_seconds(3601);
            assert!(sql::execute(&app, &format!("UPDATE {spoil}")).await > 0, "{spoil}");
            sql::execute(&app, "UPDATE accounts SET pending_since = NULL WHERE kind = 'legal_entity'
                AND EXISTS (SELECT 1 FROM legal_entities WHERE phone IS NULL)").await;
            let reply = who.identify(&mut agent, &[]).await;
            assert_eq!((reply.status.as_u16(), alert(&reply).as_str()), (422, MISMATCH), "{spoil}");
            texts.push((who.word, reply.text()));
        }
        for who in ALL {
            let told: Vec<_> = texts.iter().filter(|(word, _)| *word == who.word).map(|(_, text)| text).collect();
            assert!(told.len() > 5 && told.iter().all(|text| *text == told[0]), "{who:?}");
        }
        let sent = app.app.sms.sent().len() as i64 + sql::number(&app, "SELECT COUNT(*) FROM outbox").await;
        assert_eq!(sent, 0, "nobody gets a message");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM recoveries").await, 0);
    }
}

on_both! {
    async fn every_way_of_typing_the_same_is_the_same(app: TestApp) {
        for (who, changes) in [
            (UNIT, &[("account", "LiYingBaiHuo")] as &[_]),
            (UNIT, &[("account", " ９２２２０１０２text00033f ")]),
            (OPERATOR, &[("account", "xinyue0221"), ("person_name", " 张　伟")]),
            (PERSON, &[("account", "+86 194-0000-0003"), ("document_number", "220102 19900101 0009")]),
            (PERSON, &[("account", "220102199001010009")]),
        ] {
            app.advance_seconds(3601);
            let reply = who.identify(&mut Agent::new(&app.base), changes).await;
            assert_eq!(reply.status, 303, "{changes:?}: {}", reply.text());
        }
    }
}

on_both! {
    async fn each_field_has_its_own_message_and_what_was_typed_stays(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let labels = [
            (UNIT, "法人账号/统一社会信用代码", "法定代表人姓名"),
            (OPERATOR, "单位统一信用代码/法人账号", "经办人姓名"),
            (PERSON, "账号/手机号码/身份证号", "姓名"),
        ];
        for (who, account, name) in labels {
            let page = format!("/recovery?as={}", who.word);
            assert!(!agent.get(&page).await.has("[aria-invalid]"));
            let reply = agent.post(&page, &[]).await;
            assert_eq!(beside(&reply, "account"), format!("请输入{account}"));
            assert_eq!(beside(&reply, "person_name"), format!("请输入{name}"));
            assert_eq!(beside(&reply, "document_number"), "请输入证件号码");
            assert!(reply.has("#account[autofocus]"));
            assert!(reply.text_of("title").starts_with("错误：身份验证"));
            let reply = who.identify(&mut agent, &[("account", "企业<1>"), ("person_name", "王1")]).await;
            assert_eq!(beside(&reply, "account"), format!("{account}格式不正确"));
            assert_eq!(beside(&reply, "person_name"), "姓名格式不正确");
            assert_eq!(reply.attribute("#account", "value").as_deref(), Some("企业<1>"));
            assert_eq!(reply.attribute("#document_number", "value").as_deref(), Some(who.number));
        }
        let reply = UNIT.identify(&mut agent, &[("document_number", "220103190002280007")]).await;
        assert_eq!(beside(&reply, "document_number"), "身份证号码格式不正确");
        assert!(reply.has("#document_number[autofocus]"));
        let reply = UNIT.identify(&mut agent, &[("document_type", "414")]).await;
        assert_eq!(beside(&reply, "document_number"), "证件号码格式不正确");
        assert_eq!(reply.attribute("#document_type option[selected]", "value").as_deref(), Some("414"));
        let reply = UNIT.identify(&mut agent, &[("document_type", "x"), ("document_number", "")]).await;
        assert_eq!(beside(&reply, "document_type"), "请选择证件类型");
        assert_eq!(beside(&reply, "document_number"), "请输入证件号码");
        assert!(reply.has("#document_type[autofocus]"));
        // What is not looked up is not counted.
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM attempts").await, 0);
    }
}

/// What is written in the picture of a page.
async fn read(app: &TestApp, page: &crate::support::Reply) -> (String, String) {
    let id = page.attribute("[name=captcha_id]", "value").unwrap();
    let found = captchas::find(&app.app.store, &random::hash(&id), app.clock.now()).await.unwrap();
    (id, found.unwrap())
}

on_both! {
    |config| config.sms.captcha = true;
    async fn a_captcha_comes_before_every_message(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let page = agent.get("/recovery").await;
        assert_eq!(page.attribute(".captcha__image", "title").as_deref(), Some("看不清？换一张"));
        assert_eq!(page.attribute("form.rows", "action").as_deref(), Some("/recovery?as=legal-entity"));
        let reply = UNIT.identify(&mut agent, &[]).await;
        assert_eq!(beside(&reply, "captcha_answer"), "请先输入图片验证码");
        let reply = UNIT.identify(&mut agent, &[("person_name", "")]).await;
        assert_eq!(beside(&reply, "captcha_answer"), "请先输入图片验证码");
        assert!(reply.has("#person_name[autofocus]"));
        let (id, _) = read(&app, &reply).await;
        let reply = UNIT.identify(&mut agent, &[("captcha_id", &id), ("captcha_answer", "0000")]).await;
        assert_eq!(beside(&reply, "captcha_answer"), "验证码错误，请重新输入");
        assert_eq!(reply.attribute("#person_name", "value").as_deref(), Some("赵敏"));
        let reply = UNIT.identify(&mut agent, &[("refresh_captcha", "1")]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.attribute("#person_name", "value").as_deref(), Some("赵敏"));
        let (id, text) = read(&app, &reply).await;
        let right = [("captcha_id", id.as_str()), ("captcha_answer", text.as_str())];
        let reply = UNIT.identify(&mut agent, &right).await;
        let second = reply.location().unwrap_or_else(|| panic!("{}", reply.text()));
        let reply = UNIT.identify(&mut agent, &right).await;
        assert_eq!(beside(&reply, "captcha_answer"), "验证码已过期，请点击刷新", "one picture, one message");
        // Another message needs another picture; the code alone needs none.
        app.advance_seconds(61);
        let reply = agent.post(&second, &[("action", "send_code")]).await;
        assert_eq!(beside(&reply, "captcha_answer"), "请先输入图片验证码");
        let (id, text) = read(&app, &reply).await;
        let first = app.code_sent_to(UNIT.phone).await;
        let again = [("action", "send_code"), ("captcha_id", id.as_str()), ("captcha_answer", text.as_str())];
        assert_eq!(agent.post(&second, &again).await.status, 200);
        let code = app.code_sent_to(UNIT.phone).await;
        assert_ne!(first, code);
        assert_eq!(agent.post(&second, &[("phone_code", &code)]).await.status, 303);
    }
}

on_both! {
    |config| config.sms.transport = SmsTransport::Off;
    async fn where_no_message_can_be_sent_the_page_says_so(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let off = "短信服务暂未开通，请联系技术支持";
        assert_eq!(agent.get("/recovery").await.text_of(".alert--info p"), off);
        for account in [UNIT.account, "nobody2026"] {
            assert_eq!(alert(&UNIT.identify(&mut agent, &[("account", account)]).await), off);
        }
    }
}

on_both! {
    async fn a_field_s_form_is_told_when_it_is_left(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for who in ALL {
            let page = agent.get(&format!("/recovery?as={}", who.word)).await;
            let check = page.attribute("form.rows", "data-check").unwrap();
            let told = agent.post(&check, &who.fields(&[("person_name", "王1"), ("document_number", "1")])).await.json();
            assert_eq!(told["person_name"], json!({ "message": "姓名格式不正确", "warning": false }));
            assert_eq!(told["document_number"]["message"], "身份证号码格式不正确");
            // Of an account it says nothing.
            for changes in [&[][..], &[("person_name", "王小明")], &[("account", "nobody2026")]] {
                assert_eq!(agent.post(&check, &who.fields(changes)).await.json(), json!({}), "{changes:?}");
            }
        }
        for nothing in ["attempts", "audit_log", "recoveries", "outbox"] {
            assert_eq!(sql::number(&app, &format!("SELECT COUNT(*) FROM {nothing}")).await, 0, "{nothing}");
        }
    }
}

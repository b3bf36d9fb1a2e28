//! What a form is asked about again, though it may be right: whoever confirms it goes on.

use super::*;
use crate::support::registers::with_registers;

/// The check character over all is right, that of the organisation code inside is not: a rare old code.
const OLD_CODE: &str = "91220101TEXT000132";
/// Nobody knows a county 229999.
const ODD_COUNTY: &str = "22999919900101000X";

/// Sends the form, is warned of one field, confirms that, and sends it again.
async fn warned_once(app: &TestApp, form: Form, field: &str, message: &str) {
    let mut agent = Agent::new(&app.base);
    agent.get(form.page).await;
    let reply = form.clone().with_code(app, &mut agent).await.send(&mut agent).await;
    assert_eq!(reply.status, 422, "{}", reply.text());
    assert_eq!(error(&reply, field), message);
    assert!(reply.text_of("#error-summary").starts_with("请核对以下内容"), "nothing is wrong");
    assert!(reply.has(&format!("#error-summary a[href='#{field}']")));
    assert!(!reply.has("[aria-invalid]") && !reply.has(".field--wrong"), "a warning is no error");
    assert!(!reply.has("#confirmed[checked]"), "nobody has confirmed it yet");
    let names = reply.attribute("#confirmed", "value").unwrap();
    assert_eq!(names, field);
    let token = reply.attribute("[name=phone_token]", "value").unwrap();
    let reply = form.with("phone_token", &token).with("confirmed", &names).send(&mut agent).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
}

on_both! {
    async fn a_code_with_an_odd_inner_check_may_be_an_old_one(app: TestApp) {
        let form = Form::unit().with("credit_code", OLD_CODE);
        warned_once(&app, form, "credit_code", idp::domain::credit_code::INNER_CHECK_WARNING).await;
    }
}

on_both! {
    async fn a_type_that_the_code_does_not_suggest_may_be_right(app: TestApp) {
        let form = Form::unit().with("entity_type", "other_organization");
        warned_once(&app, form, "entity_type", "法人类型与统一社会信用代码不符，请核对").await;
    }
}

on_both! {
    async fn a_branch_has_a_company_s_code_and_nobody_asks(app: TestApp) {
        let (_, reply) = Form::unit().with("entity_type", "unincorporated_enterprise").register(&app).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

on_both! {
    async fn a_county_that_nobody_knows_may_be_abolished(app: TestApp) {
        let form = Form::person().with("document_number", ODD_COUNTY);
        warned_once(&app, form, "document_number", "身份证号码前六位不是已知的行政区划代码，请核对").await;
    }
}

on_both! {
    async fn each_warning_is_confirmed_by_its_name(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.get(LEGAL_ENTITY).await;
        let form = Form::unit().with("credit_code", OLD_CODE).with("entity_type", "public_institution");
        let reply = form.clone().send(&mut agent).await;
        assert_eq!(reply.attribute("#confirmed", "value").unwrap(), "entity_type credit_code");
        assert!(reply.text_of("#error-summary").starts_with("提交的内容有误"), "the telephone is not proved");
        // The one that was not there before is asked about, and both are confirmed by the next answer.
        let reply = form.clone().with("confirmed", "entity_type").send(&mut agent).await;
        assert!(error(&reply, "entity_type").is_empty() && !error(&reply, "credit_code").is_empty());
        assert_eq!(reply.attribute("#confirmed", "value").unwrap(), "entity_type credit_code");
        // What was confirmed stays so while something else is wrong.
        let reply = form.clone().with("confirmed", "entity_type credit_code").send(&mut agent).await;
        assert!(reply.has("#confirmed[checked]") && error(&reply, "credit_code").is_empty());
        // What is wrong cannot be confirmed.
        for (field, value) in [("credit_code", "91220101TEXT00017F"), ("credit_code", "92220102TEXT00033F")] {
            let form = Form::unit().with(field, value).with("confirmed", "entity_type credit_code");
            let reply = form.send(&mut agent).await;
            assert!(reply.has(".field--wrong #credit_code") || reply.has(".field--wrong #entity_type"), "{value}");
        }
    }
}

on_both! {
    with_registers;
    async fn the_register_has_the_last_word(app: TestApp) {
        let form = Form::unit().with("credit_code", OLD_CODE).with("confirmed", "credit_code");
        let (_, reply) = form.register(&app).await;
        let told = "本次核验不成功，请确认您输入的单位名称和统一社会信用代码与登记管理部门签发的完全一致";
        assert_eq!(error(&reply, "credit_code"), told);
    }
}

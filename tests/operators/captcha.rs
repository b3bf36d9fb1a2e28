//! Every page that sends a code asks for a captcha first.

use super::*;

/// Asks a page for a code: refused without an answer, sent with it.
async fn sent_after_the_captcha(
    app: &TestApp,
    agent: &mut Agent,
    page: &str,
    fields: &[(&str, &str)],
    phone: &str,
) {
    let send = [fields, &[("action", "send_code")]].concat();
    let reply = agent.post(page, &send).await;
    assert_eq!(error(&reply, "captcha_answer"), "请先输入图片验证码", "{page}");
    assert_eq!(app.last_text(phone).await, None, "{page}");
    let id = reply.attribute("[name=captcha_id]", "value").unwrap();
    let answer = app.captcha_answer(&id).await;
    let answered = [("captcha_id", id.as_str()), ("captcha_answer", answer.as_str())];
    let sent = agent.post(page, &[&send[..], &answered].concat()).await;
    assert!(sent.text_of("[data-sms-status]").starts_with("验证码已发送至"), "{page}: {}", sent.text());
}

on_both! {
    |config| config.sms.captcha = true;
    async fn each_page_that_sends_a_code_asks_first(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        sent_after_the_captcha(&app, &mut agent, VERIFY, &[], UNIT_PHONE).await;
        let code = app.code_sent_to(UNIT_PHONE).await;
        assert_eq!(agent.post(VERIFY, &[("phone_code", &code)]).await.status, 303);
        let typed = form("", &[]);
        sent_after_the_captcha(&app, &mut agent, ADD, &typed, NEW_PHONE).await;
        let code = app.code_sent_to(NEW_PHONE).await;
        let reply = agent.post(ADD, &form("", &[("phone_code", &code)])).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=added"), "{}", reply.text());
        let other = "15400000105";
        let edit = of(&id_of(&app, OPERATOR_PHONE).await, "edit");
        let typed = [("new_phone", "yes"), ("phone", other), ("validity", "long_term"), ("may_manage", "no")];
        sent_after_the_captcha(&app, &mut agent, &edit, &typed, other).await;
        let code = app.code_sent_to(other).await;
        let reply = agent.post(&edit, &[&typed[..], &[("phone_code", &code)]].concat()).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=edited"), "{}", reply.text());
    }
}

//! Who acts through another account: what the choice keeps, and what ends it.

use idp::guard::Caller;
use idp::guard::identities as guarded;
use idp::guard::sessions::current;
use idp::platform::random;

use super::identities::account_of;
use super::*;
use crate::support::{Portal, sql};

const SHOP: &str = "92220102TEXT00033F";
const CHOOSE: &str = "/sign-in/choose-identity";
const LI_PHONE: &str = "19400000003";

/// Which identity the page has chosen.
fn chosen(page: &Reply) -> String {
    page.attribute("[name=account][checked]", "value").unwrap_or_default()
}

/// 李颖 as the shop's operator, and the account to switch to.
async fn to_switch(app: &TestApp) -> (Agent, String) {
    let mut agent = operator(app, SHOP, LI_PHONE).await;
    let page = agent.get(CHOOSE).await;
    let account = account_of(&page, "以本人身份办理");
    assert_ne!(chosen(&page), account, "whom they act as now is chosen");
    (agent, account)
}

/// 李颖, who signed in as a person and has chosen to act for the shop.
async fn for_the_shop(app: &TestApp) -> Agent {
    let mut agent = person(app).await;
    let page = agent.get(CHOOSE).await;
    let account = account_of(&page, SHOP);
    assert_eq!(agent.post(CHOOSE, &[("account", &account)]).await.status, 303);
    assert!(agent.get("/account").await.text().contains("经办人账号"));
    agent
}

/// The shop's own account, and the address of its operator's pages.
async fn the_shop(app: &TestApp) -> (Agent, String) {
    let mut agent = Agent::new(&app.base);
    agent.sign_in("/sign-in/legal-entity", &[("account", SHOP), ("password", PASSWORD)]).await;
    let id = sql::text(
        app,
        &format!(
            "SELECT o.account_id FROM operators o JOIN legal_entities e
        ON e.account_id = o.legal_entity_id WHERE e.credit_code = '{SHOP}'"
        ),
    )
    .await;
    (agent, format!("/account/operators/{id}"))
}

on_both! {
    async fn the_choice_is_kept_until_the_code_is_right(app: TestApp) {
        let (mut agent, account) = to_switch(&app).await;
        let sent = agent.post(CHOOSE, &[("account", &account), ("action", "send_code")]).await;
        assert_eq!((sent.status.as_u16(), chosen(&sent)), (200, account.clone()));
        assert!(sent.text().contains("验证码已发送至 194****0003"), "{}", sent.text());
        let code = app.code_sent_to(LI_PHONE).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let reply = agent.post(CHOOSE, &[("account", &account), ("phone_code", wrong)]).await;
        assert_eq!((error(&reply, "phone_code").as_str(), chosen(&reply)), ("短信验证码错误", account.clone()));
        let reply = agent.post(CHOOSE, &[("account", &account), ("phone_code", &code)]).await;
        assert!(agent.follow(reply).await.text().contains("个人账号：liying2026"));
    }
}

on_both! {
    async fn the_button_sends_whoever_is_chosen(app: TestApp) {
        let (mut agent, account) = to_switch(&app).await;
        let own = chosen(&agent.get(CHOOSE).await);
        let sent = agent.post(CHOOSE, &[("account", &own), ("action", "send_code")]).await;
        assert!(sent.text().contains("验证码已发送至"), "{}", sent.text());
        assert_eq!(chosen(&sent), own);
        let code = app.code_sent_to(LI_PHONE).await;
        let reply = agent.post(CHOOSE, &[("account", &account), ("phone_code", &code)]).await;
        assert!(agent.follow(reply).await.text().contains("个人账号：liying2026"));
    }
}

on_both! {
    |config| config.sms.captcha = true;
    async fn a_wrong_captcha_keeps_the_choice(app: TestApp) {
        let (mut agent, account) = to_switch(&app).await;
        let id = agent.get(CHOOSE).await.attribute("[name=captcha_id]", "value").unwrap();
        let send = [("account", account.as_str()), ("action", "send_code"), ("captcha_id", &id)];
        let wrong = agent.post(CHOOSE, &[&send[..], &[("captcha_answer", "????")]].concat()).await;
        assert_eq!(error(&wrong, "captcha_answer"), "验证码错误，请重新输入");
        assert_eq!(chosen(&wrong), account);
        let another = agent.post(CHOOSE, &[("account", &account), ("refresh_captcha", "1")]).await;
        assert_eq!(chosen(&another), account);
        let id = another.attribute("[name=captcha_id]", "value").unwrap();
        let answer = app.captcha_answer(&id).await;
        let right = [("account", account.as_str()), ("action", "send_code"), ("captcha_id", &id), ("captcha_answer", &answer)];
        let sent = agent.post(CHOOSE, &right).await;
        assert_eq!((sent.status.as_u16(), chosen(&sent)), (200, account.clone()), "{}", sent.text());
        let code = app.code_sent_to(LI_PHONE).await;
        let reply = agent.post(CHOOSE, &[("account", &account), ("phone_code", &code)]).await;
        assert!(agent.follow(reply).await.text().contains("个人账号：liying2026"));
    }
}

on_both! {
    async fn a_form_that_comes_twice_goes_on_twice(app: TestApp) {
        let (mut agent, account) = to_switch(&app).await;
        agent.post(CHOOSE, &[("account", &account), ("action", "send_code")]).await;
        let code = app.code_sent_to(LI_PHONE).await;
        let mut twin = Agent::new(&app.base);
        twin.cookies = agent.cookies.clone();
        let fields = [("account", account.as_str()), ("phone_code", &code)];
        let (one, other) = tokio::join!(agent.post(CHOOSE, &fields), twin.post(CHOOSE, &fields));
        for reply in [one, other] {
            assert_eq!(reply.location().as_deref(), Some("/sign-in/finish"), "{}", reply.text());
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM sessions").await, 1, "and there is one session");
        assert!(is_signed_in(&mut agent).await || is_signed_in(&mut twin).await);
    }
}

on_both! {
    async fn nobody_chooses_in_a_session_that_has_ended(app: TestApp) {
        // The page was answered while somebody else signed everybody out: what was read before is worth nothing.
        let mut agent = person(&app).await;
        let account = account_of(&agent.get(CHOOSE).await, SHOP);
        let token = agent.cookies["__Host-session"].clone();
        let session = current(&app.app, &token).await.unwrap().unwrap();
        let device_hash = random::hash(&agent.cookies["__Host-visitor"]);
        let caller = Caller { address: "192.0.2.1".to_owned(), user_agent: String::new(), device_hash };
        let choice = guarded::of_session(&app.app, &caller, &session).await.unwrap().unwrap();
        let mut owner = person(&app).await;
        let new = [("old_password", PASSWORD), ("new_password", "Nanhu-2027"), ("new_password_again", "Nanhu-2027")];
        assert_eq!(owner.post("/account/password", &new).await.status, 303);
        let with = (Some(token.as_str()), &session);
        let new = guarded::choose(&app.app, &caller, with, &choice, &account).await.unwrap();
        assert_eq!(new, Ok(None), "no new session");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM sessions").await, 0);
        assert!(!is_signed_in(&mut agent).await);
    }
}

on_both! {
    async fn one_person_chooses_among_two_units_and_themselves(app: TestApp) {
        let mut first = crate::operators::unit(&app).await;
        let li = [("name", "李颖"), ("document_number", "220102199001010009"), ("phone", LI_PHONE)];
        crate::operators::add(&app, &mut first, &li).await;
        let mut agent = person(&app).await;
        let page = agent.get(CHOOSE).await;
        assert_eq!(page.body.matches("<label class=\"identity\">").count(), 3, "{}", page.text());
        for (unit, shown) in [(crate::operators::UNIT, "长春欣悦信息技术有限公司（演示）"), (SHOP, "颖记百货店")] {
            let page = agent.get(CHOOSE).await;
            let account = account_of(&page, unit);
            let reply = agent.post(CHOOSE, &[("account", &account)]).await;
            let centre = agent.follow(reply).await;
            assert!(centre.text_of(".profile__account").contains(shown), "{}", centre.text());
        }
        // A portal names a unit by its id as well as by its code.
        let portal = Portal::register(&app, "wants").await;
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'").await;
        let reply = agent.get(&portal.authorize_path(&[("acting_for", &id)])).await;
        let choose = reply.location().unwrap();
        assert!(choose.starts_with("/sign-in/choose-identity?request="), "{choose}");
        let page = agent.get(&choose).await;
        assert_eq!(page.body.matches("<label class=\"identity\">").count(), 1);
        let account = account_of(&page, crate::operators::UNIT);
        assert_eq!(chosen(&page), account);
        let reply = agent.post(&choose, &[("account", &account)]).await;
        assert!(agent.follow(reply).await.query("code").is_some());
    }
}

on_both! {
    async fn a_units_password_tells_nobody_for_whom_else_the_operator_acts(app: TestApp) {
        let mut first = crate::operators::unit(&app).await;
        let li = [("name", "李颖"), ("document_number", "220102199001010009"), ("phone", LI_PHONE)];
        crate::operators::add(&app, &mut first, &li).await;
        app.advance_seconds(61);
        let mut agent = operator(&app, SHOP, LI_PHONE).await;
        let account = account_of(&agent.get(CHOOSE).await, crate::operators::UNIT);
        assert_eq!(agent.post(CHOOSE, &[("account", &account), ("action", "send_code")]).await.status, 200);
        let code = app.code_sent_to(LI_PHONE).await;
        let fields = [("account", account.as_str()), ("phone_code", &code)];
        assert_eq!(agent.post(CHOOSE, &fields).await.status, 303);
        // The shop has set the password, and looks.
        let mut shop = operator(&app, SHOP, LI_PHONE).await;
        let page = shop.get("/account/sessions").await;
        assert_eq!(page.body.matches("<tr>").count(), 3, "{}", page.text());
        assert!(page.text().contains("办事身份：其他办事身份"), "{}", page.text());
        let export = shop.post("/account/data", &[("password", PASSWORD)]).await;
        for told in [page.text(), export.body.clone()] {
            assert!(!told.contains("欣悦"), "{told}");
        }
        let export = export.json();
        let acting: Vec<_> = export["sessions"].as_array().unwrap().iter().map(|one| one["acting_for"].as_str()).collect();
        assert!(acting.contains(&None) && acting.contains(&Some("长春市南关区颖记百货店（演示）")), "{acting:?}");
        assert_eq!(shop.post("/account/sessions", &[("others", "all")]).await.status, 303);
        assert!(!is_signed_in(&mut agent).await, "it may be ended");
    }
}

on_both! {
    async fn freezing_ends_who_has_chosen_to_act_for_the_unit(app: TestApp) {
        let mut agent = for_the_shop(&app).await;
        let (mut shop, operator) = the_shop(&app).await;
        assert_eq!(shop.post(&format!("{operator}/freeze"), &[]).await.status, 303);
        assert!(!is_signed_in(&mut agent).await);
        assert!(!agent.get(CHOOSE).await.text().contains(SHOP));
    }
}

on_both! {
    async fn removing_ends_who_has_chosen_to_act_for_the_unit(app: TestApp) {
        let mut agent = for_the_shop(&app).await;
        let portal = Portal::register(&app, "held").await;
        let tokens = portal.tokens(&mut agent, &[]).await;
        let (mut shop, operator) = the_shop(&app).await;
        crate::operators::verify(&app, &mut shop, "19400000033").await;
        let removed = shop.post(&format!("{operator}/remove"), &[]).await;
        assert_eq!(removed.location().as_deref(), Some("/account/operators?done=removed"));
        assert!(!is_signed_in(&mut agent).await);
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(portal.userinfo(&agent, access).await.status, 401);
    }
}

on_both! {
    async fn a_validity_that_passes_ends_who_has_chosen_to_act_for_the_unit(app: TestApp) {
        let end = app.clock.now().millis() + 20 * 60 * 1000;
        sql::execute(&app, &format!("UPDATE operators SET valid_until = {end}")).await;
        let mut agent = for_the_shop(&app).await;
        app.advance_seconds(10 * 60);
        assert!(is_signed_in(&mut agent).await);
        app.advance_seconds(10 * 60);
        assert!(!is_signed_in(&mut agent).await);
    }
}

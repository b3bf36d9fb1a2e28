//! 选择办事身份: one person, several accounts.

use serde_json::Value;

use super::*;
use crate::support::portal::claims;
use crate::support::{Portal, sql};

const SHOP: &str = "92220102TEXT00033F";

async fn token(portal: &Portal, agent: &mut Agent) -> Value {
    let changes = [("claims", r#"{"id_token":{"legal_entity":null,"account_type":null}}"#)];
    let tokens = portal.tokens(agent, &changes).await;
    claims(tokens["id_token"].as_str().unwrap())
}

/// The value of the choice whose label says `text`.
pub fn account_of(page: &Reply, text: &str) -> String {
    let choices: Vec<&str> = page.body.split("<label class=\"identity\">").skip(1).collect();
    let found = choices
        .iter()
        .find(|choice| choice.contains(text))
        .unwrap_or_else(|| panic!("{text}: {}", page.text()));
    found.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The person before the choice.
async fn undecided(app: &TestApp, path: &str) -> (Agent, String) {
    let mut agent = Agent::new(&app.base);
    agent.get(path).await;
    let fields = [("account", "liying2026"), ("password", PASSWORD)];
    let reply = agent.post(path, &fields).await;
    (agent, reply.location().unwrap())
}

on_both! {
    async fn who_is_several_chooses_after_signing_in(app: TestApp) {
        let (mut agent, choose) = undecided(&app, "/sign-in/personal").await;
        let page = agent.get(&choose).await;
        assert_eq!(page.text_of("h1"), "选择办事身份");
        assert!(page.text().contains("*颖，您好！") && page.text().contains(SHOP), "{}", page.text());
        let reply = agent.post(&choose, &[]).await;
        assert_eq!(error(&reply, "account"), "请选择办事身份");
        let account = account_of(&page, SHOP);
        let reply = agent.post(&choose, &[("account", &account)]).await;
        let centre = agent.follow(reply).await;
        assert!(centre.text().contains("经办人账号（长春市南关区颖记百货店（演示））"), "{}", centre.text());
        let portal = Portal::register(&app, "hall-1").await;
        let token = token(&portal, &mut agent).await;
        assert_eq!((&token["account_type"], &token["legal_entity"]["registration_number"]), (&"operator".into(), &SHOP.into()));
        assert_eq!(token["amr"], serde_json::json!(["pwd"]));
        let chosen = "SELECT COUNT(*) FROM audit_log WHERE event = 'identity_chosen'";
        assert_eq!(sql::number(&app, chosen).await, 1);
    }
}

on_both! {
    async fn to_switch_is_told_to_the_portals(app: TestApp) {
        let portal = Portal::register_with(&app, "told", serde_json::json!({
            "backchannel_logout_uri": "http://localhost:9/notice",
        })).await;
        let mut agent = person(&app).await;
        let first = token(&portal, &mut agent).await;
        let page = agent.get("/sign-in/choose-identity").await;
        let account = account_of(&page, SHOP);
        agent.post("/sign-in/choose-identity", &[("account", &account)]).await;
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout'").await, 1);
        let second = token(&portal, &mut agent).await;
        assert_ne!((&first["sub"], &first["sid"]), (&second["sub"], &second["sid"]));
        assert_eq!(first["auth_time"], second["auth_time"], "nobody proved anything anew");
        // And back.
        let page = agent.get("/sign-in/choose-identity").await;
        let account = account_of(&page, "以本人身份办理");
        agent.post("/sign-in/choose-identity", &[("account", &account)]).await;
        assert_eq!(token(&portal, &mut agent).await["sub"], first["sub"]);
    }
}

on_both! {
    async fn a_portal_may_say_for_whom(app: TestApp) {
        let portal = Portal::register(&app, "wants").await;
        let mut agent = person(&app).await;
        let wanted = portal.authorize_path(&[("acting_for", SHOP)]);
        let none = agent.get(&portal.authorize_path(&[("acting_for", SHOP), ("prompt", "none")])).await;
        assert_eq!(none.query("error").unwrap(), "account_selection_required");
        let reply = agent.get(&wanted).await;
        let choose = reply.location().unwrap();
        assert!(choose.starts_with("/sign-in/choose-identity?request="), "never silently: {choose}");
        let page = agent.get(&choose).await;
        assert!(page.text().contains("该网站要求以下列身份办理") && !page.text().contains("以本人身份办理"));
        let account = account_of(&page, SHOP);
        let reply = agent.post(&choose, &[("account", &account)]).await;
        let back = agent.follow(reply).await;
        assert!(back.query("code").is_some(), "{:?}", back.location());
        let direct = agent.get(&wanted).await;
        assert!(direct.query("code").is_some(), "who acts for it already is not asked");
    }
}

on_both! {
    async fn nobody_acts_for_a_unit_that_has_not_named_them(app: TestApp) {
        let portal = Portal::register(&app, "wants").await;
        let mut agent = person(&app).await;
        let reply = agent.get(&portal.authorize_path(&[("acting_for", "91220101TEXT00017E")])).await;
        let sign_in = reply.location().unwrap();
        assert!(sign_in.starts_with("/sign-in/"), "{sign_in}");
        let reply = agent.sign_in(&sign_in, &[("account", "liying2026"), ("password", PASSWORD)]).await;
        let back = agent.follow(reply).await;
        assert_eq!(back.query("error").unwrap(), "access_denied");
        let mut unit = unit(&app).await;
        let reply = unit.get(&portal.authorize_path(&[("acting_for", "91220101TEXT00017E")])).await;
        assert!(reply.query("code").is_some(), "a unit acts for itself");
    }
}

on_both! {
    async fn a_number_alone_makes_nobody_the_same_person(app: TestApp) {
        // The same document, but another telephone: somebody may have registered with a number that they know.
        sql::execute(&app, "UPDATE operators SET phone_index = account_id").await;
        let (mut agent, choose) = undecided(&app, "/sign-in/personal").await;
        assert_eq!(agent.get(&choose).await.location().as_deref(), Some("/sign-in/finish"));
        let id = sql::text(&app, "SELECT account_id FROM operators o JOIN legal_entities e
            ON e.account_id = o.legal_entity_id WHERE e.credit_code = '92220102TEXT00033F'".replace("SELECT account_id", "SELECT o.account_id").as_str()).await;
        let reply = agent.post("/sign-in/choose-identity", &[("account", &id)]).await;
        assert_eq!(error(&reply, "account"), "该身份已失效，请重新选择");
    }
}

on_both! {
    async fn an_operator_proves_the_telephone_first(app: TestApp) {
        // A unit sets its operators' passwords: it must not get into their other accounts.
        let mut agent = operator(&app, SHOP, "19400000003").await;
        let page = agent.get("/sign-in/choose-identity").await;
        assert!(page.text().contains("请验证手机号码 194****0003"));
        let account = account_of(&page, "以本人身份办理");
        let reply = agent.post("/sign-in/choose-identity", &[("account", &account)]).await;
        assert_eq!(error(&reply, "phone_code"), "请输入验证码");
        let reply = agent.post("/sign-in/choose-identity", &[("account", &account), ("action", "send_code")]).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let code = app.code_sent_to("19400000003").await;
        let fields = [("account", account.as_str()), ("phone_code", &code)];
        let reply = agent.post("/sign-in/choose-identity", &fields).await;
        let centre = agent.follow(reply).await;
        assert!(centre.text().contains("个人账号：liying2026"), "{}", centre.text());
        let portal = Portal::register(&app, "hall-1").await;
        assert_eq!(token(&portal, &mut agent).await["amr"], serde_json::json!(["pwd", "sms"]));
    }
}

on_both! {
    async fn what_ends_the_holder_ends_who_acts_for_them(app: TestApp) {
        let portal = Portal::register(&app, "held").await;
        let (mut agent, choose) = undecided(&app, "/sign-in/personal").await;
        let page = agent.get(&choose).await;
        let account = account_of(&page, SHOP);
        agent.post(&choose, &[("account", &account)]).await;
        let tokens = portal.tokens(&mut agent, &[]).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(portal.userinfo(&agent, access).await.status, 200);
        // The person changes the password elsewhere: whoever used the old one is out, as whomever they act.
        let mut owner = person(&app).await;
        let new = [("old_password", PASSWORD), ("new_password", "Nanhu-2027"), ("new_password_again", "Nanhu-2027")];
        assert_eq!(owner.post("/account/password", &new).await.status, 303);
        assert!(!is_signed_in(&mut agent).await);
        assert_eq!(portal.userinfo(&agent, access).await.status, 401);
    }
}

on_both! {
    async fn who_is_frozen_is_no_choice(app: TestApp) {
        sql::execute(&app, "UPDATE operators SET frozen_at = 1").await;
        let (mut agent, choose) = undecided(&app, "/sign-in/personal").await;
        assert_eq!(agent.get(&choose).await.location().as_deref(), Some("/sign-in/finish"), "nothing to choose");
        let page = agent.get("/sign-in/choose-identity").await;
        assert!(page.text().contains("您没有其他可切换的身份") && !page.text().contains(SHOP));
    }
}

on_both! {
    |config| config.sms.captcha = true;
    async fn who_has_nobody_else_to_be_is_asked_for_nothing(app: TestApp) {
        let mut agent = operator(&app, "xinyue0221", "15400000002").await;
        let page = agent.get("/sign-in/choose-identity").await;
        assert!(page.text().contains("您没有其他可切换的身份"), "{}", page.text());
        // Why: another number, or a number that somebody else has now.
        let both = "证件号码和手机号码";
        assert!(page.text().contains(both) && page.text().contains("均须与您当前账号一致"), "{}", page.text());
        assert!(agent.get("/help").await.text().contains(both));
        assert!(page.has("main a.button[href='/account']"));
        for field in ["account", "phone_code", "captcha_answer"] {
            assert!(!page.has(&format!("[name={field}]")), "{field}");
        }
    }
}

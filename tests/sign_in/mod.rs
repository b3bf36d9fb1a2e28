//! 四 登录: the password pages, through to the portal.

mod captcha;
mod limits;
mod names;
mod refusals;
mod requests;
mod sessions;
mod unfit_password;

use crate::support::portal::claims;
use crate::support::{Agent, Portal, Reply};

pub const PASSWORD: &str = "Jlrs2026";
pub const WRONG: &str = "Wrong2026";

/// The message for the whole form.
pub fn alert(reply: &Reply) -> String {
    reply.text_of("#error-summary p")
}

pub async fn as_legal_entity(agent: &mut Agent, account: &str, password: &str) -> Reply {
    agent.sign_in("/sign-in/legal-entity", &[("account", account), ("password", password)]).await
}

pub async fn as_person(agent: &mut Agent, account: &str, password: &str) -> Reply {
    agent.sign_in("/sign-in/personal", &[("account", account), ("password", password)]).await
}

pub async fn as_operator(agent: &mut Agent, unit: &str, operator: &str, password: &str) -> Reply {
    let fields = [("unit", unit), ("operator", operator), ("password", password)];
    agent.sign_in("/sign-in/operator", &fields).await
}

/// Whether the account centre opens for this browser.
pub async fn is_signed_in(agent: &mut Agent) -> bool {
    agent.get("/account").await.status == 200
}

on_both! {
    async fn a_legal_entity_signs_in_and_the_portal_knows_it(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let asked = agent.get(&portal.authorize_path(&[("account_type", "legal_entity")])).await;
        let page_url = asked.location().unwrap();
        assert!(page_url.starts_with("/sign-in/legal-entity?request="), "{page_url}");
        let page = agent.get(&page_url).await;
        assert!(page.text().contains("吉林省统一身份认证平台"));
        assert!(page.text().contains("测试门户hall"));
        assert!(page.header("content-security-policy").contains("form-action 'self' https://hall.example;"));
        let action = page.attribute("form.form", "action").unwrap();
        let signed_in = agent.post(&action, &[("account", "xinyue0221"), ("password", "Jlrs2026")]).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text());
        let back = agent.follow(signed_in).await;
        assert!(back.location().unwrap().starts_with(&portal.redirect_uri));
        assert_eq!(back.query("state").as_deref(), Some("state-1"));
        assert_eq!(back.query("iss").as_deref(), Some(app.base.as_str()));
        let tokens = portal.redeem(&mut agent, &back.query("code").unwrap()).await.json();
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(id_token["nonce"], "nonce-1");
        let userinfo = portal.userinfo(&agent, tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["sub"], id_token["sub"]);
        assert_eq!(userinfo["account_type"], "legal_entity");
        assert_eq!(userinfo["legal_entity"]["registration_number"], "91220101TEXT00017E");
    }
}

//! 四 登录: the password pages, through to the portal.

use crate::support::portal::claims;
use crate::support::{Agent, Portal, TestApp};

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

//! 授权管理: which portals may read what, and taking it back (ASVS 10.4.9 and 10.7.3).

use serde_json::json;

use super::*;
use crate::support::{Portal, sql};

/// Agrees to what a portal asks for; gives its tokens.
async fn agree(agent: &mut Agent, portal: &Portal, changes: &[(&str, &str)]) -> serde_json::Value {
    let asked = agent.get(&portal.authorize_path(changes)).await;
    let page = agent.follow(asked).await;
    let action = page.attribute("form[action^='/authorize/consent']", "action").unwrap();
    let sid = page.attribute("input[name=sid]", "value").unwrap();
    let reply = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
    portal.redeem(agent, &reply.query("code").unwrap()).await.json()
}

on_both! {
    async fn what_a_portal_may_read_can_be_taken_back(app: TestApp) {
        let notices = json!({"first_party": false, "backchannel_logout_uri": "https://shop.example/logout"});
        let shop = Portal::register_with(&app, "shop", notices).await;
        let hall = Portal::register(&app, "hall").await;
        let mut agent = person(&app).await;
        assert!(agent.get("/account/portals").await.text().contains("暂无应用获得您的授权"));
        let offline = [("scope", "openid phone offline_access"), ("prompt", "consent")];
        let tokens = agree(&mut agent, &shop, &offline).await;
        let kept = hall.tokens(&mut agent, &[("scope", "openid profile")]).await;
        let page = agent.get("/account/portals").await;
        assert_eq!(page.body.matches("<tr>").count(), 3, "a head and two");
        for words in ["测试门户shop", "读取手机号码", "在您离开后继续访问", "测试门户hall", "读取姓名或单位名称"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        assert!(!page.text().contains("读取完整证件号码"));
        let reply = agent.post("/account/portals", &[("client_id", "shop")]).await;
        assert_eq!((reply.status.as_u16(), reply.location().as_deref()), (303, Some("/account/portals?done=revoked")));
        let page = agent.get(&reply.location().unwrap()).await;
        assert!(page.text().contains("已撤销授权") && !page.text().contains("测试门户shop"), "{}", page.text());
        // Nothing that it had is worth anything now.
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(shop.userinfo(&agent, access).await.status, 401);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        assert_eq!(shop.token(&mut agent, &refresh).await.status, 400);
        let asked = agent.get(&shop.authorize_path(&[("scope", "openid phone")])).await;
        assert!(asked.location().unwrap().starts_with("/authorize/consent?"), "asked again");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout'").await, 1);
        // Everything else is as it was.
        assert_eq!(hall.userinfo(&agent, kept["access_token"].as_str().unwrap()).await.status, 200);
        assert!(is_signed_in(&mut agent).await);
        let history = agent.get("/account/history").await.text();
        assert!(history.contains("授权应用") && history.contains("撤销授权"), "{history}");
        let audited = "SELECT COUNT(*) FROM audit_log WHERE event = 'portal_revoked' AND client_id = 'shop'";
        assert_eq!(sql::number(&app, audited).await, 1);
        agent.post("/account/portals", &[("client_id", "shop")]).await;
        assert_eq!(sql::number(&app, audited).await, 1, "there was nothing more to take back");
    }
}

on_both! {
    async fn an_own_portal_can_be_sent_away_too(app: TestApp) {
        let hall = Portal::register(&app, "hall").await;
        let mut agent = person(&app).await;
        let tokens = hall.tokens(&mut agent, &[]).await;
        agent.post("/account/portals", &[("client_id", "hall")]).await;
        assert_eq!(hall.userinfo(&agent, tokens["access_token"].as_str().unwrap()).await.status, 401);
        assert!(agent.get("/account/portals").await.text().contains("暂无应用获得您的授权"));
        assert!(agent.get(&hall.authorize_path(&[])).await.query("code").is_some(), "who comes again is let in");
    }
}

on_both! {
    async fn nobody_takes_back_what_is_a_strangers(app: TestApp) {
        let shop = Portal::register_with(&app, "shop", json!({"first_party": false})).await;
        let mut owner = person(&app).await;
        let tokens = agree(&mut owner, &shop, &[]).await;
        let mut other = unit(&app).await;
        other.post("/account/portals", &[("client_id", "shop")]).await;
        for nonsense in ["", "nobody", "' OR '1'='1"] {
            assert_eq!(owner.post("/account/portals", &[("client_id", nonsense)]).await.status, 303);
        }
        let request = owner.request(reqwest::Method::POST, "/account/portals").form(&[("client_id", "shop")]);
        let forged = owner.send(request.header("sec-fetch-site", "cross-site")).await;
        assert_eq!(forged.status, 403);
        assert_eq!(shop.userinfo(&owner, tokens["access_token"].as_str().unwrap()).await.status, 200);
        assert!(owner.get(&shop.authorize_path(&[("prompt", "none")])).await.query("code").is_some());
    }
}

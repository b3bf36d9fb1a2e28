//! The portal that waits for a sign-in waits through a registration, too.

use super::*;
use crate::support::Portal;

/// The link of a page that says this.
fn link(page: &Reply, words: &str) -> String {
    let links = page.links();
    let found = links.iter().find(|(text, _)| text == words);
    found.unwrap_or_else(|| panic!("no link {words}: {links:?}")).1.clone()
}

on_both! {
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn who_has_no_account_yet_comes_back_to_the_portal(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for (kind, form, account) in [
            ("natural_person", Form::person(), "19400000201"),
            ("legal_entity", Form::unit(), "shilishiye"),
        ] {
            let mut agent = Agent::new(&app.base);
            let asked = agent.get(&portal.authorize_path(&[("account_type", kind)])).await;
            let sign_in = asked.location().unwrap();
            let page = agent.get(&sign_in).await;
            let page = agent.get(&link(&page, "没有账号？立即注册")).await;
            // There, back, and to the other registration: wherever one turns.
            assert_eq!(link(&page, "登录"), sign_in);
            let (other, back) = match kind {
                "legal_entity" => ("前往个人注册 >", "前往企业注册 >"),
                _ => ("前往企业注册 >", "前往个人注册 >"),
            };
            let elsewhere = agent.get(&link(&page, other)).await;
            let page = agent.get(&link(&elsewhere, back)).await;
            assert!(page.text().contains("已有账号？请") && page.text().contains("已阅读并同意"));
            let action = page.attribute("form.rows", "action").unwrap();
            let sent = agent.post(&action, &form.clone().with("action", "send_code").pairs()).await;
            let action = sent.attribute("form.rows", "action").unwrap();
            let coded = form.clone().with("phone_code", &app.code_sent_to(&form.phone()).await);
            let reply = agent.post(&action, &coded.pairs()).await;
            let again = agent.post(&action, &coded.pairs()).await;
            assert_eq!(again.location(), reply.location(), "the same form once more");
            let done = agent.follow(reply).await;
            let back = link(&done, "前往登录");
            assert_eq!(back, sign_in);
            let signed_in = agent.sign_in(&back, &[("account", account), ("password", PASSWORD)]).await;
            let back = agent.follow(signed_in).await;
            assert!(back.location().unwrap().starts_with(&portal.redirect_uri), "{:?}", back.location());
        }
        // The code's page, which a sign-in opens with, keeps it as well.
        let mut agent = Agent::new(&app.base);
        let asked = agent.get(&portal.authorize_path(&[])).await;
        let request = asked.query("request").unwrap();
        let page = agent.get(&format!("/sign-in/qr?request={request}")).await;
        assert_eq!(link(&page, "没有账号？立即注册"), format!("/registration/personal?request={request}"));
        // And where nobody waits, nothing is added.
        let page = agent.get(PERSONAL).await;
        assert_eq!(link(&page, "登录"), "/sign-in/personal");
        assert_eq!(page.attribute("form.rows", "action").as_deref(), Some(PERSONAL));
    }
}

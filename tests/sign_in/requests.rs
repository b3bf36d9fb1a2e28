//! What a sign-in is for: a portal's request that waits for it, named in the URL and bound to one browser.

use super::{PASSWORD, is_signed_in};
use crate::support::{Agent, Portal, Reply};

/// Opens a portal's request; gives the sign-in page that it leads to.
async fn ask(agent: &mut Agent, portal: &Portal, changes: &[(&str, &str)]) -> String {
    let reply = agent.get(&portal.authorize_path(changes)).await;
    reply.location().unwrap_or_else(|| panic!("{}", reply.text()))
}

async fn sign_in_at(agent: &mut Agent, page: &str) -> Reply {
    let signed_in = agent.sign_in(page, &[("account", "liying2026"), ("password", PASSWORD)]).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text());
    signed_in
}

fn is_timeout(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), reply.location()), (400, None), "{}", reply.text());
    assert!(reply.text().contains("本次登录停留时间过长，已失效"), "{}", reply.text());
    assert!(reply.text_of(".card__small [lang=en]").contains("expired"), "what is English stands apart");
}

on_both! {
    async fn two_tabs_do_not_disturb_each_other(app: TestApp) {
        let hall = Portal::register(&app, "hall").await;
        let jobs = Portal::register(&app, "jobs").await;
        let mut agent = Agent::new(&app.base);
        let first = ask(&mut agent, &hall, &[("state", "first")]).await;
        let second = ask(&mut agent, &jobs, &[("state", "second")]).await;
        assert_ne!(first, second);
        assert!(agent.get(&first).await.text().contains("测试门户hall"));
        assert!(agent.get(&second).await.text().contains("测试门户jobs"));
        // The later tab is used first; then the earlier one, although somebody is signed in by now.
        let answered = sign_in_at(&mut agent, &second).await;
        let back = agent.follow(answered).await;
        assert!(back.location().unwrap().starts_with(&jobs.redirect_uri));
        assert_eq!(back.query("state").as_deref(), Some("second"));
        let answered = sign_in_at(&mut agent, &first).await;
        let back = agent.follow(answered).await;
        assert!(back.location().unwrap().starts_with(&hall.redirect_uri));
        assert_eq!(back.query("state").as_deref(), Some("first"));
        assert_eq!(jobs.redeem(&mut agent, &back.query("code").unwrap()).await.status, 400, "each code is its portal's");
    }
}

on_both! {
    async fn a_request_belongs_to_the_browser_that_made_it(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut owner = Agent::new(&app.base);
        let page = ask(&mut owner, &portal, &[]).await;
        let mut other = Agent::new(&app.base);
        assert!(!other.get(&page).await.text().contains("测试门户hall"), "not even the portal's name is shown");
        let signed_in = sign_in_at(&mut other, &page).await;
        is_timeout(&other.follow(signed_in).await);
        assert!(is_signed_in(&mut other).await, "the sign-in itself counts");
        // And for its own browser it is still there.
        let signed_in = sign_in_at(&mut owner, &page).await;
        assert_eq!(owner.follow(signed_in).await.query("state").as_deref(), Some("state-1"));
    }
}

on_both! {
    async fn a_request_expires_and_is_answered_once(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let page = ask(&mut agent, &portal, &[]).await;
        let signed_in = sign_in_at(&mut agent, &page).await;
        let finish = signed_in.location().unwrap();
        assert!(finish.starts_with("/sign-in/finish?request="), "{finish}");
        assert!(agent.follow(signed_in).await.query("code").is_some());
        let again = agent.get(&finish).await;
        is_timeout(&agent.follow(again).await);

        let page = ask(&mut agent, &portal, &[("prompt", "login")]).await;
        app.advance_seconds(30 * 60 + 1);
        assert_eq!(agent.get(&page).await.status, 200, "the page still signs in");
        let signed_in = sign_in_at(&mut agent, &page).await;
        is_timeout(&agent.follow(signed_in).await);
        for made_up in ["made-up", "", "' OR 1=1 --", "%E6%B3%95"] {
            let reply = agent.get(&format!("/sign-in/finish?request={made_up}")).await;
            is_timeout(&agent.follow(reply).await);
        }
    }
}

on_both! {
    async fn many_answers_at_once_give_one_code(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let page = ask(&mut agent, &portal, &[]).await;
        let finish = sign_in_at(&mut agent, &page).await.location().unwrap();
        let resume = finish.replace("/sign-in/finish", "/authorize/resume");
        let mut tabs = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (base, cookies, resume) = (app.base.clone(), agent.cookies.clone(), resume.clone());
            tabs.spawn(async move {
                let mut tab = Agent::new(&base);
                tab.cookies = cookies;
                tab.get(&resume).await
            });
        }
        let replies = tabs.join_all().await;
        assert_eq!(replies.iter().filter(|reply| reply.query("code").is_some()).count(), 1);
        assert!(replies.iter().all(|reply| !reply.status.is_server_error()));
    }
}

on_both! {
    async fn the_page_is_the_one_that_the_portal_asks_for(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for (account_type, path) in [
            ("legal_entity", "/sign-in/legal-entity"),
            ("operator", "/sign-in/operator"),
            ("natural_person", "/sign-in/personal"),
            ("", "/sign-in/personal"),
            ("nonsense", "/sign-in/personal"),
        ] {
            let mut agent = Agent::new(&app.base);
            let page = ask(&mut agent, &portal, &[("account_type", account_type)]).await;
            assert!(page.starts_with(&format!("{path}?request=")), "{account_type}: {page}");
        }
        // Whoever wants another page takes the request along.
        let mut agent = Agent::new(&app.base);
        let page = ask(&mut agent, &portal, &[]).await;
        let id = page.split_once('?').unwrap().1.to_owned();
        let shown = agent.get(&page).await;
        assert!(shown.has(&format!(".tabs a[href='/sign-in/legal-entity?{id}']")));
        let shown = agent.get(&format!("/sign-in/legal-entity?{id}")).await;
        assert!(shown.has(&format!(".form__links a[href='/sign-in/operator?{id}']")));
        let shown = agent.get(&format!("/sign-in/operator?{id}")).await;
        assert!(shown.has(&format!(".form__links a[href='/sign-in/legal-entity?{id}']")));
        assert_eq!(agent.get(&format!("/sign-in?{id}")).await.location().as_deref(), Some(page.as_str()));
    }
}

on_both! {
    async fn a_login_hint_is_only_a_hint(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for (account_type, field) in [("natural_person", "#account"), ("legal_entity", "#account"), ("operator", "#unit")] {
            let mut agent = Agent::new(&app.base);
            let page = ask(&mut agent, &portal, &[("account_type", account_type), ("login_hint", "某人 <hint>")]).await;
            let shown = agent.get(&page).await;
            assert_eq!(shown.attribute(field, "value").as_deref(), Some("某人 <hint>"));
            assert!(shown.attribute(field, "readonly").is_none() && shown.attribute(field, "disabled").is_none());
        }
        let mut agent = Agent::new(&app.base);
        let page = ask(&mut agent, &portal, &[("login_hint", "somebody-else")]).await;
        let signed_in = sign_in_at(&mut agent, &page).await;
        assert!(agent.follow(signed_in).await.query("code").is_some());
        let long = "长".repeat(101);
        let page = ask(&mut Agent::new(&app.base), &portal, &[("login_hint", &long)]).await;
        assert!(page.starts_with("/sign-in/"), "too long a hint is no reason to refuse");
    }
}

on_both! {
    async fn who_must_sign_in_again_is_told_so(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let page = ask(&mut agent, &portal, &[("prompt", "login")]).await;
        assert!(!agent.get(&page).await.has(".alert"), "nobody was signed in, so nothing is asked again");
        let signed_in = sign_in_at(&mut agent, &page).await;
        assert!(agent.follow(signed_in).await.query("code").is_some());
        for again in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "1")] {
            app.advance_seconds(5);
            let page = ask(&mut agent, &portal, &[again]).await;
            assert_eq!(agent.get(&page).await.text_of(".alert--info"), "请重新登录以确认身份", "{again:?}");
            let signed_in = sign_in_at(&mut agent, &page).await;
            assert!(agent.follow(signed_in).await.query("code").is_some(), "{again:?}");
        }
    }
}

on_both! {
    async fn without_a_request_the_account_centre_opens(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        assert_eq!(agent.get("/").await.location().as_deref(), Some("/sign-in"));
        assert_eq!(agent.get("/account").await.location().as_deref(), Some("/sign-in"));
        assert_eq!(agent.get("/sign-in").await.location().as_deref(), Some("/sign-in/personal"));
        let signed_in = sign_in_at(&mut agent, "/sign-in/personal").await;
        assert_eq!(signed_in.location().as_deref(), Some("/sign-in/finish"));
        assert_eq!(agent.get("/sign-in/finish").await.location().as_deref(), Some("/account"));
        assert_eq!(agent.get("/").await.location().as_deref(), Some("/account"));
        let page = agent.get("/account").await;
        assert!(page.text().contains("*颖，您好！") && !page.body.contains("19400000003"));
        // A stranger at the end of a sign-in that was none is asked to sign in.
        let reply = Agent::new(&app.base).get("/sign-in/finish").await;
        assert_eq!(Agent::new(&app.base).follow(reply).await.status, 200);
    }
}

//! A password from before the rule: it signs nobody in any more, but lets its owner set another.

use idp::config::{CaptchaMode, Config, PasswordProfile};
use idp::guard::identifiers::Identifier;
use idp::guard::{Caller, unfit_password};

use super::{PASSWORD, is_signed_in};
use crate::recovery::{ALL, NEW, OPERATOR, PERSON, UNIT, Who, beside, set};
use crate::support::portal::claims;
use crate::support::{Agent, Portal, Reply, TestApp, sql};

/// Good enough for `manual`, not for `djbh`.
const OLD: &str = "Jl#202";
const HINT: &str = "密码应为8-16位数字、字母或符号至少2种的组合";

fn strict(config: &mut Config) {
    config.password.profile = PasswordProfile::Djbh;
    config.sign_in.captcha = CaptchaMode::Off;
}

/// Everybody has a password that was set under another rule.
async fn as_before(app: &TestApp) {
    let hash = app.app.hasher.hash(OLD).await.unwrap().unwrap();
    assert!(sql::execute(app, &format!("UPDATE accounts SET password_hash = '{hash}'")).await > 0);
}

/// Gives the right password at a sign-in page; gives the page that comes first.
async fn begin(agent: &mut Agent, who: &Who, request: &str) -> String {
    let page = format!("/sign-in/{}{request}", who.word);
    agent.get(&page).await;
    let named = match who.word {
        "operator" => vec![("unit", who.account), ("operator", who.phone)],
        _ => vec![("account", who.account)],
    };
    let reply = agent.post(&page, &[named, vec![("password", OLD)]].concat()).await;
    let url = reply.location().unwrap_or_else(|| panic!("{}", reply.text()));
    assert!(url.starts_with("/sign-in/new-password?ticket="), "{url}");
    assert!(!is_signed_in(agent).await);
    url
}

/// Goes on as oneself, where that is asked.
async fn go_on(agent: &mut Agent, reply: Reply) -> Reply {
    let page = agent.follow(reply).await;
    match page.attribute("[name=account][checked]", "value") {
        Some(account) => {
            let action = page.attribute("form[action^='/sign-in/choose-identity']", "action").unwrap();
            let chosen = agent.post(&action, &[("account", &account)]).await;
            agent.follow(chosen).await
        }
        None => page,
    }
}

on_both! {
    strict;
    async fn another_one_comes_first_and_the_portal_waits(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for who in ALL {
            sql::execute(&app, &format!("UPDATE accounts SET password_hash = '{}'",
                app.app.hasher.hash(PASSWORD).await.unwrap().unwrap())).await;
            let mut office = Agent::new(&app.base);
            assert_eq!(who.sign_in(&mut office, PASSWORD).await.status, 303);
            as_before(&app).await;
            let kind = match who.word { "personal" => "natural_person", "operator" => "operator", _ => "legal_entity" };
            let mut agent = Agent::new(&app.base);
            let asked = agent.get(&portal.authorize_path(&[("account_type", kind)])).await;
            let url = begin(&mut agent, &who, &format!("?request={}", asked.query("request").unwrap())).await;
            let page = agent.get(&url).await;
            assert_eq!(page.text_of(".alert--info"), "您的登录密码不符合现行的密码要求，请设置新密码后继续登录");
            assert!(page.text().contains(HINT) && page.text().contains("测试门户hall"), "{}", page.text());
            for (password, told) in [("", "请输入新密码"), (OLD, HINT), ("P@ssw0rd", "密码过于常见，请更换")] {
                assert_eq!(beside(&set(&mut agent, &url, password).await, "new_password"), told);
            }
            let reply = agent.post(&url, &[("new_password", NEW), ("new_password_again", "Nanhu-2028")]).await;
            assert_eq!(beside(&reply, "new_password_again"), "两次输入的密码不一致");
            assert!(is_signed_in(&mut office).await && !is_signed_in(&mut agent).await, "nothing has happened yet");
            let reply = set(&mut agent, &page.attribute("form.rows", "action").unwrap(), NEW).await;
            let back = go_on(&mut agent, reply).await;
            assert!(back.location().unwrap().starts_with(&portal.redirect_uri), "{:?}", back.location());
            let again = agent.get(&url).await;
            assert!(again.location().unwrap().starts_with("/sign-in/finish"), "who goes back is still signed in");
            assert!(!is_signed_in(&mut office).await, "what the old password opened has ended");
            let tokens = portal.redeem(&mut agent, &back.query("code").unwrap()).await.json();
            let claimed = claims(tokens["id_token"].as_str().unwrap());
            // As somebody who has just signed in with it.
            let mut other = Agent::new(&app.base);
            assert_eq!(who.sign_in(&mut other, NEW).await.status, 303);
            let tokens = portal.tokens(&mut other, &[]).await;
            let expected = claims(tokens["id_token"].as_str().unwrap());
            for claim in ["acr", "amr", "sub"] {
                assert_eq!(claimed[claim], expected[claim], "{who:?} {claim}");
            }
            assert!(app.last_text(who.phone).await.unwrap().contains("登录密码已修改"));
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'password_changed'").await, 3);
    }
}

async fn assert_over(agent: &mut Agent, url: &str, what: &str) {
    for reply in [agent.get(url).await, set(agent, url, NEW).await] {
        assert_eq!(reply.location().as_deref(), Some("/sign-in/password?late=1"), "{what}: {}", reply.text());
        let page = agent.follow(reply).await;
        assert_eq!(page.text_of(".alert--info"), "页面已超时，请重新登录", "{what}: {}", page.text());
    }
    assert!(!is_signed_in(agent).await, "{what}");
}

on_both! {
    strict;
    async fn it_is_done_once_here_and_soon(app: TestApp) {
        as_before(&app).await;
        let mut agent = Agent::new(&app.base);
        let url = begin(&mut agent, &PERSON, "").await;
        let mut stranger = Agent::new(&app.base);
        stranger.get("/sign-in/personal").await;
        assert_over(&mut stranger, &url, "another browser").await;
        let recovery = url.replace("/sign-in/new-password?ticket=", "/recovery/set-password?as=personal&recovery=");
        assert!(agent.get(&recovery).await.location().unwrap().starts_with("/recovery?"), "no recovery goes on with it");
        app.advance_seconds(15 * 60 + 1);
        assert_over(&mut agent, &url, "a quarter of an hour").await;
        // Nor does it go on as whoever else is signed in here meanwhile.
        let portal = Portal::register(&app, "late").await;
        let request = agent.get(&portal.authorize_path(&[])).await.query("request").unwrap();
        let url = begin(&mut agent, &PERSON, &format!("?request={request}")).await;
        let mut other = Agent::new(&app.base);
        PERSON.recover(&app, &mut other, "Jinhe-2027").await;
        assert_eq!(PERSON.sign_in(&mut other, "Jinhe-2027").await.status, 303);
        agent.cookies.insert("__Host-session".to_owned(), other.cookies["__Host-session"].clone());
        for reply in [agent.get(&url).await, set(&mut agent, &url, NEW).await] {
            let expected = format!("/sign-in/password?late=1&request={request}");
            assert_eq!(reply.location().as_deref(), Some(&*expected), "{}", reply.text());
        }
        agent.cookies.remove("__Host-session");
        as_before(&app).await;
        app.advance_seconds(61);
        // The owner was faster elsewhere.
        let url = begin(&mut agent, &PERSON, "").await;
        PERSON.recover(&app, &mut Agent::new(&app.base), "Jingyue-2027").await;
        assert_over(&mut agent, &url, "set elsewhere").await;
        // Who may not sign in any more does not sign in here.
        let url = begin(&mut agent, &OPERATOR, "").await;
        sql::execute(&app, "UPDATE operators SET frozen_at = 1").await;
        assert_over(&mut agent, &url, "frozen").await;
        let page = agent.post("/sign-in/operator", &[("unit", OPERATOR.account), ("operator", OPERATOR.phone), ("password", OLD)]).await;
        assert!(page.text().contains("经办人账号已冻结"), "{}", page.text());
        // Twice by an impatient finger: one password, and somebody is signed in.
        let url = begin(&mut agent, &UNIT, "").await;
        let mut same = crate::recovery::same_browser(&agent);
        let replies = tokio::join!(set(&mut agent, &url, NEW), set(&mut same, &url, NEW));
        for reply in [&replies.0, &replies.1] {
            assert_eq!(reply.location().as_deref(), Some("/sign-in/finish"), "{}", reply.text());
        }
        assert!(is_signed_in(&mut agent).await != is_signed_in(&mut same).await);
        assert_eq!(UNIT.sign_in(&mut Agent::new(&app.base), NEW).await.status, 303);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'password_changed'").await, 1);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Off;
    async fn what_may_be_chosen_may_be_typed(app: TestApp) {
        as_before(&app).await;
        let mut agent = Agent::new(&app.base);
        assert_eq!(PERSON.sign_in(&mut agent, OLD).await.status, 303);
        assert!(is_signed_in(&mut agent).await, "the manual's rule allows six at registration");
    }
}

on_both! {
    strict;
    async fn a_password_set_while_the_old_one_was_checked_is_not_set_again(app: TestApp) {
        let caller = Caller { address: String::new(), user_agent: String::new(), device_hash: vec![7; 32] };
        let checked = Identifier::person(PERSON.account).find(&app.app).await.unwrap().unwrap();
        app.advance_seconds(1);
        PERSON.recover(&app, &mut Agent::new(&app.base), NEW).await;
        let present = Identifier::person(PERSON.account).find(&app.app).await.unwrap().unwrap();
        for (candidate, allowed) in [(checked, false), (present, true)] {
            let mut tx = app.app.store.begin().await.unwrap();
            let ticket = unfit_password::begin(&app.app, &mut tx, &caller, &candidate).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(ticket.is_some(), allowed);
        }
    }
}

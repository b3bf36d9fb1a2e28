//! What was read before may have passed when it is acted on; and forms come twice.

use idp::store::operators::changes;
use idp::store::{passwords, sessions as session_rows};

use super::*;
use crate::support::registers::{SlowRegisters, with_slow_registers};
use crate::support::sql;

/// A browser with the same cookies.
fn twin(agent: &Agent) -> Agent {
    let mut twin = agent.stranger();
    twin.cookies = agent.cookies.clone();
    twin
}

/// Another representative, as a register that agrees with everything has it.
const ANOTHER: [(&str, &str); 7] = [
    ("unit_name", "长春欣悦信息技术有限公司（演示）"),
    ("representative_name", "陈静"),
    ("document_type", "111"),
    ("document_number", "220102198506150002"),
    ("term", "20"),
    ("valid_from", "2022-03-01"),
    ("password", PASSWORD),
];

/// Where whoever sent a form twice ends: told what was done, or, if the first had done it all before the second was
/// looked at, at the door.
fn is_told(reply: &Reply, what: &str) -> bool {
    let location = reply.location().unwrap_or_default();
    location.ends_with(&format!("what={what}")) || location.starts_with("/sign-in")
}

on_both! {
    with_slow_registers;
    async fn an_account_that_is_closed_while_the_register_is_asked_stays_empty(app: TestApp) {
        let registers = SlowRegisters::of(&app);
        let (mut agent, mut owner) = (unit(&app).await, unit(&app).await);
        let change = tokio::spawn(async move { agent.post("/account/entity-change", &ANOTHER).await });
        registers.is_asked().await;
        let closed = owner.post("/account/close", &[("understood", "yes"), ("password", PASSWORD)]).await;
        assert!(owner.follow(closed).await.text().contains("账号已注销"));
        registers.answer();
        let reply = change.await.unwrap();
        assert_eq!(reply.status, 403);
        assert!(reply.text().contains("本次操作未生效"), "{}", reply.text());
        for left in [
            "SELECT COUNT(*) FROM legal_entities WHERE name = '' AND representative_name IS NOT NULL",
            "SELECT COUNT(*) FROM account_changes WHERE kind = 'representative'",
        ] {
            assert_eq!(sql::number(&app, left).await, 0, "{left}");
        }
    }
}

on_both! {
    with_slow_registers;
    async fn another_representative_who_is_sent_twice_comes_once(app: TestApp) {
        let registers = SlowRegisters::of(&app);
        let mut agent = unit(&app).await;
        let mut other = twin(&agent);
        let one = tokio::spawn(async move { agent.post("/account/entity-change", &ANOTHER).await });
        let two = tokio::spawn(async move { other.post("/account/entity-change", &ANOTHER).await });
        for _ in 0..2 {
            registers.is_asked().await;
        }
        registers.answer();
        registers.answer();
        for reply in [one.await.unwrap(), two.await.unwrap()] {
            let location = reply.location().unwrap_or_else(|| panic!("{}", reply.text()));
            assert!(location.ends_with("what=representative"), "{location}");
        }
        for once in [
            "SELECT COUNT(*) FROM account_changes WHERE kind = 'representative'",
            "SELECT COUNT(*) FROM audit_log WHERE event = 'representative_changed'",
        ] {
            assert_eq!(sql::number(&app, once).await, 1, "{once}");
        }
    }
}

on_both! {
    // The second may be looked at with the new password: a failure, which would bring a captcha.
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn a_password_that_is_sent_twice_is_changed_once(app: TestApp) {
        let mut agent = unit(&app).await;
        let mut other = twin(&agent);
        let new = [("old_password", PASSWORD), ("new_password", "Nanhu-2027"), ("new_password_again", "Nanhu-2027")];
        let (one, two) = tokio::join!(agent.post("/account/password", &new), other.post("/account/password", &new));
        for reply in [one, two] {
            assert!(is_told(&reply, "password"), "{:?} {}", reply.location(), reply.text());
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'password_changed'").await, 1);
        let fields = [("account", "xinyue0221"), ("password", "Nanhu-2027")];
        assert_eq!(agent.sign_in("/sign-in/legal-entity", &fields).await.status, 303);
    }
}

on_both! {
    // The thief's form may be looked at with the new password: a failure, which would bring a captcha.
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn who_recovers_wins_over_who_knew_the_old_password(app: TestApp) {
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'").await;
        let recovered = app.app.hasher.hash("Recovered-1").await.unwrap().unwrap();
        let mut thief = unit(&app).await;
        // The recovery's transaction, open while the thief's form is looked at.
        let mut tx = app.app.store.begin().await.unwrap();
        changes::hold(&mut tx, &id).await.unwrap();
        let stolen = [("old_password", PASSWORD), ("new_password", "Stolen-2027"), ("new_password_again", "Stolen-2027")];
        let theft = thief.post("/account/password", &stolen);
        let recovery = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            passwords::replace(&mut tx, &id, &recovered, app.clock.now()).await.unwrap();
            session_rows::end_all(&mut tx, &id).await.unwrap();
            tx.commit().await.unwrap();
        };
        let (reply, ()) = tokio::join!(theft, recovery);
        // Refused, or sent to the door if it came too late to be looked at.
        assert!(!reply.location().unwrap_or_default().contains("ended"), "{:?}", reply.location());
        for (password, status) in [("Recovered-1", 303), ("Stolen-2027", 422)] {
            let fields = [("account", "xinyue0221"), ("password", password)];
            assert_eq!(Agent::new(&app.base).sign_in("/sign-in/legal-entity", &fields).await.status, status, "{password}");
        }
    }
}

on_both! {
    async fn details_that_are_changed_twice_at_once_are_recorded_one_after_the_other(app: TestApp) {
        let mut agent = unit(&app).await;
        let mut other = twin(&agent);
        let (first, second) = ([("postal_code", "130000")], [("postal_code", "130001")]);
        let (one, two) = tokio::join!(agent.post("/account/details", &first), other.post("/account/details", &second));
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303));
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'").await;
        let changes = idp::store::account_changes::of_account(&app.app.store, &app.app.vault, &id).await.unwrap();
        let begin = changes.iter().find(|change| change.before.is_none()).expect("one began with nothing");
        assert!(changes.iter().any(|change| change.before == begin.after), "{changes:?}");
    }
}

on_both! {
    async fn an_account_that_is_closed_twice_is_closed_once(app: TestApp) {
        let mut agent = unit(&app).await;
        let mut other = twin(&agent);
        let sure = [("understood", "yes"), ("password", PASSWORD)];
        let (one, two) = tokio::join!(agent.post("/account/close", &sure), other.post("/account/close", &sure));
        let told = [&one, &two].into_iter().filter(|reply| is_told(reply, "closed")).count();
        assert!(told >= 1, "{} {}", one.text(), two.text());
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'account_closed'").await, 1);
        app.last_text(UNIT_PHONE).await;
        let sent = app.app.sms.sent();
        assert_eq!(sent.iter().filter(|message| message.text.contains("您的账号已注销")).count(), 1);
    }
}

on_both! {
    async fn a_new_number_that_is_sent_twice_is_bound_once(app: TestApp) {
        const NEW: &str = "19400000301";
        let mut agent = unit(&app).await;
        agent.post("/account/phone", &[("action", "send_code")]).await;
        let code = app.code_sent_to(UNIT_PHONE).await;
        for _ in 0..2 {
            let reply = agent.post("/account/phone", &[("phone_code", &code)]).await;
            assert_eq!(reply.location().as_deref(), Some("/account/new-phone"), "{}", reply.text());
        }
        agent.post("/account/new-phone", &[("phone", NEW), ("action", "send_code")]).await;
        let code = app.code_sent_to(NEW).await;
        let mut other = twin(&agent);
        let fields = [("phone", NEW), ("phone_code", code.as_str())];
        let (one, two) = tokio::join!(agent.post("/account/new-phone", &fields), other.post("/account/new-phone", &fields));
        let later = agent.post("/account/new-phone", &fields).await;
        for reply in [one, two, later] {
            assert_eq!(reply.location().as_deref(), Some("/account?done=phone"), "{}", reply.text());
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM account_changes WHERE kind = 'phone'").await, 1);
    }
}

//! How often a password may be tried.

use idp::config::{CaptchaMode, Config};

use super::{PASSWORD, WRONG, alert, as_legal_entity, as_person};
use crate::support::{Agent, TestApp, sql};

const LOCKED: &str = "密码错误次数过多，账号已锁定，请30分钟后再试或通过忘记密码重置";

/// No captcha in the way, and a proxy that says where a browser is.
fn behind_a_proxy(config: &mut Config) {
    config.sign_in.captcha = CaptchaMode::Off;
    config.trusted_proxies = 1;
}

async fn guess_wrong(agent: &mut Agent, account: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(as_person(agent, account, WRONG).await.status, 422);
    }
}

async fn is_locked(agent: &mut Agent, account: &str) -> bool {
    let reply = as_person(agent, account, PASSWORD).await;
    let locked = alert(&reply) == LOCKED;
    assert!(locked || reply.status == 303, "{}", alert(&reply));
    locked
}

/// How many passwords were really looked at and found wrong.
async fn wrong_checks(app: &TestApp) -> i64 {
    sql::number(app, "SELECT COUNT(*) FROM audit_log WHERE detail LIKE '% wrong'").await
}

on_both! {
    behind_a_proxy;
    async fn five_wrong_passwords_lock_for_half_an_hour(app: TestApp) {
        let mut agent = Agent::at(&app.base, "192.0.2.1");
        guess_wrong(&mut agent, "liying2026", 5).await;
        assert!(is_locked(&mut agent, "liying2026").await, "also with the right password");
        assert!(is_locked(&mut agent, "LIYING 2026").await, "also when it is typed another way");
        app.advance_seconds(15 * 60);
        // Whoever keeps knocking does not prolong it.
        guess_wrong(&mut agent, "liying2026", 3).await;
        app.advance_seconds(15 * 60 - 20);
        assert!(is_locked(&mut agent, "liying2026").await);
        app.advance_seconds(30);
        assert!(!is_locked(&mut agent, "liying2026").await);
        assert_eq!(wrong_checks(&app).await, 5);
    }
}

on_both! {
    behind_a_proxy;
    async fn the_right_password_clears_the_count(app: TestApp) {
        let mut agent = Agent::at(&app.base, "192.0.2.1");
        for _ in 0..3 {
            guess_wrong(&mut agent, "liying2026", 4).await;
            assert!(!is_locked(&mut agent, "liying2026").await);
        }
        assert_eq!(alert(&as_person(&mut agent, "liying2026", WRONG).await), "账号或密码错误");
    }
}

on_both! {
    behind_a_proxy;
    async fn an_account_is_locked_only_where_it_was_guessed(app: TestApp) {
        let mut attacker = Agent::at(&app.base, "192.0.2.1");
        guess_wrong(&mut attacker, "liying2026", 5).await;
        assert!(is_locked(&mut Agent::at(&app.base, "192.0.2.1"), "liying2026").await, "a new browser there");
        assert!(!is_locked(&mut Agent::at(&app.base, "192.0.2.2"), "liying2026").await, "another address");
        assert!(!is_locked(&mut Agent::at(&app.base, "2001:db8::1"), "liying2026").await, "another family");
        let other = as_legal_entity(&mut Agent::at(&app.base, "192.0.2.1"), "xinyue0221", PASSWORD).await;
        assert_eq!(other.status, 303, "another account there: {}", alert(&other));
        // What a visitor writes into the header itself stands left of the proxy's own entry, and counts for nothing.
        let mut liar = Agent::at(&app.base, "198.51.100.7, 192.0.2.1");
        assert!(is_locked(&mut liar, "liying2026").await);
        // One IPv6 network is one place.
        let mut attacker = Agent::at(&app.base, "2001:db8:0:7::1");
        guess_wrong(&mut attacker, "liying2026", 5).await;
        assert!(is_locked(&mut Agent::at(&app.base, "2001:db8:0:7:ffff::2"), "liying2026").await);
    }
}

on_both! {
    |config| {
        behind_a_proxy(config);
        config.sign_in.account_tries = 12;
    };
    async fn strangers_do_not_lock_a_known_browser_out(app: TestApp) {
        let mut owner = Agent::at(&app.base, "192.0.2.1");
        assert!(!is_locked(&mut owner, "liying2026").await);
        owner.cookies.remove("__Host-session");
        // At the owner's own address, and then from everywhere.
        for place in 1..=4 {
            let mut stranger = Agent::at(&app.base, &format!("192.0.2.{place}"));
            guess_wrong(&mut stranger, "liying2026", 5).await;
        }
        let mut elsewhere = Agent::at(&app.base, "198.51.100.1");
        assert!(is_locked(&mut elsewhere, "liying2026").await, "all unknown browsers together have had their tries");
        assert!(!is_locked(&mut owner, "liying2026").await);
        assert_eq!(wrong_checks(&app).await, 12);
        // The known browser's own guesses are counted as anybody's.
        guess_wrong(&mut owner, "liying2026", 5).await;
        assert!(is_locked(&mut owner, "liying2026").await);
        // Being known for one account is worth nothing for another.
        let mut neighbour = Agent::at(&app.base, "198.51.100.2");
        assert_eq!(as_legal_entity(&mut neighbour, "xinyue0221", PASSWORD).await.status, 303);
        assert!(is_locked(&mut neighbour, "liying2026").await);
        app.advance_seconds(30 * 60 + 5);
        assert!(!is_locked(&mut elsewhere, "liying2026").await);
    }
}

on_both! {
    |config| {
        behind_a_proxy(config);
        config.sign_in.account_tries = 12;
    };
    async fn one_place_alone_does_not_use_up_everybodys_tries(app: TestApp) {
        let mut attacker = Agent::at(&app.base, "192.0.2.1");
        guess_wrong(&mut attacker, "liying2026", 40).await;
        assert_eq!(wrong_checks(&app).await, 5);
        assert!(!is_locked(&mut Agent::at(&app.base, "198.51.100.1"), "liying2026").await);
    }
}

on_both! {
    |config| {
        behind_a_proxy(config);
        config.sign_in.address_tries = 8;
    };
    async fn one_address_may_not_try_many_accounts(app: TestApp) {
        let mut attacker = Agent::at(&app.base, "192.0.2.1");
        for number in 0..8 {
            guess_wrong(&mut attacker, &format!("person{number:04}"), 1).await;
        }
        assert!(is_locked(&mut attacker, "liying2026").await);
        assert!(is_locked(&mut Agent::at(&app.base, "192.0.2.1"), "liying2026").await);
        assert!(!is_locked(&mut Agent::at(&app.base, "192.0.2.2"), "liying2026").await);
        app.advance_seconds(30 * 60 + 5);
        assert!(!is_locked(&mut attacker, "liying2026").await);
    }
}

on_both! {
    behind_a_proxy;
    async fn a_hundred_guesses_at_once_get_five_checks(app: TestApp) {
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let base = app.base.clone();
            guesses.spawn(async move {
                let mut agent = Agent::at(&base, "192.0.2.1");
                let fields = [("account", "liying2026"), ("password", WRONG)];
                agent.post("/sign-in/personal", &fields).await.status.as_u16()
            });
        }
        let statuses = guesses.join_all().await;
        assert!(statuses.iter().all(|status| *status == 422), "{statuses:?}");
        assert_eq!(wrong_checks(&app).await, 5);
        assert!(is_locked(&mut Agent::at(&app.base, "192.0.2.1"), "liying2026").await);
        assert!(!is_locked(&mut Agent::at(&app.base, "192.0.2.2"), "liying2026").await);
    }
}

on_both! {
    |config| {
        behind_a_proxy(config);
        config.sign_in.account_tries = 12;
        config.sign_in.address_tries = 1000;
    };
    async fn a_crowd_at_once_gets_no_more_than_the_accounts_tries(app: TestApp) {
        let mut guesses = tokio::task::JoinSet::new();
        for place in 0..60 {
            let base = app.base.clone();
            guesses.spawn(async move {
                let mut agent = Agent::at(&base, &format!("192.0.2.{place}"));
                // All the names that an account answers to share the count.
                let account = ["liying2026", "19400000003", "220102199001010009"][place % 3];
                let fields = [("account", account), ("password", WRONG)];
                agent.post("/sign-in/personal", &fields).await.status.as_u16()
            });
        }
        let statuses = guesses.join_all().await;
        assert!(statuses.iter().all(|status| *status == 422), "{statuses:?}");
        assert_eq!(wrong_checks(&app).await, 12);
    }
}

on_both! {
    behind_a_proxy;
    async fn right_passwords_of_many_visitors_do_not_fill_an_offices_count(app: TestApp) {
        for _ in 0..3 {
            let mut visits = tokio::task::JoinSet::new();
            for _ in 0..40 {
                let base = app.base.clone();
                visits.spawn(async move {
                    let reply = as_person(&mut Agent::at(&base, "192.0.2.1"), "19400000003", PASSWORD).await;
                    (reply.status.as_u16(), alert(&reply))
                });
            }
            let refused: Vec<_> = visits.join_all().await.into_iter().filter(|(status, _)| *status == 422).collect();
            // Those that are being checked at one moment count until they turn out right.
            assert!(refused.iter().all(|(_, told)| told == LOCKED), "{refused:?}");
        }
        assert!(!is_locked(&mut Agent::at(&app.base, "192.0.2.1"), "19400000003").await);
        let counted = sql::number(&app, "SELECT CAST(MAX(count) AS BIGINT) FROM attempts WHERE bucket LIKE 'address:%'").await;
        assert_eq!(counted, 0);
    }
}

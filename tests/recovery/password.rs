//! 设置新密码: which passwords, and what the new one opens.

use idp::config::{CaptchaMode, Config, PasswordProfile};

use super::{NEW, OPERATOR, PERSON, UNIT, Who, beside, is_done, set};
use crate::sign_in::{PASSWORD, WRONG, alert};
use crate::support::{Agent, TestApp, sql};

const HINT: &str = "密码应为8-16位数字、字母或符号至少2种的组合";
const GUESSABLE: &str = "密码不能包含账号、统一社会信用代码、手机号码或证件号码";

async fn rules(app: &TestApp) {
    let mut agent = Agent::new(&app.base);
    let url = UNIT.prove(app, &mut agent).await;
    assert_eq!(agent.get(&url).await.text_of("#new_password-hint"), HINT);
    for (password, told) in [
        ("", "请输入新密码"),
        ("abc123", HINT),
        ("abcdefgh", HINT),
        ("a1b2c3d4e5f6g7h8i", HINT),
        ("密码abc12345", HINT),
        ("P@ssw0rd", "密码过于常见，请更换"),
        ("liyingbaihuo1", GUESSABLE),
        ("a19400000033", GUESSABLE),
        ("02TEXT00033f", GUESSABLE),
        ("zhao-280006", GUESSABLE),
        (PASSWORD, "新密码不能与旧密码相同"),
    ] {
        let reply = set(&mut agent, &url, password).await;
        assert_eq!(beside(&reply, "new_password"), told, "{password}");
        assert!(reply.has("#new_password[autofocus]"));
        assert!(password.is_empty() || !reply.body.contains(password), "never sent back");
    }
    for (again, told) in [("", "请再次输入新密码"), ("Nanhu-2028", "两次输入的密码不一致")]
    {
        let reply = agent.post(&url, &[("new_password", NEW), ("new_password_again", again)]).await;
        assert_eq!(beside(&reply, "new_password_again"), told);
        assert!(reply.has("#new_password_again[autofocus]"));
    }
    assert!(is_done(&set(&mut agent, &url, NEW).await), "refusals spend nothing");
}

on_both! {
    async fn the_manuals_rule(app: TestApp) { rules(&app).await }
}

on_both! {
    |config| config.password.profile = PasswordProfile::Djbh;
    async fn the_rule_of_djbh(app: TestApp) { rules(&app).await }
}

on_both! {
    async fn not_one_of_the_last_five(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for number in 1..=5 {
            app.advance_seconds(3601);
            PERSON.recover(&app, &mut agent, &format!("Nanhu-{number}-27")).await;
        }
        app.advance_seconds(3601);
        let url = PERSON.prove(&app, &mut agent).await;
        let reply = set(&mut agent, &url, "Nanhu-5-27").await;
        assert_eq!(beside(&reply, "new_password"), "新密码不能与旧密码相同");
        for number in 1..=4 {
            let reply = set(&mut agent, &url, &format!("Nanhu-{number}-27")).await;
            assert_eq!(beside(&reply, "new_password"), "新密码不能与最近5次使用过的密码相同", "{number}");
        }
        assert!(is_done(&set(&mut agent, &url, PASSWORD).await), "the sixth is forgotten");
        assert_eq!(PERSON.sign_in(&mut agent, PASSWORD).await.status, 303);
    }
}

fn strict(config: &mut Config) {
    config.sign_in.captcha = CaptchaMode::Off;
    config.sign_in.account_tries = 12;
    config.trusted_proxies = 1;
}

async fn is_locked(agent: &mut Agent, who: &Who, password: &str) -> bool {
    let reply = who.sign_in(agent, password).await;
    let locked = alert(&reply).starts_with("密码错误次数过多，账号已锁定");
    assert!(locked || reply.status == 303, "{}", alert(&reply));
    locked
}

on_both! {
    strict;
    async fn a_locked_owner_signs_in_at_once_after_the_reset(app: TestApp) {
        for (number, who) in [UNIT, OPERATOR, PERSON].into_iter().enumerate() {
            let home = format!("192.0.2.{number}");
            for known_before in [false, true] {
                app.advance_seconds(3601);
                let mut owner = Agent::at(&app.base, &home);
                let (old, new) = if known_before { (NEW, "Jingyue-2027") } else { (PASSWORD, NEW) };
                if known_before {
                    assert_eq!(who.sign_in(&mut owner, old).await.status, 303);
                }
                for _ in 0..5 {
                    assert_eq!(who.sign_in(&mut owner, WRONG).await.status, 422);
                }
                assert!(is_locked(&mut owner, &who, old).await);
                // And a crowd that has used up everybody's tries.
                for place in 0..3 {
                    let mut stranger = Agent::at(&app.base, &format!("198.51.100.{place}"));
                    for _ in 0..5 {
                        who.sign_in(&mut stranger, WRONG).await;
                    }
                }
                who.recover(&app, &mut owner, new).await;
                assert!(!is_locked(&mut owner, &who, new).await, "{who:?} {known_before}");
                // Strangers stay locked, also those next door.
                assert!(is_locked(&mut Agent::at(&app.base, "198.51.100.0"), &who, new).await);
                if !known_before {
                    assert!(is_locked(&mut Agent::at(&app.base, &home), &who, new).await);
                }
            }
        }
    }
}

on_both! {
    strict;
    async fn the_lock_of_every_name_ends(app: TestApp) {
        let mut owner = Agent::at(&app.base, "192.0.2.1");
        assert_eq!(PERSON.sign_in(&mut owner, PASSWORD).await.status, 303);
        let names = ["liying2026", "19400000003", "+8619400000003", "220102199001010009"];
        for account in names {
            for _ in 0..5 {
                Who { account, ..PERSON }.sign_in(&mut owner, WRONG).await;
            }
            assert!(is_locked(&mut owner, &Who { account, ..PERSON }, PASSWORD).await, "{account}");
        }
        PERSON.recover(&app, &mut owner, NEW).await;
        for account in names {
            assert!(!is_locked(&mut owner, &Who { account, ..PERSON }, NEW).await, "{account}");
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM attempts WHERE bucket LIKE 'here:%'").await, 0);
    }
}

//! What a visitor is told who is not signed in, and what they are not told.

use idp::config::CaptchaMode;

use super::{PASSWORD, WRONG, alert, as_legal_entity, as_operator, as_person, is_signed_in};
use crate::support::{Agent, Reply, sql};

const GENERIC: &str = "账号或密码错误";

/// The message beside a field, checked to be announced with it.
fn beside(reply: &Reply, field: &str) -> String {
    let message = reply.text_of(&format!("#{field}-error"));
    if !message.is_empty() {
        let described = reply.attribute(&format!("#{field}"), "aria-describedby").unwrap_or_default();
        assert!(described.split(' ').any(|id| id == format!("{field}-error")), "{field}: {described}");
        assert_eq!(reply.attribute(&format!("#{field}"), "aria-invalid").as_deref(), Some("true"), "{field}");
        assert!(reply.has(&format!("#error-summary a[href='#{field}']")), "{field} is not in the summary");
    }
    message.trim_start_matches("错误：").to_owned()
}

on_both! {
    async fn empty_fields_are_told_beside_them(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for page in ["/sign-in/legal-entity", "/sign-in/personal"] {
            let reply = agent.sign_in(page, &[]).await;
            assert_eq!(reply.status, 422);
            assert_eq!(beside(&reply, "account"), "请输入账号");
            assert_eq!(beside(&reply, "password"), "请输入密码");
            assert!(reply.text_of("title").starts_with("错误："), "{}", reply.text_of("title"));
            let reply = agent.sign_in(page, &[("account", " \u{3000}"), ("password", "secret-typed-1")]).await;
            assert_eq!(beside(&reply, "account"), "请输入账号");
            assert_eq!(beside(&reply, "password"), "");
            assert!(!reply.body.contains("secret-typed-1"), "a password is never sent back");
            let reply = agent.sign_in(page, &[("account", "xinyue0221")]).await;
            assert_eq!((beside(&reply, "account"), beside(&reply, "password")), (String::new(), "请输入密码".into()));
            assert_eq!(reply.attribute("#account", "value").as_deref(), Some("xinyue0221"));
            // What needs no password check is not counted as a try.
            assert!(!reply.has("[data-captcha]"));
        }
        let reply = agent.sign_in("/sign-in/operator", &[]).await;
        assert_eq!(reply.status, 422);
        assert_eq!(beside(&reply, "unit"), "请输入单位统一信用代码/法人账号");
        assert_eq!(beside(&reply, "operator"), "请输入经办人手机号/身份证号");
        assert_eq!(beside(&reply, "password"), "请输入密码");
        let reply = agent.sign_in("/sign-in/operator", &[("unit", "xinyue0221"), ("password", PASSWORD)]).await;
        assert_eq!(reply.attribute("#unit", "value").as_deref(), Some("xinyue0221"));
        assert_eq!((beside(&reply, "unit"), beside(&reply, "password")), (String::new(), String::new()));
        assert!(!beside(&reply, "operator").is_empty());
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Off;
    async fn unknown_wrong_and_disabled_read_the_same(app: TestApp) {
        sql::execute(&app, "UPDATE accounts SET disabled_at = 1 WHERE id IN
            (SELECT account_id FROM legal_entities WHERE login_name = 'liyingbaihuo')").await;
        let mut pages = Vec::new();
        for account in ["nobody2026", "xinyue0221", "liyingbaihuo"] {
            let mut agent = Agent::new(&app.base);
            let mut texts = Vec::new();
            for _ in 0..6 {
                let reply = as_legal_entity(&mut agent, account, WRONG).await;
                assert_eq!(reply.status, 422);
                let names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
                texts.push((names, reply.body.replace(account, "ACCOUNT")));
            }
            pages.push(texts);
        }
        assert_eq!(pages[0], pages[1]);
        assert_eq!(pages[0], pages[2]);
        let mut pages = Vec::new();
        for (unit, operator) in
            [("nobody2026", "19400000009"), ("xinyue0221", "19400000009"), ("xinyue0221", "19400000001")]
        {
            let mut agent = Agent::new(&app.base);
            let mut texts = Vec::new();
            for _ in 0..6 {
                let reply = as_operator(&mut agent, unit, operator, WRONG).await;
                texts.push(reply.body.replace(unit, "UNIT").replace(operator, "OPERATOR"));
            }
            pages.push(texts);
        }
        assert_eq!(pages[0], pages[1]);
        assert_eq!(pages[0], pages[2]);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Off;
    async fn the_third_wrong_password_tells_how_many_are_left(app: TestApp) {
        for account in ["liying2026", "19400000009"] {
            let mut agent = Agent::new(&app.base);
            let mut told = Vec::new();
            for _ in 0..7 {
                told.push(alert(&as_person(&mut agent, account, WRONG).await));
            }
            let locked = "密码错误次数过多，账号已锁定，请30分钟后再试或通过忘记密码重置";
            let third = format!("{GENERIC}，您还可以尝试2次");
            let fourth = format!("{GENERIC}，您还可以尝试1次");
            assert_eq!(told, [GENERIC, GENERIC, &third, &fourth, locked, locked, locked], "{account}");
        }
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Off;
    async fn why_an_account_is_not_active_is_told_after_the_right_password_only(app: TestApp) {
        const OPERATOR: &str = "account_id IN (SELECT o.account_id FROM operators o
            JOIN legal_entities e ON e.account_id = o.legal_entity_id
            WHERE e.login_name = 'xinyue0221' AND o.department = '人力资源部')";
        const UNIT: &str = "id IN (SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221')";
        let now = app.clock.now().millis();
        let later = now + 3_600_000;
        let expired = "经办人账号已失效，请联系本单位法人或管理员";
        let frozen = "经办人账号已冻结，请联系本单位法人或管理员";
        let disabled = "账号已停用，请联系技术支持";
        for (spoil, restore, told) in [
            (format!("operators SET frozen_at = 1 WHERE {OPERATOR}"),
                format!("operators SET frozen_at = NULL WHERE {OPERATOR}"), frozen),
            (format!("operators SET valid_until = {now} WHERE {OPERATOR}"),
                format!("operators SET valid_until = NULL WHERE {OPERATOR}"), expired),
            (format!("operators SET valid_from = {later} WHERE {OPERATOR}"),
                format!("operators SET valid_from = {now} WHERE {OPERATOR}"), expired),
            (format!("accounts SET disabled_at = 1 WHERE {UNIT}"),
                format!("accounts SET disabled_at = NULL WHERE {UNIT}"), expired),
            (format!("accounts SET disabled_at = 1 WHERE {}", OPERATOR.replacen("account_id", "id", 1)),
                format!("accounts SET disabled_at = NULL WHERE {}", OPERATOR.replacen("account_id", "id", 1)), disabled),
            (format!("operators SET removed_at = 1 WHERE {OPERATOR}"),
                format!("operators SET removed_at = NULL WHERE {OPERATOR}"), GENERIC),
        ] {
            assert_eq!(sql::execute(&app, &format!("UPDATE {spoil}")).await, 1, "{spoil}");
            let mut agent = Agent::new(&app.base);
            let wrong = as_operator(&mut agent, "xinyue0221", "15400000002", WRONG).await;
            assert_eq!(alert(&wrong), GENERIC, "{spoil}");
            let right = as_operator(&mut agent, "xinyue0221", "15400000002", PASSWORD).await;
            assert_eq!((right.status.as_u16(), alert(&right).as_str()), (422, told), "{spoil}");
            assert!(!agent.cookies.contains_key("__Host-session"), "{spoil}");
            assert_eq!(sql::execute(&app, &format!("UPDATE {restore}")).await, 1, "{restore}");
            let active = as_operator(&mut agent, "xinyue0221", "15400000002", PASSWORD).await;
            assert_eq!(active.status, 303, "{spoil}: {}", alert(&active));
        }
        let refused = sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'sign_in_refused'
            AND detail = 'operator inactive'").await;
        assert_eq!(refused, 5, "each refusal of a right password is in the audit log");
    }
}

on_both! {
    async fn a_disabled_account_is_out_at_once(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_operator(&mut agent, "xinyue0221", "19400000001", PASSWORD).await.status, 303);
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'").await;
        idp::guard::sessions::disable_account(&app.app, &id).await.unwrap();
        assert!(!is_signed_in(&mut agent).await, "the unit's operators go with it");
        let reply = as_legal_entity(&mut agent, "xinyue0221", PASSWORD).await;
        assert_eq!(alert(&reply), "账号已停用，请联系技术支持");
    }
}

on_both! {
    async fn an_old_hash_is_upgraded_by_the_right_password(app: TestApp) {
        const HASH: &str = "SELECT password_hash FROM accounts WHERE id IN
            (SELECT account_id FROM persons WHERE login_name = 'liying2026')";
        let stronger = app.second_instance_with(|config| {
            config.password.argon2_memory_kib = 128;
            config.sign_in.captcha = CaptchaMode::Off;
        }).await;
        let old = sql::text(&app, HASH).await;
        assert!(old.starts_with("$argon2id$v=19$m=64,"), "{old}");
        assert_eq!(as_person(&mut Agent::new(&stronger.base), "liying2026", WRONG).await.status, 422);
        assert_eq!(sql::text(&app, HASH).await, old);
        assert_eq!(as_person(&mut Agent::new(&stronger.base), "liying2026", PASSWORD).await.status, 303);
        let new = sql::text(&app, HASH).await;
        assert!(new.starts_with("$argon2id$v=19$m=128,"), "{new}");
        assert_eq!(as_person(&mut Agent::new(&stronger.base), "liying2026", PASSWORD).await.status, 303);
        assert_eq!(sql::text(&app, HASH).await, new, "a hash of today stays");
    }
}

on_both! {
    |config| {
        config.sign_in.captcha = CaptchaMode::Off;
        config.password.argon2_memory_kib = 32 * 1024;
        config.password.argon2_iterations = 4;
        config.password.queue = 0;
    };
    async fn unknown_accounts_cost_a_hash_too_and_a_full_queue_says_come_back(app: TestApp) {
        // As many hashes at once as there are cores; nobody may wait. Whoever finds the hasher full is told so.
        for account in ["liying2026", "nobody2026"] {
            let mut visits = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let base = app.base.clone();
                visits.spawn(async move { as_person(&mut Agent::new(&base), account, PASSWORD).await });
            }
            let replies = visits.join_all().await;
            let busy: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 503).collect();
            assert!(!busy.is_empty(), "{account}: nobody was told to come back");
            for reply in &busy {
                assert_eq!(reply.header("retry-after"), "2");
                assert!(reply.text().contains("服务暂时不可用"), "{}", reply.text());
            }
            let wrong = if account == "liying2026" { 303 } else { 422 };
            assert!(replies.iter().any(|reply| reply.status == wrong), "{account}");
        }
        // Being turned away was no try: the account is not locked.
        let mut agent = Agent::new(&app.base);
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
    }
}

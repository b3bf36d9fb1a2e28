//! 登录记录 says what happened: which way of 找回密码, what became of a check, which operator, and by whom.

use idp::store::audit::OF_ACCOUNT;
use sqlx::{AssertSqlSafe, Row};

use super::*;
use crate::operators as managing;
use crate::support::sql;

const HISTORY: &str = "/account/history";

/// The lines of the page, as 操作 and 方式/结果.
fn lines(page: &Reply) -> Vec<(String, String)> {
    let cells = |row: &str| -> Vec<String> {
        let cells = row.split("</td>").filter_map(|cell| cell.rsplit('>').next());
        cells.map(|text| text.trim().to_owned()).collect()
    };
    let rows = page.body.split("<tr>").skip(2).map(cells);
    rows.map(|cells| (cells[1].clone(), cells[2].clone())).collect()
}

async fn export(agent: &mut Agent) -> serde_json::Value {
    agent.post("/account/data", &[("password", PASSWORD)]).await.json()
}

on_both! {
    async fn a_unit_sees_what_its_managers_did_to_whom(app: TestApp) {
        let victim = managing::id_of(&app, managing::OPERATOR_PHONE).await;
        let mut manager = managing::manager(&app).await;
        for action in ["freeze", "unfreeze"] {
            assert_eq!(manager.post(&managing::of(&victim, action), &[]).await.status, 303);
        }
        let new = [("new_password", managing::NEW_PASSWORD), ("new_password_again", managing::NEW_PASSWORD)];
        assert_eq!(manager.post(&managing::of(&victim, "password"), &new).await.status, 303);
        let mut chief = managing::unit(&app).await;
        managing::add(&app, &mut chief, &[]).await;
        assert_eq!(chief.post(&managing::of(&victim, "remove"), &[]).await.status, 303);
        let line = |what: &str, how: &str| (what.to_owned(), how.to_owned());
        let seen = lines(&chief.get(HISTORY).await);
        for expected in [
            line("冻结经办人", "*洋，由经办人*伟办理"), line("解冻经办人", "*洋，由经办人*伟办理"),
            line("重置经办人密码", "*洋，由经办人*伟办理"), line("添加经办人", "*静"), line("删除经办人", "*洋"),
        ] {
            assert_eq!(seen.iter().filter(|line| **line == expected).count(), 1, "{expected:?}: {seen:?}");
        }
        assert!(seen.iter().all(|(what, _)| what != "账号操作"), "{seen:?}");
        // The manager sees what they did, and not the unit's; another unit sees nothing of it.
        let seen = lines(&manager.get(HISTORY).await);
        assert!(seen.contains(&line("重置经办人密码", "*洋")) && !seen.contains(&line("删除经办人", "*洋")), "{seen:?}");
        let mut shop = Agent::new(&app.base);
        let fields = [("account", "liyingbaihuo"), ("password", PASSWORD)];
        assert_eq!(shop.sign_in("/sign-in/legal-entity", &fields).await.status, 303);
        assert!(!shop.get(HISTORY).await.text().contains("经办人*"));
        // The export has it too.
        let data = export(&mut chief).await;
        let events = data["events"].as_array().unwrap();
        let reset = events.iter().find(|event| event["event"] == "operator_password_reset").unwrap();
        assert_eq!((&reset["operator"], &reset["by_operator"]), (&"*洋".into(), &"*伟".into()));
        let added = events.iter().find(|event| event["event"] == "operator_added").unwrap();
        assert_eq!((&added["operator"], &added["by_operator"]), (&"*静".into(), &serde_json::Value::Null));
    }
}

on_both! {
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn a_recovery_that_began_or_was_refused_is_named(app: TestApp) {
        use crate::recovery::UNIT as SHOP;
        let mut stranger = Agent::new(&app.base);
        SHOP.identify(&mut stranger, &[("person_name", "王颖")]).await;
        SHOP.begin(&mut stranger).await;
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'liyingbaihuo'").await;
        for (number, result) in ["confirmed", "differs", "refused"].into_iter().enumerate() {
            // As the janitor writes what a register has said.
            sql::execute(&app, &format!("INSERT INTO audit_log (id, at, event, account_id, address, user_agent, detail)
                VALUES ('check{number}', 1700000000000, 'register_check', '{id}', '', '', '{result}')")).await;
        }
        let mut owner = Agent::new(&app.base);
        let fields = [("account", "liyingbaihuo"), ("password", PASSWORD)];
        assert_eq!(owner.sign_in("/sign-in/legal-entity", &fields).await.status, 303);
        let seen = lines(&owner.get(HISTORY).await);
        for (what, how) in [
            ("找回密码", "身份信息不符"), ("找回密码", "已发送短信验证码"), ("登记信息核验", "核验通过"),
            ("登记信息核验", "核验不一致"), ("登记信息核验", "核验未通过"),
        ] {
            assert!(seen.contains(&(what.to_owned(), how.to_owned())), "{what} {how}: {seen:?}");
        }
    }
}

/// Thousands of operators of the demo's first unit, each added by its manager.
async fn fill(app: &TestApp, count: u32) {
    let numbers =
        format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let id = "'plan-' || CAST(i AS TEXT)";
    let of = |column: &str| {
        format!(
            "(SELECT {column} FROM operators WHERE manager_since IS NOT NULL AND account_id NOT LIKE 'plan-%' LIMIT 1)"
        )
    };
    let accounts = "INSERT INTO accounts (id, kind, password_set_at, assurance, created_at)";
    sql::execute(app, &format!("{accounts} {numbers} SELECT {id}, 'operator', 0, 1, 0 FROM n")).await;
    // What is sealed is of no account here: as of one that was closed.
    let is_postgres = app.app.config.database.url.starts_with("postgres");
    let nothing = if is_postgres { "''::bytea" } else { "x''" };
    let operators = "INSERT INTO operators (account_id, legal_entity_id, name, document_type, document,
        document_index, phone, phone_index, department, valid_from, name_index, added_at)";
    let unit = of("legal_entity_id");
    let fields = format!("{id}, {unit}, {nothing}, '111', {nothing}, {id}, {nothing}, {id}, '', 0, {id}, i");
    sql::execute(app, &format!("{operators} {numbers} SELECT {fields} FROM n")).await;
    // Nothing so old that the janitor takes it.
    let since = app.clock.now().millis() - 10_000_000;
    let events = "INSERT INTO audit_log (id, at, event, account_id, address, user_agent, detail, unit_id)";
    let (manager, unit) = (of("account_id"), of("legal_entity_id"));
    let fields = format!("{id}, {since} + i, 'operator_added', {manager}, '', '', {id}, {unit}");
    sql::execute(app, &format!("{events} {numbers} SELECT {fields} FROM n")).await;
    // And what others did.
    let others = "INSERT INTO audit_log (id, at, event, address, user_agent, detail)";
    let fields = format!("'other-' || CAST(i AS TEXT), {since} + i, 'sign_in', '', '', ''");
    let times = numbers.replace(&count.to_string(), &(count * 4).to_string());
    sql::execute(app, &format!("{others} {times} SELECT {fields} FROM n")).await;
    sql::execute(app, "ANALYZE").await;
}

on_both! {
    async fn of_ten_thousand_operators_a_page_is_read_and_all_are_exported(app: TestApp) {
        fill(&app, 10_050).await;
        let mut chief = unit(&app).await;
        let page = chief.get(HISTORY).await;
        assert_eq!(lines(&page).len(), 20);
        assert!(page.has(".pages .button"));
        let data = export(&mut chief).await;
        let added = data["events"].as_array().unwrap().iter().filter(|event| event["event"] == "operator_added");
        assert_eq!(added.count(), 10_050, "nothing is cut");
        // Each half from its own index, and each name by its key.
        let is_postgres = app.app.config.database.url.starts_with("postgres");
        let id = sql::text(&app, "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'").await;
        let sql = format!("{} {OF_ACCOUNT}", if is_postgres { "EXPLAIN" } else { "EXPLAIN QUERY PLAN" });
        let mut connection = sql::connect(&app).await;
        let query = sqlx::query(AssertSqlSafe(sql)).bind(id).bind(i64::MAX).bind("").bind(21_i64);
        let rows = query.fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(if is_postgres { 0 } else { 3 })).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("audit_log_by_unit") && plan.contains("audit_log_by_account"), "{plan}");
        for line in plan.lines().map(str::trim) {
            let slow = ["SCAN audit_log", "SCAN o", "SCAN m"].contains(&line) || line.contains("Seq Scan");
            assert!(!slow, "{plan}");
        }
    }
}

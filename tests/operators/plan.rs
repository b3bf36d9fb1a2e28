//! How the databases run the list: by its index, in its order, without counting.

use idp::store::operators::listing::{Key, Position, statement};
use sqlx::{AssertSqlSafe, Row};

use super::*;

/// Thousands of operators, a part of them of the demo's first unit. What is sealed is not looked at here.
async fn fill(app: &TestApp) {
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)";
    let id = "'plan-' || CAST(i AS TEXT)";
    let accounts = "INSERT INTO accounts (id, kind, password_set_at, assurance, created_at)";
    sql::execute(app, &format!("{accounts} {numbers} SELECT {id}, 'operator', 0, 1, 0 FROM n")).await;
    let units = format!(
        "(SELECT account_id FROM legal_entities WHERE (credit_code = '{UNIT}') = (i % 4 = 0) LIMIT 1)"
    );
    let operators = "INSERT INTO operators (account_id, legal_entity_id, name, document_type, document,
        document_index, phone, phone_index, department, valid_from, name_index, added_at)";
    let sealed = "(SELECT name FROM operators LIMIT 1)";
    sql::execute(
        app,
        &format!(
            "{operators} {numbers} SELECT {id}, {units}, {sealed}, '111', {sealed}, {id}, {sealed}, {id}, '', 0, {id}, i FROM n"
        ),
    )
    .await;
    // Of all of them the register is still to be asked.
    let checks = "INSERT INTO register_checks (account_id, attempts, due_at, created_at)";
    let later = "9000000000000000";
    sql::execute(app, &format!("{checks} {numbers} SELECT {id}, 0, {later}, 0 FROM n")).await;
    sql::execute(app, "ANALYZE").await;
}

/// What the database says of a statement.
async fn explain(app: &TestApp, sql: &str) -> String {
    let is_postgres = app.app.config.database.url.starts_with("postgres");
    let unit =
        sql::text(app, &format!("SELECT account_id FROM legal_entities WHERE credit_code = '{UNIT}'")).await;
    let prefix = if is_postgres { "EXPLAIN " } else { "EXPLAIN QUERY PLAN " };
    let mut connection = sql::connect(app).await;
    let sql = format!("{prefix}{sql}");
    let parameters = (1..=17).filter(|number| sql.contains(&format!("${number}"))).count();
    let query = sqlx::query(AssertSqlSafe(sql)).bind(unit).bind(i64::MAX).bind("").bind("").bind(0_i64);
    let mut query = query.bind(i64::MIN).bind(21_i64);
    for _ in 7..parameters {
        query = query.bind("nothing");
    }
    let rows = query.fetch_all(&mut connection).await.unwrap();
    let lines = rows.iter().map(|row| row.get::<String, _>(if is_postgres { 0 } else { 3 }));
    lines.collect::<Vec<_>>().join("\n")
}

on_both! {
    async fn every_page_is_read_from_the_index_in_its_order(app: TestApp) {
        fill(&app).await;
        let key = || Key { added_at: 1, id: String::new() };
        for position in [Position::First, Position::After(key()), Position::Before(key())] {
            for search in [false, true] {
                let sql = statement(&position, search);
                assert!(!sql.contains("COUNT"), "{sql}");
                let plan = explain(&app, sql).await;
                // Of a search any index that begins with the unit will do.
                let index = if search { "operators_o" } else { "operators_of_unit" };
                assert!(plan.contains(index), "{position:?} {search}: {plan}");
                // The few that a search finds may be sorted afterwards.
                let sorting: &[&str] = if search { &[] } else { &["TEMP B-TREE", "Sort"] };
                for slow in ["SCAN", "Seq Scan"].iter().chain(sorting) {
                    assert!(!plan.contains(slow), "{position:?} {search}: {plan}");
                }
            }
        }
    }
}

//! 我的经办人 of a unit with 10,000 operators, in a store with 1,000,000 accounts: how long a page takes.
//!
//! Real: the schema, the store's own functions and statements, the big unit's rows (each sealed and indexed for itself)
//! and every page that is read and opened. Not real: all other operators share three sealed values, which nobody opens,
//! and have made-up indexes; they are written by bulk SQL. Times are of one caller on a warm cache, with the opening of
//! the sealed values, without HTTP and template.
//!
//! `cargo bench -p tests --bench operators` (with TEST_POSTGRES_URL for PostgreSQL; `BENCH_ACCOUNTS` to vary it).

mod database;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use idp::app::App;
use idp::config::Config;
use idp::domain::entity_type::EntityType;
use idp::domain::principal::{AccountKind, LegalEntity, Operator, StoredDocument};
use idp::domain::timestamp::{Span, Timestamp};
use idp::platform::clock::Clock;
use idp::store::operators::listing::{self, Filter, Key, Position};
use idp::store::{accounts, operators, principals};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

const OF_THE_UNIT: usize = 10_000;
const UNIT: &str = "big-unit";
/// Operators of each other unit.
const ELSEWHERE: usize = 100;
const LETTERS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];

fn main() -> Result<()> {
    let count =
        std::env::var("BENCH_ACCOUNTS").ok().and_then(|value| value.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = std::env::temp_dir().join(format!("idp-bench-operators-{}", std::process::id()));
    runtime.block_on(database::on_both(&folder, async |name, database| {
        measure(name, &folder, database, count).await
    }))
}

async fn measure(name: &str, folder: &std::path::Path, database: &str, count: usize) -> Result<()> {
    let mut config = Config::default();
    config.database.url = database.to_owned();
    config.keys.directory = folder.join("keys");
    let app = App::open(config, Clock::default(), idp::oidc::discovery::document).await?;
    let started = Instant::now();
    fill_unit(&app).await?;
    fill_rest(database, count).await?;
    println!("{name}: {count} accounts, filled in {} s", started.elapsed().as_secs());
    let first = listing::page(&app.store, &app.vault, &filter("", "", &app), &Position::First).await?;
    ensure!(first.operators.len() == listing::PAGE && first.has_older && !first.has_newer);
    // The last operator of page 399 leads to page 400.
    let before = OF_THE_UNIT - 399 * listing::PAGE;
    let deep = Position::After(Key { added_at: added_at(before), id: id(before) });
    let back = Position::Before(Key { added_at: added_at(before), id: id(before) });
    for (what, search, status, position, found) in [
        ("first page", "", "", &Position::First, 20),
        ("page 400", "", "", &deep, 20),
        ("back from page 400", "", "", &back, 20),
        ("a name", "员工乙丙丁戊", "", &Position::First, 1),
        ("a telephone", "15400001234", "", &Position::First, 1),
        ("a document", "E00001234", "", &Position::First, 1),
        ("a department's beginning", "第7", "", &Position::First, 20),
        ("what nobody has", "没有", "", &Position::First, 0),
        ("status frozen (nobody)", "", "frozen", &Position::First, 0),
        ("status active", "", "active", &Position::First, 20),
    ] {
        let mut times = Vec::new();
        for _ in 0..50 {
            let began = Instant::now();
            let filter = filter(search, status, &app);
            let page = listing::page(&app.store, &app.vault, &filter, position).await?;
            times.push(began.elapsed());
            ensure!(page.operators.len() == found, "{what}: {}", page.operators.len());
        }
        times.sort();
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "  {what:<26} p50 {:>7.2} ms   worst of 50 {:>7.2} ms",
            millis(times[25]),
            millis(times[49])
        );
    }
    app.store.close().await;
    Ok(())
}

fn filter<'a>(search: &'a str, status: &'a str, app: &App) -> Filter<'a> {
    Filter { unit_id: UNIT, search, status, representative_changed_at: None, now: app.clock.now() }
}

fn id(number: usize) -> String {
    format!("big-{number:05}")
}

const fn added_at(number: usize) -> i64 {
    1_000 + number as i64
}

async fn fill_unit(app: &App) -> Result<()> {
    let now = app.clock.now();
    let unit = LegalEntity {
        id: UNIT.to_owned(),
        login_name: "bigunit".to_owned(),
        credit_code: "91220101TEXT00017E".to_owned(),
        name: "测量".to_owned(),
        entity_type: EntityType::Enterprise,
        representative_name: None,
        representative_document: None,
        representative_validity: None,
        representative_changed_at: None,
        phone: None,
    };
    let mut tx = app.store.begin().await?;
    accounts::insert(&mut tx, UNIT, AccountKind::LegalEntity, None, 1, now).await?;
    principals::insert_legal_entity(&mut tx, &app.vault, &unit).await?;
    for number in 0..OF_THE_UNIT {
        let digits = [number / 1000, number / 100 % 10, number / 10 % 10, number % 10];
        let operator = Operator {
            id: id(number),
            name: format!("员工{}", digits.map(|digit| LETTERS[digit]).concat()),
            document: StoredDocument { type_code: "414".to_owned(), number: format!("E{number:08}") },
            phone: format!("154{number:08}"),
            department: format!("第{}部", number / 1000),
            may_manage: false,
            valid_from: now - Span::minutes(1),
            valid_until: None,
            frozen: false,
        };
        accounts::insert(&mut tx, &operator.id, AccountKind::Operator, None, 1, now).await?;
        let added = Timestamp::from_millis(added_at(number));
        operators::insert(&mut tx, &app.vault, UNIT, &operator, added).await?;
    }
    Ok(tx.commit().await?)
}

async fn fill_rest(database: &str, count: usize) -> Result<()> {
    let rest = count.saturating_sub(OF_THE_UNIT + 1);
    let units = rest / (ELSEWHERE + 1);
    let mut connection = AnyConnection::connect(database).await?;
    let numbers = |most: usize| {
        format!("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {most})")
    };
    let statements = [
        format!(
            "INSERT INTO accounts (id, kind, password_set_at, assurance, created_at) {}
            SELECT 'unit-' || CAST(i AS TEXT), 'legal_entity', 0, 1, 0 FROM n",
            numbers(units)
        ),
        format!(
            "INSERT INTO legal_entities (account_id, login_name, login_name_key, credit_code, name, entity_type) {}
            SELECT 'unit-' || CAST(i AS TEXT), 'u' || CAST(i AS TEXT), 'u' || CAST(i AS TEXT),
                'c' || CAST(i AS TEXT), 'u', (SELECT entity_type FROM legal_entities WHERE account_id = '{UNIT}')
            FROM n",
            numbers(units)
        ),
        format!(
            "INSERT INTO accounts (id, kind, password_set_at, assurance, created_at) {}
            SELECT 'other-' || CAST(i AS TEXT), 'operator', 0, 1, 0 FROM n",
            numbers(rest - units)
        ),
        format!(
            "INSERT INTO operators (account_id, legal_entity_id, name, document_type, document, document_index,
                phone, phone_index, department, valid_from, name_index, added_at, confirmed_at) {}
            SELECT 'other-' || CAST(i AS TEXT), 'unit-' || CAST(i % {units} AS TEXT), b.name, '414', b.document,
                'd' || CAST(i AS TEXT), b.phone, 'p' || CAST(i AS TEXT), '', 0, 'n' || CAST(i AS TEXT), i, i
            FROM n, operators b WHERE b.account_id = '{}'",
            numbers(rest - units),
            id(0)
        ),
        "ANALYZE".to_owned(),
    ];
    for sql in statements {
        let query = sqlx::query(AssertSqlSafe(sql.clone()));
        query.execute(&mut connection).await.with_context(|| sql)?;
    }
    Ok(())
}

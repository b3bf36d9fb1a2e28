//! A look into a running provider's database, past its store: for what only a fault, a clock or an administrator
//! would do, and to see what is really kept.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

use super::TestApp;

/// A connection of the test's own.
pub async fn connect(app: &TestApp) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&app.app.config.database.url).await.unwrap()
}

/// Runs a statement; gives how many rows it changed.
pub async fn execute(app: &TestApp, sql: &str) -> u64 {
    let mut connection = connect(app).await;
    let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
}

pub async fn rows(app: &TestApp, sql: &str) -> Vec<AnyRow> {
    let mut connection = connect(app).await;
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The first column of the first row, a number.
pub async fn number(app: &TestApp, sql: &str) -> i64 {
    rows(app, sql).await[0].get(0)
}

/// The first column of the first row, a text.
pub async fn text(app: &TestApp, sql: &str) -> String {
    rows(app, sql).await[0].get(0)
}

//! The databases that a benchmark is run on.

use std::path::Path;

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Measures on a new SQLite database in `folder`, then on a new one of the PostgreSQL server of TEST_POSTGRES_URL, if
/// there is one; leaves neither.
pub async fn on_both(folder: &Path, measure: impl AsyncFn(&str, &str) -> Result<()>) -> Result<()> {
    let sqlite = format!("sqlite://{}/idp.db", folder.display());
    let measured = measure("SQLite", &sqlite).await;
    drop(std::fs::remove_dir_all(folder));
    measured?;
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("PostgreSQL: skipped; `tests/run.sh --postgres` says how to start one");
        return Ok(());
    };
    let name = format!("bench_{}", std::process::id());
    let mut connection = PgConnection::connect(&server).await?;
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    let mut url = url::Url::parse(&server)?;
    url.set_path(&name);
    let measured = measure("PostgreSQL", url.as_str()).await;
    drop(std::fs::remove_dir_all(folder));
    connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
    measured
}

//! A PostgreSQL database of its own for every test that wants one.
//!
//! `tests/run.sh` starts a private server and names it in `TEST_POSTGRES_URL`. Nothing is dropped
//! afterwards: the whole server is thrown away at the end of the run.

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

/// Must the tests on PostgreSQL run here, rather than be skipped where there is no server?
pub fn required() -> bool {
    ["CI", "TEST_REQUIRE_POSTGRES"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The URL of a new, empty database, or `None` (said loudly) where no server was given.
///
/// # Panics
/// Where a server was given but no database can be made there, and where PostgreSQL is
/// [`required`] but no server was given: neither may ever look like a passed test.
pub async fn fresh_database() -> Option<String> {
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(server) => match create_in(&server).await {
            Ok(database) => Some(database),
            Err(error) => panic!("no database for this test in TEST_POSTGRES_URL: {error:#}"),
        },
        Err(_) if required() => {
            panic!("PostgreSQL is required here: set TEST_POSTGRES_URL, or use tests/run.sh")
        }
        Err(_) => {
            eprintln!(
                "SKIPPED: no TEST_POSTGRES_URL, so not tested on PostgreSQL. tests/run.sh starts a server."
            );
            None
        }
    }
}

async fn create_in(server: &str) -> Result<String> {
    let mut database = Url::parse(server).context("not a URL")?;
    let name = format!("test_{:016x}", getrandom::u64()?);
    let mut connection = PgConnection::connect(server).await.context("cannot connect")?;
    // From template0, which nobody can be connected to: template1 refuses to be copied while in use.
    // The name is ours, of hexadecimal digits only, so it is safe in the statement.
    let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"));
    sqlx::query(create).execute(&mut connection).await.context("CREATE DATABASE")?;
    connection.close().await?;
    database.set_path(&name);
    Ok(database.into())
}

#[cfg(test)]
mod check {
    use super::*;

    #[tokio::test]
    async fn every_database_is_new_and_empty() -> Result<()> {
        let Some(first) = fresh_database().await else {
            return Ok(());
        };
        let Some(second) = fresh_database().await else {
            return Ok(());
        };
        assert_ne!(first, second);

        let mut connection = PgConnection::connect(&first).await?;
        sqlx::query("CREATE TABLE mark (id TEXT)").execute(&mut connection).await?;
        let mut connection = PgConnection::connect(&second).await?;
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE tablename = 'mark'")
            .fetch_one(&mut connection)
            .await?;
        assert_eq!(tables, 0);
        Ok(())
    }
}

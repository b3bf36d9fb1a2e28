//! The only SQL, a file a table. One portable text runs on SQLite and on PostgreSQL (see migrations/README.md).

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{Any, AnyPool};

use crate::config::{DatabaseConfig, Synchronous};

pub mod accounts;
pub mod attempts;
pub mod audit;
pub mod authorization_requests;
pub mod captchas;
pub mod clients;
pub mod devices;
pub mod expiry;
pub mod grants;
pub mod operators;
pub mod outbox;
pub mod principals;
pub mod sessions;
pub mod tokens;
pub mod used_once;

macro_rules! sqlite_pragmas {
    ($synchronous:literal) => {
        concat!(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ",
            "PRAGMA temp_store = MEMORY; PRAGMA synchronous = ",
            $synchronous
        )
    };
}
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A transaction that may write. Dropped without [`Tx::commit`], it leaves nothing behind.
pub type Tx = sqlx::Transaction<'static, Any>;

/// Either database, open.
///
/// SQLite takes one writer at a time, so it gets one connection for writing, where writers queue in order, and
/// others for reading. PostgreSQL has one pool for both.
#[derive(Clone)]
pub struct Store {
    read: AnyPool,
    write: AnyPool,
    begin: &'static str,
}

impl Store {
    /// Opens the database; a SQLite file and its folder are made if they are missing.
    ///
    /// # Errors
    /// When the database can't be reached; the message names `database.url` without its password.
    pub async fn open(config: &DatabaseConfig) -> anyhow::Result<Self> {
        install_default_drivers();
        let options = AnyPoolOptions::new()
            .acquire_timeout(Duration::from_secs(config.acquire_timeout_seconds.into()))
            // A connection is checked when it comes back to the pool; once more at each use is 10 µs for nothing.
            .test_before_acquire(false);
        if let Some(path) = config.url.strip_prefix("sqlite://") {
            let path = path.split('?').next().unwrap_or(path);
            if let Some(folder) = Path::new(path).parent() {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("database.url: cannot make {}", folder.display()))?;
            }
            let url = format!("sqlite://{path}?mode=rwc");
            let pragmas = match config.synchronous {
                Synchronous::Full => sqlite_pragmas!("FULL"),
                Synchronous::Normal => sqlite_pragmas!("NORMAL"),
            };
            let pool = |count: u32| {
                let options = options.clone().max_connections(count).after_connect(move |connection, _| {
                    Box::pin(async move { sqlx::raw_sql(pragmas).execute(connection).await.map(drop) })
                });
                options.connect(&url)
            };
            let write = pool(1).await.context("database.url: cannot open the SQLite file")?;
            let read =
                pool(config.max_connections).await.context("database.url: cannot open the SQLite file")?;
            Ok(Self { read, write, begin: "BEGIN IMMEDIATE" })
        } else {
            let options = options.max_connections(config.max_connections).after_connect(|connection, _| {
                Box::pin(async move {
                    let limits =
                        "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '15s'";
                    sqlx::raw_sql(limits).execute(connection).await.map(drop)
                })
            });
            let pool = options.connect(&config.url).await.context("database.url: cannot reach PostgreSQL")?;
            Ok(Self { read: pool.clone(), write: pool, begin: "BEGIN" })
        }
    }

    /// Brings the schema up to date; instances that start together take turns.
    ///
    /// # Errors
    /// When a migration fails, or the schema is newer than this release.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        MIGRATIONS.run(&self.write).await.context("the schema cannot be migrated")
    }

    /// # Errors
    /// When the database can't be reached.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        self.write.begin_with(self.begin).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(drop)
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Whether a failure means that the database can't be reached just now, rather than that we asked wrongly.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::Protocol(_) => true,
        E::Database(database) => {
            let code = database.code().unwrap_or_default();
            // PostgreSQL: connection exception, insufficient resources, operator intervention, query cancelled.
            // SQLite: busy (5), locked (6), disk full (13), I/O error (10).
            ["08", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class))
                || matches!(&*code, "5" | "6" | "10" | "13")
        }
        _ => false,
    }
}

/// Whether a failure is a row that is there already.
pub fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

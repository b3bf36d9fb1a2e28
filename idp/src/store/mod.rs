//! The only SQL, a file a table. One portable text runs on SQLite and on PostgreSQL (see migrations/README.md).

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{ConnectOptions, Connection};

use self::connections::Connections;
pub use self::connections::Tx;
use crate::config::{DatabaseConfig, Synchronous};

/// Of a grant `g` at the time `$2`: neither its account nor the one whose proof it rests on is an operator's whose
/// validity has passed.
macro_rules! still_valid {
    () => {
        "NOT EXISTS (SELECT 1 FROM operators o WHERE o.account_id IN (g.account_id, g.holder_id) AND o.valid_until <= $2)"
    };
}

pub mod account_changes;
pub mod account_details;
pub mod accounts;
pub mod agreements;
pub mod attempts;
pub mod audit;
pub mod authorization_requests;
pub mod captchas;
pub mod clients;
pub mod closing;
mod connections;
pub mod consents;
pub mod device_codes;
pub mod devices;
pub mod expiry;
pub mod grants;
pub mod identities;
pub mod legal_entities;
pub mod operators;
pub mod outbox;
pub mod passwords;
pub mod persons;
pub mod phone_proofs;
pub mod phones;
pub mod principals;
pub mod profiles;
pub mod pushed_requests;
pub mod qr_tickets;
pub mod recoveries;
pub mod register_checks;
pub mod registrations;
pub mod sessions;
pub mod sms_codes;
pub mod token_holders;
pub mod tokens;
pub mod used_once;

macro_rules! sqlite_pragmas {
    ($synchronous:literal) => {
        concat!(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ",
            "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 10000; PRAGMA synchronous = ",
            $synchronous
        )
    };
}
/// A deferred transaction that reads first may find at its first write that somebody else was faster.
const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";

/// Either database, open.
///
/// SQLite takes one writer at a time, so it gets one connection for writing, where writers queue in order, and
/// others for reading. PostgreSQL has one pool for both.
#[derive(Clone)]
pub struct Store {
    read: Arc<Connections>,
    write: Arc<Connections>,
    begin: &'static str,
}

impl Store {
    /// Opens the database; a SQLite file and its folder are made if they are missing.
    ///
    /// # Errors
    /// When the database can't be reached; the message names `database.url` without its password.
    pub async fn open(config: &DatabaseConfig) -> anyhow::Result<Self> {
        install_default_drivers();
        let patience = Duration::from_secs(config.acquire_timeout_seconds.into());
        let wrong = "database.url: is no URL of a database";
        let store = if let Some(path) = config.url.strip_prefix("sqlite://") {
            let path = path.split('?').next().unwrap_or(path);
            if let Some(folder) = Path::new(path).parent() {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("database.url: cannot make {}", folder.display()))?;
            }
            let options = AnyConnectOptions::from_str(&format!("sqlite://{path}?mode=rwc")).context(wrong)?;
            let options = options.disable_statement_logging();
            let setup = match config.synchronous {
                Synchronous::Full => sqlite_pragmas!("FULL"),
                Synchronous::Normal => sqlite_pragmas!("NORMAL"),
            };
            let pool = |count| Connections::new(options.clone(), setup, count, patience);
            Self { read: pool(config.max_connections), write: pool(1), begin: SQLITE_BEGIN }
        } else {
            let options =
                AnyConnectOptions::from_str(&config.url).context(wrong)?.disable_statement_logging();
            let setup = "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '15s'";
            let pool = Connections::new(options, setup, config.max_connections, patience);
            Self { read: Arc::clone(&pool), write: pool, begin: "BEGIN" }
        };
        store.ping().await.context("database.url: the database cannot be opened")?;
        Ok(store)
    }

    /// Brings the schema up to date; instances that start together take turns. A schema that is newer is left as it
    /// is: migrations only add, so that this release may run beside the next one.
    ///
    /// # Errors
    /// When a migration fails, or one that was applied has been changed since.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let failed = "the schema cannot be migrated";
        let mut migrations = sqlx::migrate!("../migrations");
        migrations.set_ignore_missing(true);
        let mut lease = self.write.lease().await?;
        if self.begin != SQLITE_BEGIN {
            // PostgreSQL: sqlx holds an advisory lock meanwhile. This connection is closed afterwards.
            sqlx::query("SET statement_timeout = 0").execute(&mut *lease).await.context(failed)?;
            return migrations.run(&mut *lease).await.context(failed);
        }
        // SQLite has no such lock: a command beside a server at first run would make the tables twice.
        let mut tx = lease.begin_with(self.begin).await.context(failed)?;
        migrations.run(&mut *tx).await.context(failed)?;
        tx.commit().await.context(failed)
    }

    /// # Errors
    /// When the database can't be reached.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Tx::begin(&self.write, self.begin).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> sqlx::Result<()> {
        self.write.execute(sqlx::query("SELECT 1")).await.map(drop)
    }

    /// SQLite: copies the write-ahead log into the database, as far as no reader is in the way. Done in the
    /// background, so that hardly a request has to wait for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoint(&self) -> sqlx::Result<()> {
        if self.begin == SQLITE_BEGIN {
            self.read.execute(sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")).await?;
        }
        Ok(())
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
            if code.len() == 5 {
                // PostgreSQL: connection exception, a transaction that had to make way for another (a deadlock),
                // insufficient resources, not in the state for it (a database that takes no connections), operator
                // intervention, query cancelled; a database that is not there; a server that only reads, after a
                // failover.
                ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class))
                    || matches!(&*code, "3D000" | "25006")
            } else {
                // SQLite: I/O error (10), disk full (13), cannot open (14).
                is_busy(error) || sqlite_code(&code).is_some_and(|code| matches!(code, 10 | 13 | 14))
            }
        }
        _ => false,
    }
}

/// Whether SQLite says that somebody else is at it: busy (5) or locked (6).
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.len() < 5 && sqlite_code(&code).is_some_and(|code| matches!(code, 5 | 6)))
}

/// The upper bits of a code say more of the same.
fn sqlite_code(code: &str) -> Option<u32> {
    Some(code.parse::<u32>().ok()? & 0xff)
}

/// Whether a failure is a row that is there already.
pub fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

//! A pool of connections that costs a request nothing but its own statements.
//!
//! sqlx's pool pings every connection on its way back, which for SQLite is a round trip to another thread and for
//! PostgreSQL one to the server: more than most of our statements cost. Here a connection goes back as it is after an
//! answer, and is closed after a failure of the connection itself or when its request was given up half-way.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::any::{AnyArguments, AnyConnectOptions, AnyRow};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{Any, AnyConnection, Connection, FromRow};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::{is_busy, is_unavailable};

type Prepared<'q> = Query<'q, Any, AnyArguments>;
type PreparedAs<'q, T> = QueryAs<'q, Any, T, AnyArguments>;
type PreparedScalar<'q, T> = QueryScalar<'q, Any, T, AnyArguments>;

/// Connections grow old so that a moved server or a changed DNS entry is noticed.
const LONGEST_LIFE: Duration = Duration::from_secs(1800);
const AGAIN: Duration = Duration::from_millis(20);

pub struct Connections {
    options: AnyConnectOptions,
    /// Run once on each new connection.
    setup: &'static str,
    patience: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AnyConnection,
    opened_at: Instant,
}

/// A connection that its holder has to itself.
pub struct Lease {
    /// Taken out only when the lease ends.
    held: Option<Idle>,
    sound: bool,
    home: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    pub fn new(options: AnyConnectOptions, setup: &'static str, most: u32, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            options,
            setup,
            patience,
            permits: Arc::new(Semaphore::new(most as usize)),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Waits for its turn, first come first served; opens a connection if none is idle.
    pub async fn lease(self: &Arc<Self>) -> sqlx::Result<Lease> {
        let waiting = timeout(self.patience, Arc::clone(&self.permits).acquire_owned());
        let permit =
            waiting.await.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop().filter(|idle| idle.opened_at.elapsed() < LONGEST_LIFE);
        let held = match idle {
            Some(idle) => idle,
            None => timeout(self.patience, self.open()).await.map_err(|_| sqlx::Error::PoolTimedOut)??,
        };
        Ok(Lease { held: Some(held), sound: false, home: Arc::clone(self), _permit: permit })
    }

    async fn open(&self) -> sqlx::Result<Idle> {
        let began = Instant::now();
        let mut connection = AnyConnection::connect_with(&self.options).await?;
        loop {
            match sqlx::raw_sql(self.setup).execute(&mut connection).await {
                Ok(_) => return Ok(Idle { connection, opened_at: Instant::now() }),
                // SQLite does not wait for its turn to make a new file one with a write-ahead log.
                Err(error) if is_busy(&error) && began.elapsed() < self.patience => sleep(AGAIN).await,
                Err(error) => return Err(error),
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives no more leases, and closes what is idle.
    pub async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for idle in idle {
            drop(idle.connection.close().await);
        }
    }

    pub async fn execute(self: &Arc<Self>, query: Prepared<'_>) -> sqlx::Result<u64> {
        let mut lease = self.lease().await?;
        let outcome = query.execute(&mut *lease).await;
        lease.settle(outcome).map(|done| done.rows_affected())
    }

    pub async fn optional<T>(self: &Arc<Self>, query: PreparedAs<'_, T>) -> sqlx::Result<Option<T>>
    where
        T: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
    {
        let mut lease = self.lease().await?;
        let outcome = query.fetch_optional(&mut *lease).await;
        lease.settle(outcome)
    }

    pub async fn all<T>(self: &Arc<Self>, query: PreparedAs<'_, T>) -> sqlx::Result<Vec<T>>
    where
        T: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
    {
        let mut lease = self.lease().await?;
        let outcome = query.fetch_all(&mut *lease).await;
        lease.settle(outcome)
    }

    pub async fn scalar<T>(self: &Arc<Self>, query: PreparedScalar<'_, T>) -> sqlx::Result<Option<T>>
    where
        T: Send + Unpin,
        (T,): for<'r> FromRow<'r, AnyRow>,
    {
        let mut lease = self.lease().await?;
        let outcome = query.fetch_optional(&mut *lease).await;
        lease.settle(outcome)
    }

    pub async fn scalars<T>(self: &Arc<Self>, query: PreparedScalar<'_, T>) -> sqlx::Result<Vec<T>>
    where
        T: Send + Unpin,
        (T,): for<'r> FromRow<'r, AnyRow>,
    {
        let mut lease = self.lease().await?;
        let outcome = query.fetch_all(&mut *lease).await;
        lease.settle(outcome)
    }
}

impl Lease {
    /// What became of the last statement decides whether the connection is used again.
    fn settle<T>(mut self, outcome: sqlx::Result<T>) -> sqlx::Result<T> {
        match &outcome {
            Err(error) if is_unavailable(error) => {
                // Its neighbours have most likely lost the same server: they must not fail one request each.
                self.home.idle().clear();
            }
            _ => self.sound = true,
        }
        outcome
    }
}

impl Deref for Lease {
    type Target = AnyConnection;
    #[expect(clippy::expect_used, reason = "only Drop takes the connection out")]
    fn deref(&self) -> &AnyConnection {
        &self.held.as_ref().expect("a lease holds its connection").connection
    }
}

impl DerefMut for Lease {
    #[expect(clippy::expect_used, reason = "only Drop takes the connection out")]
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.held.as_mut().expect("a lease holds its connection").connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(held) = self.held.take().filter(|_| self.sound && !self.home.permits.is_closed()) {
            self.home.idle().push(held);
        }
    }
}

/// A transaction that may write. Dropped without [`Tx::commit`], it takes its connection with it, and the database
/// undoes what it did.
pub struct Tx(Lease);

impl Tx {
    pub async fn begin(connections: &Arc<Connections>, begin: &'static str) -> sqlx::Result<Self> {
        let mut lease = connections.lease().await?;
        match sqlx::query(begin).execute(&mut *lease).await {
            Ok(_) => Ok(Self(lease)),
            Err(error) => lease.settle(Err(error)),
        }
    }

    /// # Errors
    /// When the database fails; then nothing of the transaction has happened.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.end("COMMIT").await
    }

    /// # Errors
    /// When the database fails.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, sql: &'static str) -> sqlx::Result<()> {
        let outcome = sqlx::query(sql).execute(&mut *self.0).await;
        // A commit that failed leaves the transaction open: only a new connection is clean.
        outcome.map(|_| self.0.sound = true)
    }
}

impl Deref for Tx {
    type Target = AnyConnection;
    fn deref(&self) -> &AnyConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.0
    }
}

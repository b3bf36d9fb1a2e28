//! How often something may be tried or asked for, from one place.

use anyhow::Result;

use crate::app::App;
use crate::domain::timestamp::Span;
use crate::platform::vault::Purpose;
use crate::store::attempts;

/// At most `most` of `what` in a window that begins with the first.
pub struct Limit {
    pub what: &'static str,
    pub most: u32,
    pub window: Span,
}

impl Limit {
    /// Counts one more from `whom`; whether that is still within the limit. Counting comes before trying.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allows(&self, app: &App, whom: &str) -> Result<bool> {
        let mut tx = app.store.begin().await?;
        let count =
            attempts::add_in_window(&mut tx, &self.bucket(app, whom), app.clock.now(), self.window).await?;
        tx.commit().await?;
        Ok(count <= i64::from(self.most))
    }

    /// It was not the kind of try that is limited.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_back(&self, app: &App, whom: &str) -> Result<()> {
        let mut tx = app.store.begin().await?;
        attempts::take_back(&mut tx, &self.bucket(app, whom)).await?;
        Ok(tx.commit().await?)
    }

    /// The store learns no address from its counts.
    pub(super) fn bucket(&self, app: &App, whom: &str) -> String {
        let derived = app.vault.derive(Purpose::AttemptBucket, &format!("{}|{whom}", self.what));
        format!("{}:{derived}", self.what)
    }
}

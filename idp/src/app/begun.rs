//! What is begun is finished. hyper drops the handler of a request whose connection ends, wherever it is; what must not
//! stop half-way runs here, and the provider closes its database after it.

use std::future::pending;
use std::panic::resume_unwind;

use tokio::sync::watch;
use tracing::Instrument;

/// Each task that is under way holds a receiver.
pub struct Begun(watch::Sender<()>);

impl Default for Begun {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Begun {
    /// Runs `work` to its end, even if nobody waits for that any more. A panic is the waiter's.
    pub async fn finish<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let under_way = self.0.subscribe();
        let task = async move {
            let done = work.await;
            drop(under_way);
            done
        };
        match tokio::spawn(task.in_current_span()).await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => resume_unwind(panic),
            // The runtime itself ends.
            Err(Err(_)) => pending().await,
        }
    }

    /// Waits until nothing is under way.
    pub async fn all(&self) {
        self.0.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_is_finished_and_waited_for_at_the_end() {
        let begun = Begun::default();
        begun.all().await;
        let (go_on, (done, is_done)) = (Arc::new(Notify::new()), watch::channel(false));
        let (here, work) = (Arc::clone(&go_on), done.clone());
        let waiter = begun.finish(async move {
            here.notified().await;
            work.send_replace(true);
        });
        // It has begun, and its waiter is gone.
        assert!(tokio::time::timeout(std::time::Duration::ZERO, waiter).await.is_err());
        assert!(!*is_done.borrow());
        go_on.notify_one();
        begun.all().await;
        assert!(*is_done.borrow());
    }
}

//! What every test stands on: a real server with a database and a clock of its own, a browser-like agent, a portal.

pub mod agent;
pub mod app;
pub mod browser;
pub mod demo;
pub mod portal;
pub mod postgres;

pub use agent::{Agent, Reply};
pub use app::{Engine, TestApp};
pub use browser::{Browser, Viewport};
pub use demo::Demo;
pub use portal::Portal;

/// One test on both databases: `on_both! { async fn name(app: TestApp) { … } }` gives `name::sqlite` and
/// `name::postgres`.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "not every test uses all of its file's imports")]
            use super::*;

            async fn run($app: $crate::support::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::support::TestApp::start($crate::support::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(app) = $crate::support::TestApp::start_on_postgres().await {
                    run(app).await;
                }
            }
        }
    };
}

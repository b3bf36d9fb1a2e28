//! What every test stands on: a real server with a database and a clock of its own, a browser-like agent, a portal.

pub mod agent;
pub mod app;
pub mod browser;
pub mod certificates;
pub mod client_key;
pub mod demo;
pub mod dpop;
pub mod picture;
pub mod portal;
pub mod postgres;
pub mod profile;
pub mod qr;
pub mod registers;
pub mod site;
pub mod sql;

pub use agent::{Agent, Reply};
pub use app::{Engine, TestApp};
pub use browser::{Browser, Viewport};
pub use client_key::ClientKey;
pub use demo::Demo;
pub use portal::Portal;
pub use site::Site;

/// A port for a program that is told which to take. From where no `bind(0)` and no outgoing connection takes one
/// between this question and the program's own bind.
pub fn free_port() -> u16 {
    loop {
        let port = 10_000 + u16::try_from(getrandom::u32().unwrap() % 10_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// One test on both databases: `on_both! { async fn name(app: TestApp) { … } }` gives `name::sqlite` and
/// `name::postgres`. With other settings: `on_both! { |config| config.trusted_proxies = 1; async fn … }`.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block) => {
        $crate::on_both! { |_| (); $(#[$meta])* async fn $name($app: TestApp) $body }
    };
    ($change:expr; $(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "not every test uses all of its file's imports")]
            use super::*;

            async fn run($app: $crate::support::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app = $crate::support::TestApp::start_with($crate::support::Engine::Sqlite, $change).await;
                run(app.expect("SQLite is always there")).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let app = $crate::support::TestApp::start_with($crate::support::Engine::Postgres, $change).await;
                if let Some(app) = app {
                    run(app).await;
                }
            }
        }
    };
}

/// Digits and letters as some keyboards write them, with a space at each end and in the middle.
pub fn full_width(text: &str) -> String {
    let wide =
        |one: char| if one.is_ascii_graphic() { char::from_u32(one as u32 + 0xFEE0).unwrap() } else { one };
    let (start, end) = text.split_at(text.len() / 2);
    format!(
        " {}　{} ",
        start.chars().map(wide).collect::<String>(),
        end.chars().map(wide).collect::<String>()
    )
}

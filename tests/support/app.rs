//! A real server on port 0, with its own database, keys and clock.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use idp::app::App;
use idp::config::{CaptchaMode, Config, OpensWith, SmsTransport, Synchronous};
use idp::domain::timestamp::Span;
use idp::platform::clock::Clock;
use idp::platform::key_files::KeyFolder;
use idp::platform::keys::KeyRing;
use idp::server::Server;
use idp::{demo, oidc};

use super::postgres;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A running provider. Dropped, it leaves nothing behind.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    /// The issuer: `http://localhost:port`
    pub base: String,
    /// Health, metrics and the operators' pages: `http://127.0.0.1:port`
    pub operations: String,
    pub folder: PathBuf,
    server: Option<Server>,
    /// The folder is another instance's.
    borrowed: bool,
}

impl TestApp {
    /// A provider with the demo's accounts, adaptive captchas and cheap password hashes, and what `change` makes of
    /// that. `None` (said aloud) where there is no PostgreSQL and none is required.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("idp-test-{:016x}", getrandom::u64().unwrap()));
        let mut config = Config::default();
        config.database.url = match engine {
            Engine::Sqlite => format!("sqlite://{}/idp.db", folder.display()),
            Engine::Postgres => postgres::fresh_database().await?,
        };
        config.database.max_connections = 8;
        // Whoever queues for a slow disk is a matter of tests of their own (storage).
        config.database.synchronous = Synchronous::Normal;
        config.database.acquire_timeout_seconds = 30;
        config.keys.directory = folder.join("keys");
        copy_keys(&config.keys.directory);
        config.sign_in.captcha = CaptchaMode::Adaptive;
        // Most tests type a password; those of the code open it by its address, or say so.
        config.sign_in.opens_with = OpensWith::Password;
        config.sms.transport = SmsTransport::Memory;
        config.sms.captcha = false;
        config.fetch.allow = vec!["localhost".to_owned()];
        config.fetch.ca = Some(super::site::certificate().0);
        config.password.argon2_memory_kib = 64;
        config.password.argon2_iterations = 1;
        config.operations.log_level = std::env::var("TEST_LOG").unwrap_or_else(|_| "error".to_owned());
        change(&mut config);
        let app = Self::open(config, Clock::default(), folder, false).await;
        demo::seed(&app.app).await.unwrap();
        Some(app)
    }

    /// Another instance on the same database, keys and clock, under the same issuer.
    pub async fn second_instance(&self) -> Self {
        self.second_instance_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn second_instance_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.app.config.clone();
        config.issuer = self.base.clone();
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::serve(config, self.clock.clone(), self.folder.clone(), true, listener).await
    }

    async fn open(mut config: Config, clock: Clock, folder: PathBuf, borrowed: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        config.issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        Self::serve(config, clock, folder, borrowed, listener).await
    }

    async fn serve(
        config: Config,
        clock: Clock,
        folder: PathBuf,
        borrowed: bool,
        listener: TcpListener,
    ) -> Self {
        idp::platform::telemetry::start_logging(&config.operations);
        let operations = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        operations.set_nonblocking(true).unwrap();
        let app = App::open(config, clock.clone(), oidc::discovery::document).await.unwrap();
        let server = Server::start_on(app.clone(), listener, operations).unwrap();
        Self {
            base: format!("http://localhost:{}", server.address.port()),
            operations: format!("http://{}", server.operations),
            app,
            clock,
            folder,
            server: Some(server),
            borrowed,
        }
    }

    /// A nonce for DPoP proofs changes every five minutes: moves on to where the next one has just begun.
    pub fn begin_a_nonces_window(&self) {
        let into = self.clock.now().seconds() % 300;
        self.advance_seconds(u32::try_from(301 - into).unwrap());
    }

    pub fn advance_seconds(&self, seconds: u32) {
        self.clock.advance(Span::seconds(seconds));
    }

    /// The newest text message to a telephone, once everything that waits has been sent.
    pub async fn last_text(&self, phone: &str) -> Option<String> {
        self.texts(phone).await.pop()
    }

    /// The six digits of the newest text message to a telephone that has a code.
    pub async fn code_sent_to(&self, phone: &str) -> String {
        let texts = self.texts(phone).await;
        let code = texts.iter().rev().find_map(|text| Some(text.split_once("验证码")?.1));
        code.expect("a code was sent").chars().take_while(char::is_ascii_digit).collect()
    }

    /// What a visitor reads from a captcha's picture.
    pub async fn captcha_answer(&self, id: &str) -> String {
        let id_hash = idp::platform::random::hash(id);
        let answer = idp::store::captchas::find(&self.app.store, &id_hash, self.clock.now()).await.unwrap();
        answer.expect("the captcha is open")
    }

    /// All text messages to a telephone in their order, once everything that waits has been sent.
    pub async fn texts(&self, phone: &str) -> Vec<String> {
        idp::janitor::send_outbox(&self.app).await.unwrap();
        // The server's own janitor may have taken a message a moment before.
        for _ in 0..500 {
            if super::sql::number(self, "SELECT COUNT(*) FROM outbox WHERE kind = 'sms'").await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let sent = self.app.sms.sent().into_iter();
        sent.filter(|message| message.to == phone).map(|message| message.text).collect()
    }

    /// Stops as SIGTERM would.
    pub async fn stop(mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await.unwrap();
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !self.borrowed {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Making RSA keys is slow, and no test depends on having its own: those of the first are everybody's.
fn copy_keys(directory: &Path) {
    static MADE: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let folder = KeyFolder::open(directory).unwrap();
    let made = MADE.get_or_init(|| {
        KeyRing::open(KeyFolder::open(directory).unwrap(), Span::seconds(1), Clock::default().now()).unwrap();
        let names = [folder.list("signing-").unwrap(), folder.list("encryption-").unwrap()].concat();
        names.into_iter().map(|name| (name.clone(), folder.read(&name).unwrap())).collect()
    });
    for (name, content) in made {
        if !directory.join(name).exists() {
            folder.write_new(name, content).unwrap();
        }
    }
}

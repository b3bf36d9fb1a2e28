//! The whole demonstration in the test process: a provider, and the fourteen portals and the app in front of it.

use anyhow::{Context, Result};
use idp::config::Config;
use idp::guard::captcha;
use idp::platform::random;
use idp::store::captchas;
use relying_party_demo::Settings;
use tokio::net::TcpListener;

use super::app::{Engine, TestApp};

pub struct Demo {
    pub provider: TestApp,
    /// Where browsers reach the portals: `http://localhost:port`
    pub portals: String,
}

impl Demo {
    /// `None` (said aloud) where PostgreSQL is asked for, but there is none and none is required.
    pub async fn start(engine: Engine) -> Result<Option<Self>> {
        Self::start_with(engine, |_| ()).await
    }

    /// The same with other settings of the provider.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Result<Option<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let portals = format!("http://localhost:{}", listener.local_addr()?.port());
        let home = portals.clone();
        let change = |config: &mut Config| {
            config.site.home_url = home;
            // The app's clock is not the provider's, which tests put forward: by a nonce the provider sees when a proof
            // was made.
            config.tokens.dpop_nonce = true;
            change(config);
        };
        let Some(provider) = TestApp::start_with(engine, change).await else { return Ok(None) };
        let settings = Settings {
            issuer: provider.base.clone(),
            public_url: portals.clone(),
            clients: relying_party_demo::register(&provider.app, &portals).await?,
            sms_token: random::token(),
        };
        // Serves as long as the test's runtime lives.
        tokio::spawn(relying_party_demo::serve(listener, settings, std::future::pending()));
        Ok(Some(Self { provider, portals }))
    }

    pub async fn on_sqlite() -> Result<Self> {
        Self::start(Engine::Sqlite).await?.context("SQLite is always there")
    }

    /// A page of the portals.
    pub fn portal(&self, path: &str) -> String {
        format!("{}{path}", self.portals)
    }

    /// A page of the provider.
    pub fn provider(&self, path: &str) -> String {
        format!("{}{path}", self.provider.base)
    }

    /// What is written in a captcha's picture.
    pub async fn captcha_answer(&self, id: &str) -> Result<String> {
        let app = &self.provider.app;
        assert!(captcha::is_open(app, id).await?, "this captcha is spent");
        captchas::find(&app.store, &random::hash(id), app.clock.now()).await?.context("no such captcha")
    }
}

//! The whole demonstration in the test process: a provider, and the fourteen portals in front of it.

use anyhow::{Context, Result};
use idp::domain::client::ClientMetadata;
use idp::guard::captcha;
use idp::oidc::registration;
use idp::platform::random;
use idp::store::captchas;
use relying_party_demo::{ClientCredentials, Settings};
use serde_json::json;
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
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let portals = format!("http://localhost:{}", listener.local_addr()?.port());
        let home = portals.clone();
        let Some(provider) = TestApp::start_with(engine, |config| config.site.home_url = home).await else {
            return Ok(None);
        };
        let settings = Settings {
            issuer: provider.base.clone(),
            public_url: portals.clone(),
            clients: register(&provider, &portals).await?,
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

/// As the demonstration itself does it.
async fn register(provider: &TestApp, portals: &str) -> Result<Vec<ClientCredentials>> {
    let mut clients = Vec::new();
    for portal in relying_party_demo::registrations(portals) {
        let metadata: ClientMetadata = serde_json::from_value(json!({
            "client_name": portal.client_name,
            "redirect_uris": portal.redirect_uris,
            "post_logout_redirect_uris": portal.post_logout_redirect_uris,
            "backchannel_logout_uri": portal.backchannel_logout_uri,
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "scope": portal.scope,
            "first_party": true,
        }))?;
        let secret = registration::register(&provider.app, &portal.client_id, &metadata).await?;
        let client_secret = secret.context("client_secret_basic has a secret")?;
        clients.push(ClientCredentials { client_id: portal.client_id, client_secret });
    }
    Ok(clients)
}

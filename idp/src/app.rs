//! `App`: the one thing that handlers share.

pub mod begun;
mod client_cache;
mod client_keys;
pub mod waiting;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use self::begun::Begun;
use self::client_cache::ClientCache;
use self::client_keys::FetchedKeys;
pub use self::client_keys::NoKey;
use self::waiting::Waiting;
use crate::config::Config;
use crate::domain::timestamp::Span;
use crate::platform::client_certificate::ClientCertificates;
use crate::platform::clock::Clock;
use crate::platform::fetch::Fetcher;
use crate::platform::hasher::Hasher;
use crate::platform::key_files::KeyFolder;
use crate::platform::keys::KeyRing;
use crate::platform::registers::Registers;
use crate::platform::sms::Sms;
use crate::platform::telemetry::Metrics;
use crate::platform::vault::Vault;
use crate::store::Store;

/// A handle that is cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub clock: Clock,
    pub vault: Vault,
    pub hasher: Hasher,
    pub keys: KeyRing,
    pub clients: ClientCache,
    /// Browsers that wait for a telephone.
    pub waiting: Waiting,
    /// What is finished even if nobody waits for it any more.
    pub begun: Begun,
    pub client_certificates: ClientCertificates,
    fetched_keys: FetchedKeys,
    /// For addresses that clients name.
    pub fetcher: Fetcher,
    pub metrics: Metrics,
    pub sms: Sms,
    pub registers: Registers,
    /// The discovery document, serialised once.
    pub discovery: axum::body::Bytes,
    /// For messages to portals, gateways and registers: short patience, no redirects.
    pub http: reqwest::Client,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Opens everything that the configuration names; makes keys and database at first run.
    ///
    /// # Errors
    /// Whatever would make it unsafe or impossible to serve.
    pub async fn open(
        config: Config,
        clock: Clock,
        discovery: fn(&Config) -> serde_json::Value,
    ) -> anyhow::Result<Self> {
        config.check()?;
        let folder = KeyFolder::open(&config.keys.directory)?;
        let vault = Vault::open(&folder)?;
        let keys = KeyRing::open(folder, key_retention(&config), clock.now())?;
        let hasher = Hasher::new(&config.password)?;
        let store = Store::open(&config.database).await?;
        store.migrate().await?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(5))
            // Before any usual server closes: what is sent just as it does is lost.
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
            .context("the HTTP client")?;
        let sms = Sms::open(&config.sms)?;
        let client_certificates = ClientCertificates::open(&config.client_certificates)?;
        let fetcher = Fetcher::new(&config.fetch)?;
        let registers = Registers::new(&config.registers);
        let parts = Parts {
            discovery: discovery(&config).to_string().into(),
            config,
            store,
            clock,
            vault,
            hasher,
            keys,
            clients: ClientCache::default(),
            waiting: Waiting::default(),
            begun: Begun::default(),
            client_certificates,
            fetched_keys: FetchedKeys::default(),
            fetcher,
            metrics: Metrics::default(),
            sms,
            registers,
            http,
        };
        Ok(Self(Arc::new(parts)))
    }
}

/// A replaced key stays published until the last ID token that it signed has expired, and a margin for clocks.
pub fn key_retention(config: &Config) -> Span {
    Span::seconds(config.tokens.id_token_seconds.max(config.tokens.access_token_seconds)) + Span::minutes(5)
}

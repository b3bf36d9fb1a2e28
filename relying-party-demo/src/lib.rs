//! The portals of the demonstration: the hall 吉林智慧人社网上办事大厅 with its twelve applications,
//! and the 吉事办 site. Each of the fourteen is an OpenID Connect client of its own.
//!
//! Signing in and out is done as a real portal should do it. What comes after is a demonstration:
//! sessions live in this process's memory and end with it, and every case, licence and notice
//! that a page shows is made up.

mod account;
mod assets;
mod backchannel_logout;
mod cookies;
mod demo_records;
mod exchange;
mod fingerprint;
mod headers;
mod logout_token;
mod pages;
mod pending;
mod portal;
mod problem;
mod provider;
mod register;
mod relying_party;
mod router;
mod sessions;
mod sign_in;
mod sign_out;

use std::future::Future;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

pub use register::register;
pub use relying_party::{Registration, registrations};

/// Where the provider and the portals are, and what the portals are registered as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// The provider's issuer identifier, exactly as its discovery document gives it.
    pub issuer: String,
    /// Where browsers reach the portals, e.g. `http://localhost:9000`.
    pub public_url: String,
    /// A portal without credentials shows a page that says so; the others work.
    pub clients: Vec<ClientCredentials>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ClientCredentials {
    pub client_id: String,
    pub client_secret: String,
}

/// The secret stays out of logs.
impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Serves all portals until `shutdown` is ready, then lets running requests finish.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let portal = portal::Portal::new(settings)?;
    axum::serve(listener, router::router(portal))
        .with_graceful_shutdown(shutdown)
        .await
        .context("the portals stopped serving")
}

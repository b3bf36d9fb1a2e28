//! The portals of the demonstration: the hall 吉林智慧人社网上办事大厅 with its twelve applications,
//! the 吉事办 site, and the app 办事通, which scans the codes of sign-in pages. Each of the fifteen is
//! an OpenID Connect client of its own.
//!
//! Signing in and out is done as a real portal should do it. What comes after is a demonstration:
//! sessions live in this process's memory and end with it, and every case, licence and notice
//! that a page shows is made up.
//!
//! `phone` and `registers` stand in for what the provider asks of others: a gateway for text
//! messages, and the registers of units and residents.

mod account;
mod assets;
mod backchannel_logout;
mod bearer;
mod cookies;
mod demo_records;
mod dpop;
mod exchange;
mod fingerprint;
mod headers;
mod logout_token;
mod mobile_app;
mod pages;
mod pending;
mod phone;
mod portal;
mod problem;
mod provider;
mod register;
mod registers;
mod relying_party;
mod router;
mod sessions;
mod sign_in;
mod sign_out;
mod tokens;
mod wiring;

use std::future::Future;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

pub use register::register;
pub use registers::records::{Free, Resident, Unit, registered_but_free};
pub use registers::serve as serve_registers;
pub use relying_party::{Registration, registrations};
pub use wiring::{StandIn, use_phone, use_registers};

/// Where the provider and the portals are, and what the portals are registered as.
#[derive(Clone, Serialize, Deserialize)]
pub struct Settings {
    /// The provider's issuer identifier, exactly as its discovery document gives it.
    pub issuer: String,
    /// Where browsers reach the portals, e.g. `http://localhost:9000`.
    pub public_url: String,
    /// A portal without credentials shows a page that says so; the others work.
    pub clients: Vec<ClientCredentials>,
    /// What the provider shows to `POST /phone/gateway`. Without one, no message is taken.
    #[serde(default)]
    pub sms_token: String,
}

/// The token stays out of logs.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("public_url", &self.public_url)
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ClientCredentials {
    pub client_id: String,
    /// The app has none: it is a public client.
    #[serde(default)]
    pub client_secret: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let client = ClientCredentials { client_id: "hall".into(), client_secret: Some("hush".into()) };
        let settings = Settings {
            issuer: "http://localhost:8000".into(),
            public_url: "http://localhost:9000".into(),
            clients: vec![client],
            sms_token: "hush".into(),
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("hall") && !shown.contains("hush"), "{shown}");
    }
}

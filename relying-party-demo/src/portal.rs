//! `Portal`: what all pages share.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use idp::platform::clock::Clock;
use openidconnect::ClientSecret;
use url::Url;

use crate::Settings;
use crate::cookies::Cookies;
use crate::mobile_app::scans::Scans;
use crate::pending::PendingSignIns;
use crate::phone::messages::Messages;
use crate::provider::Provider;
use crate::relying_party::RelyingParty;
use crate::sessions::Sessions;

/// How a portal proves to the provider who it is: a public client can't.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub secret: Option<ClientSecret>,
}

pub struct Portal {
    pub public_url: String,
    pub provider: Provider,
    pub cookies: Cookies,
    pub pending: PendingSignIns,
    pub sessions: Sessions,
    pub clock: Clock,
    pub messages: Messages,
    pub sms_token: String,
    pub scans: Scans,
    credentials: HashMap<String, Credentials>,
}

impl Portal {
    pub fn new(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let public_url = Url::parse(&settings.public_url).context("public_url is not a URL")?;
        Ok(Arc::new(Self {
            provider: Provider::new(settings.issuer)?,
            cookies: Cookies { secure: public_url.scheme() == "https" },
            public_url: settings.public_url,
            pending: PendingSignIns::default(),
            sessions: Sessions::default(),
            clock: Clock::default(),
            messages: Messages::default(),
            sms_token: settings.sms_token,
            scans: Scans::default(),
            credentials: settings
                .clients
                .into_iter()
                .map(|one| (one.client_id, Credentials { secret: one.client_secret.map(ClientSecret::new) }))
                .collect(),
        }))
    }

    /// `None`: this portal is not registered.
    pub fn credentials(&self, party: RelyingParty) -> Option<Credentials> {
        self.credentials.get(&party.client_id()).cloned()
    }
}

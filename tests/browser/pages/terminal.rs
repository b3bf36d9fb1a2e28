//! A terminal without a browser is let in (RFC 8628).

use anyhow::{Context, Result};
use serde_json::json;

use super::Walk;
use crate::support::{Agent, Portal};

impl Walk<'_> {
    /// A terminal's code, as somebody who has read its picture lets it in.
    pub(super) async fn terminal(&mut self) -> Result<()> {
        let changes = json!({
            "client_name": "政务大厅自助终端", "redirect_uris": [], "token_endpoint_auth_method": "none",
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
        });
        let terminal = Portal::register_with(&self.demo.provider, "terminal", changes).await;
        let mut device = Agent::new(&self.demo.provider.base);
        let scope = [("scope", "openid profile legal_entity id_document")];
        let begun = terminal.post(&mut device, "/device_authorization", &scope).await.json();
        let path = format!("/device?user_code={}", begun["user_code"].as_str().context("a code")?);
        self.provider("device-with-its-code", &path).await?;
        self.browser.fill("#user_code", "BCDF").await?;
        self.browser.follow("form[action='/device'] button").await?;
        self.here("device-wrong-code").await?;
        self.browser.goto(&self.demo.provider(&path)).await?;
        self.browser.follow("form[action='/device'] button").await?;
        self.here("device-confirm").await?;
        self.browser.follow("[value=allow]").await?;
        self.here("device-done").await
    }
}

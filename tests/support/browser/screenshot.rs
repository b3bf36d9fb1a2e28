//! Pictures of pages, for whoever wants to look at what the tests saw.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::http::Method;
use base64::Engine;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::Browser;

impl Browser {
    /// The whole page, also below the fold, in `tests/output/<viewport>/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        // Taken while the next page is on its way in, a picture may never come.
        self.wait_until("return document.readyState", |state| state == "complete").await?;
        let shot = self.capture().await;
        let shot = if shot.is_err() { self.capture().await? } else { shot? };
        let png =
            base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().context("no image")?)?;
        let output = Path::new(env!("CARGO_MANIFEST_DIR")).join("output");
        let path = output.join(self.viewport.name()).join(format!("{name}.png"));
        std::fs::create_dir_all(path.parent().context("no folder")?)?;
        std::fs::write(&path, png).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    async fn capture(&self) -> Result<Value> {
        let shot = Cdp("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }));
        let shot = tokio::time::timeout(Duration::from_secs(30), self.client.issue_cmd(shot)).await;
        Ok(shot.context("no picture")??)
    }
}

/// A command of Chromium's own DevTools protocol.
#[derive(Debug)]
struct Cdp(&'static str, Value);

impl WebDriverCompatibleCommand for Cdp {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

//! What the browser itself complains of: blocked by the content security policy, a script that failed, a file that
//! is missing.

use anyhow::{Context, Result};
use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::Browser;

impl Browser {
    /// The complaints since the last call, on all pages that were open. That a page itself was answered with an error
    /// status is none: pages that refuse something do that.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.client.issue_cmd(ReadLog).await?;
        let entries = log.as_array().context("no log")?;
        Ok(entries.iter().filter(|entry| is_complaint(entry)).map(readable).collect())
    }
}

fn is_complaint(entry: &Value) -> bool {
    let message = entry["message"].as_str().unwrap_or_default();
    let of_a_page = || {
        let url = message.split_whitespace().next().and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| !["/assets/", "/captcha/"].iter().any(|part| url.path().starts_with(part)))
    };
    !(entry["source"] == "network" && of_a_page())
}

fn readable(entry: &Value) -> String {
    let word = |key: &str| entry[key].as_str().unwrap_or_default();
    format!("{} {}: {}", word("level"), word("source"), word("message"))
}

/// Chromedriver's own command, for the capability `goog:loggingPrefs`.
#[derive(Debug)]
struct ReadLog;

impl WebDriverCompatibleCommand for ReadLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

//! A real browser for the tests: headless Chromium, driven over WebDriver.
//!
//! One chromedriver serves a test process; every [`Browser`] is a session with a fresh profile, and
//! ends when it is dropped. `CHROMEDRIVER` and `CHROMIUM` name the programs if they are not in PATH.

#[path = "browser/axe.rs"]
mod axe;
#[path = "browser/capabilities.rs"]
mod capabilities;
#[cfg(test)]
#[path = "browser/check.rs"]
mod check;
#[path = "browser/chromedriver.rs"]
mod chromedriver;
#[path = "browser/console.rs"]
mod console;
#[path = "browser/screenshot.rs"]
mod screenshot;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::Value;
use url::Url;

/// How long an element may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);
const FOCUSED: &str = "return document.activeElement.cloneNode(false).outerHTML";
const POLL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewport {
    Desktop,
    Phone,
    /// The desktop's window at 200 %: half as many pixels, twice as large.
    Zoomed,
}

impl Viewport {
    fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
            Self::Zoomed => "zoomed",
        }
    }
}

pub struct Browser {
    /// For what has no method here.
    pub client: Client,
    viewport: Viewport,
    session: String,
    driver_port: u16,
}

impl Browser {
    pub async fn open(viewport: Viewport) -> Result<Self> {
        Self::start(viewport, true, &[]).await
    }

    /// A visitor who has switched JavaScript off.
    pub async fn open_without_javascript(viewport: Viewport) -> Result<Self> {
        Self::start(viewport, false, &[]).await
    }

    /// With a camera that sees what is in this file (Y4M) when it is opened.
    pub async fn open_with_camera(viewport: Viewport, film: &Path) -> Result<Self> {
        Self::start(viewport, true, &capabilities::with_camera(film)).await
    }

    async fn start(viewport: Viewport, javascript: bool, flags: &[String]) -> Result<Self> {
        let driver_port = chromedriver::port()?;
        let mut builder = ClientBuilder::native();
        builder.capabilities(capabilities::of(viewport, javascript, flags));
        let driver = format!("http://127.0.0.1:{driver_port}");
        let client = builder.connect(&driver).await.context("no Chromium")?;
        // `drop` ends the session: fantoccini could not, once the test's runtime is gone.
        client.persist().await?;
        let session = client.session_id().await?.context("no session")?;
        Ok(Browser { client, viewport, session, driver_port })
    }

    pub async fn goto(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("cannot go to {url}"))
    }

    pub async fn current_url(&self) -> Result<Url> {
        Ok(self.client.current_url().await?)
    }

    /// Replaces what is in a text field.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.find(Locator::Css(css)).await?;
        field.clear().await.with_context(|| format!("cannot clear {css}"))?;
        field.send_keys(text).await.with_context(|| format!("cannot fill {css}"))
    }

    /// Selects the option with this value.
    pub async fn select(&self, css: &str, value: &str) -> Result<()> {
        let list = self.find(Locator::Css(css)).await?;
        list.select_by_value(value).await.with_context(|| format!("no option {value} in {css}"))
    }

    /// Gives a file (its absolute path) to a file field.
    pub async fn attach(&self, css: &str, path: &str) -> Result<()> {
        let field = self.find(Locator::Css(css)).await?;
        field.send_keys(path).await.with_context(|| format!("cannot attach {path} to {css}"))
    }

    pub async fn click(&self, css: &str) -> Result<()> {
        self.find(Locator::Css(css)).await?.click().await.with_context(|| format!("cannot click {css}"))
    }

    /// Presses what leads to another page, and waits until that page has taken this one's place: until then what is
    /// looked for would be found on the old one.
    pub async fn follow(&self, css: &str) -> Result<()> {
        self.run("document.documentElement.dataset.old = ''").await?;
        self.click(css).await?;
        let began = Instant::now();
        // While the pages change places a question may fail: it is asked again.
        while self.has("html[data-old]").await.unwrap_or(true) {
            if began.elapsed() > PATIENCE {
                bail!("{css} leads nowhere: {}", self.excerpt().await);
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    pub async fn click_link_text(&self, text: &str) -> Result<()> {
        let link = self.find(Locator::LinkText(text)).await?;
        link.click().await.with_context(|| format!("cannot click the link {text}"))
    }

    pub async fn press_tab(&self) -> Result<()> {
        self.press(Key::Tab).await
    }

    pub async fn press_enter(&self) -> Result<()> {
        self.press(Key::Enter).await
    }

    /// Presses a key wherever the focus is, as a hand on the keyboard does.
    pub async fn press(&self, key: Key) -> Result<()> {
        let value = key.into();
        let stroke =
            KeyActions::new("keyboard".into()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        Ok(self.client.perform_actions(stroke).await?)
    }

    /// Types on the keyboard, key by key: a date field, too, takes it as from a hand.
    pub async fn type_keys(&self, text: &str) -> Result<()> {
        for value in text.chars() {
            let stroke = KeyActions::new("keyboard".into())
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
            self.client.perform_actions(stroke).await?;
        }
        Ok(())
    }

    /// Types where the focus is.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        Ok(self.client.active_element().await?.send_keys(text).await?)
    }

    /// The text that a visitor sees in the first such element.
    pub async fn text(&self, css: &str) -> Result<String> {
        Ok(self.find(Locator::Css(css)).await?.text().await?)
    }

    /// The texts of all such elements that are there at this moment.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for element in self.client.find_all(Locator::Css(css)).await? {
            texts.push(element.text().await?);
        }
        Ok(texts)
    }

    /// What stands in an input at this moment.
    pub async fn value(&self, css: &str) -> Result<String> {
        let value = self.find(Locator::Css(css)).await?.prop("value").await?;
        value.with_context(|| format!("{css} has no value"))
    }

    /// Is there such an element at this moment?
    pub async fn has(&self, css: &str) -> Result<bool> {
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    /// The opening tag of the element that has the focus.
    pub async fn focused(&self) -> Result<String> {
        let tag = self.run(FOCUSED).await?;
        Ok(tag.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a script (a function's body) in the page; the page's content security policy does not forbid it.
    pub async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    pub async fn wait_for(&self, css: &str) -> Result<()> {
        self.find(Locator::Css(css)).await.map(drop)
    }

    /// Chromium gives the focus when it draws the page, which may be a moment after the page is there. `wanted` is a
    /// part of the element's tag.
    pub async fn wait_for_focus(&self, wanted: &str) -> Result<()> {
        let wanted = |tag: &Value| tag.as_str().is_some_and(|tag| tag.contains(wanted));
        self.wait_until(FOCUSED, wanted).await.map(drop)
    }

    /// Runs a script again and again, until it gives what is wanted.
    pub async fn wait_until(&self, script: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let started = Instant::now();
        loop {
            let value = self.run(script).await?;
            if wanted(&value) {
                return Ok(value);
            }
            if started.elapsed() > PATIENCE {
                bail!("after {PATIENCE:?} still {value}: {script}");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub async fn wait_for_url(&self, wanted: impl Fn(&Url) -> bool, timeout: Duration) -> Result<Url> {
        let started = Instant::now();
        loop {
            let url = self.current_url().await?;
            if wanted(&url) {
                return Ok(url);
            }
            if started.elapsed() > timeout {
                bail!("after {timeout:?} still at {url}: {}", self.excerpt().await);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// What axe-core finds inaccessible in the page as it stands, each finding as readable text.
    pub async fn axe(&self) -> Result<Vec<String>> {
        axe::violations(&self.client).await
    }

    /// The first such element, as soon as there is one.
    async fn find(&self, locator: Locator<'_>) -> Result<Element> {
        let found = self.client.wait().at_most(PATIENCE).every(POLL).for_element(locator).await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => {
                let url = self.client.current_url().await.map(String::from).unwrap_or_default();
                Err(error).with_context(|| format!("no {locator:?} at {url}")).context(self.excerpt().await)
            }
        }
    }

    /// The beginning of what the page says, for error messages.
    async fn excerpt(&self) -> String {
        let said = self.run("return document.body ? document.body.innerText : ''").await.unwrap_or_default();
        said.as_str()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(300)
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Err(error) = chromedriver::end_session(self.driver_port, &self.session) {
            eprintln!("the browser session could not be ended: {error:#}");
        }
    }
}

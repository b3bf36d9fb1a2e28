//! Visitors with a real browser: journeys through portals and provider, and every page as they see it.

mod display;
mod forms;
mod front_channel;
mod identities;
mod journeys;
mod mobile_app;
mod pages;
mod qr;
mod qr_connection;
mod registration;
mod third_party;
mod visits;
mod without;

use std::time::Duration;

use anyhow::{Result, ensure};
use url::Url;

use crate::support::{Browser, Demo, Viewport};

const PASSWORD: &str = idp::demo::PASSWORD;
/// How long a chain of redirects may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The demo's accounts that the journeys are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    LegalEntity,
    Operator,
    Person,
}

impl Who {
    /// The sign-in page's path.
    fn page(self) -> &'static str {
        match self {
            Self::LegalEntity => "/sign-in/legal-entity",
            Self::Operator => "/sign-in/operator",
            Self::Person => "/sign-in/personal",
        }
    }

    /// The fields that say who it is.
    fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::LegalEntity => &[("#account", "91220101TEXT00017E")],
            Self::Operator => &[("#unit", "xinyue0221"), ("#operator", "15400000002")],
            Self::Person => &[("#account", "19400000003")],
        }
    }

    /// What portals say of who acts.
    fn acting(self) -> &'static str {
        match self {
            Self::LegalEntity => "企业账号",
            Self::Operator => "经办人 刘洋（人力资源部）",
            Self::Person => "个人账号",
        }
    }

    /// Fills the form that is open, and sends it.
    async fn submit(self, browser: &Browser, password: &str) -> Result<()> {
        for (css, text) in self.fields() {
            browser.fill(css, text).await?;
        }
        browser.fill("#password", password).await?;
        send(browser).await?;
        // Who is asked as whom to go on stays who they are.
        if browser.has(".identities").await? { send(browser).await } else { Ok(()) }
    }
}

/// Presses 【登录】.
async fn send(browser: &Browser) -> Result<()> {
    browser.follow("form.form .button--primary").await
}

/// Types what the picture says.
async fn read_captcha(demo: &Demo, browser: &Browser) -> Result<()> {
    let id = browser.value("[name=captcha_id]").await?;
    browser.fill("#captcha_answer", &demo.captcha_answer(&id).await?).await
}

async fn wait_for_path(browser: &Browser, path: &str) -> Result<Url> {
    browser.wait_for_url(|url| url.path() == path, PATIENCE).await
}

/// Signs in at the provider's own page, where no portal waits.
async fn sign_in_directly(demo: &Demo, browser: &Browser, who: Who) -> Result<()> {
    browser.goto(&demo.provider(who.page())).await?;
    if browser.has("#captcha_answer").await? {
        read_captcha(demo, browser).await?;
    }
    who.submit(browser, PASSWORD).await?;
    wait_for_path(browser, "/account").await.map(drop)
}

/// Nothing was blocked and nothing failed on any page since the last look.
async fn all_is_well(browser: &Browser) -> Result<()> {
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

//! The pages of 办事通, the app's stand-in.

use anyhow::Context;

use super::*;
use crate::browser::mobile_app;
use crate::support::picture;

impl Walk<'_> {
    /// Whoever is signed in at the provider comes in without a password; looks at the browser's own code.
    pub(super) async fn in_the_app(&mut self) -> Result<()> {
        let (_desk, screen) = mobile_app::show_code(self.demo).await?;
        let code = picture::texts(&screen).pop().context("a code on the screen")?;
        self.portal("mobile-app-welcome", "/app").await?;
        self.browser.goto(&self.demo.portal("/app/login")).await?;
        wait_for_path(&self.browser, "/app").await?;
        self.here("mobile-app").await?;
        self.browser.fill("#address", "https://phishing.example/scan/x").await?;
        self.browser.follow("form[action$=address] button").await?;
        self.here("mobile-app-foreign-code").await?;
        self.browser.fill("#address", &code).await?;
        self.browser.follow("form[action$=address] button").await?;
        self.here("mobile-app-confirm").await?;
        let number = "document.querySelector('[name=number]').click()";
        self.browser.run(number).await?;
        self.here("mobile-app-confirm-chosen").await?;
        self.browser.follow(".decision .quiet").await?;
        self.here("mobile-app-cancelled").await
    }
}

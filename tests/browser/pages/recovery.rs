//! 忘记密码 as it looks, step by step.

use super::*;

const NEXT: &str = "form.rows .button--primary";

impl Walk<'_> {
    /// The unit is one that nobody signs in as here.
    pub(super) async fn recovering(&mut self) -> Result<()> {
        self.provider("recovery-identity", "/recovery").await?;
        // What is wrong with a field is told when it is left.
        self.browser.fill("#document_number", "1").await?;
        self.browser.press_tab().await?;
        self.browser.wait_for("#document_number-error").await?;
        self.here("recovery-identity-left").await?;
        self.browser.goto(&self.demo.provider("/recovery")).await?;
        self.browser.follow(NEXT).await?;
        self.here("recovery-identity-nothing-typed").await?;
        for (css, text) in [
            ("#account", "92220102TEXT00033F"),
            ("#person_name", "赵小敏"),
            ("#document_number", "220103190002280006"),
        ] {
            self.browser.fill(css, text).await?;
        }
        self.next_with_captcha().await?;
        self.here("recovery-identity-mismatch").await?;
        self.browser.fill("#person_name", "赵敏").await?;
        self.next_with_captcha().await?;
        self.here("recovery-sms").await?;
        self.browser.fill("#phone_code", "12345").await?;
        self.browser.follow(NEXT).await?;
        self.here("recovery-sms-wrong").await?;
        let code = self.demo.provider.code_sent_to("19400000033").await;
        self.browser.fill("#phone_code", &code).await?;
        self.browser.follow(NEXT).await?;
        self.here("recovery-password").await?;
        self.browser.fill("#new_password", "abc").await?;
        self.browser.follow(NEXT).await?;
        self.here("recovery-password-unfit").await?;
        self.browser.fill("#new_password", "Nanhu-2027").await?;
        self.browser.fill("#new_password_again", "Nanhu-2027").await?;
        self.browser.follow(NEXT).await?;
        self.here("recovery-done").await
    }

    async fn next_with_captcha(&self) -> Result<()> {
        read_captcha(self.demo, &self.browser).await?;
        self.browser.follow(NEXT).await
    }
}

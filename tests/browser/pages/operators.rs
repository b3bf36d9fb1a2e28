//! 我的经办人 as it looks.

use super::*;

const SEND: &str = "form.rows .rows__end .buttons .button--primary";
const UNIT_PHONE: &str = "15400007850";

impl Walk<'_> {
    pub(super) async fn operators(&mut self) -> Result<()> {
        self.provider("operators", "/account/operators").await?;
        self.provider("operators-verify", "/account/operators/add").await?;
        self.browser.follow(SEND).await?;
        self.here("operators-verify-nothing-typed").await?;
        self.browser.follow("[data-sms-send]").await?;
        self.here("operators-verify-no-captcha").await?;
        read_captcha(self.demo, &self.browser).await?;
        self.browser.follow("[data-sms-send]").await?;
        let code = self.demo.provider.code_sent_to(UNIT_PHONE).await;
        self.browser.fill("#phone_code", &code).await?;
        self.here("operators-verify-sent").await?;
        self.browser.follow(SEND).await?;
        self.here("operators-add").await?;
        self.browser.follow(SEND).await?;
        self.here("operators-add-nothing-typed").await?;
        self.the_same_phone().await?;
        self.provider("operators-list-again", "/account/operators").await?;
        for (name, action) in [("edit", "edit"), ("password", "password"), ("remove", "remove")] {
            self.browser.goto(&self.demo.provider("/account/operators")).await?;
            self.browser.follow(&format!(".operators__actions a[href$={action}]")).await?;
            self.here(&format!("operators-{name}")).await?;
        }
        self.browser.goto(&self.demo.provider("/account/operators")).await?;
        self.browser.follow(".operators__actions a[href$=edit]").await?;
        self.browser.follow("[name=new_phone]").await?;
        self.here("operators-edit-phone").await?;
        self.provider("operators-none-found", "/account/operators?status=frozen").await
    }

    /// An operator with the representative's telephone: is that meant?
    async fn the_same_phone(&mut self) -> Result<()> {
        self.demo.provider.advance_seconds(61); // one message a minute
        self.browser.fill("#phone", UNIT_PHONE).await?;
        self.prove_phone(UNIT_PHONE).await?;
        self.browser.follow(SEND).await?;
        self.browser.wait_for("#same_phone").await?;
        self.here("operators-add-same-phone").await
    }
}

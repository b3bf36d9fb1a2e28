//! The pages of registration, of the account centre, and of the choice of identity.

use super::*;
use crate::support::sql;

impl Walk<'_> {
    /// 企业注册 and 个人注册 as they refuse; what follows is the same for both.
    pub(super) async fn registering(&mut self) -> Result<()> {
        const SEND: &str = "form.rows .rows__end .button--primary";
        for (name, path) in [
            ("registration-terms", "/registration/agreements/terms"),
            ("registration-privacy", "/registration/agreements/privacy"),
            ("registration-done", "/registration/done?kind=legal_entity"),
            ("registration-waiting", "/registration/done?kind=legal_entity&waiting=1"),
        ] {
            self.provider(name, path).await?;
        }
        self.browser.goto(&self.demo.provider("/registration/personal")).await?;
        self.browser.follow(SEND).await?;
        self.here("registration-personal-nothing-typed").await?;
        self.browser.goto(&self.demo.provider("/registration/legal-entity")).await?;
        self.browser.follow(SEND).await?;
        self.here("registration-nothing-typed").await?;
        self.browser.fill("#phone", "19400000101").await?;
        self.browser.click("[data-sms-send]").await?;
        self.browser.wait_for("#captcha_answer-error").await?;
        self.here("registration-no-captcha").await?;
        self.prove_phone("19400000101").await?;
        self.here("registration-phone-proved").await?;
        // Nothing is wrong, but it looks odd: a cooperative's code for another kind of unit.
        registration::fill_in(&self.browser).await?;
        self.browser.select("#entity_type", "other_organization").await?;
        self.browser.click("[name=term][value=long_term]").await?;
        self.browser.run("document.querySelector('#valid_from').value = '2016-01-01'").await?;
        registration::set_passwords(&self.browser).await?;
        self.browser.follow(SEND).await?;
        self.browser.wait_for("#confirmed").await?;
        self.here("registration-to-confirm").await?;
        // Who has confirmed is still told what is wrong with a field that they leave.
        self.browser.click("#confirmed").await?;
        self.browser.fill("#login_name", "1").await?;
        self.browser.press_tab().await?;
        self.browser.wait_for("#login_name-error").await
    }

    /// Sends a code to the telephone that is typed, and proves it, by the script.
    pub(super) async fn prove_phone(&mut self, number: &str) -> Result<()> {
        read_captcha(self.demo, &self.browser).await?;
        self.browser.click("[data-sms-send]").await?;
        let told = "return document.querySelector('[data-sms-status]').textContent";
        self.browser
            .wait_until(told, |told| told.as_str().is_some_and(|told| told.starts_with("验证码已发送")))
            .await?;
        self.here(&format!("code-sent-to-{number}")).await?;
        let code = self.demo.provider.code_sent_to(number).await;
        self.browser.fill("#phone_code", &code).await?;
        self.browser.wait_for("[data-sms-proved]:not([hidden])").await
    }

    /// 设置新密码 on the way in, for whoever has a password from before the rule. Nothing is changed in the end.
    pub(super) async fn with_an_old_password(&mut self) -> Result<()> {
        let provider = &self.demo.provider;
        let persons = "accounts SET password_hash = '{}' WHERE kind = 'natural_person'";
        let present =
            sql::text(provider, "SELECT password_hash FROM accounts WHERE kind = 'natural_person'").await;
        let old = provider.app.hasher.hash("Jl#20").await?.map_err(|_| anyhow::anyhow!("busy"))?;
        sql::execute(provider, &format!("UPDATE {}", persons.replace("{}", &old))).await;
        self.browser.goto(&self.demo.provider(Who::Person.page())).await?;
        if self.browser.has("#captcha_answer").await? {
            read_captcha(self.demo, &self.browser).await?;
        }
        Who::Person.submit(&self.browser, "Jl#20").await?;
        self.here("sign-in-new-password").await?;
        self.browser.fill("#new_password", "abc").await?;
        self.browser.follow("form.rows .button--primary").await?;
        self.here("sign-in-new-password-unfit").await?;
        sql::execute(provider, &format!("UPDATE {}", persons.replace("{}", &present))).await;
        Ok(())
    }

    /// 企业中心, page by page; nothing is changed.
    pub(super) async fn in_the_centre(&mut self) -> Result<()> {
        const SEND: &str = "form.rows .button--primary";
        for (name, path) in [
            ("account-representative", "/account/representative"),
            ("account-details", "/account/details"),
            ("account-history", "/account/history"),
            ("account-sessions", "/account/sessions"),
            ("account-portals", "/account/portals"),
            ("account-phone", "/account/phone"),
        ] {
            self.provider(name, path).await?;
        }
        for (name, path, button) in [
            ("account-password", "/account/password", SEND),
            ("account-entity-change", "/account/entity-change", SEND),
            ("account-data", "/account/data", SEND),
            ("account-close", "/account/close", ".button--danger"),
        ] {
            self.provider(name, path).await?;
            self.browser.follow(button).await?;
            self.here(&format!("{name}-nothing-typed")).await?;
        }
        self.demo.provider.advance_seconds(61); // one message a minute
        self.browser.goto(&self.demo.provider("/account/phone")).await?;
        self.browser.follow("[data-sms-send]").await?;
        self.here("account-phone-no-captcha").await?;
        read_captcha(self.demo, &self.browser).await?;
        self.browser.follow("[data-sms-send]").await?;
        self.here("account-phone-code-sent").await?;
        let code = self.demo.provider.code_sent_to("15400007850").await;
        self.browser.fill("#phone_code", &code).await?;
        self.browser.follow(SEND).await?;
        wait_for_path(&self.browser, "/account/new-phone").await?;
        self.here("account-new-phone").await?;
        self.provider("account-ended", "/account/ended?kind=legal_entity&what=password").await
    }

    /// A person's renewed document; who signed in as an operator proves the telephone before acting as somebody else.
    pub(super) async fn choosing(&mut self, name: &str) -> Result<()> {
        if name == "person" {
            self.provider("account-document", "/account/document").await?;
            self.browser.follow("form.rows .button--primary").await?;
            self.here("account-document-nothing-typed").await?;
        }
        self.provider(&format!("choose-identity-{name}"), "/sign-in/choose-identity").await
    }

    /// One who has another identity, and does not prove the telephone.
    pub(super) async fn choosing_without_code(&mut self) -> Result<()> {
        const CHOOSE: &str = "/sign-in/choose-identity";
        self.browser.goto(&self.demo.provider(Who::Operator.page())).await?;
        if self.browser.has("#captcha_answer").await? {
            read_captcha(self.demo, &self.browser).await?;
        }
        for (css, text) in
            [("#unit", "92220102TEXT00033F"), ("#operator", "19400000003"), ("#password", PASSWORD)]
        {
            self.browser.fill(css, text).await?;
        }
        send(&self.browser).await?;
        for (name, button) in [("refused", ".form .button--primary"), ("no-captcha", "[data-sms-send]")] {
            self.browser.goto(&self.demo.provider(CHOOSE)).await?;
            self.browser.click(".identity:not(:has(:checked)) input").await?;
            self.browser.follow(button).await?;
            self.browser.wait_for("#error-summary").await?;
            self.here(&format!("choose-identity-{name}")).await?;
        }
        Ok(())
    }
}

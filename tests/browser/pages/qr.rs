//! 扫码登录 as it looks at both devices.

use anyhow::Result;

use super::*;
use crate::support::qr::{self, Screen, answer, scan};

impl Walk<'_> {
    /// The screen with the code, stage by stage.
    pub(super) async fn showing_a_code(&mut self) -> Result<()> {
        let mut phone = qr::person(&self.demo.provider).await;
        self.provider("sign-in-qr", "/sign-in/qr").await?;
        let ticket = self.browser.value("[name=ticket]").await?;
        let code = idp::guard::qr::TicketId::parse(&ticket).map(|ticket| ticket.code().as_str().to_owned());
        let code = code.unwrap_or_default();
        let page = scan(&mut phone, &code).await;
        self.browser.wait_for("[data-qr][data-state=scanned]").await?;
        self.here("sign-in-qr-scanned").await?;
        answer(&mut phone, &code, &page, 0, "cancel").await;
        self.browser.wait_for("[data-qr][data-state=cancelled]").await?;
        self.here("sign-in-qr-cancelled").await?;
        self.provider("scan-unknown", &format!("/scan/{code}x")).await
    }

    /// The telephone, at which a unit is signed in.
    pub(super) async fn scanning(&mut self) -> Result<()> {
        const CONFIRM: &str = "[value=confirm]";
        let screen = Screen::open(&self.demo.provider).await;
        let address = self.demo.provider(&format!("/scan/{}", screen.code()));
        // Led there by another site.
        self.browser.goto(&self.demo.portal("/")).await?;
        self.browser.run(&format!("location.href = {address:?}")).await?;
        self.browser.wait_for("[value=open]").await?;
        self.here("scan-open").await?;
        self.browser.follow("[value=open]").await?;
        self.here("scan-confirm").await?;
        self.browser.follow(CONFIRM).await?;
        self.here("scan-nothing-chosen").await?;
        self.browser.follow("[value=cancel]").await?;
        self.here("scan-cancelled").await?;
        let mut screen = Screen::open(&self.demo.provider).await;
        self.browser.goto(&self.demo.provider(&format!("/scan/{}", screen.code()))).await?;
        let number = screen.number().await;
        self.browser.click(&format!(".numbers__one:has([value='{number}'])")).await?;
        self.here("scan-chosen").await?;
        self.browser.follow(CONFIRM).await?;
        self.here("scan-confirmed").await?;
        // A portal that asks for a second device.
        let changes = json!({ "redirect_uris": [self.demo.portal("/nowhere")] });
        let portal = Portal::register_with(&self.demo.provider, "careful", changes).await;
        let path = portal.authorize_path(&[("acr_values", "urn:jl-uia:loa:3")]);
        self.provider("sign-in-qr-step-up", &path).await
    }
}

//! Every page of provider and portals, as it looks in several windows: nothing inaccessible, nothing wider than the
//! window, nothing blocked. The pictures are in `tests/output/`, for whoever wants to look.

mod accounts;
mod app;
mod operations;
mod operators;
mod qr;
mod recovery;
mod sign_out;
mod terminal;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::*;
use crate::support::{Engine, Portal};

/// What is wider than its window, by name.
const TOO_WIDE: &str = "
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll('*')].filter((it) => it.getBoundingClientRect().right > width + 1);
    return wide.slice(0, 3).map((it) => `wider than ${width}: ${it.cloneNode(false).outerHTML}`);";

macro_rules! looks {
    ($($name:ident: $viewport:expr, $switches:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() -> Result<()> {
            walk($viewport, $switches, stringify!($name)).await
        }
    )+};
}

looks! {
    at_a_desk: Viewport::Desktop, &[];
    with_a_phone: Viewport::Phone, &[];
    zoomed: Viewport::Zoomed, &[];
    large_at_a_desk: Viewport::Desktop, &["large"];
    large_with_a_phone: Viewport::Phone, &["large"];
    in_high_contrast: Viewport::Desktop, &["contrast"];
}

struct Walk<'a> {
    demo: &'a Demo,
    browser: Browser,
    /// The folder of the pictures.
    look: &'static str,
    found: Vec<String>,
}

/// The display switches are the provider's, so with one of them on the portals are not looked at again.
async fn walk(viewport: Viewport, switches: &[&str], look: &'static str) -> Result<()> {
    // Messages cost a captcha, as they do in earnest.
    let demo = Demo::start_with(Engine::Sqlite, |config| config.sms.captcha = true).await?;
    let demo = demo.context("SQLite is always there")?;
    let browser = Browser::open(viewport).await?;
    for switch in switches {
        browser.goto(&demo.provider(&format!("/display?switch={switch}&return_to=/help"))).await?;
    }
    let mut walk = Walk { demo: &demo, browser, look, found: Vec::new() };
    walk.signed_out().await?;
    walk.showing_a_code().await?;
    walk.refused().await?;
    walk.registering().await?;
    walk.recovering().await?;
    walk.with_an_old_password().await?;
    walk.as_a_unit(switches.is_empty()).await?;
    walk.asked().await?;
    walk.as_others(switches.is_empty()).await?;
    if switches.is_empty() {
        walk.in_the_app().await?;
        walk.portals_signed_out().await?;
        walk.waiting_notices().await?;
    }
    ensure!(walk.found.is_empty(), "{}", walk.found.join("\n"));
    Ok(())
}

impl Walk<'_> {
    async fn portal(&mut self, name: &str, path: &str) -> Result<()> {
        self.browser.goto(&self.demo.portal(path)).await?;
        self.here(name).await
    }

    async fn provider(&mut self, name: &str, path: &str) -> Result<()> {
        self.browser.goto(&self.demo.provider(path)).await?;
        self.here(name).await
    }

    /// Looks at the page as it stands.
    async fn here(&mut self, name: &str) -> Result<()> {
        self.browser.screenshot(&format!("{}/{name}", self.look)).await?;
        let mut found = self.browser.axe().await?;
        found.extend(self.browser.complaints().await?);
        let wide = self.browser.run(TOO_WIDE).await?;
        found.extend(wide.as_array().into_iter().flatten().map(ToString::to_string));
        self.found.extend(found.into_iter().map(|one| format!("{} {name}: {one}", self.look)));
        Ok(())
    }

    async fn signed_out(&mut self) -> Result<()> {
        for (name, path) in [
            ("sign-in-personal", "/sign-in/personal"),
            ("sign-in-legal-entity", "/sign-in/legal-entity"),
            ("sign-in-operator", "/sign-in/operator"),
            ("help", "/help"),
            ("accessibility", "/accessibility"),
            ("registration-legal-entity", "/registration/legal-entity"),
            ("registration-personal", "/registration/personal"),
            ("recovery", "/recovery"),
            ("recovery-operator", "/recovery?as=operator"),
            ("recovery-personal", "/recovery?as=personal"),
            ("recovery-restarted", "/recovery/done"),
            ("appeals", "/appeals"),
            ("sign-out-done", "/sign-out/done"),
            ("device", "/device"),
            ("error-no-such-page", "/nowhere"),
            ("error-unknown-client", "/authorize?client_id=nobody"),
            ("error-expired", "/authorize/resume?request=gone"),
        ] {
            self.provider(name, path).await?;
        }
        Ok(())
    }

    async fn refused(&mut self) -> Result<()> {
        self.portal("sign-in-for-a-portal", "/hall/login?as=unit").await?;
        send(&self.browser).await?;
        self.here("sign-in-nothing-typed").await?;
        Who::LegalEntity.submit(&self.browser, "Wrong2026").await?;
        self.here("sign-in-wrong-password").await?;
        self.browser.fill("#captcha_answer", "0000").await?;
        Who::LegalEntity.submit(&self.browser, "Wrong2026").await?;
        self.here("sign-in-wrong-captcha").await?;
        self.browser.click("[data-captcha-proof]").await?;
        self.browser.wait_for(".captcha--passed").await?;
        self.here("sign-in-without-picture").await?;
        self.provider("sign-in-operator-captcha", "/sign-in/operator").await
    }

    async fn as_a_unit(&mut self, with_portals: bool) -> Result<()> {
        sign_in_directly(self.demo, &self.browser, Who::LegalEntity).await?;
        self.here("account-legal-entity").await?;
        self.operators().await?;
        self.in_the_centre().await?;
        self.scanning().await?;
        self.browser.goto(&self.demo.portal("/hall/login")).await?;
        wait_for_path(&self.browser, "/hall").await?;
        if with_portals {
            self.here("hall").await?;
            for (name, path) in [
                ("hall-rated", "/hall?tab=rated"),
                ("hall-licences", "/hall?tab=licences"),
                ("hall-nothing-found", "/hall?search=%E6%B2%A1%E6%9C%89"),
                ("home-signed-in", "/"),
                ("application", "/apps/employer-labour-security-centre"),
                ("jishiban-centre", "/jishiban/centre"),
                ("jishiban-signed-in", "/jishiban"),
            ] {
                self.portal(name, path).await?;
            }
            self.browser.goto(&self.demo.portal("/hall")).await?;
            self.browser.follow("td a").await?;
            self.here("hall-case").await?;
            self.browser.click("[name=stars]").await?;
            self.browser.follow("form[action$=rating] .button").await?;
            self.browser.follow("td a").await?;
            self.here("hall-case-rated").await?;
        }
        self.portal("sign-in-again", "/hall/login?as=unit&again=1").await
    }

    /// What a portal that is not the government's own has to ask for, and the question before a sign-out.
    async fn asked(&mut self) -> Result<()> {
        let changes = json!({
            "client_name": "长春示例招聘网",
            "redirect_uris": [self.demo.portal("/nowhere")],
            "first_party": false,
        });
        let stranger = Portal::register_with(&self.demo.provider, "stranger", changes).await;
        let scope = "openid profile phone legal_entity legal_representative operator id_document";
        let path = stranger.authorize_path(&[("scope", scope)]);
        self.provider("consent", &path).await?;
        ensure!(self.browser.text("h1").await? == "授权登录");
        self.browser.click("[value=allow]").await?;
        wait_for_path(&self.browser, "/nowhere").await?; // not stopped by form-action
        // A form that goes on by itself, from our page to the portal's.
        let posted = [("scope", "openid profile"), ("response_mode", "form_post")];
        self.browser.goto(&self.demo.provider(&stranger.authorize_path(&posted))).await?;
        wait_for_path(&self.browser, "/nowhere").await?;
        self.terminal().await?;
        self.provider("sign-out-confirm", "/sign-out?client_id=hall").await?;
        self.telling_portals().await
    }

    async fn as_others(&mut self, with_portals: bool) -> Result<()> {
        self.choosing_without_code().await?;
        for (who, name) in [(Who::Operator, "operator"), (Who::Person, "person")] {
            sign_in_directly(self.demo, &self.browser, who).await?;
            self.here(&format!("account-{name}")).await?;
            self.choosing(name).await?;
            if with_portals {
                self.browser.goto(&self.demo.portal("/hall/login")).await?;
                wait_for_path(&self.browser, "/hall").await?;
                self.here(&format!("hall-{name}")).await?;
                self.portal(&format!("application-{name}"), "/apps/work-injury-insurance").await?;
                self.browser.goto(&self.demo.portal("/jishiban/login")).await?;
                wait_for_path(&self.browser, "/jishiban/centre").await?;
                self.here(&format!("jishiban-centre-{name}")).await?;
            }
        }
        Ok(())
    }

    async fn portals_signed_out(&mut self) -> Result<()> {
        self.browser.goto(&self.demo.portal("/hall")).await?;
        self.browser.click("form[action='/hall/logout'] button").await?;
        wait_for_path(&self.browser, "/hall/signed-out").await?;
        self.here("signed-out").await?;
        for (name, path) in [
            ("home", "/"),
            ("home-dialog", "/hall/sign-in"),
            ("problem-no-such-page", "/nowhere"),
            ("problem-stale", "/hall/callback?state=gone&code=gone"),
        ] {
            self.portal(name, path).await?;
        }
        self.browser.click_link_text("返回首页").await?;
        self.browser.client.delete_all_cookies().await?;
        self.portal("jishiban", "/jishiban").await
    }
}

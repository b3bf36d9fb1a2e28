//! 选择办事身份 with the telephone's code: what is chosen stays chosen, with scripts and without.

use anyhow::{Result, ensure};
use idp::config::SmsTransport;

use super::*;
use crate::support::Engine;

const CHOSEN: &str = "return document.querySelector('[name=account]:checked').closest('label').textContent";

/// 李颖, who signed in as the shop's operator, goes on as herself.
async fn switch(
    browser: &Browser,
    pass_captcha: impl AsyncFnOnce(&Demo, &Browser) -> Result<()>,
) -> Result<()> {
    let settings = |config: &mut idp::config::Config| {
        config.sms.transport = SmsTransport::Memory;
        config.sms.captcha = true;
    };
    let demo = Demo::start_with(Engine::Sqlite, settings).await?.expect("SQLite is always there");
    browser.goto(&demo.provider("/sign-in/operator")).await?;
    browser.fill("#unit", "92220102TEXT00033F").await?;
    browser.fill("#operator", "19400000003").await?;
    browser.fill("#password", PASSWORD).await?;
    send(browser).await?;
    browser.goto(&demo.provider("/sign-in/choose-identity")).await?;
    browser.click(".identity:first-child input").await?;
    pass_captcha(&demo, browser).await?;
    browser.follow("[data-sms-send]").await?;
    ensure!(browser.text("[data-sms-status]").await?.contains("194****0003"));
    ensure!(browser.run(CHOSEN).await?.as_str().is_some_and(|chosen| chosen.contains("个人")));
    let code = demo.provider.code_sent_to("19400000003").await;
    browser.fill("#phone_code", &code).await?;
    send(browser).await?;
    wait_for_path(browser, "/account").await?;
    ensure!(browser.text(".profile__account").await?.contains("个人账号：liying2026"));
    all_is_well(browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_script() -> Result<()> {
    let browser = Browser::open(Viewport::Zoomed).await?;
    switch(&browser, async |_: &Demo, browser: &Browser| {
        browser.click("[data-captcha-proof]").await?;
        browser.wait_for(".captcha--passed").await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts() -> Result<()> {
    let browser = Browser::open_without_javascript(Viewport::Desktop).await?;
    switch(&browser, async |demo: &Demo, browser: &Browser| read_captcha(demo, browser).await).await
}

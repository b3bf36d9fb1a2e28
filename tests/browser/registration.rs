//! 二: a company registers with a real browser, and signs in.

use anyhow::{Context, Result, ensure};

use super::*;
use crate::support::Engine;
use crate::support::registers::with_registers;

async fn demo() -> Result<Demo> {
    let demo = Demo::start_with(Engine::Sqlite, |config| {
        config.sms.captcha = true;
        with_registers(config);
    });
    demo.await?.context("SQLite is always there")
}

/// Everything but telephone and password.
pub(super) async fn fill_in(browser: &Browser) -> Result<()> {
    browser.select("#entity_type", "farmers_cooperative").await?;
    for (css, text) in [
        ("#login_name", "shilinongye"),
        ("#unit_name", "延吉市示例种植农民专业合作社（演示）"),
        ("#credit_code", "93222401TEXT000411"),
        ("#representative_name", "崔英子"),
        ("#document_number", "22010219030101000X"),
    ] {
        browser.fill(css, text).await?;
    }
    Ok(())
}

pub(super) async fn set_passwords(browser: &Browser) -> Result<()> {
    browser.fill("#new_password", "Nanhu-2027").await?;
    browser.fill("#new_password_again", "Nanhu-2027").await?;
    browser.click("#agreed").await
}

async fn sign_in(demo: &Demo, browser: &Browser) -> Result<()> {
    wait_for_path(browser, "/registration/done").await?;
    ensure!(browser.text("h2").await? == "注册成功，即将前往登录");
    browser.click_link_text("前往登录").await?;
    wait_for_path(browser, "/sign-in/legal-entity").await?;
    if browser.has("#captcha_answer").await? {
        read_captcha(demo, browser).await?;
    }
    browser.fill("#account", "93222401TEXT000411").await?;
    browser.fill("#password", "Nanhu-2027").await?;
    send(browser).await?;
    wait_for_path(browser, "/account").await?;
    ensure!(browser.text("main").await?.contains("延吉市示例种植农民专业合作社（演示）"));
    all_is_well(browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_script() -> Result<()> {
    register_with_the_script(Viewport::Desktop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_script_on_a_phone() -> Result<()> {
    register_with_the_script(Viewport::Phone).await
}

/// The script fills in what follows, sends and proves the code, and keeps the passwords that are typed already.
async fn register_with_the_script(viewport: Viewport) -> Result<()> {
    let demo = demo().await?;
    let browser = Browser::open(viewport).await?;
    browser.goto(&demo.provider("/registration/legal-entity")).await?;
    fill_in(&browser).await?;
    ensure!(browser.text("[data-label-of=unit_name]").await?.contains("单位名称"), "labels follow the type");
    browser
        .run(
            "const day = document.querySelector('#valid_from'); day.value = '2016-01-01';
        day.dispatchEvent(new Event('change', { bubbles: true }));
        document.querySelector('#document_number').dispatchEvent(new Event('change', { bubbles: true }));",
        )
        .await?;
    ensure!(browser.run("return document.querySelector('[name=term]:checked')?.value").await? == "long_term");
    ensure!(browser.run("return document.querySelector('#valid_to').disabled").await? == true);
    set_passwords(&browser).await?;
    browser.fill("#phone", "194 0000 0102").await?;
    browser.click("[data-captcha-proof]").await?;
    browser.wait_for(".captcha--passed").await?;
    accessible(&browser, "without a picture").await?;
    browser.click("[data-sms-send]").await?;
    let told = "return document.querySelector('[data-sms-status]').textContent";
    browser.wait_until(told, |told| told == "验证码已发送至 194****0102，请注意查收").await?;
    ensure!(browser.text("[data-sms-send]").await?.starts_with("重新发送("));
    let code = demo.provider.code_sent_to("19400000102").await;
    browser.fill("#phone_code", &code).await?;
    browser.wait_for("[data-sms-proved]:not([hidden])").await?;
    accessible(&browser, "filled in").await?;
    browser.follow("form.rows .rows__end .button--primary").await?;
    sign_in(&demo, &browser).await
}

async fn accessible(browser: &Browser, stage: &str) -> Result<()> {
    let found = browser.axe().await?;
    ensure!(found.is_empty(), "{stage}: {found:#?}");
    Ok(())
}

/// The same by buttons that send the form; passwords come last. On the desktop: with touch, the driver's click waits
/// for a timer of the page, and without scripts there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts() -> Result<()> {
    let demo = demo().await?;
    let browser = Browser::open_without_javascript(Viewport::Desktop).await?;
    browser.goto(&demo.provider("/registration/legal-entity")).await?;
    fill_in(&browser).await?;
    browser.click("[name=term][value=long_term]").await?;
    // Keys would have to come in the order of the browser's language.
    browser.run("document.querySelector('#valid_from').value = '2016-01-01'").await?;
    browser.fill("#phone", "19400000102").await?;
    read_captcha(&demo, &browser).await?;
    browser.follow("[data-sms-send]").await?;
    ensure!(browser.text("[data-sms-status]").await?.contains("194****0102"));
    let code = demo.provider.code_sent_to("19400000102").await;
    browser.fill("#phone_code", &code).await?;
    browser.follow("form.rows .rows__end .button--primary").await?;
    let proved = browser.text("[data-sms-proved]").await?;
    ensure!(proved.contains("194****0102") && proved.contains("已验证"), "the code is no proof: {proved}");
    set_passwords(&browser).await?;
    browser.follow("form.rows .rows__end .button--primary").await?;
    sign_in(&demo, &browser).await
}

//! 大字版, 高对比度, another picture, a password that is shown: the small helps of the pages.

use anyhow::{Result, ensure};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_type_and_high_contrast_are_remembered() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/hall/login?as=unit")).await?;
    let before = browser.current_url().await?;
    let size = "return parseFloat(getComputedStyle(document.querySelector('#account')).fontSize)";
    ensure!(browser.run(size).await? == 16.0 || browser.run(size).await? == 16);
    browser.click_link_text("大字版").await?;
    browser.wait_for("html.large-type").await?;
    ensure!(browser.current_url().await? == before, "back on the same page, with the portal that waits");
    ensure!(browser.run(size).await?.as_f64().is_some_and(|size| size >= 24.0), "18 pt at least");
    browser.click_link_text("高对比度").await?;
    browser.wait_for("html.large-type.high-contrast").await?;
    for page in ["/help", "/sign-in/operator", "/nowhere"] {
        browser.goto(&demo.provider(page)).await?;
        ensure!(browser.has("html.large-type.high-contrast").await?, "{page}");
    }
    browser.goto(&demo.provider("/accessibility")).await?;
    browser.click_link_text("恢复标准字号").await?;
    browser.wait_for("html.high-contrast:not(.large-type)").await?;
    browser.click_link_text("标准配色").await?;
    browser.wait_for("html:not(.high-contrast):not(.large-type)").await?;
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_picture_and_a_password_that_is_shown() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Phone).await?;
    browser.goto(&demo.provider("/sign-in/personal")).await?;
    Who::Person.submit(&browser, "Wrong2026").await?;
    browser.fill("#password", PASSWORD).await?;
    browser.click("[data-reveal]").await?;
    ensure!(browser.run("return document.querySelector('#password').type").await? == "text");
    browser.click("[data-reveal]").await?;
    ensure!(browser.run("return document.querySelector('#password').type").await? == "password");
    let picture = "const it = document.querySelector('.captcha__image img'); return it.complete && it.naturalWidth === 220 ? it.src : null";
    for button in [".captcha__image", ".captcha__help button"] {
        let before = browser.run(picture).await?;
        ensure!(before.is_string(), "the picture has not arrived");
        browser.fill("#captcha_answer", "xxxx").await?;
        browser.click(button).await?;
        browser.wait_until(picture, |now| now.is_string() && *now != before).await?;
        ensure!(browser.value("#captcha_answer").await?.is_empty());
        browser.wait_for_focus("captcha_answer").await?;
        ensure!(browser.text(".captcha__status").await? == "已换一张图片");
        ensure!(browser.value("#password").await? == PASSWORD, "nothing else was lost");
    }
    read_captcha(&demo, &browser).await?;
    send(&browser).await?;
    wait_for_path(&browser, "/sign-in/choose-identity").await?;
    send(&browser).await?;
    wait_for_path(&browser, "/account").await?;
    all_is_well(&browser).await
}

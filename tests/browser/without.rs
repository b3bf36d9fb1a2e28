//! Visitors without JavaScript, without a mouse, without sight of the picture.

use anyhow::{Result, bail, ensure};
use fantoccini::key::Key;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_without_javascript() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open_without_javascript(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/")).await?;
    browser.click(".entrance a.button").await?;
    browser.click_link_text("去登录").await?;
    wait_for_path(&browser, "/sign-in/legal-entity").await?;
    ensure!(!browser.client.find(fantoccini::Locator::Css("[data-reveal]")).await?.is_displayed().await?);
    Who::LegalEntity.submit(&browser, "Wrong2026").await?;
    ensure!(browser.text(".alert--error").await?.contains("账号或密码错误"));
    ensure!(browser.text(".captcha__noscript").await?.contains("启用脚本"));
    let first = browser.value("[name=captcha_id]").await?;
    browser.follow(".captcha__help button").await?;
    ensure!(browser.value("[name=captcha_id]").await? != first, "another picture");
    ensure!(browser.value("#account").await? == "91220101TEXT00017E", "what was typed is kept");
    ensure!(!browser.has(".alert--error").await?, "nothing is wrong with wanting another picture");
    browser.screenshot("no-javascript/captcha").await?;
    read_captcha(&demo, &browser).await?;
    Who::LegalEntity.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/hall").await?;
    browser.click_link_text("企业年金").await?;
    wait_for_path(&browser, "/apps/enterprise-annuity").await?;
    browser.click("form[action$='/logout'] button").await?;
    wait_for_path(&browser, "/apps/enterprise-annuity/signed-out").await?;
    ensure!(browser.text("h1").await? == "您已安全退出");
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_by_keyboard_only() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/")).await?;
    browser.press_tab().await?;
    browser.wait_for_focus("skip").await?;
    tab_to(&browser, "a[href='/hall/sign-in']").await?;
    browser.press_enter().await?;
    // The dialog has the focus on 【去登录】, and the page behind it can't be reached.
    wait_for_path(&browser, "/hall/sign-in").await?;
    browser.wait_for_focus("as=unit").await?;
    browser.press_enter().await?;
    wait_for_path(&browser, "/sign-in/legal-entity").await?;
    browser.wait_for_focus("id=\"account\"").await?;
    browser.type_text("xinyue0221").await?;
    browser.press_tab().await?;
    browser.type_text("Wrong2026").await?;
    browser.press_enter().await?;
    browser.wait_for(".alert--error").await?;
    browser.wait_for_focus("id=\"password\"").await?;
    browser.type_text(PASSWORD).await?;
    tab_to(&browser, "#captcha_answer").await?;
    let id = browser.value("[name=captcha_id]").await?;
    browser.type_text(&demo.captcha_answer(&id).await?).await?;
    browser.press_enter().await?; // 【登录】, and not 换一张
    wait_for_path(&browser, "/hall").await?;
    browser.press_tab().await?;
    browser.press_enter().await?;
    ensure!(browser.current_url().await?.fragment() == Some("main"));
    tab_to(&browser, ".tiles a[href='/apps/labour-inspection']").await?;
    browser.press_enter().await?;
    wait_for_path(&browser, "/apps/labour-inspection").await?;
    tab_to(&browser, "form[action$='/logout'] button").await?;
    browser.press_enter().await?;
    wait_for_path(&browser, "/apps/labour-inspection/signed-out").await?;
    all_is_well(&browser).await
}

/// The dialog 单位登录 keeps the focus, and Escape's job is done by its link 关闭.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dialog_keeps_the_focus() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/hall/sign-in")).await?;
    for _ in 0..6 {
        browser.press_tab().await?;
        let inside = "return document.activeElement === document.body || document.activeElement.closest('dialog') !== null";
        ensure!(browser.run(inside).await? == true, "{}", browser.focused().await?);
    }
    tab_to(&browser, "dialog .close").await?;
    browser.press(Key::Enter).await?;
    wait_for_path(&browser, "/").await?;
    all_is_well(&browser).await
}

/// Presses Tab until the focus is there; every stop on the way must show that it has the focus.
pub(super) async fn tab_to(browser: &Browser, css: &str) -> Result<()> {
    for _ in 0..80 {
        browser.press_tab().await?;
        let seen = browser
            .run(&format!(
                "const it = document.activeElement;
                 if (it === document.body) return 'nothing';
                 const style = getComputedStyle(it), box = it.getBoundingClientRect();
                 const shown = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
                 if (!shown || box.width < 2 || box.height < 2) return 'hidden: ' + it.outerHTML;
                 return it.matches({css:?}) ? 'there' : 'elsewhere'"
            ))
            .await?;
        match seen.as_str().unwrap_or_default() {
            "there" => return Ok(()),
            "elsewhere" | "nothing" => (),
            hidden => bail!("the focus can't be seen: {hidden}"),
        }
    }
    bail!("Tab does not lead to {css}")
}

//! Visits that are not the straight way: two tabs, another account, nobody who sent them, a site that nobody knows.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_sign_in_at_once() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/hall/login?as=unit")).await?;
    let first = browser.client.window().await?;
    let second = browser.client.new_window(true).await?.handle;
    browser.client.switch_to_window(second.clone()).await?;
    browser.goto(&demo.portal("/jishiban/login?as=unit")).await?;
    ensure!(browser.text(".card__portal").await?.contains("吉事办"));
    browser.client.switch_to_window(first.clone()).await?;
    ensure!(browser.text(".card__portal").await?.contains("网上办事大厅"));
    Who::LegalEntity.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/hall").await?;
    browser.client.switch_to_window(second).await?;
    Who::LegalEntity.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/jishiban/centre").await?;
    browser.client.switch_to_window(first).await?;
    browser.goto(&demo.portal("/hall")).await?;
    ensure!(browser.current_url().await?.path() == "/hall", "the first tab's session goes on");
    all_is_well(&browser).await
}

/// One browser has one session at the provider: whoever signs in last is there, and the other one's portals are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_in_another_tab_takes_over() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/jishiban/login?as=personal")).await?;
    let first = browser.client.window().await?;
    let second = browser.client.new_window(false).await?.handle;
    browser.client.switch_to_window(second).await?;
    browser.goto(&demo.portal("/hall/login?as=unit")).await?;
    Who::LegalEntity.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/hall").await?;
    browser.client.switch_to_window(first).await?;
    Who::Person.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/jishiban/centre").await?;
    ensure!(browser.text(".centre").await?.contains("个人账号"));
    let began = Instant::now();
    loop {
        browser.goto(&demo.portal("/hall")).await?;
        if browser.current_url().await?.path() == "/hall/sign-in" {
            return all_is_well(&browser).await;
        }
        ensure!(began.elapsed() < PATIENCE, "the hall has not heard of it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_change_the_account_is_to_sign_in_again() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.portal("/hall/login?as=personal")).await?;
    Who::Person.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/hall").await?;
    browser.click_link_text("改用单位账号登录").await?;
    wait_for_path(&browser, "/sign-in/legal-entity").await?;
    ensure!(browser.text(".alert--info").await? == "请重新登录以确认身份");
    Who::LegalEntity.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/hall").await?;
    ensure!(browser.text(".identity").await?.contains("企业账号"));
    all_is_well(&browser).await
}

/// Nobody sent this visitor: their own account is what they came for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_by_itself() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.provider("/")).await?;
    wait_for_path(&browser, "/sign-in/personal").await?;
    browser.click_link_text("法人登录").await?;
    wait_for_path(&browser, "/sign-in/legal-entity").await?;
    Who::LegalEntity.submit(&browser, PASSWORD).await?;
    wait_for_path(&browser, "/account").await?;
    let shown = browser.text("main").await?;
    for wanted in ["*颖，您好！", "xinyue0221", "91220101TEXT00017E", "154****7850"] {
        ensure!(shown.contains(wanted), "{wanted}: {shown}");
    }
    ensure!(!shown.contains("王颖") && !shown.contains("15400007850"), "{shown}");
    // Back after signing out shows nothing of it.
    browser.click("main form button").await?;
    wait_for_path(&browser, "/sign-out/done").await?;
    ensure!(browser.text("h1").await? == "您已安全退出");
    browser.client.back().await?;
    wait_for_path(&browser, "/sign-in/personal").await?;
    all_is_well(&browser).await
}

/// A link that anybody may have sent does not sign out by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_by_link_asks_first() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Phone).await?;
    sign_in_directly(&demo, &browser, Who::Person).await?;
    browser.goto(&demo.provider("/sign-out")).await?;
    ensure!(browser.text("h1").await? == "确定退出登录吗？");
    browser.click("button[value=cancel]").await?;
    wait_for_path(&browser, "/account").await?;
    browser.goto(&demo.provider("/sign-out")).await?;
    browser.click("button[value=sign_out]").await?;
    wait_for_path(&browser, "/sign-out/done").await?;
    browser.click_link_text("重新登录").await?;
    wait_for_path(&browser, "/sign-in/personal").await?;
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_nobody_knows() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    let elsewhere =
        "client_id=nobody&redirect_uri=https%3A%2F%2Felsewhere.example%2F&response_type=code&scope=openid";
    browser.goto(&demo.provider(&format!("/authorize?{elsewhere}"))).await?;
    ensure!(browser.text("h1").await? == "无法继续登录");
    ensure!(browser.text(".card__lead").await? == "来源网站未在本平台登记，请从正确的网站进入。");
    ensure!(
        browser.current_url().await?.path() == "/authorize",
        "nobody is sent to an address that is not known"
    );
    browser.click_link_text("返回首页").await?;
    wait_for_path(&browser, "/").await?;
    ensure!(browser.current_url().await?.as_str() == demo.portal("/"));
    all_is_well(&browser).await
}

//! 扫码登录 where the connection is bad, or the browser is old.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::timeout;

use super::qr::{announced, choose_number, code_of, demo, read_code, wait_for_state};
use super::*;
use crate::support::{Engine, TestApp, qr};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_no_expired_code() -> Result<()> {
    let app = TestApp::start_with(Engine::Sqlite, |_| ()).await.context("SQLite is always there")?;
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&format!("{}/sign-in/qr", app.base)).await?;
    wait_for_state(&desk, "waiting").await?;
    app.stop().await;
    wait_for_connection(&desk, false).await?;
    ensure!(desk.text(".qr__words").await? == LOST);
    Ok(())
}

const LOST: &str = "与服务器的连接已中断，正在重新连接……";

async fn wait_for_connection(browser: &Browser, there: bool) -> Result<()> {
    let script = "return document.querySelector('[data-qr-lost]').hidden";
    browser.wait_until(script, |hidden| *hidden == there).await.map(drop)
}

/// Another code, without EventSource as far as the page knows.
async fn renew_with(desk: &Browser, change: &str) -> Result<()> {
    let source = "return document.querySelector('.qr__code').src";
    let before = desk.run(source).await?;
    desk.run(&format!("{change}; document.querySelector('[data-qr-refresh]').click()")).await?;
    desk.wait_until(source, |now| *now != before).await.map(drop)
}

/// Whoever is about to choose the number still sees it, and goes on when the connection is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_outage_takes_no_number_away() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    renew_with(&desk, "delete window.EventSource").await?;
    let mut phone = qr::person(&demo.provider).await;
    let page = qr::scan(&mut phone, &code_of(&desk).await?).await;
    wait_for_state(&desk, "scanned").await?;
    // "online": whatever the browser knows of its network has changed, and the page asks at once.
    let asks = "dispatchEvent(new Event('online'))";
    desk.run(&format!("window.there = fetch; fetch = () => Promise.reject(new Error('away')); {asks}"))
        .await?;
    wait_for_connection(&desk, false).await?;
    desk.wait_until("return document.querySelector('.qr__words').innerText.trim()", |now| now == LOST)
        .await?;
    let number: u8 = desk.text("[data-qr-number]").await?.parse()?;
    ensure!(announced(&desk).await?.contains("连接已中断"));
    desk.run(&format!("fetch = window.there; {asks}")).await?;
    wait_for_connection(&desk, true).await?;
    ensure!(desk.text(".qr__words").await?.contains("扫描成功，请在手机上确认登录"));
    qr::answer(&mut phone, &code_of(&desk).await?, &page, number, "confirm").await;
    wait_for_path(&desk, "/account").await?;
    all_is_well(&desk).await
}

/// A proxy that keeps events back: a connection, and not a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_events_are_held_back_it_asks() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    renew_with(&desk, "window.EventSource = class { readyState = 1; close() {} }").await?;
    let mut phone = qr::person(&demo.provider).await;
    let page = qr::scan(&mut phone, &code_of(&desk).await?).await;
    wait_for_state(&desk, "scanned").await?;
    let number: u8 = desk.text("[data-qr-number]").await?.parse()?;
    qr::answer(&mut phone, &code_of(&desk).await?, &page, number, "confirm").await;
    wait_for_path(&desk, "/account").await?;
    all_is_well(&desk).await
}

/// Without a script a link tells how it stands, and a button goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_javascript_links_do_it() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open_without_javascript(Viewport::Desktop).await?;
    desk.goto(&demo.portal("/hall/login")).await?;
    wait_for_path(&desk, "/sign-in/qr").await?;
    let mut phone = qr::person(&demo.provider).await;
    let code = code_of(&desk).await?;
    let page = qr::scan(&mut phone, &code).await;
    desk.click_link_text("已扫码？查看状态").await?;
    let number: u8 = desk.text("[data-qr-number]").await?.parse()?;
    ensure!(desk.text(".qr__words").await?.contains("扫描成功，请在手机上确认登录"));
    qr::answer(&mut phone, &code, &page, number, "confirm").await;
    desk.click_link_text("已扫码？查看状态").await?;
    desk.follow("[data-qr-finish] button").await?;
    wait_for_path(&desk, "/hall").await?;
    all_is_well(&desk).await
}

/// Where server-sent events don't get through, the page asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_events_it_asks() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open(Viewport::Desktop).await?;
    let phone = Browser::open(Viewport::Phone).await?;
    sign_in_directly(&demo, &phone, Who::Person).await?;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    // An old browser, as far as the next code is concerned.
    let before = desk.run("return document.querySelector('.qr__code').src").await?;
    desk.run("delete window.EventSource; document.querySelector('[data-qr-refresh]').click()").await?;
    desk.wait_until("return document.querySelector('.qr__code').src", |now| *now != before).await?;
    phone.goto(&read_code(&desk).await?).await?;
    choose_number(&phone, &desk).await?;
    phone.follow("[value=confirm]").await?;
    wait_for_path(&desk, "/account").await?;
    all_is_well(&desk).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_that_is_refused_says_why() -> Result<()> {
    let one_code = |config: &mut idp::config::Config| config.sign_in.address_codes = 1;
    let app = TestApp::start_with(Engine::Sqlite, one_code).await.context("SQLite is always there")?;
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&format!("{}/sign-in/qr", app.base)).await?;
    wait_for_state(&desk, "waiting").await?;
    desk.run("document.querySelector('[data-qr-refresh]').click()").await?;
    wait_for_state(&desk, "refused").await?;
    ensure!(desk.text(".qr__words").await?.contains("打开二维码过于频繁"));
    ensure!(announced(&desk).await?.contains("打开二维码过于频繁"));
    Ok(())
}

/// A browser has six connections to a host, for all its tabs: those that nobody sees don't hold one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_tab_lets_go_until_it_is_seen() -> Result<()> {
    let demo = demo().await?;
    let waiting = async |count: i64| {
        let there = async {
            while demo.provider.app.metrics.qr_waiting.get() != count {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(90), there).await.with_context(|| format!("not {count} who wait"))
    };
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    waiting(1).await?;
    let seen = |how: &str| {
        format!(
            "Object.defineProperty(document, 'visibilityState', {{ value: '{how}', configurable: true }});
            document.dispatchEvent(new Event('visibilitychange'));"
        )
    };
    desk.run(&seen("hidden")).await?;
    waiting(0).await?;
    let mut phone = qr::person(&demo.provider).await;
    let page = qr::scan(&mut phone, &code_of(&desk).await?).await;
    desk.run(&seen("visible")).await?;
    wait_for_state(&desk, "scanned").await?;
    // Whoever holds the telephone is about to go on.
    desk.run(&seen("hidden")).await?;
    let number: u8 = desk.text("[data-qr-number]").await?.parse()?;
    qr::answer(&mut phone, &code_of(&desk).await?, &page, number, "confirm").await;
    wait_for_path(&desk, "/account").await?;
    all_is_well(&desk).await
}

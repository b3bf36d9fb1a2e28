//! The harness checks itself, on a page as strict as ours.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Form;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use serde_json::json;

use super::*;

const PAGE: &str = r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>自检</title></head><body><main>
<h1>统一身份认证</h1><noscript><p id="off">没有脚本</p></noscript>
<form method="post"><label>姓名 <input id="name" name="name" value="旧" required></label>
<label>类型 <select id="kind" name="kind"><option value="a">甲</option><option value="b">乙</option></select></label>
<label>材料 <input id="paper" type="file"></label>
<button id="send">提交</button></form><p><a href="/far">去远方</a></p>"#;

fn strict(body: impl Into<String>) -> impl IntoResponse {
    let policy = "default-src 'none'; form-action 'self'";
    ([("content-security-policy", policy)], Html(body.into()))
}

/// Serves the pages in a runtime that outlives the tests' own.
static SITE: LazyLock<String> = LazyLock::new(|| {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> Result<()> {
        let echo =
            async |Form(fields): Form<Vec<(String, String)>>| strict(format!("<p id=got>{fields:?}</p>"));
        let routes = Router::new()
            .route("/", get(async || strict(PAGE.to_owned() + &"<p>长</p>".repeat(80))).post(echo))
            .route("/far", get(async || strict("<p>远方</p><img src=/none>")));
        tokio::runtime::Runtime::new()?.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            tell.send(format!("http://localhost:{}", listener.local_addr()?.port()))?;
            Ok(axum::serve(listener, routes).await?)
        })
    });
    told.recv().unwrap_or_default()
});

#[tokio::test]
async fn a_form_is_filled_and_sent() -> Result<()> {
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&SITE).await?;
    assert_eq!(browser.text("h1").await?, "统一身份认证");
    assert!(!browser.has("#off").await?, "JavaScript is on");
    browser.attach("#paper", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).await?;
    browser.select("#kind", "b").await?;
    browser.fill("#name", "张三").await?;
    browser.press_tab().await?;
    assert!(browser.focused().await?.contains("kind"));
    browser.click("#send").await?;
    browser.wait_for("#got").await?;
    let got = browser.text("#got").await?;
    assert!(got.contains("张三") && got.contains(r#"("kind", "b")"#), "{got}");
    Ok(())
}

#[tokio::test]
async fn the_keyboard_sends_a_form_and_links_are_followed() -> Result<()> {
    let browser = Browser::open(Viewport::Phone).await?;
    browser.goto(&SITE).await?;
    browser.press_tab().await?;
    browser.press_enter().await?;
    browser.wait_for("#got").await?;
    browser.goto(&SITE).await?;
    browser.click_link_text("去远方").await?;
    let url = browser.wait_for_url(|url| url.path() == "/far", Duration::from_secs(5)).await?;
    assert_eq!(url.as_str(), format!("{}/far", *SITE));
    let lost = browser.wait_for_url(|url| url.path() == "/", Duration::from_millis(100)).await;
    assert!(lost.is_err_and(|error| error.to_string().contains("远方")));
    Ok(())
}

#[tokio::test]
async fn viewports_are_exact_and_the_language_is_chinese() -> Result<()> {
    for (viewport, size) in [
        (Viewport::Desktop, [1366, 768, 1]),
        (Viewport::Phone, [390, 844, 2]),
        (Viewport::Zoomed, [683, 384, 2]),
    ] {
        let browser = Browser::open(viewport).await?;
        browser.goto(&SITE).await?;
        assert_eq!(browser.run("return [innerWidth, innerHeight, devicePixelRatio]").await?, json!(size));
        assert_eq!(browser.run("return navigator.languages").await?, json!(["zh-CN", "zh"]));
        let png = std::fs::read(browser.screenshot("harness/check").await?)?;
        let height = u32::from_be_bytes(png[20..24].try_into()?);
        assert!(height > 1500 * size[2] as u32, "the whole page, also below the fold: {height}");
    }
    Ok(())
}

#[tokio::test]
async fn a_visitor_can_come_without_javascript() -> Result<()> {
    let browser = Browser::open_without_javascript(Viewport::Desktop).await?;
    browser.goto(&SITE).await?;
    assert_eq!(browser.text("#off").await?, "没有脚本");
    browser.fill("#name", "李四").await?;
    browser.click("#send").await?;
    assert!(browser.text("#got").await?.contains("李四"));
    Ok(())
}

#[tokio::test]
async fn what_the_policy_blocks_is_heard_of() -> Result<()> {
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&SITE).await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.goto(&format!("{}/far", *SITE)).await?;
    let heard = browser.complaints().await?.join("\n");
    assert!(heard.contains("Content Security Policy") && heard.contains("/none"), "{heard}");
    Ok(())
}

#[tokio::test]
async fn axe_finds_what_is_inaccessible() -> Result<()> {
    let browser = Browser::open(Viewport::Phone).await?;
    browser.goto(&SITE).await?;
    assert_eq!(browser.axe().await?, Vec::<String>::new());
    browser.goto(&format!("{}/far", *SITE)).await?;
    if std::env::var("AXE_PATH").is_ok_and(|path| !path.is_empty()) {
        let found = browser.axe().await?.join("\n");
        assert!(found.contains("critical image-alt") && found.contains("<img"), "{found}");
    }
    Ok(())
}

//! 扫码登录 with two real browsers: one shows the code, the other reads it from the screen.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use idp::config::OpensWith;
use rqrr::PreparedImage;

use super::*;
use crate::support::{Engine, qr, sql};

pub(super) async fn demo() -> Result<Demo> {
    let opens_with_the_code = |config: &mut idp::config::Config| config.sign_in.opens_with = OpensWith::Qr;
    Demo::start_with(Engine::Sqlite, opens_with_the_code).await?.context("SQLite is always there")
}

/// What the code on the screen says, as a camera sees it.
pub(super) async fn read_code(browser: &Browser) -> Result<String> {
    browser
        .wait_until(
            "const it = document.querySelector('.qr__code'); return it.complete && it.naturalWidth > 0",
            |it| it == true,
        )
        .await?;
    let frame = browser.client.find(Locator::Css(".qr__frame")).await?;
    let picture = frame.screenshot().await?;
    let mut reader = png::Decoder::new(picture.as_slice()).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels)?;
    let (width, height) = (usize::try_from(info.width)?, usize::try_from(info.height)?);
    let depth = info.color_type.samples();
    let light = |x, y| pixels[(y * width + x) * depth];
    let mut image = PreparedImage::prepare_from_greyscale(width, height, light);
    let (_, text) = image.detect_grids().first().context("no code on the screen")?.decode()?;
    Ok(text)
}

pub(super) async fn wait_for_state(browser: &Browser, state: &str) -> Result<()> {
    let script = "return document.querySelector('[data-qr]')?.dataset.state ?? ''";
    browser.wait_until(script, |now| now == state).await.map(drop)
}

pub(super) async fn announced(browser: &Browser) -> Result<String> {
    let said = browser.run("return document.querySelector('[data-qr-status]').textContent").await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

/// The code that the page shows, as a telephone that isn't a browser here scans it.
pub(super) async fn code_of(desk: &Browser) -> Result<String> {
    let ticket = idp::guard::qr::TicketId::parse(&desk.value("[name=ticket]").await?);
    Ok(ticket.context("a ticket")?.code().as_str().to_owned())
}

/// Chooses on the telephone what the screen shows.
pub(super) async fn choose_number(phone: &Browser, desk: &Browser) -> Result<()> {
    wait_for_state(desk, "scanned").await?;
    let number = desk.text("[data-qr-number]").await?;
    phone.click(&format!(".numbers__one:has([value='{number}'])")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_code_on_the_screen_to_the_portal() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open(Viewport::Desktop).await?;
    let phone = Browser::open(Viewport::Phone).await?;
    sign_in_directly(&demo, &phone, Who::LegalEntity).await?;
    desk.goto(&demo.portal("/apps/work-injury-insurance")).await?;
    wait_for_path(&desk, "/sign-in/qr").await?;
    ensure!(desk.text("h1").await? == "扫码登录");
    ensure!(desk.text(".qr__words").await?.starts_with("请使用吉事办APP扫描二维码登录"));

    let address = read_code(&desk).await?;
    ensure!(address.starts_with(&demo.provider("/scan/")), "{address}");
    phone.goto(&address).await?;
    ensure!(phone.text("h1").await? == "确认登录");
    let facts = phone.text(".facts").await?;
    ensure!(facts.contains("Chrome") && facts.contains("Linux") && facts.contains("127.0.0.*"), "{facts}");
    choose_number(&phone, &desk).await?;
    ensure!(desk.text(".qr__words").await?.contains("扫描成功，请在手机上确认登录"));
    let announced = desk.run("return document.querySelector('[data-qr-status]').textContent").await?;
    ensure!(announced.as_str().is_some_and(|said| said.contains("请在手机上选择数字")), "{announced}");
    phone.follow("[value=confirm]").await?;
    ensure!(phone.text("h1").await? == "已确认登录");
    // The other screen goes on by itself.
    wait_for_path(&desk, "/apps/work-injury-insurance").await?;
    ensure!(desk.text(".facts").await?.contains("91220101TEXT00017E"));
    all_is_well(&desk).await?;
    all_is_well(&phone).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_bad_ends_have_three_texts() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open(Viewport::Desktop).await?;
    let phone = Browser::open(Viewport::Phone).await?;
    sign_in_directly(&demo, &phone, Who::Person).await?;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    phone.goto(&read_code(&desk).await?).await?;
    wait_for_state(&desk, "scanned").await?;
    phone.follow("[value=cancel]").await?;
    wait_for_state(&desk, "cancelled").await?;
    ensure!(desk.text(".qr__words").await? == "您已取消登录，请重新扫码");
    desk.click("[data-qr-refresh]").await?;
    wait_for_state(&desk, "waiting").await?;

    // Nobody looks: five new codes, then it stops.
    let mut before = read_code(&desk).await?;
    desk.run("window.same = true").await?;
    for _ in 0..5 {
        // Read first: the provider looks once a second, and may be faster than the question.
        let source = desk.run("return document.querySelector('.qr__code').src").await?;
        demo.provider.advance_seconds(121);
        desk.wait_until("return document.querySelector('.qr__code').src", |now| *now != source).await?;
        let next = read_code(&desk).await?;
        ensure!(next != before, "another code");
        before = next;
    }
    demo.provider.advance_seconds(121);
    wait_for_state(&desk, "expired").await?;
    ensure!(desk.text(".qr__words").await? == "二维码已失效，点击刷新");
    desk.click(".qr__words a[data-qr-refresh]").await?;
    wait_for_state(&desk, "waiting").await?;
    ensure!(desk.run("return window.same").await? == true, "without another page");
    ensure!(read_code(&desk).await? != before);
    all_is_well(&desk).await
}

/// How the store has it, the page shows it: each end in its own words, announced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_has_its_words() -> Result<()> {
    let demo = demo().await?;
    let desk = Browser::open(Viewport::Desktop).await?;
    let mut phone = qr::person(&demo.provider).await;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    let look_again = "document.dispatchEvent(new Event('visibilitychange'))";
    let page = qr::scan(&mut phone, &code_of(&desk).await?).await;
    wait_for_state(&desk, "scanned").await?;
    let right: u8 = desk.text("[data-qr-number]").await?.parse()?;
    let wrong = qr::wrong_number(&page, right);
    qr::answer(&mut phone, &code_of(&desk).await?, &page, wrong, "confirm").await;
    for (state, words) in [
        ("wrong_number", "手机上选择的数字不一致，本次登录已取消"),
        ("unknown", "服务器上没有找到该二维码，请刷新"),
        ("finished", "该二维码已使用"),
    ] {
        let change = match state {
            "unknown" => "DELETE FROM qr_tickets",
            "finished" => "UPDATE qr_tickets SET stage = 'finished'",
            _ => "UPDATE qr_tickets SET stage = stage",
        };
        sql::execute(&demo.provider, change).await;
        desk.run(look_again).await?;
        wait_for_state(&desk, state).await?;
        ensure!(desk.text(".qr__words").await? == words, "{state}");
        ensure!(announced(&desk).await? == words, "{state}");
        desk.click("a.qr__refresh").await?;
        wait_for_state(&desk, "waiting").await?;
        ensure!(announced(&desk).await?.contains("请使用吉事办APP扫描二维码登录"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_keyboard_and_without_motion() -> Result<()> {
    let demo = demo().await?;
    let phone = Browser::open(Viewport::Phone).await?;
    sign_in_directly(&demo, &phone, Who::Person).await?;
    let mut screen = crate::support::qr::Screen::open(&demo.provider).await;
    phone.goto(&demo.provider(&format!("/scan/{}", screen.code()))).await?;
    let number = screen.number().await.to_string();
    for _ in 0..20 {
        phone.press_tab().await?;
        if phone.focused().await?.contains("name=\"number\"") {
            break;
        }
    }
    // Arrows go through the numbers; a blank chooses the first one.
    phone.press(fantoccini::key::Key::Space).await?;
    for _ in 0..3 {
        if phone.run("return document.querySelector('[name=number]:checked')?.value ?? ''").await? == *number
        {
            break;
        }
        phone.press(fantoccini::key::Key::Right).await?;
    }
    phone.press_enter().await?;
    phone
        .wait_until("return document.querySelector('h1').textContent", |title| title == "已确认登录")
        .await?;
    ensure!(screen.view().await == "confirmed");
    // At the desk: the corner, and what is over is renewed, and says where one is.
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&demo.provider("/sign-in/qr")).await?;
    let line = "return getComputedStyle(document.querySelector('.qr__frame'), '::after').animationName";
    ensure!(desk.run(line).await? == "none", "whoever wants no motion sees none");
    without::tab_to(&desk, "#password-sign-in").await?;
    let mut other = qr::person(&demo.provider).await;
    let code = code_of(&desk).await?;
    let page = qr::scan(&mut other, &code).await;
    qr::answer(&mut other, &code, &page, 10, "cancel").await;
    wait_for_state(&desk, "cancelled").await?;
    without::tab_to(&desk, "a.qr__refresh").await?;
    desk.press_enter().await?;
    wait_for_state(&desk, "waiting").await?;
    ensure!(desk.focused().await?.contains("data-qr-picture"), "{}", desk.focused().await?);
    all_is_well(&desk).await?;
    all_is_well(&phone).await
}

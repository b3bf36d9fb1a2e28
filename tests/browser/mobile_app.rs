//! 扫码登录 with two browsers: a desk that shows the code, and a telephone whose camera sees it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use image::{GrayImage, ImageFormat, Luma};

use super::*;
use crate::support::picture;

/// What a camera sees, for Chromium to show: removed when the test is over.
struct Film(PathBuf);

impl Film {
    fn new() -> Self {
        let name = format!("idp-test-{:016x}.y4m", getrandom::u64().unwrap());
        Self(std::env::temp_dir().join(name))
    }

    /// The screen on a desk, held askew. The file is read when the camera is opened.
    fn shoot(&self, screen: &GrayImage) -> Result<()> {
        const WIDTH: u32 = 1280;
        const HEIGHT: u32 = 960;
        let (sin, cos) = 12_f64.to_radians().sin_cos();
        let scale = f64::from(screen.width()) / 620.0;
        let luma = GrayImage::from_fn(WIDTH, HEIGHT, |x, y| {
            let (dx, dy) = (f64::from(x) - f64::from(WIDTH / 2), f64::from(y) - f64::from(HEIGHT / 2));
            let half = f64::from(screen.width()) / 2.0;
            let (u, v) = ((dx * cos + dy * sin) * scale + half, (dy * cos - dx * sin) * scale + half);
            let inside = |at: f64, side: u32| at >= 0.0 && at < f64::from(side);
            if !inside(u, screen.width()) || !inside(v, screen.height()) {
                return Luma([90]);
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it lies in the picture"
            )]
            let Luma([level]) = *screen.get_pixel(u as u32, v as u32);
            Luma([40 + level / 4 * 3])
        });
        let mut film = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
        for _ in 0..2 {
            film.extend_from_slice(b"FRAME\n");
            film.extend_from_slice(luma.as_raw());
            film.resize(film.len() + (WIDTH * HEIGHT / 2) as usize, 128);
        }
        Ok(std::fs::write(&self.0, film)?)
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The hall's sign-in page with its code.
pub(super) async fn show_code(demo: &Demo) -> Result<(Browser, GrayImage)> {
    let desk = Browser::open(Viewport::Desktop).await?;
    desk.goto(&demo.portal("/hall/login")).await?;
    let page = desk.wait_for_url(|url| url.path().starts_with("/sign-in/"), PATIENCE).await?;
    desk.goto(&demo.provider(&format!("/sign-in/qr?{}", page.query().unwrap_or_default()))).await?;
    let there =
        "const it = document.querySelector('[data-qr-picture]'); return it.complete && it.naturalWidth > 0";
    desk.wait_until(there, |there| there == true).await?;
    let picture = desk.client.find(Locator::Css("[data-qr-picture]")).await?.screenshot().await?;
    let picture = image::load_from_memory_with_format(&picture, ImageFormat::Png)?.into_luma8();
    Ok((desk, picture))
}

/// Signs in to the app.
async fn enter(demo: &Demo, phone: &Browser) -> Result<()> {
    phone.goto(&demo.portal("/app")).await?;
    ensure!(phone.text("h1").await? == "办事通（演示版）");
    phone.click_link_text("登录").await?;
    phone.wait_for_url(|url| url.path().starts_with("/sign-in/"), PATIENCE).await?;
    if !phone.has("#password").await? {
        phone.click("#password-sign-in").await?;
        wait_for_path(phone, "/sign-in/personal").await?;
    }
    Who::Person.submit(phone, PASSWORD).await?;
    wait_for_path(phone, "/app").await?;
    ensure!(phone.text(".holder h2").await? == "李颖");
    Ok(())
}

/// On the page that asks: looks at what it says, chooses the desk's number and the person, and confirms.
async fn agree(desk: &Browser, phone: &Browser) -> Result<()> {
    phone.wait_for_url(|url| url.path().starts_with("/app/scans/"), PATIENCE).await?;
    let facts = phone.text(".facts").await?;
    ensure!(facts.contains("吉林智慧人社网上办事大厅") && facts.contains("Chrome"), "{facts}");
    let left = phone.text("[role=timer]").await?;
    let still = format!("return document.querySelector('[role=timer]').textContent !== {left:?}");
    phone.wait_until(&still, |runs| runs == true).await?;
    let shown = "return document.querySelector('[data-qr-number]').textContent.trim()";
    let number = desk.wait_until(shown, |number| number != "").await?;
    let number = number.as_str().context("a number")?.to_owned();
    let script = format!("document.querySelector('[name=number][value=\"{number}\"]').click()");
    phone.run(&script).await?;
    phone.follow(".decision .button").await?;
    ensure!(phone.text("h1").await? == "已确认登录");
    Ok(())
}

async fn arrive(desk: &Browser) -> Result<()> {
    wait_for_path(desk, "/hall").await?;
    let identity = desk.text(".identity").await?;
    ensure!(identity.contains("李颖"), "{identity}");
    all_is_well(desk).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_camera_reads_the_screen() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let film = Film::new();
    film.shoot(&GrayImage::from_pixel(100, 100, Luma([200])))?;
    let phone = Browser::open_with_camera(Viewport::Phone, &film.0).await?;
    enter(&demo, &phone).await?;
    phone.click("[data-start]").await?;
    let status = "return document.querySelector('[data-status]').textContent";
    phone.wait_until(status, |status| status == "请将二维码放入框内").await?;
    phone.wait_for_focus("data-stop").await?;
    let runs = "return document.querySelector('video').videoWidth";
    phone.wait_until(runs, |width| *width == 1280).await?;
    phone.screenshot("mobile-app/camera").await?;
    phone.click("[data-stop]").await?;
    phone.wait_until(status, |status| status == "相机已关闭").await?;
    phone.wait_for_focus("data-start").await?;

    // A code of another site is told and not opened, and the camera goes on.
    film.shoot(&picture::drawn("https://phishing.example/scan/x"))?;
    phone.click("[data-start]").await?;
    let told =
        |status: &serde_json::Value| status.as_str().is_some_and(|text| text.contains("phishing.example"));
    phone.wait_until(status, told).await?;
    phone.click("[data-stop]").await?;

    let (desk, screen) = show_code(&demo).await?;
    film.shoot(&screen)?;
    phone.click("[data-start]").await?;
    agree(&desk, &phone).await?;
    arrive(&desk).await?;
    all_is_well(&phone).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screenshot_does_without_a_camera() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let (desk, screen) = show_code(&demo).await?;
    let phone = Browser::open(Viewport::Phone).await?;
    enter(&demo, &phone).await?;
    phone.click("[data-start]").await?;
    let status = "return document.querySelector('[data-status]').textContent";
    // Here is none; elsewhere its use may be forbidden.
    phone.wait_until(status, |told| told.as_str().is_some_and(|told| told.starts_with("没有"))).await?;
    ensure!(phone.has("[data-stop][hidden]").await?);
    let picture = Film::new();
    upload(&phone, &picture.0, &GrayImage::from_pixel(300, 300, Luma([255]))).await?;
    ensure!(phone.text("#picture-error").await?.contains("没有识别到二维码"));
    phone.wait_for_focus("id=\"picture\"").await?;
    upload(&phone, &picture.0, &screen).await?;
    agree(&desk, &phone).await?;
    arrive(&desk).await?;
    all_is_well(&phone).await
}

async fn upload(phone: &Browser, path: &Path, picture: &GrayImage) -> Result<()> {
    std::fs::write(path, picture::packed(picture, ImageFormat::Png))?;
    phone.attach("#picture", path.to_str().context("a path")?).await?;
    phone.follow("form[action$=picture] button").await
}

/// The page that asks, by Tab, arrows, space and Enter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyboard_confirms() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let (desk, screen) = show_code(&demo).await?;
    let phone = Browser::open(Viewport::Zoomed).await?;
    enter(&demo, &phone).await?;
    let address = picture::texts(&screen).pop().context("a code on the screen")?;
    phone.fill("#address", &address).await?;
    phone.press_enter().await?;
    phone.wait_for_url(|url| url.path().starts_with("/app/scans/"), PATIENCE).await?;
    let shown = "return document.querySelector('[data-qr-number]').textContent.trim()";
    let number = desk.wait_until(shown, |number| number != "").await?;
    let wanted = format!("[name=number][value=\"{}\"]", number.as_str().context("a number")?);
    without::tab_to(&phone, "[name=number]").await?;
    phone.press(fantoccini::key::Key::Space).await?;
    for _ in 0..3 {
        if phone.has(&format!("{wanted}:checked")).await? {
            break;
        }
        phone.press(fantoccini::key::Key::Down).await?;
    }
    ensure!(phone.has(&format!("{wanted}:checked")).await?, "the arrows choose");
    without::tab_to(&phone, ".decision .button").await?;
    phone.press_enter().await?;
    let heading = "return document.querySelector('h1').textContent";
    phone.wait_until(heading, |heading| heading == "已确认登录").await?;
    arrive(&desk).await?;
    all_is_well(&phone).await
}

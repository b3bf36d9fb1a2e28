use image::{GrayImage, ImageFormat, Luma};

use super::*;
use crate::mobile_app::draw_for_tests::{code, packed, photo};
use crate::mobile_app::upload;

fn png(picture: &GrayImage) -> Vec<u8> {
    packed(picture, ImageFormat::Png)
}

fn nothing() -> Vec<u8> {
    png(&GrayImage::from_pixel(400, 300, Luma([200])))
}

#[tokio::test]
async fn all_three_ways_lead_to_the_same_question() {
    let phone = Phone::new().await;
    let picture = photo(&code(&phone.address(), 8), 800, 600, 0.7, 30.0);
    let jpeg = packed(&picture, ImageFormat::Jpeg);
    let framed = phone.frame(jpeg.clone()).await;
    assert_eq!(framed.status, 200);
    let uploaded = phone.upload("picture", &jpeg).await;
    assert_eq!(uploaded.status, 303, "{}", uploaded.body);
    let pasted = phone.scan().await;
    let next = framed.json();
    let pages = [next["next"].as_str().unwrap(), uploaded.header("location"), &pasted];
    for path in pages {
        assert!(path.starts_with("/app/scans/"), "{path}");
        let page = phone.get(path).await;
        page.says("吉林智慧人社网上办事大厅");
        page.says("Chrome 131，Windows");
        page.says("203.0.113.*");
        page.says("2026-11-24 10:00");
        page.says("17");
        page.says("长春示例有限公司");
        is_discreet(&page);
    }
    let body = json!({ "code": SECRET }).to_string();
    assert_eq!(phone.asked(), vec![("/scan/api/scan".to_owned(), body); 3]);
}

/// A code of another site is looked at, and nothing is sent to anybody.
#[tokio::test]
async fn a_foreign_code_is_refused_before_anything_is_sent() {
    let phone = Phone::new().await;
    let foreign = format!("https://phishing.test/scan/{SECRET}");
    let picture = png(&code(&foreign, 6));
    let uploaded = phone.upload("picture", &picture).await;
    let pasted = phone.post("/app/scan/address", &[("address", &foreign)]).await;
    for page in [&uploaded, &pasted] {
        assert_eq!(page.status, 422);
        page.says("它指向 phishing.test");
        page.says("role=\"alert\"");
    }
    pasted.says("value=\"https://phishing.test/scan/");
    let framed = phone.frame(picture).await;
    assert_eq!((framed.status, framed.json().get("next")), (200, None));
    assert!(framed.json()["message"].as_str().unwrap().contains("phishing.test"));
    for (text, told) in [("WIFI:S:home;;", "这不是登录二维码"), ("http://127.0.0.1:1/", "它指向 127.0.0.1")]
    {
        phone.upload("picture", &png(&code(text, 6))).await.says(told);
    }
    let without_code = phone.address().replace(SECRET, "short");
    phone.post("/app/scan/address", &[("address", &without_code)]).await.says("内容不完整");
    assert_eq!(phone.asked(), []);
}

/// Where a picture has several codes, ours counts.
#[tokio::test]
async fn our_code_is_found_beside_others() {
    let phone = Phone::new().await;
    let (ours, other) = (code(&phone.address(), 6), code("https://elsewhere.test/", 6));
    for pair in [[&ours, &other], [&other, &ours]] {
        let mut both = GrayImage::from_pixel(ours.width() * 2, ours.height(), Luma([255]));
        image::imageops::replace(&mut both, pair[0], 0, 0);
        image::imageops::replace(&mut both, pair[1], i64::from(ours.width()), 0);
        assert_eq!(phone.upload("picture", &png(&both)).await.status, 303);
    }
}

#[tokio::test]
async fn what_is_no_picture_of_a_code_is_told() {
    let phone = Phone::new().await;
    let bomb = png(&GrayImage::from_pixel(5000, 4000, Luma([255])));
    for (file, told) in [
        (nothing(), "没有识别到二维码"),
        (png(&code("x", 6))[..300].to_vec(), "图片已损坏"),
        (b"GIF89a".to_vec(), "只能识别 PNG 或 JPEG"),
        (bomb, "图片尺寸过大"),
        (Vec::new(), "请先选择一张二维码图片"),
    ] {
        let page = phone.upload("picture", &file).await;
        assert_eq!(page.status, 422);
        page.says(told);
        page.says("aria-invalid=\"true\"");
    }
    phone.upload("photo", &nothing()).await.says("请先选择一张二维码图片");
    let page = phone.post("/app/scan/picture", &[("picture", "x")]).await;
    assert_eq!(page.status, 422);
    page.says("图片没有完整上传");
    let cut_short =
        Request::post("/app/scan/picture").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let body =
        Body::from("--x\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\nabc");
    phone.send(cut_short, body).await.says("图片没有完整上传");
    let page = phone.post("/app/scan/address", &[("address", " ")]).await;
    assert_eq!(page.status, 422);
    page.says("请粘贴二维码中的地址");
    assert_eq!(phone.post("/app/scan/address", &[]).await.status, 422);
    assert_eq!(phone.asked(), []);
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let phone = Phone::new().await;
    for size in [upload::LARGEST + 1, upload::LARGEST_READ + 1] {
        let page = phone.upload("picture", &vec![0; size]).await;
        assert_eq!(page.status, 413, "{size}");
        page.says("图片不能超过 10 MB");
    }
    assert_eq!(phone.upload("picture", &vec![0; upload::LARGEST]).await.status, 422);
    let page = phone.frame(vec![0; 1024 * 1024 + 1]).await;
    assert_eq!(page.status, 413);
    assert!(page.json()["message"].is_string());
    // All other pages still take little.
    let page = phone.post("/app/scan/address", &[("address", &"x".repeat(70_000))]).await;
    assert_eq!(page.status, 422);
}

#[tokio::test]
async fn a_frame_says_what_to_do_next() {
    let phone = Phone::new().await;
    let page = phone.frame(nothing()).await;
    assert_eq!((page.status, page.json()), (200, json!({})));
    let page = phone.frame(b"nonsense".to_vec()).await;
    assert_eq!(page.status, 422);
    assert!(page.json()["message"].as_str().unwrap().contains("PNG"));
    phone.answers("scan", 410, refusal(410, "expired").1);
    let page = phone.frame(png(&code(&phone.address(), 6))).await;
    phone.get(page.json()["next"].as_str().unwrap()).await.says("二维码已失效");
}

#[tokio::test]
async fn every_refusal_of_a_scan_has_its_own_page() {
    let phone = Phone::new().await;
    let mut seen = std::collections::HashSet::new();
    for (status, error, told) in [
        (400, "malformed", "内容不完整"),
        (403, "insufficient_scope", "没有包含扫码登录的权限"),
        (403, "identity_not_allowed", "请选择其他身份"),
        (403, "other_account_wanted", "请用那个账号登录办事通"),
        (403, "same_device", "请在另一台设备上打开登录页面"),
        (401, "password_first", "请用密码重新登录"),
        (401, "sign_in_again", "请重新登录办事通"),
        (404, "unknown", "没有这个二维码"),
        (409, "scanned_by_another", "另一部手机"),
        (409, "already_confirmed", "已经用于登录"),
        (410, "cancelled", "已在手机或登录页面上取消"),
        (410, "expired", "超过了有效时间"),
        (429, "too_many_attempts", "请在 30 秒后再试"),
        (418, "of_the_future", "平台：of_the_future"),
        (500, "server_error", "网络或服务暂时不可用"),
    ] {
        phone.answers("scan", status, refusal(status, error).1);
        let page = phone.get(&phone.scan().await).await;
        assert_eq!(page.status, 200);
        page.says(told);
        let anew = ["other_account_wanted", "password_first", "sign_in_again"].contains(&error);
        page.says(if anew { "href=\"/app/login?again=1\"" } else { "重新扫码" });
        is_discreet(&page);
        assert!(seen.insert(page.body), "{error} reads like another one");
    }
    for nonsense in [json!("text"), json!({}), json!({ "numbers": [1] })] {
        phone.answers("scan", 200, nonsense);
        phone.get(&phone.scan().await).await.says("暂时无法连接统一身份认证平台");
    }
}

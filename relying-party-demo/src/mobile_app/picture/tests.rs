use image::{GrayAlphaImage, ImageFormat, Luma, LumaA};

use super::*;
use crate::mobile_app::draw_for_tests::{code, packed, photo};

const TEXT: &str = "https://id.example/scan/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";

fn read(picture: &GrayImage, format: ImageFormat) -> Result<Vec<String>, Unreadable> {
    codes_of(&packed(picture, format))
}

fn is_read(picture: &GrayImage, what: &str) {
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        assert_eq!(read(picture, format), Ok(vec![TEXT.to_owned()]), "{what}, {format:?}");
    }
}

#[test]
fn a_screenshot_is_read_at_every_size() {
    for square in [2, 3, 5, 12, 40] {
        is_read(&code(TEXT, square), &format!("{square} pixels a square"));
    }
    // JPEG is not for pictures as small as this.
    assert_eq!(read(&code(TEXT, 1), ImageFormat::Png), Ok(vec![TEXT.to_owned()]));
}

#[test]
fn a_photo_is_read_from_every_side() {
    let code = code(TEXT, 8);
    for degrees in [0.0, 8.0, 45.0, 90.0, 133.0, 180.0, 262.0] {
        is_read(&photo(&code, 800, 600, 0.7, degrees), &format!("{degrees} degrees"));
    }
}

#[test]
fn a_photo_of_a_telephone_is_read() {
    let code = code(TEXT, 12);
    is_read(&photo(&code, 4000, 3000, 0.35, 12.0), "a part of a large photo");
}

#[test]
fn a_code_on_nothing_is_seen_on_white() {
    let code = code(TEXT, 6);
    let see_through = GrayAlphaImage::from_fn(code.width(), code.height(), |x, y| {
        LumaA([0, if code.get_pixel(x, y).0[0] == 0 { 255 } else { 0 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    see_through.write_to(&mut bytes, ImageFormat::Png).unwrap();
    assert_eq!(codes_of(&bytes.into_inner()), Ok(vec![TEXT.to_owned()]));
}

#[test]
fn all_codes_of_a_picture_are_read() {
    let (one, two) = (code(TEXT, 6), code("https://elsewhere.test/", 6));
    let mut both = GrayImage::from_pixel(one.width() + two.width(), one.height(), Luma([255]));
    image::imageops::replace(&mut both, &one, 0, 0);
    image::imageops::replace(&mut both, &two, i64::from(one.width()), 0);
    let mut found = read(&both, ImageFormat::Png).unwrap();
    found.sort();
    assert_eq!(found, ["https://elsewhere.test/", TEXT]);
}

#[test]
fn a_picture_without_a_code_says_so() {
    let white = GrayImage::from_pixel(480, 480, Luma([255]));
    let desk = photo(&white, 640, 480, 0.5, 20.0);
    let mut half = code(TEXT, 8);
    let covered = half.width() * 3 / 5;
    image::imageops::replace(&mut half, &GrayImage::from_pixel(covered, 1000, Luma([255])), 0, 0);
    for (picture, what) in [(&white, "white"), (&desk, "a desk"), (&half, "half a code")] {
        assert_eq!(read(picture, ImageFormat::Png), Err(Unreadable::NoCode), "{what}");
    }
    assert_eq!(read(&GrayImage::new(1, 1), ImageFormat::Png), Err(Unreadable::NoCode));
}

#[test]
fn what_is_no_png_and_no_jpeg_is_refused() {
    for bytes in
        [&b""[..], b"GIF89a\x01\x00\x01\x00", b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"BM", b"<svg/>", b"nothing"]
    {
        assert_eq!(codes_of(bytes), Err(Unreadable::UnknownFormat), "{bytes:?}");
    }
}

#[test]
fn a_broken_picture_is_refused() {
    let whole = packed(&code(TEXT, 6), ImageFormat::Png);
    for length in [8, 20, 40, whole.len() / 2] {
        assert_eq!(codes_of(&whole[..length]), Err(Unreadable::Broken), "{length} bytes of a PNG");
    }
    let whole = packed(&code(TEXT, 6), ImageFormat::Jpeg);
    for length in [3, 20, 200] {
        assert_eq!(codes_of(&whole[..length]), Err(Unreadable::Broken), "{length} bytes of a JPEG");
    }
    let mut scrambled = whole;
    scrambled.iter_mut().skip(700).step_by(3).for_each(|byte| *byte ^= 0x5a);
    assert!(matches!(codes_of(&scrambled), Err(Unreadable::Broken | Unreadable::NoCode)));
}

/// A few bytes that would be a gigabyte of pixels.
#[test]
fn a_picture_bomb_is_not_unpacked() {
    let bomb = packed(&GrayImage::from_pixel(5000, 4000, Luma([255])), ImageFormat::Png);
    assert!(bomb.len() < 200_000, "{} bytes", bomb.len());
    assert_eq!(codes_of(&bomb), Err(Unreadable::TooManyPixels));
    let mut bomb = packed(&code(TEXT, 2), ImageFormat::Jpeg);
    let frame = bomb.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame header");
    bomb[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(codes_of(&bomb), Err(Unreadable::TooManyPixels));
}

#[tokio::test]
async fn who_waits_gets_a_turn() {
    let picture = Bytes::from(packed(&code(TEXT, 4), ImageFormat::Png));
    let all = (0..6).map(|_| tokio::spawn(codes(picture.clone())));
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), Ok(vec![TEXT.to_owned()]));
    }
}

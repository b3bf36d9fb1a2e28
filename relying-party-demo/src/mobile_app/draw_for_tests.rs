//! Pictures of codes for the tests, as a screen shows them and as a camera sees them.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};

/// The code with its quiet zone, so many pixels a square.
pub fn code(text: &str, square: u32) -> GrayImage {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).expect("a text that fits");
    let width = u32::try_from(code.width()).expect("a code's width");
    let colors = code.to_colors();
    GrayImage::from_fn((width + 8) * square, (width + 8) * square, |x, y| {
        let (x, y) = ((x / square).wrapping_sub(4), (y / square).wrapping_sub(4));
        let dark = x < width && y < width && colors[(y * width + x) as usize] == Color::Dark;
        Luma([if dark { 0 } else { 255 }])
    })
}

/// A photo of a screen: the code turned by so many degrees, tapering away, blurred, unevenly lit and grainy.
pub fn photo(code: &GrayImage, width: u32, height: u32, share: f64, degrees: f64) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let size = f64::from(width.min(height)) * share;
    let scale = f64::from(code.width()) / size;
    let mut grain = 0x9e37_79b9_u32;
    GrayImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        let away = 1.0 + 0.12 * dy / size;
        let (dx, dy) = (dx * away, dy * away);
        let half = f64::from(code.width()) / 2.0;
        let (u, v) = ((dx * cos + dy * sin) * scale + half, (dy * cos - dx * sin) * scale + half);
        let mut sum = 0.0;
        for (du, dv) in [(-0.6, 0.0), (0.6, 0.0), (0.0, -0.6), (0.0, 0.6), (0.0, 0.0)] {
            sum += seen(code, u + du * scale, v + dv * scale);
        }
        grain ^= grain << 13;
        grain ^= grain >> 17;
        grain ^= grain << 5;
        let light = 0.55 + 0.4 * f64::from(x) / f64::from(width);
        let level = (30.0 + sum / 5.0 * 0.8) * light + f64::from(grain % 31) - 15.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
        Luma([level.clamp(0.0, 255.0) as u8])
    })
}

/// Around the code there is a grey desk.
fn seen(code: &GrayImage, u: f64, v: f64) -> f64 {
    let side = f64::from(code.width());
    if u < 0.0 || v < 0.0 || u >= side || v >= side {
        return 120.0;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies in the picture")]
    let pixel = code.get_pixel(u as u32, v as u32);
    f64::from(pixel.0[0])
}

pub fn packed(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

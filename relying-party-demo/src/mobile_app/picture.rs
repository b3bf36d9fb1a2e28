//! From a picture that somebody sends to what its codes say. A picture costs little to send and much to unpack, so its
//! size is looked at before, and only so many are unpacked at a time.

use std::io::Cursor;
use std::time::Duration;

use axum::body::Bytes;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use rqrr::PreparedImage;
use tokio::sync::Semaphore;

/// What a telephone's camera makes; more is refused.
const MOST_PIXELS: u64 = 16_000_000;
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
/// The longest sides that a picture is looked at with, one after the other: fine noise and the grid of a photographed
/// screen vanish at one size, a small code in a large picture shows at another.
const SIZES: [u32; 3] = [1200, 2000, 600];
/// Below this a code's squares are so few pixels wide that they are drawn larger first.
const SMALL: u32 = 400;

static AT_A_TIME: Semaphore = Semaphore::const_new(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a picture says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Neither PNG nor JPEG.
    UnknownFormat,
    Broken,
    TooManyPixels,
    /// A picture, but no code in it that can be read.
    NoCode,
    /// Others' pictures are being looked at.
    Busy,
}

impl Unreadable {
    /// For the visitor.
    pub fn message(self) -> &'static str {
        match self {
            Self::UnknownFormat => "只能识别 PNG 或 JPEG 格式的图片，请换一张图片。",
            Self::Broken => "图片已损坏，无法打开，请换一张图片。",
            Self::TooManyPixels => "图片尺寸过大（超过 1600 万像素），请裁剪后再试。",
            Self::NoCode => "图片中没有识别到二维码。请让二维码完整、清晰地出现在图片中。",
            Self::Busy => "正在识别的图片较多，请稍后再试。",
        }
    }
}

/// What the codes in the picture say, at least one. Works on another thread: unpacking takes its time.
///
/// # Errors
/// Why there is none.
pub async fn codes(picture: Bytes) -> Result<Vec<String>, Unreadable> {
    let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, AT_A_TIME.acquire()).await else {
        return Err(Unreadable::Busy);
    };
    let found = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        codes_of(&picture)
    });
    // A picture made to make the libraries stumble has stopped its own thread only.
    found.await.unwrap_or(Err(Unreadable::Broken))
}

fn codes_of(picture: &[u8]) -> Result<Vec<String>, Unreadable> {
    let picture = unpack(picture)?;
    let longest = picture.width().max(picture.height());
    if longest < SMALL {
        let larger = resize(&picture, f64::from(SMALL * 2) / f64::from(longest));
        return first_of([codes_in(&larger), codes_in(&picture)]);
    }
    let smaller = SIZES.iter().filter(|size| **size < longest);
    let scaled = smaller.map(|size| codes_in(&resize(&picture, f64::from(*size) / f64::from(longest))));
    let whole = (longest <= SIZES[1]).then_some(&picture).into_iter().map(codes_in);
    first_of(scaled.chain(whole))
}

fn first_of(found: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<String>, Unreadable> {
    found.into_iter().find(|codes| !codes.is_empty()).ok_or(Unreadable::NoCode)
}

fn codes_in(picture: &GrayImage) -> Vec<String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.as_raw();
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = prepared.detect_grids();
    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}

fn unpack(bytes: &[u8]) -> Result<GrayImage, Unreadable> {
    let format = image::guess_format(bytes).map_err(|_| Unreadable::UnknownFormat)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg) {
        return Err(Unreadable::UnknownFormat);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Unreadable::Broken);
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(Unreadable::TooManyPixels);
    }
    DynamicImage::from_decoder(decoder).map(grey).map_err(|error| refused(&error))
}

fn refused(error: &image::ImageError) -> Unreadable {
    match error {
        image::ImageError::Limits(_) => Unreadable::TooManyPixels,
        _ => Unreadable::Broken,
    }
}

/// What is transparent is seen on white.
fn grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let picture = picture.into_luma_alpha8();
    let on_white = |[grey, alpha]: [u8; 2]| {
        let (grey, alpha) = (u16::from(grey), u16::from(alpha));
        u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let mut flat = GrayImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        to.0 = [on_white(from.0)];
    }
    flat
}

fn resize(picture: &GrayImage, factor: f64) -> GrayImage {
    let side = |length: u32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 2,000, and positive"
        )]
        let scaled = (f64::from(length) * factor).round() as u32;
        scaled.max(1)
    };
    let filter = if factor > 1.0 { FilterType::Nearest } else { FilterType::Triangle };
    imageops::resize(picture, side(picture.width()), side(picture.height()), filter)
}

#[cfg(test)]
mod tests;

//! The code of a sign-in page, as the provider draws it: into pixels, as a screen would show it.

use image::{GrayImage, ImageFormat, Luma};

/// A code of the test's own.
pub fn drawn(text: &str) -> GrayImage {
    let code = qrcode::QrCode::new(text).unwrap();
    pixels(&code.render::<qrcode::render::svg::Color<'_>>().module_dimensions(8, 8).build())
}

/// Draws the SVG that the page embeds: dark rectangles on white, and nothing else.
pub fn pixels(svg: &str) -> GrayImage {
    let (_, numbers) = svg.split_once(" d=\"").expect("a path");
    let numbers = numbers.split('"').next().unwrap();
    let side = attribute(svg, "width").parse().unwrap();
    let mut picture = GrayImage::from_pixel(side, attribute(svg, "height").parse().unwrap(), Luma([255]));
    for rectangle in numbers.split('M').filter(|rectangle| !rectangle.is_empty()) {
        // `{left} {top}h{width}v{height}H{left}V{top}`
        let numbers: Vec<u32> =
            rectangle.split([' ', 'h', 'v', 'H', 'V']).map(|number| number.parse().unwrap()).collect();
        let [left, top, width, height, back, up] = numbers[..] else { panic!("no rectangle: {rectangle}") };
        assert_eq!((back, up), (left, top));
        let dark = GrayImage::from_pixel(width, height, Luma([0]));
        image::imageops::replace(&mut picture, &dark, left.into(), top.into());
    }
    picture
}

fn attribute<'a>(svg: &'a str, name: &str) -> &'a str {
    let (_, value) = svg.split_once(&format!(" {name}=\"")).expect("an attribute");
    value.split('"').next().unwrap()
}

pub fn packed(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// What the codes in a picture say, read by a library that knows nothing of how they were drawn.
pub fn texts(picture: &GrayImage) -> Vec<String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.as_raw();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    prepared.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
}

//! Styles, scripts and pictures: embedded, served under names that change with their content.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    /// `site.css`
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    hash: u64,
}

macro_rules! assets {
    ($($name:literal: $content_type:literal),+ $(,)?) => {
        const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../../templates/assets/", $name)),
            hash: fnv1a(include_bytes!(concat!("../../../templates/assets/", $name))),
        }),+];
    };
}

assets! {
    "captcha.js": "text/javascript; charset=utf-8",
    "check.js": "text/javascript; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "form_post.js": "text/javascript; charset=utf-8",
    "forms.css": "text/css; charset=utf-8",
    "fresh.js": "text/javascript; charset=utf-8",
    "front_channel.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
    "onward.js": "text/javascript; charset=utf-8",
    "operators.css": "text/css; charset=utf-8",
    "qr.css": "text/css; charset=utf-8",
    "qr.js": "text/javascript; charset=utf-8",
    "scan.js": "text/javascript; charset=utf-8",
    "scene.svg": "image/svg+xml",
    "sign_in.css": "text/css; charset=utf-8",
    "sign_in.js": "text/javascript; charset=utf-8",
    "site.css": "text/css; charset=utf-8",
    "site.js": "text/javascript; charset=utf-8",
    "sms_code.js": "text/javascript; charset=utf-8",
    "until.js": "text/javascript; charset=utf-8",
    "validity.js": "text/javascript; charset=utf-8",
}

/// Tells contents apart; nothing depends on nobody finding a collision.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// The URL of an asset: `/assets/<hash>/site.css`. An unknown name leads nowhere, which a test would see.
pub fn url(name: &str) -> String {
    let hash = ASSETS.iter().find(|asset| asset.name == name).map_or(0, |asset| asset.hash);
    format!("/assets/{hash:016x}/{name}")
}

/// Serves an asset for good: another content has another URL.
pub async fn get(Path((hash, name)): Path<(String, String)>) -> Response {
    let found = ASSETS.iter().find(|asset| asset.name == name && format!("{:016x}", asset.hash) == hash);
    match found {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/assets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(ASSETS.iter().any(|asset| asset.name == name), "{name}");
        }
    }
}

//! Style sheets, pictures and a script, embedded in the binary. Their URLs carry a fingerprint of the content,
//! so browsers may keep them for ever.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::fingerprint::fingerprint;

pub struct Asset {
    name: &'static str,
    kind: &'static str,
    media_type: &'static str,
    body: &'static str,
    fingerprint: u64,
}

impl Asset {
    const fn new(
        name: &'static str,
        kind: &'static str,
        media_type: &'static str,
        body: &'static str,
    ) -> Self {
        Self { name, kind, media_type, body, fingerprint: fingerprint(body.as_bytes()) }
    }

    fn file(&self) -> String {
        format!("{}.{:016x}.{}", self.name, self.fingerprint, self.kind)
    }

    pub fn url(&self) -> String {
        format!("/assets/{}", self.file())
    }
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

pub static STYLE: Asset = Asset::new("portal", "css", CSS, include_str!("../assets/portal.css"));
pub static APP_STYLE: Asset = Asset::new("app", "css", CSS, include_str!("../assets/app.css"));
pub static APP_SCRIPT: Asset = Asset::new("app", "js", JS, include_str!("../assets/app.js"));
/// A neutral placeholder: no emblem and no real logo.
pub static MARK: Asset = Asset::new("mark", "svg", SVG, include_str!("../assets/mark.svg"));
pub static SCENE: Asset = Asset::new("scene", "svg", SVG, include_str!("../assets/scene.svg"));
pub static ICONS: Asset = Asset::new("icons", "svg", SVG, include_str!("../assets/icons.svg"));

pub async fn get(Path(file): Path<String>) -> Response {
    let all = [&STYLE, &APP_STYLE, &APP_SCRIPT, &MARK, &SCENE, &ICONS];
    match all.into_iter().find(|asset| asset.file() == file) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.body,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

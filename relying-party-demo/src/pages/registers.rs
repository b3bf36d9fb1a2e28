//! 演示登记信息: what the stand-in of the registers knows and nobody has registered with yet.

use askama::Template;
use axum::response::Html;

use crate::problem::Result;
use crate::registers::records::{Free, registered_but_free};

#[derive(Template)]
#[template(path = "registers.html")]
struct Page {
    free: Free,
}

pub async fn get() -> Result<Html<String>> {
    Ok(Html(Page { free: registered_but_free() }.render()?))
}

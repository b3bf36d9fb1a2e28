//! `/display`: 大字版 and 高对比度, remembered by the browser.

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use crate::web::return_to::ReturnTo;
use crate::web::{Visitor, cookies};

#[derive(Deserialize)]
pub struct Switch {
    #[serde(default)]
    switch: String,
    /// `off`; everything else is on.
    #[serde(default)]
    to: String,
    #[serde(default)]
    return_to: String,
}

/// GET: turns one of the two on or off, as the link said, whatever another tab has done since; and goes back. It changes
/// nothing but how pages look.
pub async fn get(visitor: Visitor, Query(query): Query<Switch>) -> Response {
    let letter = match query.switch.as_str() {
        "large" => 'l',
        "contrast" => 'c',
        _ => 'x',
    };
    let mut response = visitor.go(ReturnTo::parse(&query.return_to).as_str());
    let display = visitor.switched_display(letter, query.to != "off");
    cookies::set_for_long(response.headers_mut(), cookies::DISPLAY, &display);
    response
}

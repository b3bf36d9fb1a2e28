//! The address with the code in it, as a picture that a telephone reads.

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use qrcode::QrCode;
use qrcode::render::svg;

use super::user_code::UserCode;
use crate::app::App;
use crate::oidc::error::NO_STORE;
use crate::web::params::Params;

/// Pixels, at least.
const SIZE: u32 = 240;

/// GET `/device/qr.svg?user_code=…`. It says nothing that was not asked, so that nobody learns which codes exist.
pub async fn get(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let Some(code) = params.get("user_code").and_then(UserCode::parse) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match QrCode::new(format!("{}/device?user_code={code}", app.config.issuer)) {
        Ok(drawn) => {
            let picture = drawn.render::<svg::Color<'_>>().min_dimensions(SIZE, SIZE).build();
            (NO_STORE, [(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response()
        }
        // Only an issuer of some thousand characters does not fit.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

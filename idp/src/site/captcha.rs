//! `/captcha/…`: new pictures, the pictures themselves, and the task of the non-visual alternative.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;
use crate::guard::captcha;
use crate::web::{self, Problem, Visitor, urls};

/// POST `/captcha/new`, from our own pages only: JSON `{id, image, proof_url}`.
///
/// # Errors
/// When the database fails.
pub async fn new(State(app): State<App>) -> web::Result<Response> {
    let id = captcha::create(&app).await?;
    let view =
        json!({ "id": id, "image": urls::captcha_picture(&id), "proof_url": urls::captcha_proof(&id) });
    Ok(Json(view).into_response())
}

/// GET `/captcha/{id}/picture.png`.
///
/// # Errors
/// When the database fails, or the captcha was answered.
pub async fn picture(
    State(app): State<App>,
    _visitor: Visitor,
    Path(id): Path<String>,
) -> web::Result<Response> {
    match captcha::picture(&app, &id).await? {
        Some(png) => Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response()),
        None => Err(Problem::of_status(StatusCode::NOT_FOUND).into()),
    }
}

/// GET `/captcha/{id}/proof`: JSON `{salt, difficulty}`. The proof is the smallest number whose SHA-256 of
/// `salt:number` begins with `difficulty` zero bits.
///
/// # Errors
/// When the database fails, or the captcha was answered.
pub async fn proof(State(app): State<App>, Path(id): Path<String>) -> web::Result<Response> {
    if !captcha::is_open(&app, &id).await? {
        return Err(Problem::of_status(StatusCode::NOT_FOUND).into());
    }
    Ok(Json(json!({ "salt": id, "difficulty": captcha::DIFFICULTY })).into_response())
}

//! The stand-in of two registers that the provider asks: 法人库 (units) and 人口库 (residents). It
//! is a service of its own, as they are, and can be switched off to see what the provider does then.

pub mod records;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::net::TcpListener;

use crate::bearer;

struct Registers {
    token: String,
    down: AtomicBool,
}

/// Serves the registers until `shutdown` is ready, then lets running requests finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    token: String,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    axum::serve(listener, router(token))
        .with_graceful_shutdown(shutdown)
        .await
        .context("the registers stopped serving")
}

fn router(token: String) -> Router {
    let registers = Arc::new(Registers { token, down: AtomicBool::new(false) });
    Router::new()
        .route("/legal-entities/query", post(legal_entity))
        .route("/residents/verify", post(resident))
        .route_layer(middleware::from_fn_with_state(registers.clone(), fail_while_down))
        .route("/switch", post(switch))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "没有此接口"))
        .layer(DefaultBodyLimit::max(16 * 1024))
        // Outermost, so that a stranger does not learn even whether a path exists.
        .layer(middleware::from_fn_with_state(registers.clone(), ask_for_token))
        .with_state(registers)
}

async fn ask_for_token(State(registers): State<Arc<Registers>>, request: Request, next: Next) -> Response {
    if bearer::shows(request.headers(), &registers.token) {
        next.run(request).await
    } else {
        refuse(StatusCode::UNAUTHORIZED, "未授权")
    }
}

async fn fail_while_down(State(registers): State<Arc<Registers>>, request: Request, next: Next) -> Response {
    if registers.down.load(Ordering::Relaxed) {
        refuse(StatusCode::SERVICE_UNAVAILABLE, "系统维护中")
    } else {
        next.run(request).await
    }
}

/// What else the request tells is for the asker to compare.
#[derive(Deserialize)]
struct LegalEntityQuery {
    credit_code: String,
}

async fn legal_entity(body: Result<Bytes, BytesRejection>) -> Response {
    let Some(query) = read::<LegalEntityQuery>(body) else { return nonsense() };
    let found = records::units().find(|unit| unit.credit_code == query.credit_code);
    match found {
        Some(unit) => Json(json!({
            "code": 0,
            "data": {
                "credit_code": unit.credit_code,
                "name": unit.name,
                "status": "存续",
                "representative_name": unit.representative.name,
                "representative_document_number": unit.representative.number,
            },
        }))
        .into_response(),
        None => Json(json!({ "code": 1, "message": "未查询到登记信息", "data": null })).into_response(),
    }
}

#[derive(Deserialize)]
struct ResidentQuery {
    name: String,
    document_type: String,
    document_number: String,
}

async fn resident(body: Result<Bytes, BytesRejection>) -> Response {
    /// 居民身份证 (GA/T 517): this register knows no other documents.
    const RESIDENT_ID: &str = "111";
    let Some(query) = read::<ResidentQuery>(body) else { return nonsense() };
    let matches = query.document_type == RESIDENT_ID
        && records::residents().any(|person| {
            person.number == query.document_number && narrow(person.name) == narrow(&query.name)
        });
    Json(json!({ "code": 0, "match": matches })).into_response()
}

/// Registers and keyboards disagree on the width of brackets only.
fn narrow(name: &str) -> String {
    name.replace('（', "(").replace('）', ")")
}

#[derive(Deserialize)]
struct Switch {
    down: bool,
}

async fn switch(State(registers): State<Arc<Registers>>, body: Result<Bytes, BytesRejection>) -> Response {
    let Some(Switch { down }) = read(body) else { return nonsense() };
    registers.down.store(down, Ordering::Relaxed);
    Json(json!({ "code": 0, "down": down })).into_response()
}

/// Whatever `Content-Type` says: `curl -d` calls everything a form.
fn read<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Option<T> {
    serde_json::from_slice(&body.ok()?).ok()
}

fn nonsense() -> Response {
    refuse(StatusCode::BAD_REQUEST, "请求格式不正确")
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
}

#[cfg(test)]
mod tests;

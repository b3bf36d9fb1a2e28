//! 扫码登录 while the page is open: how the ticket stands, as events or on request, and a new one when it expires.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Asked, Fit, Form, fit};
use crate::app::App;
use crate::domain::qr_ticket::{Seen, View};
use crate::guard::qr::browser::{self, Wait};
use crate::web::{self, SafeForm, Visitor, urls};

/// Shorter than proxies wait before they cut an idle connection.
const STILL_THERE: Duration = Duration::from_secs(25);

/// GET `/sign-in/qr/events`: server-sent events, beginning with how the ticket stands; the last one is what decides it.
///
/// # Errors
/// When the database fails.
pub async fn events(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> web::Result<Response> {
    let wait = match asked.ticket() {
        Some(id) => browser::wait(&app, &visitor.caller, &id).await?,
        None => Wait::Unknown,
    };
    let news = match wait {
        Wait::News(news) => news,
        Wait::Unknown => return Ok(unknown()),
        Wait::Closed => {
            return Ok((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], unknown_body())
                .into_response());
        }
    };
    let sse = Sse::new(stream(app, news)).keep_alive(KeepAlive::new().interval(STILL_THERE));
    let mut response = sse.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect events before it passes them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Every change, until the ticket is decided, its time is up, or this instance stops.
fn stream(app: App, news: watch::Receiver<Seen>) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(Some((app, news, true)), |state| async {
        let (app, mut news, is_first) = state?;
        if !is_first && news.changed().await.is_err() {
            return None;
        }
        let seen = news.borrow_and_update().clone();
        let event = Event::default().data(told(&app, &seen).to_string());
        let next = seen.view.is_open().then_some((app, news, false));
        Some((Ok(event), next))
    })
}

/// GET `/sign-in/qr/state`: the same once, for browsers that can't have events.
///
/// # Errors
/// When the database fails.
pub async fn state(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> web::Result<Response> {
    let seen = match asked.ticket() {
        Some(id) => browser::look_again(&app, &visitor.caller, &id).await?,
        None => None,
    };
    Ok(seen.map_or_else(unknown, |seen| Json(told(&app, &seen)).into_response()))
}

fn unknown() -> Response {
    (StatusCode::NOT_FOUND, unknown_body()).into_response()
}

fn unknown_body() -> Json<Value> {
    Json(json!({ "state": "unknown" }))
}

fn told(app: &App, seen: &Seen) -> Value {
    let mut told = json!({
        "state": seen.view.as_str(),
        "expires_in": (seen.expires_at - app.clock.now()).as_seconds().max(0),
    });
    if let View::Scanned { name, number } = &seen.view {
        told["name"] = json!(name);
        told["number"] = json!(number);
    }
    told
}

/// POST `/sign-in/qr/renew`: another code in the place of one that has expired.
///
/// # Errors
/// When the database fails.
pub async fn renew(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    SafeForm(_): SafeForm<Form>,
) -> web::Result<Response> {
    let request = asked.request.as_deref();
    let Fit::Here(purpose) = fit(&app, &visitor, request).await? else { return Ok(unknown()) };
    let id = match browser::open(&app, &visitor.caller, &purpose.occasion(request)).await? {
        Ok(id) => id,
        Err(refusal) => {
            let told = json!({ "error": "too_many_attempts", "message": refusal.to_string() });
            let later = [(header::RETRY_AFTER, browser::OPENED_WITHIN.as_seconds().to_string())];
            return Ok((StatusCode::TOO_MANY_REQUESTS, later, Json(told)).into_response());
        }
    };
    let with_ticket = |path| urls::with_ticket(path, id.as_str(), None);
    Ok(Json(json!({
        "ticket": id.as_str(),
        "picture": with_ticket(urls::SIGN_IN_QR_PICTURE),
        "events": with_ticket(urls::SIGN_IN_QR_EVENTS),
        "state": with_ticket(urls::SIGN_IN_QR_STATE),
        "again": urls::with_ticket(urls::SIGN_IN_QR, id.as_str(), request),
    }))
    .into_response())
}

//! Three ways to a code: a frame of the camera, a picture, an address. Each ends at the page of `confirm`.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FormRejection};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::home::{self, Refused, Way};
use super::{APP, SignedIn};
use crate::mobile_app::api;
use crate::mobile_app::code::{Code, NotOurs};
use crate::mobile_app::picture::{self, Unreadable};
use crate::mobile_app::scans::{Open, Outcome, Scan};
use crate::mobile_app::upload;
use crate::portal::Portal;
use crate::problem::Result;

#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    address: String,
}

/// A GET is somebody who came back, or signed in anew: the forms are on the first page.
pub async fn back() -> Redirect {
    Redirect::to(&APP.path())
}

/// `POST /app/scan/address`
pub async fn address(
    State(portal): State<Arc<Portal>>,
    headers: HeaderMap,
    typed: std::result::Result<Form<Typed>, FormRejection>,
) -> Result<Response> {
    let who = SignedIn::required(&portal, &headers)?;
    let typed = typed.map(|Form(typed)| typed.address).unwrap_or_default();
    let refused = |message: String| Refused {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        from: Way::Address,
        message,
        typed: typed.chars().take(300).collect(),
    };
    if typed.trim().is_empty() {
        return home::show(&portal, &who, Some(&refused("请粘贴二维码中的地址。".to_owned()))).await;
    }
    match Code::read(&typed, portal.provider.issuer()) {
        Ok(code) => Ok(Redirect::to(&take(&portal, &who, code).await?).into_response()),
        Err(not_ours) => home::show(&portal, &who, Some(&refused(not_ours.message()))).await,
    }
}

/// `POST /app/scan/picture`
pub async fn picture(State(portal): State<Arc<Portal>>, request: Request) -> Result<Response> {
    let who = SignedIn::required(&portal, request.headers())?;
    let refused =
        |status, message: String| Refused { status, from: Way::Picture, message, typed: String::new() };
    let found = match upload::picture(request).await {
        Ok(picture) => code_in(&portal, picture).await,
        Err(upload::Refused::TooLarge) => {
            let message = upload::Refused::TooLarge.message().to_owned();
            let refused = refused(StatusCode::PAYLOAD_TOO_LARGE, message);
            return home::show(&portal, &who, Some(&refused)).await;
        }
        Err(other) => Err(NoCode::Upload(other)),
    };
    match found {
        Ok(code) => Ok(Redirect::to(&take(&portal, &who, code).await?).into_response()),
        Err(reason) => {
            let refused = refused(StatusCode::UNPROCESSABLE_ENTITY, reason.message());
            home::show(&portal, &who, Some(&refused)).await
        }
    }
}

/// `POST /app/scan/frame`: the body is a picture. The answer has `next`, where the page shall go, or a `message`, or
/// neither while there is no code to be seen.
pub async fn frame(
    State(portal): State<Arc<Portal>>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let answer = |status: StatusCode, answer: Value| Ok((status, Json(answer)).into_response());
    let Some(who) = SignedIn::find(&portal, &headers) else {
        return answer(StatusCode::FORBIDDEN, json!({ "next": APP.path() }));
    };
    let Ok(frame) = body else {
        let message = upload::Refused::TooLarge.message();
        return answer(StatusCode::PAYLOAD_TOO_LARGE, json!({ "message": message }));
    };
    match code_in(&portal, frame).await {
        Ok(code) => match take(&portal, &who, code).await {
            Ok(next) => answer(StatusCode::OK, json!({ "next": next })),
            Err(_) => answer(StatusCode::FORBIDDEN, json!({ "next": APP.path() })),
        },
        Err(NoCode::Picture(Unreadable::NoCode)) => answer(StatusCode::OK, json!({})),
        Err(NoCode::NotOurs(not_ours)) => answer(StatusCode::OK, json!({ "message": not_ours.message() })),
        Err(other) => answer(StatusCode::UNPROCESSABLE_ENTITY, json!({ "message": other.message() })),
    }
}

enum NoCode {
    Upload(upload::Refused),
    Picture(Unreadable),
    NotOurs(NotOurs),
}

impl NoCode {
    fn message(&self) -> String {
        match self {
            Self::Upload(refused) => refused.message().to_owned(),
            Self::Picture(unreadable) => unreadable.message().to_owned(),
            Self::NotOurs(not_ours) => not_ours.message(),
        }
    }
}

/// Our provider's code among those in the picture; else what the first of them is.
async fn code_in(portal: &Portal, picture: Bytes) -> std::result::Result<Code, NoCode> {
    let texts = picture::codes(picture).await.map_err(NoCode::Picture)?;
    let mut other = NotOurs::NoAddress;
    for text in texts.iter().rev() {
        match Code::read(text, portal.provider.issuer()) {
            Ok(code) => return Ok(code),
            Err(not_ours) => other = not_ours,
        }
    }
    Err(NoCode::NotOurs(other))
}

/// Shows the code to the provider; gives the page that tells what came of it.
async fn take(portal: &Portal, who: &SignedIn, code: Code) -> Result<String> {
    let scan = match api::scan(portal, &who.session, &code).await {
        Ok(facts) => Scan::Open(Open { code, facts, scanned: Instant::now() }),
        Err(failure) => Scan::Closed(Outcome::Refused(who.refusal(portal, failure)?)),
    };
    let id = portal.scans.remember(&who.id, scan, Instant::now());
    Ok(format!("{}/scans/{id}", APP.path()))
}

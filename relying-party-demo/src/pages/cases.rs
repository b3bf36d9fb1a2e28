//! One case of the unit, and its 好差评.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use crate::account::Account;
use crate::cookies;
use crate::demo_records::{Case, RATINGS, cases};
use crate::portal::Portal;
use crate::problem::{Problem, Result};
use crate::relying_party::RelyingParty;

#[derive(Template)]
#[template(path = "hall/case.html")]
struct Page<'a> {
    account: &'a Account,
    case: &'a Case,
    ratings: &'a [(u8, &'a str)],
}

#[derive(Deserialize)]
pub struct Rating {
    stars: u8,
}

pub async fn get(
    State(portal): State<Arc<Portal>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(session) = portal.session(RelyingParty::Hall, &headers) else {
        return Ok(Redirect::to("/hall/sign-in").into_response());
    };
    let cases = cases(&session);
    let case = cases.iter().find(|case| case.number.to_string() == number).ok_or(Problem::NotFound)?;
    let page = Page { account: &session.account, case, ratings: &RATINGS };
    Ok(Html(page.render()?).into_response())
}

pub async fn rate(
    State(portal): State<Arc<Portal>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    rating: std::result::Result<Form<Rating>, FormRejection>,
) -> Result<Response> {
    let Some(session) = portal.session(RelyingParty::Hall, &headers) else {
        return Ok(Redirect::to("/hall/sign-in").into_response());
    };
    let cases = cases(&session);
    let case = cases.iter().find(|case| case.number.to_string() == number).ok_or(Problem::NotFound)?;
    match rating {
        Ok(Form(rating)) if RATINGS.iter().any(|(stars, _)| *stars == rating.stars) => {
            let id = portal.cookies.read(&headers, &cookies::session(RelyingParty::Hall)).unwrap_or_default();
            portal.sessions.rate(id, case.number, rating.stars);
            Ok(Redirect::to("/hall?tab=rated").into_response())
        }
        // Nothing chosen: the page asks again.
        _ => Ok(Redirect::to(&format!("/hall/cases/{number}")).into_response()),
    }
}

//! One scan: who asks, from where, for which portal; the number, the identity, yes or no; and afterwards what came of
//! it.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::{APP, SignedIn};
use crate::headers::Needs;
use crate::mobile_app::api::{self, Facts, Identity};
use crate::mobile_app::refusal::Refusal;
use crate::mobile_app::scans::{Open, Outcome, Scan};
use crate::portal::Portal;
use crate::problem::Result;

#[derive(Template)]
#[template(path = "mobile_app/confirm.html")]
struct ConfirmPage<'a> {
    id: &'a str,
    facts: &'a Facts,
    seconds_left: u64,
    /// Of an identity.
    chosen: Option<&'a str>,
    refused: Option<&'a Objection>,
}

#[derive(Template)]
#[template(path = "mobile_app/outcome.html")]
struct OutcomePage<'a> {
    outcome: &'a Outcome,
}

/// Why the page is shown again.
enum Objection {
    NoNumber,
    NoIdentity,
    Provider(Refusal),
}

impl Objection {
    fn message(&self) -> String {
        match self {
            Self::NoNumber => "请选择登录页面上显示的数字。".to_owned(),
            Self::NoIdentity => "请选择以哪个身份登录。".to_owned(),
            Self::Provider(refusal) => format!("{}。{}", refusal.heading(), refusal.explanation()),
        }
    }
}

impl ConfirmPage<'_> {
    fn portal(&self) -> &str {
        self.facts.client_name.as_deref().unwrap_or("统一身份认证平台")
    }

    fn time_left(&self) -> String {
        match (self.seconds_left / 60, self.seconds_left % 60) {
            (0, seconds) => format!("{seconds} 秒"),
            (minutes, seconds) => format!("{minutes} 分 {seconds:02} 秒"),
        }
    }

    fn is_chosen(&self, identity: &Identity) -> bool {
        self.chosen == Some(&*identity.id)
    }
}

impl OutcomePage<'_> {
    fn heading(&self) -> &'static str {
        match self.outcome {
            Outcome::Confirmed { .. } => "已确认登录",
            Outcome::Cancelled => "您已取消登录",
            Outcome::Refused(refusal) => refusal.heading(),
        }
    }

    fn wants_sign_in(&self) -> bool {
        matches!(self.outcome, Outcome::Refused(refusal) if refusal.wants_sign_in())
    }

    /// How the page looks: `good`, `quiet` where the visitor wanted no sign-in, else a warning.
    fn kind(&self) -> &'static str {
        match self.outcome {
            Outcome::Confirmed { .. } => "good",
            Outcome::Cancelled => "quiet",
            Outcome::Refused(_) => "",
        }
    }

    fn is_good(&self) -> bool {
        matches!(self.outcome, Outcome::Confirmed { .. })
    }
}

#[derive(Default, Deserialize)]
pub struct Choice {
    number: Option<String>,
    identity: Option<String>,
}

pub async fn get(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let who = SignedIn::required(&portal, &headers)?;
    match portal.scans.find(&id, &who.id, Instant::now()) {
        Some(Scan::Open(open)) => show(&portal, &id, &open, None, None),
        Some(Scan::Closed(outcome)) => show_outcome(&outcome),
        // Too long ago, or somebody else's.
        None => Ok(Redirect::to(&APP.path()).into_response()),
    }
}

/// 【确认登录】
pub async fn confirm(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    choice: std::result::Result<Form<Choice>, FormRejection>,
) -> Result<Response> {
    let who = SignedIn::required(&portal, &headers)?;
    let Some(Scan::Open(open)) = portal.scans.find(&id, &who.id, Instant::now()) else {
        return Ok(to_page(&id));
    };
    let choice = choice.map(|Form(choice)| choice).unwrap_or_default();
    let identity = open.facts.identities.iter().find(|one| choice.identity.as_deref() == Some(&*one.id));
    let chosen = identity.map(|one| &*one.id);
    let number = choice.number.and_then(|number| number.parse().ok());
    let Some(number) = number.filter(|number| open.facts.numbers.contains(number)) else {
        return show(&portal, &id, &open, chosen, Some(&Objection::NoNumber));
    };
    let Some(identity) = identity else {
        return show(&portal, &id, &open, None, Some(&Objection::NoIdentity));
    };
    match api::confirm(&portal, &who.session, &open.code, number, identity).await {
        Ok(()) => {
            let client_name = open.facts.client_name.clone();
            portal.scans.close(&id, Outcome::Confirmed { client_name, identity: identity.clone() });
            Ok(to_page(&id))
        }
        Err(failure) => answer_refusal(&portal, &id, &open, chosen, who.refusal(&portal, failure)?),
    }
}

/// 【取消】
pub async fn cancel(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let who = SignedIn::required(&portal, &headers)?;
    let Some(Scan::Open(open)) = portal.scans.find(&id, &who.id, Instant::now()) else {
        return Ok(to_page(&id));
    };
    match api::cancel(&portal, &who.session, &open.code).await {
        Ok(()) => {
            portal.scans.close(&id, Outcome::Cancelled);
            Ok(to_page(&id))
        }
        Err(failure) => answer_refusal(&portal, &id, &open, None, who.refusal(&portal, failure)?),
    }
}

/// A GET where 【取消】 is posted to: the page was loaded again.
pub async fn back(Path(id): Path<String>) -> Response {
    to_page(&id)
}

/// Who may try again sees the page as it was; everything else is the scan's end.
fn answer_refusal(
    portal: &Portal,
    id: &str,
    open: &Open,
    chosen: Option<&str>,
    refusal: Refusal,
) -> Result<Response> {
    if refusal.may_be_tried_again() {
        return show(portal, id, open, chosen, Some(&Objection::Provider(refusal)));
    }
    portal.scans.close(id, Outcome::Refused(refusal));
    Ok(to_page(id))
}

fn show(
    portal: &Portal,
    id: &str,
    open: &Open,
    chosen: Option<&str>,
    refused: Option<&Objection>,
) -> Result<Response> {
    let Some(seconds_left) = open.seconds_left(Instant::now()) else {
        portal.scans.close(id, Outcome::Refused(Refusal::Expired));
        return Ok(to_page(id));
    };
    let first = open.facts.identities.first().map(|identity| &*identity.id);
    let page = ConfirmPage { id, facts: &open.facts, seconds_left, chosen: chosen.or(first), refused };
    let status = match refused {
        None => StatusCode::OK,
        Some(Objection::Provider(Refusal::Unreachable)) => StatusCode::SERVICE_UNAVAILABLE,
        Some(Objection::Provider(Refusal::TooManyAttempts { .. })) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut response = (status, Extension(Needs::Script), Html(page.render()?)).into_response();
    if let Some(Objection::Provider(Refusal::TooManyAttempts { seconds: Some(seconds) })) = refused {
        response.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
    }
    Ok(response)
}

fn show_outcome(outcome: &Outcome) -> Result<Response> {
    Ok(Html(OutcomePage { outcome }.render()?).into_response())
}

fn to_page(id: &str) -> Response {
    Redirect::to(&format!("{}/scans/{id}", APP.path())).into_response()
}

//! The app's first page: who is signed in, and three ways to scan a code.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};

use super::SignedIn;
use crate::account::Account;
use crate::headers::Needs;
use crate::mobile_app::api::{self, Identity};
use crate::mobile_app::refusal::Refusal;
use crate::portal::Portal;
use crate::problem::Result;

#[derive(Template)]
#[template(path = "mobile_app/welcome.html")]
struct WelcomePage;

#[derive(Template)]
#[template(path = "mobile_app/home.html")]
struct HomePage<'a> {
    account: &'a Account,
    /// As whom they may sign in elsewhere; or why that is not known just now.
    identities: std::result::Result<Vec<Identity>, Refusal>,
    refused: Option<&'a Refused>,
}

/// Why what was sent leads to no code: said beside the form that it came from.
pub struct Refused {
    pub status: StatusCode,
    pub from: Way,
    pub message: String,
    /// What was typed.
    pub typed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Picture,
    Address,
}

impl Refused {
    /// Beside the field of this way.
    fn at(&self, way: Way) -> Option<&str> {
        (self.from == way).then_some(&*self.message)
    }
}

impl HomePage<'_> {
    fn refused_at(&self, way: Way) -> Option<&str> {
        self.refused.and_then(|refused| refused.at(way))
    }

    fn typed(&self) -> &str {
        self.refused.map_or("", |refused| &refused.typed)
    }
}

pub async fn get(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Result<Response> {
    match SignedIn::find(&portal, &headers) {
        Some(who) => show(&portal, &who, None).await,
        None => Ok(Html(WelcomePage.render()?).into_response()),
    }
}

pub(super) async fn show(portal: &Portal, who: &SignedIn, refused: Option<&Refused>) -> Result<Response> {
    let identities = match api::identities(portal, &who.session).await {
        Ok(identities) => Ok(identities),
        Err(failure) => Err(who.refusal(portal, failure)?),
    };
    let status = refused.map_or(StatusCode::OK, |refused| refused.status);
    let page = HomePage { account: &who.session.account, identities, refused };
    Ok((status, Extension(Needs::Camera), Html(page.render()?)).into_response())
}

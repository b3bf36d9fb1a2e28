//! An application behind one of the hall's entrances. Whoever is signed in at the provider comes in
//! without noticing; everyone else is asked to sign in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Response};

use crate::account::Account;
use crate::portal::Portal;
use crate::problem::{Problem, Result};
use crate::relying_party::{APPLICATIONS, Application, RelyingParty};
use crate::sign_in::{Wish, begin};

#[derive(Template)]
#[template(path = "application.html")]
struct Page<'a> {
    application: &'static Application,
    account: &'a Account,
}

impl Page<'_> {
    fn here(&self) -> String {
        RelyingParty::Application(self.application).path()
    }
}

pub async fn get(
    State(portal): State<Arc<Portal>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let application = APPLICATIONS.iter().find(|one| one.slug == slug).ok_or(Problem::NotFound)?;
    let party = RelyingParty::Application(application);
    match portal.session(party, &headers) {
        Some(session) => {
            let page = Page { application, account: &session.account };
            Ok(Html(page.render()?).into_response())
        }
        None => begin(&portal, party, Wish { silent: true, ..Wish::default() }, &headers).await,
    }
}

//! 单位网厅: the unit, its cases and licences, and the entrances to the applications. A person who
//! has signed in for themselves finds it as 个人网厅.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use crate::account::Account;
use crate::demo_records::{Case, Licence, cases, licences};
use crate::portal::Portal;
use crate::problem::Result;
use crate::relying_party::{APPLICATIONS, Application, RelyingParty};

#[derive(Template)]
#[template(path = "hall/hall.html")]
struct Page<'a> {
    account: &'a Account,
    tab: Tab,
    /// What the visitor looks for.
    search: &'a str,
    cases: Vec<Case>,
    licences: Vec<Licence>,
    applications: &'a [Application],
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tab {
    #[default]
    ToRate,
    Rated,
    Licences,
}

impl Tab {
    const ALL: [Self; 3] = [Self::ToRate, Self::Rated, Self::Licences];

    fn name(self) -> &'static str {
        match self {
            Self::ToRate => "to-rate",
            Self::Rated => "rated",
            Self::Licences => "licences",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::ToRate => "我的办件(待评价)",
            Self::Rated => "我的办件(已评价)",
            Self::Licences => "我的证照",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct View {
    tab: Tab,
    search: String,
}

pub async fn get(
    State(portal): State<Arc<Portal>>,
    view: std::result::Result<Query<View>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(session) = portal.session(RelyingParty::Hall, &headers) else {
        return Ok(Redirect::to("/hall/sign-in").into_response());
    };
    let View { tab, search } = view.map(|Query(view)| view).unwrap_or_default();
    let search = search.trim();
    let mut cases = cases(&session);
    cases.retain(|case| case.stars.is_some() == (tab == Tab::Rated) && case.matter.contains(search));
    let mut licences = licences(&session);
    licences.retain(|licence| licence.name.contains(search));
    let page = Page { account: &session.account, tab, search, cases, licences, applications: &APPLICATIONS };
    Ok(Html(page.render()?).into_response())
}

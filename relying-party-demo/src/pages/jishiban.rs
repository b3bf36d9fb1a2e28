//! 吉事办: a second site with the same sign-in. Its 法人中心 leads to the account centre.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Response};

use crate::account::Account;
use crate::portal::Portal;
use crate::problem::Result;
use crate::relying_party::RelyingParty;
use crate::sign_in::{Wish, begin};

#[derive(Template)]
#[template(path = "jishiban/home.html")]
struct HomePage {
    visitor: Option<Account>,
}

#[derive(Template)]
#[template(path = "jishiban/centre.html")]
struct CentrePage<'a> {
    account: &'a Account,
    /// 账号设置, at the provider.
    account_url: String,
}

pub async fn home(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Result<Html<String>> {
    let visitor = portal.session(RelyingParty::Jishiban, &headers).map(|session| session.account);
    Ok(Html(HomePage { visitor }.render()?))
}

/// 法人中心, for a person 个人中心.
pub async fn centre(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Result<Response> {
    match portal.session(RelyingParty::Jishiban, &headers) {
        Some(session) => {
            let page = CentrePage { account: &session.account, account_url: portal.provider.account_url() };
            Ok(Html(page.render()?).into_response())
        }
        None => begin(&portal, RelyingParty::Jishiban, Wish::default(), &headers).await,
    }
}

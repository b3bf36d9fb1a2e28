//! Where a sign-in begins, and after it: on to the portal that waits, or to one's own account.

use axum::extract::{Query, State};
use axum::response::Response;

use super::shared;
use crate::app::App;
use crate::guard::pending::{self, Display};
use crate::web::sign_in_door;
use crate::web::{self, Visitor, cookies, urls};

/// GET `/sign-in/finish`. A page of its own, so that reloading it never sends a password again.
///
/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
) -> web::Result<Response> {
    let Some(id) = query.request() else { return Ok(visitor.go(urls::ACCOUNT)) };
    let waiting = pending::find(&app, &visitor.caller, id).await?;
    Ok(match waiting.and_then(|waiting| waiting.display.return_to) {
        Some(page) => visitor.go(&page),
        None => visitor.go(&urls::with_request("/authorize/resume", Some(id))),
    })
}

/// GET `/sign-in`: where to begin when nobody asked for anything special.
///
/// # Errors
/// When the database fails.
pub async fn choose(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
) -> web::Result<Response> {
    let asked = asked(&app, &visitor, &query).await?;
    let page = sign_in_door::opening(&app, &visitor, &asked);
    Ok(visitor.go(&urls::with_request(page, query.request())))
}

/// GET `/sign-in/password`: 密码登录在这里. The browser remembers the choice.
///
/// # Errors
/// When the database fails.
pub async fn password(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
) -> web::Result<Response> {
    let asked = asked(&app, &visitor, &query).await?;
    let page = sign_in_door::password_page(&asked);
    let mut response = visitor.go(&query.link(page));
    cookies::set_for_long(response.headers_mut(), cookies::SIGN_IN, "password");
    Ok(response)
}

async fn asked(app: &App, visitor: &Visitor, query: &shared::Query) -> web::Result<Display> {
    let waiting = match query.request() {
        Some(id) => pending::find(app, &visitor.caller, id).await?,
        None => None,
    };
    Ok(waiting.map(|waiting| waiting.display).unwrap_or_default())
}

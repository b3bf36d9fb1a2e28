//! After the password: on to the portal that waits, or to one's own account.

use axum::extract::Query;
use axum::response::Response;

use super::shared;
use crate::web::{Visitor, urls};

/// GET `/sign-in/finish`. A page of its own, so that reloading it never sends a password again.
pub async fn get(visitor: Visitor, Query(query): Query<shared::Query>) -> Response {
    match query.request() {
        Some(id) => visitor.go(&urls::with_request("/authorize/resume", Some(id))),
        None => visitor.go(urls::ACCOUNT),
    }
}

/// GET `/sign-in`: where to begin when nobody asked for anything special.
pub async fn choose(visitor: Visitor, Query(query): Query<shared::Query>) -> Response {
    visitor.go(&urls::with_request(urls::SIGN_IN_PERSONAL, query.request()))
}

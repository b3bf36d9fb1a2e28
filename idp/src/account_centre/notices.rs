//! `done=…` in an address makes a page say what has just been done. Only what did it leads there: whoever follows another
//! site's link, or one from a message, sees the page without it.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use url::form_urlencoded;

use crate::web::urls;

/// Around every page of ours. Browsers that do not say where a visitor comes from are believed.
pub async fn only_from_here(request: Request, next: Next) -> Response {
    let from_elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| site != "same-origin");
    let uri = request.uri();
    if from_elsewhere && request.method() == Method::GET && uri.path().starts_with(urls::ACCOUNT) {
        let pairs = || form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let is_said = |name: &str| matches!(name, "done" | "what");
        if pairs().any(|(name, _)| is_said(&name)) {
            let rest = pairs().filter(|(name, _)| !is_said(name));
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
            let mark = if query.is_empty() { "" } else { "?" };
            return Redirect::to(&format!("{}{mark}{query}", uri.path())).into_response();
        }
    }
    next.run(request).await
}

//! The app through the portals' own router: every way to a code, and every answer of the provider's API.

mod confirming_tests;
mod scanning_tests;
mod setup_for_tests;
mod signed_in_tests;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use setup_for_tests::{Page, Phone, SECRET, facts, refusal};

/// Nothing of another's page is shown, and no code stands in a page.
fn is_discreet(page: &Page) {
    assert!(!page.body.contains(SECRET), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
}

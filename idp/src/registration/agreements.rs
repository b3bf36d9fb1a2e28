//! 《注册协议》 and 《隐私政策》: their texts, and the record of who agreed to which version.

use askama::Template;
use axum::response::Response;
use sqlx::AnyConnection;

use crate::domain::timestamp::Timestamp;
use crate::store::agreements;
use crate::web::{self, Frame, Visitor};

/// Changes whenever a text changes: whoever registers from then on agrees to the new one. Who has an account is not asked
/// again (docs/decisions/0031).
pub const VERSION: &str = "2026-11";

#[derive(Template)]
#[template(path = "registration/agreements_terms.html")]
struct Terms<'a> {
    frame: Frame<'a>,
    version: &'static str,
}

#[derive(Template)]
#[template(path = "registration/agreements_privacy.html")]
struct Privacy<'a> {
    frame: Frame<'a>,
    version: &'static str,
}

/// GET `/registration/agreements/terms`
///
/// # Errors
/// When the template fails.
pub async fn terms(visitor: Visitor) -> web::Result<Response> {
    visitor.show(&Terms { frame: visitor.frame(), version: VERSION })
}

/// GET `/registration/agreements/privacy`
///
/// # Errors
/// When the template fails.
pub async fn privacy(visitor: Visitor) -> web::Result<Response> {
    visitor.show(&Privacy { frame: visitor.frame(), version: VERSION })
}

/// Records that an account agreed to both.
///
/// # Errors
/// When the database fails.
pub async fn record(tx: &mut AnyConnection, account_id: &str, now: Timestamp) -> sqlx::Result<()> {
    for document in ["terms", "privacy"] {
        agreements::insert(tx, account_id, document, VERSION, now).await?;
    }
    Ok(())
}

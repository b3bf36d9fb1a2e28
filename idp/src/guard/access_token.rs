//! Apps that call the provider itself: who a bearer token stands for (RFC 6750).

use anyhow::Result;

use super::sessions::Session;
use crate::app::App;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::store::token_holders;

/// The account that let an app act for it.
#[derive(Debug, Clone)]
pub struct Holder {
    pub client_id: String,
    pub grant_id: Vec<u8>,
    /// As which session the grant was made; it may have ended since, where the grant outlives it.
    pub session: Session,
}

/// RFC 6750 section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Missing,
    Invalid,
    InsufficientScope,
}

/// The holder of the token in an `Authorization` header, if it was granted `scope`.
///
/// # Errors
/// When the database fails.
pub async fn holder(app: &App, authorization: Option<&str>, scope: &str) -> Result<Result<Holder, Refusal>> {
    let Some(header) = authorization else { return Ok(Err(Refusal::Missing)) };
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Ok(Err(Refusal::Invalid)),
    };
    let found = token_holders::find(&app.store, &random::hash(token), app.clock.now()).await?;
    let Some(row) = found else { return Ok(Err(Refusal::Invalid)) };
    // A client that was disabled takes its tokens with it.
    if app.clients.find(&app.store, &row.client_id).await?.is_none() {
        return Ok(Err(Refusal::Invalid));
    }
    if !row.scope.split(' ').any(|granted| granted == scope) {
        return Ok(Err(Refusal::InsufficientScope));
    }
    Ok(Ok(Holder {
        client_id: row.client_id,
        grant_id: row.grant_id,
        session: Session {
            sid: row.sid,
            account_id: row.account_id,
            holder_id: row.holder_id,
            acr: row.acr,
            amr: row.amr,
            authenticated_at: Timestamp::from_millis(row.authenticated_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        },
    }))
}

//! Apps that call the provider itself: whom an access token stands for.

use anyhow::Result;

use super::sessions::Session;
use crate::app::App;
use crate::store::token_holders;

/// The account that let an app act for it.
#[derive(Debug, Clone)]
pub struct Holder {
    pub client_id: String,
    pub grant_id: Vec<u8>,
    /// As which session the grant was made; it may have ended since, where the grant outlives it.
    pub session: Session,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Ended a moment ago.
    Invalid,
    InsufficientScope,
}

/// The holder of the token with this key, if it was granted `scope`. That it is in the right hands was checked.
///
/// # Errors
/// When the database fails.
pub async fn holder(app: &App, key: &[u8], scope: &str) -> Result<Result<Holder, Refusal>> {
    let found = token_holders::find(&app.store, key, app.clock.now()).await?;
    let Some(row) = found else { return Ok(Err(Refusal::Invalid)) };
    // A client that was disabled takes its tokens with it.
    if app.clients.find(&app.store, &row.client_id).await?.is_none() {
        return Ok(Err(Refusal::Invalid));
    }
    if !row.scope.split(' ').any(|granted| granted == scope) {
        return Ok(Err(Refusal::InsufficientScope));
    }
    Ok(Ok(Holder { client_id: row.client_id, grant_id: row.grant_id, session: row.signed_in.into() }))
}

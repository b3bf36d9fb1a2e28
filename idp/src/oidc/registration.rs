//! Registering clients: what an administrator does with `idp client add`.

use anyhow::Result;

use crate::app::App;
use crate::domain::client::ClientMetadata;
use crate::platform::random;
use crate::store::clients::{self, ClientRow};

/// Registers a client, or replaces its registration; gives its new secret if its way of authentication uses one.
///
/// # Errors
/// When the database fails, or the metadata can't be used.
pub async fn register(app: &App, id: &str, metadata: &ClientMetadata) -> Result<Option<String>> {
    metadata.check()?;
    super::sector::check(app, metadata).await?;
    let secret = metadata.token_endpoint_auth_method.uses_secret().then(random::token);
    let row = ClientRow {
        id: id.to_owned(),
        secret_hash: secret.as_deref().map(random::hash),
        metadata: serde_json::to_string(metadata)?,
        disabled_at: None,
    };
    clients::put(&app.store, &row, app.clock.now()).await?;
    Ok(secret)
}

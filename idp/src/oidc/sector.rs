//! `sector_identifier_uri` (OpenID Connect Core section 8.1, Registration section 5): whoever owns the sector says which
//! redirect URIs belong to it.

use anyhow::Result;

use crate::app::App;
use crate::domain::client::{ClientMetadata, Wrong};

/// Whether the sector's owner knows every redirect URI; nothing to ask where there is no such address.
///
/// # Errors
/// The member that can't be registered.
pub async fn check(app: &App, metadata: &ClientMetadata) -> Result<(), Wrong> {
    let Some(uri) = &metadata.sector_identifier_uri else { return Ok(()) };
    let wrong = |why: String| Wrong::new("sector_identifier_uri", why);
    let document =
        app.fetcher.get(uri, &["application/json"]).await.map_err(|error| wrong(error.to_string()))?;
    let listed: Vec<String> = serde_json::from_slice(&document)
        .map_err(|_| wrong("what is there is no JSON array of URIs".to_owned()))?;
    if metadata.redirect_uris.is_empty() {
        return Err(wrong("without redirect_uris its owner can't say whose they are".to_owned()));
    }
    match metadata.redirect_uris.iter().find(|uri| !listed.contains(uri)) {
        Some(missing) => Err(wrong(format!("what is there does not list {missing}"))),
        None => Ok(()),
    }
}

//! Makes the portals known to a provider in this process: what an administrator does with `idp client add`.

use anyhow::Result;
use idp::app::App;
use idp::domain::client::ClientMetadata;
use idp::oidc::registration;
use serde_json::json;

use crate::ClientCredentials;
use crate::relying_party::registrations;

/// Registers every portal anew, with a secret (the app: without one) that whoever serves the portals gets.
///
/// # Errors
/// When the provider's database fails.
pub async fn register(app: &App, public_url: &str) -> Result<Vec<ClientCredentials>> {
    let mut clients = Vec::new();
    for portal in registrations(public_url) {
        let metadata: ClientMetadata = serde_json::from_value(json!({
            "client_name": portal.client_name,
            "redirect_uris": portal.redirect_uris,
            "post_logout_redirect_uris": portal.post_logout_redirect_uris,
            "backchannel_logout_uri": portal.backchannel_logout_uri,
            "token_endpoint_auth_method": portal.token_endpoint_auth_method,
            "grant_types": portal.grant_types,
            "scope": portal.scope,
            "dpop_bound_access_tokens": portal.dpop_bound_access_tokens,
            "first_party": true,
        }))?;
        let client_secret = registration::register(app, &portal.client_id, &metadata).await?;
        clients.push(ClientCredentials { client_id: portal.client_id, client_secret });
    }
    Ok(clients)
}

//! Registering clients: what an administrator does with `idp client add`.

use anyhow::Result;

use super::acr;
use crate::app::App;
use crate::domain::client::{AuthMethod, ClientMetadata, Wrong};
use crate::platform::random;
use crate::store::clients::{self, ClientRow};

/// What a sealed secret is bound to.
pub const SECRET_FIELD: &str = "clients.secret";

/// A client's secret: as it is told once, and as the store keeps it.
pub struct NewSecret {
    pub plain: String,
    pub hash: Vec<u8>,
    /// Only for the method that needs the secret itself.
    pub sealed: Option<Vec<u8>>,
}

/// A new secret, if the way of authentication uses one.
///
/// # Errors
/// When sealing fails.
pub fn new_secret(app: &App, id: &str, method: AuthMethod) -> Result<Option<NewSecret>> {
    if !method.uses_secret() {
        return Ok(None);
    }
    let plain = random::token();
    let sealed = (method == AuthMethod::ClientSecretJwt).then(|| app.vault.seal(SECRET_FIELD, id, &plain));
    Ok(Some(NewSecret { hash: random::hash(&plain), sealed: sealed.transpose()?, plain }))
}

/// Whether this can be registered, whoever registers: what the metadata tells, and what only the provider knows.
///
/// # Errors
/// The first member that is wrong.
pub async fn check(app: &App, metadata: &ClientMetadata) -> Result<(), Wrong> {
    metadata.check()?;
    let (method, certificates) = (metadata.token_endpoint_auth_method, &app.config.client_certificates);
    if !certificates.offers(method) {
        let why = format!("{} is not in token_endpoint_auth_methods_supported", method.as_str());
        return Err(Wrong::new("token_endpoint_auth_method", why));
    }
    if metadata.tls_client_certificate_bound_access_tokens && !certificates.is_on() {
        let why = "can't be: nobody asks for certificates here";
        return Err(Wrong::new("tls_client_certificate_bound_access_tokens", why));
    }
    let classes = metadata.default_acr_values.iter().flatten();
    if let Some(class) = classes.into_iter().find(|class| !acr::LEVELS.contains(&class.as_str())) {
        return Err(Wrong::new("default_acr_values", format!("{class} is not in acr_values_supported")));
    }
    let types = metadata.authorization_details_types.iter().flatten();
    if let Some(name) = types.into_iter().find(|name| app.config.protocol.details_type(name).is_none()) {
        let why = format!("{name} is not in authorization_details_types_supported");
        return Err(Wrong::new("authorization_details_types", why));
    }
    super::sector::check(app, metadata).await
}

/// Registers a client, or replaces its registration; gives its new secret if its way of authentication uses one.
///
/// # Errors
/// When the database fails, or the metadata can't be used.
pub async fn register(app: &App, id: &str, metadata: &ClientMetadata) -> Result<Option<String>> {
    let metadata = metadata.clone().complete();
    check(app, &metadata).await?;
    let secret = new_secret(app, id, metadata.token_endpoint_auth_method)?;
    let row = ClientRow {
        id: id.to_owned(),
        secret_hash: secret.as_ref().map(|secret| secret.hash.clone()),
        secret_sealed: secret.as_ref().and_then(|secret| secret.sealed.clone()),
        metadata: serde_json::to_string(&metadata)?,
        disabled_at: None,
    };
    clients::put(&app.store, &row, app.clock.now()).await?;
    Ok(secret.map(|secret| secret.plain))
}

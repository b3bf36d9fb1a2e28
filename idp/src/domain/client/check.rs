//! What registration refuses, whoever registers.

use url::Url;

use super::{AuthMethod, ClientMetadata, GrantType};

impl ClientMetadata {
    /// What registration would refuse.
    ///
    /// # Errors
    /// The name of the wrong member, and why.
    pub fn check(&self) -> Result<(), String> {
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            check_redirect_uri(uri).map_err(|why| format!("redirect_uris: {uri}: {why}"))?;
        }
        if self.may(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err("redirect_uris: authorization_code needs at least one".to_owned());
        }
        let public = self.token_endpoint_auth_method == AuthMethod::None;
        if self.may(GrantType::ClientCredentials) && public {
            return Err("grant_types: client_credentials needs a client that can prove who it is".to_owned());
        }
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt
            && self.jwks.is_none()
            && self.jwks_uri.is_none()
        {
            return Err("jwks: private_key_jwt needs public keys".to_owned());
        }
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return Err("jwks: must not stand beside jwks_uri".to_owned());
        }
        if let Some(uri) = &self.backchannel_logout_uri {
            check_redirect_uri(uri).map_err(|why| format!("backchannel_logout_uri: {why}"))?;
        }
        Ok(())
    }

    fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }
}

fn check_redirect_uri(uri: &str) -> Result<(), &'static str> {
    // The text itself becomes a Location header, while a URL parser would mend much of what is wrong with it.
    if !uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err("must be ASCII without blanks and backslashes (RFC 3986)");
    }
    let url = Url::parse(uri).map_err(|_| "is not an absolute URI")?;
    if url.fragment().is_some() {
        return Err("must have no fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user");
    }
    match url.scheme() {
        "https" | "http" if !uri.contains("://") => Err("must have // before its host"),
        "https" => Ok(()),
        "http" if matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) => Ok(()),
        "http" => Err("must be https (http only on localhost)"),
        // A native app's own scheme is its reversed domain name (RFC 8252 section 7.1).
        scheme if scheme.contains('.') => Ok(()),
        _ => Err("must be https or a reversed-domain scheme"),
    }
}

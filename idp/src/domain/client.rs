//! A registered portal: what OpenID Connect Registration section 2 calls client metadata.

use serde::{Deserialize, Serialize};
use url::Url;

use super::client_keys::ClientKeys;
use super::signing_alg::SigningAlg;

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    /// A public client.
    None,
}

impl AuthMethod {
    pub const ALL: [Self; 4] =
        [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    pub const fn uses_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// OpenID Connect Core section 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// Another `sub` in each sector, so that portals can't compare their users.
    #[default]
    Pairwise,
    Public,
}

/// What a client registered. The names are those of the registration standard.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMetadata {
    pub client_name: String,
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    pub token_endpoint_auth_method: AuthMethod,
    pub grant_types: Vec<GrantType>,
    /// The scopes that the client may ask for, space separated.
    pub scope: String,
    /// The public keys of `private_key_jwt`, an RFC 7517 JWK Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    #[serde(default)]
    pub subject_type: SubjectType,
    /// The host that pairwise subjects are made for; without it, the host of the first redirect URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlg,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// May ask what any token is worth, not only its own (RFC 7662).
    #[serde(default)]
    pub resource_server: bool,
    /// A portal of the same public authority: visitors are not asked for consent.
    #[serde(default)]
    pub first_party: bool,
}

/// A registered client.
#[derive(Debug)]
pub struct Client {
    pub id: String,
    pub secret_hash: Option<Vec<u8>>,
    pub metadata: ClientMetadata,
    pub keys: ClientKeys,
}

impl Client {
    pub fn new(id: String, secret_hash: Option<Vec<u8>>, metadata: ClientMetadata) -> Self {
        let keys = ClientKeys::parse(metadata.jwks.as_ref());
        Self { id, secret_hash, metadata, keys }
    }

    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthMethod::None
    }

    pub fn may_use(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant)
    }

    pub fn may_ask_for(&self, scope: &str) -> bool {
        self.metadata.scope.split(' ').any(|allowed| allowed == scope)
    }

    /// Exact string comparison (RFC 9700 section 4.1.3); of a loopback address only the port may differ, since a
    /// native app can't choose it (RFC 8252 section 7.3).
    pub fn may_return_to(&self, redirect_uri: &str) -> bool {
        self.metadata.redirect_uris.iter().any(|registered| {
            registered == redirect_uri
                || loopback_without_port(registered)
                    .is_some_and(|expected| loopback_without_port(redirect_uri) == Some(expected))
        })
    }

    /// The sector identifier of OpenID Connect Core section 8.1.
    pub fn sector(&self) -> String {
        let host = |uri: &String| Url::parse(uri).ok()?.host_str().map(str::to_owned);
        self.metadata
            .sector
            .clone()
            .or_else(|| self.metadata.redirect_uris.first().and_then(host))
            .unwrap_or_else(|| self.id.clone())
    }
}

/// `http://127.0.0.1:1234/a` as its parts around the port; `None` for every other URI.
fn loopback_without_port(uri: &str) -> Option<(&'static str, &str)> {
    for host in ["http://127.0.0.1", "http://[::1]"] {
        let Some(rest) = uri.strip_prefix(host) else { continue };
        let path = match rest.strip_prefix(':') {
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                if digits == 0 || rest[..digits].parse::<u16>().is_err() {
                    return None;
                }
                &rest[digits..]
            }
            None => rest,
        };
        return path.starts_with('/').then_some((host, path));
    }
    None
}

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
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt && self.jwks.is_none() {
            return Err("jwks: private_key_jwt needs public keys".to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    pub fn client(redirect_uri: &str) -> Client {
        let metadata = serde_json::from_value(serde_json::json!({
            "client_name": "测试", "redirect_uris": [redirect_uri], "scope": "openid profile",
            "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
        }));
        Client::new("c".to_owned(), None, metadata.unwrap())
    }

    #[test]
    fn redirect_uris_are_compared_as_strings() {
        let client = client("https://rp.example/cb");
        assert!(client.may_return_to("https://rp.example/cb"));
        for other in [
            "https://rp.example/cb/",
            "https://rp.example/CB",
            "https://RP.example/cb",
            "https://rp.example:443/cb",
            "https://rp.example/cb?a=b",
            "https://rp.example/cb#x",
            "https://rp.example/%63b",
            "https://rp.example./cb",
            "https://u@rp.example/cb",
            "https://rp.example/a/../cb",
            "http://rp.example/cb",
            "https://rp.example\\cb",
            "",
        ] {
            assert!(!client.may_return_to(other), "{other}");
        }
    }

    #[test]
    fn only_a_loopback_address_may_change_its_port() {
        let native = client("http://127.0.0.1/cb");
        assert!(native.may_return_to("http://127.0.0.1:49152/cb"));
        for other in [
            "http://127.0.0.1:49152/cb2",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost:49152/cb",
            "https://127.0.0.1:49152/cb",
        ] {
            assert!(!native.may_return_to(other), "{other}");
        }
        assert!(!client("http://localhost:9000/cb").may_return_to("http://localhost:9001/cb"));
    }

    #[test]
    fn unsafe_metadata_is_refused() {
        for uri in [
            "http://rp.example/cb",
            "https://rp.example/cb#x",
            "https://u:p@rp.example/",
            "/cb",
            "app:/cb",
            "https:rp.example/cb",
            "https://rp.example/回调",
            "https://rp.example/a b",
            "https://rp.example/cb\n",
        ] {
            assert!(client(uri).metadata.check().is_err(), "{uri}");
        }
        for uri in ["https://rp.example/cb?a=b", "http://localhost:9000/cb", "cn.gov.example.app:/cb"] {
            client(uri).metadata.check().unwrap();
        }
    }
}

//! A registered portal.

mod auth_method;
mod check;
mod grant_type;
mod metadata;
mod response_type;

use url::Url;

use super::client_keys::ClientKeys;

pub use self::auth_method::AuthMethod;
pub use self::check::Wrong;
pub use self::grant_type::GrantType;
pub use self::metadata::{ApplicationType, ClientMetadata, OURS, SubjectType};
pub use self::response_type::ResponseType;

/// A registered client.
#[derive(Debug)]
pub struct Client {
    pub id: String,
    pub secret_hash: Option<Vec<u8>>,
    /// Only of `client_secret_jwt`: see [`Client::with_sealed_secret`].
    pub secret_sealed: Option<Vec<u8>>,
    pub metadata: ClientMetadata,
    pub keys: ClientKeys,
}

impl Client {
    pub fn new(id: String, secret_hash: Option<Vec<u8>>, metadata: ClientMetadata) -> Self {
        let keys = ClientKeys::parse(metadata.jwks.as_ref());
        Self { id, secret_hash, secret_sealed: None, metadata, keys }
    }

    /// The secret itself, as the vault sealed it.
    #[must_use]
    pub fn with_sealed_secret(self, secret_sealed: Option<Vec<u8>>) -> Self {
        Self { secret_sealed, ..self }
    }

    pub fn is_held_to_fapi(&self) -> bool {
        self.metadata.is_held_to_fapi()
    }

    /// Whether it is told when a session ends, and so must know which one that is.
    pub fn is_told_of_endings(&self) -> bool {
        self.metadata.backchannel_logout_uri.is_some() || self.metadata.frontchannel_logout_uri.is_some()
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

    /// The sector identifier of OpenID Connect Core section 8.1. Who registered themselves belong to a host's sector only
    /// if what they get comes by that host: else a stranger would learn by which subjects another portal knows its users.
    pub fn sector(&self) -> String {
        let host = |uri: &String| Url::parse(uri).ok()?.host_str().map(str::to_owned);
        let metadata = &self.metadata;
        let alone = || self.id.clone();
        if metadata.self_registered && self.may_use(GrantType::DeviceCode) {
            return alone();
        }
        let named =
            metadata.sector.clone().or_else(|| metadata.sector_identifier_uri.as_ref().and_then(host));
        let by_app = metadata.redirect_uris.iter().any(|uri| !uri.starts_with("https://"));
        if named.is_none() && metadata.self_registered && by_app {
            return alone();
        }
        named.or_else(|| metadata.redirect_uris.first().and_then(host)).unwrap_or_else(alone)
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
    fn a_stranger_belongs_to_a_sector_only_by_its_host() {
        let sector = |changes: &[(&str, serde_json::Value)]| {
            let mut client = client("https://rp.example/cb");
            client.metadata.self_registered = true;
            let mut metadata = serde_json::to_value(&client.metadata).unwrap();
            for (name, value) in changes {
                metadata[*name] = value.clone();
            }
            client.metadata = serde_json::from_value(metadata).unwrap();
            client.sector()
        };
        let uris = |uris: &[&str]| ("redirect_uris", serde_json::json!(uris));
        let device = ("grant_types", serde_json::json!(["urn:ietf:params:oauth:grant-type:device_code"]));
        assert_eq!(sector(&[]), "rp.example");
        assert_eq!(sector(&[uris(&["com.evil.app://rp.example/cb"])]), "c");
        assert_eq!(sector(&[uris(&["https://rp.example/cb", "com.evil.app:/cb"])]), "c");
        assert_eq!(sector(std::slice::from_ref(&device)), "c");
        assert_eq!(sector(&[device, ("sector_identifier_uri", "https://rp.example/s".into())]), "c");
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
}

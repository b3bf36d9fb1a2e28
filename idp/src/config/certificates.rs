//! Where clients' TLS certificates come from (RFC 8705).

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::ConfigError;
use crate::domain::client::AuthMethod;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientCertificatesConfig {
    /// A listener of its own that asks for certificates, with the files of `[tls]`.
    pub listen: Option<String>,
    /// How clients reach what asks for certificates, where that is not the issuer's own address.
    pub url: Option<String>,
    /// PEM: the authorities whose certificates `tls_client_auth` takes.
    pub authorities: Option<PathBuf>,
    /// The header in which a proxy passes its client's certificate.
    pub header: Option<String>,
    /// The only peers that are believed to.
    pub proxies: Vec<IpAddr>,
}

impl ClientCertificatesConfig {
    pub const fn is_on(&self) -> bool {
        self.listen.is_some() || self.header.is_some()
    }

    /// Whether clients can prove in this way here who they are.
    pub const fn offers(&self, method: AuthMethod) -> bool {
        match method {
            AuthMethod::TlsClientAuth => self.is_on() && self.authorities.is_some(),
            AuthMethod::SelfSignedTlsClientAuth => self.is_on(),
            _ => true,
        }
    }

    pub(super) fn check(&self, has_tls: bool) -> Result<(), ConfigError> {
        let wrong = |key: &str, why: &str| Err(ConfigError::new(format!("client_certificates.{key}"), why));
        if self.listen.is_some() && !has_tls {
            return wrong("listen", "needs the certificate and key of [tls]");
        }
        if self.listen.is_some() && self.url.is_none() {
            return wrong("url", "is missing: how clients reach client_certificates.listen");
        }
        if let Some(url) = &self.url {
            let is_origin = Url::parse(url).is_ok_and(|parsed| {
                parsed.scheme() == "https" && parsed.origin().ascii_serialization() == *url
            });
            if !is_origin {
                return wrong("url", "must be an https origin without a path and without a slash at its end");
            }
        }
        if let Some(header) = &self.header {
            if header.parse::<axum::http::HeaderName>().is_err() {
                return wrong("header", "is no name of a header");
            }
            if self.proxies.is_empty() {
                return wrong("proxies", "must name the addresses of the proxies that send the header");
            }
        } else if !self.proxies.is_empty() {
            return wrong("header", "is missing: which header the proxies send");
        }
        if self.authorities.is_some() && !self.is_on() {
            return wrong("listen", "or client_certificates.header is missing: nobody asks for certificates");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ClientCertificatesConfig;

    #[test]
    fn what_could_not_work_or_not_be_trusted_is_refused() {
        for (text, has_tls, key) in [
            ("listen = \"[::]:8443\"\nurl = \"https://m.example\"", false, "listen"),
            ("listen = \"[::]:8443\"", true, "url"),
            ("header = \"client-cert\"", true, "proxies"),
            ("header = \"client cert\"\nproxies = [\"::1\"]", true, "header"),
            ("proxies = [\"::1\"]", true, "header"),
            ("authorities = \"ca.pem\"", true, "listen"),
            ("header = \"a\"\nproxies = [\"::1\"]\nurl = \"https://m.example/\"", true, "url"),
            ("header = \"a\"\nproxies = [\"::1\"]\nurl = \"http://m.example\"", true, "url"),
        ] {
            let config: ClientCertificatesConfig = toml::from_str(text).unwrap();
            let told = config.check(has_tls).unwrap_err().to_string();
            assert!(told.starts_with(&format!("client_certificates.{key}: ")), "{text}: {told}");
        }
        for text in
            ["", "listen = \"[::]:8443\"\nurl = \"https://m.example\"", "header = \"a\"\nproxies = [\"::1\"]"]
        {
            toml::from_str::<ClientCertificatesConfig>(text).unwrap().check(true).unwrap();
        }
    }
}

//! The configuration: one TOML file, then `IDP_…` variables over it. Unknown keys are refused, and every error
//! names its key. `config.example.toml` shows each key with its default and why.

mod accounts;
mod certificates;
mod load;
mod outside;
mod protocol;
mod sections;

pub use accounts::*;
pub use certificates::*;
pub use load::{ConfigError, load, read};
pub use outside::*;
pub use protocol::*;
pub use sections::*;

use serde::Deserialize;
use url::Url;

/// Everything that an administrator can set. `Config::default()` is safe, and runs on loopback.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The issuer identifier, exactly as clients compare it: no trailing slash.
    pub issuer: String,
    /// Where the pages and the protocol are served.
    pub listen: String,
    /// How many trusted proxies stand in front; that many entries of X-Forwarded-For, from the right, are skipped.
    pub trusted_proxies: usize,
    pub site: SiteConfig,
    pub database: DatabaseConfig,
    pub keys: KeysConfig,
    pub tls: Option<TlsConfig>,
    pub client_certificates: ClientCertificatesConfig,
    pub operations: OperationsConfig,
    pub session: SessionConfig,
    pub sign_in: SignInConfig,
    pub password: PasswordConfig,
    pub accounts: AccountsConfig,
    pub tokens: TokensConfig,
    pub protocol: ProtocolConfig,
    pub sms: SmsConfig,
    pub registers: RegistersConfig,
    pub fetch: FetchConfig,
    pub registration: RegistrationConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8000".to_owned(),
            listen: "127.0.0.1:8000".to_owned(),
            trusted_proxies: 0,
            site: SiteConfig::default(),
            database: DatabaseConfig::default(),
            keys: KeysConfig::default(),
            tls: None,
            client_certificates: ClientCertificatesConfig::default(),
            operations: OperationsConfig::default(),
            session: SessionConfig::default(),
            sign_in: SignInConfig::default(),
            password: PasswordConfig::default(),
            accounts: AccountsConfig::default(),
            tokens: TokensConfig::default(),
            protocol: ProtocolConfig::default(),
            sms: SmsConfig::default(),
            registers: RegistersConfig::default(),
            fetch: FetchConfig::default(),
            registration: RegistrationConfig::default(),
        }
    }
}

impl Config {
    /// The issuer's origin, as a browser sends it in `Origin`.
    pub fn origin(&self) -> String {
        Url::parse(&self.issuer)
            .map_or_else(|_| self.issuer.clone(), |url| url.origin().ascii_serialization())
    }

    /// Checks what types alone can't: every message names its key and says what would be right.
    ///
    /// # Errors
    /// The first thing that would make the provider unsafe or unable to run.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, why: &str| Err(ConfigError::new(key, why));
        let Ok(issuer) = Url::parse(&self.issuer) else {
            return wrong("issuer", "must be a URL such as https://id.example.gov.cn");
        };
        if issuer.scheme() != "https" && !(issuer.scheme() == "http" && self.is_loopback()) {
            return wrong("issuer", "must be https (http is allowed only on localhost, 127.0.0.1 and [::1])");
        }
        if issuer.query().is_some() || issuer.fragment().is_some() || !issuer.username().is_empty() {
            return wrong("issuer", "must have no user, query or fragment");
        }
        if issuer.path() != "/" || self.issuer.ends_with('/') {
            return wrong("issuer", "must be an origin without a path and without a slash at its end");
        }
        let plain = issuer.origin().ascii_serialization();
        if plain != self.issuer {
            // It is compared as text: with what browsers send as Origin, and by everybody who reads a token.
            return wrong("issuer", &format!("must be written as {plain}"));
        }
        let database = &self.database.url;
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database.starts_with(scheme)) {
            return wrong("database.url", "must start with sqlite:// or postgres://");
        }
        if self.database.max_connections == 0 {
            return wrong("database.max_connections", "must be at least 1");
        }
        if !(1..=600).contains(&self.tokens.code_seconds) {
            return wrong("tokens.code_seconds", "must be from 1 to 600 (RFC 6749 section 4.1.2)");
        }
        if self.tokens.access_token_seconds == 0 || self.tokens.id_token_seconds == 0 {
            return wrong("tokens", "lifetimes must be at least 1 second");
        }
        if self.session.idle_minutes == 0 || self.session.absolute_hours == 0 {
            return wrong("session", "lifetimes must be at least 1");
        }
        if self.sign_in.tries == 0 || self.sign_in.lock_minutes == 0 {
            return wrong("sign_in", "tries and lock_minutes must be at least 1");
        }
        if self.keys.publish_ahead_seconds < self.keys.reload_seconds {
            return wrong(
                "keys.publish_ahead_seconds",
                "must be at least keys.reload_seconds, or instances would sign with keys that others do not publish",
            );
        }
        self.accounts.check()?;
        self.protocol.check()?;
        self.client_certificates.check(self.tls.is_some())?;
        self.check_outside()
    }

    fn check_outside(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, why: &str| Err(ConfigError::new(key, why));
        if matches!(self.sms.transport, SmsTransport::Folder | SmsTransport::Memory) && !self.is_loopback() {
            return wrong(
                "sms.transport",
                "must be \"http\" or \"off\" where the issuer is not on loopback: codes would lie about in clear",
            );
        }
        if !self.sms.captcha && !self.is_loopback() {
            return wrong(
                "sms.captcha",
                "must be true where the issuer is not on loopback: anybody could have messages sent",
            );
        }
        if self.sms.transport == SmsTransport::Http && self.sms.gateway.is_none() {
            return wrong("sms.gateway", "is missing: [sms.gateway.request] says how the gateway is asked");
        }
        let requests = [
            ("sms.gateway.request", self.sms.gateway.as_ref().map(|gateway| &gateway.request)),
            (
                "registers.legal_entities.request",
                self.registers.legal_entities.as_ref().map(|register| &register.request),
            ),
            (
                "registers.residents.request",
                self.registers.residents.as_ref().map(|register| &register.request),
            ),
        ];
        for (key, request) in requests {
            if let Some(request) = request {
                request.check(key)?;
            }
        }
        Ok(())
    }

    /// Whether this provider can be reached from its own machine only: a developer's, or a demonstration.
    pub fn is_loopback(&self) -> bool {
        match Url::parse(&self.issuer).ok().as_ref().and_then(Url::host) {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(issuer: &str) -> String {
        Config { issuer: issuer.to_owned(), ..Config::default() }.check().unwrap_err().to_string()
    }

    #[test]
    fn defaults_pass() {
        Config::default().check().unwrap();
    }

    #[test]
    fn an_issuer_that_would_be_unsafe_is_refused() {
        for issuer in [
            "http://id.example.gov.cn",
            "https://id.example.gov.cn/",
            "https://id.example.gov.cn/idp",
            "https://id.example.gov.cn?x",
            "https://u@id.example.gov.cn",
            "ftp://localhost",
            "id.example.gov.cn",
            "http://127.0.0.1.example.com",
            "HTTPS://id.example.gov.cn",
            "https://ID.example.gov.cn",
            "https://id.example.gov.cn:443",
            "https:id.example.gov.cn",
        ] {
            assert!(refused(issuer).starts_with("issuer: "), "{issuer}");
        }
        for issuer in ["http://127.0.0.1:1", "http://[::1]:8080", "https://id.example.gov.cn:8443"] {
            Config { issuer: issuer.to_owned(), ..Config::default() }.check().unwrap();
        }
    }

    /// The example's commented sections, made live, at an issuer that others can reach.
    #[test]
    fn gateways_and_registers_are_described_as_the_example_says() {
        let example = include_str!("../config.example.toml");
        let (_, outside) = example.split_once("[sms]\n").unwrap();
        let is_setting = |line: &str| line.starts_with('[') || line.contains(" = ");
        let live: Vec<&str> = outside
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
            .collect();
        let text = format!("issuer = \"https://id.example.gov.cn\"\n[sms]\n{}", live.join("\n"));
        let config: Config =
            toml::from_str(&text.replace("transport = \"off\"", "transport = \"http\"")).unwrap();
        config.check().unwrap();
        assert!(config.sms.gateway.is_some_and(|gateway| gateway.success.is_some()));
        assert!(config.registers.legal_entities.is_some() && config.registers.residents.is_some());
    }

    #[test]
    fn what_would_give_codes_away_is_refused_where_others_can_reach_it() {
        for (text, key) in [
            ("[sms]\ntransport = \"folder\"", "sms.transport: "),
            ("[sms]\ntransport = \"memory\"", "sms.transport: "),
            ("[sms]\ncaptcha = false", "sms.captcha: "),
            ("[sms]\ntransport = \"http\"", "sms.gateway: "),
            ("[sms.gateway.request]\nurl = \"sms\"", "sms.gateway.request.url: "),
            ("[sms.gateway.request]\nurl = \"https://s\"\nmethod = \"GIVE\"", "sms.gateway.request.method: "),
            (
                "[sms.gateway.request]\nurl = \"https://s\"\ntimeout_seconds = 0",
                "sms.gateway.request.timeout_seconds: ",
            ),
            (
                "[sms.gateway.request]\nurl = \"https://s\"\nheaders = { \"a b\" = \"\" }",
                "sms.gateway.request.headers: ",
            ),
        ] {
            let text = format!("issuer = \"https://id.example.gov.cn\"\n{text}");
            let config: Config = toml::from_str(&text).unwrap();
            let told = config.check().unwrap_err().to_string();
            assert!(told.starts_with(key), "{text}: {told}");
        }
        for text in ["[sms]\ntransport = \"folder\"", "[sms]\ncaptcha = false"] {
            toml::from_str::<Config>(text).unwrap().check().unwrap();
        }
    }
}

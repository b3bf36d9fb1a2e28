//! The sections about systems of others: the SMS gateway and the registers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;
use url::Url;

use super::ConfigError;

/// How text messages leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmsConfig {
    pub transport: SmsTransport,
    /// `transport = "folder"`: a file a message, for trying out on loopback.
    pub folder: PathBuf,
    /// `transport = "http"`.
    pub gateway: Option<GatewayConfig>,
    /// Begins every text: 【统一身份认证】
    pub signature: String,
    /// Whether a captcha is asked for before a code is sent. Off is allowed on loopback only.
    pub captcha: bool,
    /// Codes for one telephone.
    pub number_hour: u32,
    pub number_day: u32,
    /// Codes asked for from one address, for all telephones; in an hour, also the refusals of forms that such a code is for.
    pub address_hour: u32,
    pub address_day: u32,
    /// Codes asked for by one browser, for all telephones.
    pub device_hour: u32,
    pub device_day: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsTransport {
    /// Nothing is sent; pages that need a code say so.
    Off,
    Http,
    Folder,
    /// For tests.
    Memory,
}

impl Default for SmsConfig {
    fn default() -> Self {
        Self {
            transport: SmsTransport::Off,
            folder: PathBuf::from("data/sms"),
            gateway: None,
            signature: "【统一身份认证】".to_owned(),
            captcha: true,
            number_hour: 5,
            number_day: 10,
            address_hour: 50,
            address_day: 200,
            device_hour: 10,
            device_day: 30,
        }
    }
}

/// A request to somebody else's HTTP interface. In `url` and `body`, names in braces are replaced by values, escaped
/// for where they stand.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestConfig {
    pub url: String,
    #[serde(default = "post")]
    pub method: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON or a form, as the `content-type` header says; JSON without one.
    #[serde(default)]
    pub body: String,
    #[serde(default = "three")]
    pub timeout_seconds: u32,
}

/// Headers carry credentials, and are not for logs.
impl std::fmt::Debug for RequestConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RequestConfig").field("url", &self.url).finish_non_exhaustive()
    }
}

impl RequestConfig {
    /// # Errors
    /// Names the key that can't be used.
    pub fn check(&self, key: &str) -> Result<(), ConfigError> {
        let wrong = |name: &str, why: &str| Err(ConfigError::new(format!("{key}.{name}"), why));
        if !matches!(Url::parse(&self.url), Ok(url) if matches!(url.scheme(), "http" | "https")) {
            return wrong("url", "must be an http or https URL");
        }
        if !matches!(self.method.as_str(), "GET" | "POST" | "PUT") {
            return wrong("method", "must be GET, POST or PUT");
        }
        if self.timeout_seconds == 0 || self.timeout_seconds > 20 {
            return wrong("timeout_seconds", "must be from 1 to 20");
        }
        let unusable = |(name, value): (&String, &String)| {
            HeaderName::try_from(name.as_str()).is_err() || HeaderValue::try_from(value.as_str()).is_err()
        };
        if self.headers.iter().any(unusable) {
            return wrong("headers", "must be names and values of HTTP headers");
        }
        Ok(())
    }
}

fn post() -> String {
    "POST".to_owned()
}

const fn three() -> u32 {
    3
}

/// A place in a JSON answer (a JSON pointer, RFC 6901) and what must stand there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectConfig {
    pub pointer: String,
    pub value: String,
}

/// `{phone}` and `{text}` are replaced in the request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    pub request: RequestConfig,
    /// Beside a status of 2xx.
    pub success: Option<ExpectConfig>,
}

/// 法人库 and 人口库; without a section nothing is asked, and accounts stay at the lowest trust level.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistersConfig {
    pub legal_entities: Option<EntityRegisterConfig>,
    pub residents: Option<ResidentRegisterConfig>,
}

/// After so many failures in a row a register is left alone for a while.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    pub failures: u32,
    pub pause_seconds: u32,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 5, pause_seconds: 30 }
    }
}

/// 法人库. Replaced in the request: `{credit_code}`, `{name}`, `{representative_name}`,
/// `{representative_document_type}`, `{representative_document_number}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityRegisterConfig {
    pub request: RequestConfig,
    /// Holds if the register knows the unit.
    pub found: ExpectConfig,
    /// Where the registered values stand: a text is compared here, `true` and `false` are the register's own
    /// comparison. One that is left out is not compared.
    pub name: String,
    pub representative_name: Option<String>,
    pub representative_document_number: Option<String>,
    #[serde(default)]
    pub breaker: BreakerConfig,
}

/// 人口库. Replaced in the request: `{name}`, `{document_type}`, `{document_number}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidentRegisterConfig {
    pub request: RequestConfig,
    /// Holds if name and number belong together.
    pub matches: ExpectConfig,
    /// Types of document (GA/T 517 codes) that this register knows.
    #[serde(default = "resident_ids")]
    pub document_types: Vec<String>,
    #[serde(default)]
    pub breaker: BreakerConfig,
}

fn resident_ids() -> Vec<String> {
    vec!["111".to_owned()]
}

/// Addresses that clients name (`jwks_uri`, `request_uri`, `sector_identifier_uri`, …). Without a list they are asked on
/// the public internet only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchConfig {
    /// `host` or `host:port` that may lie inside: whoever registers a client can have them asked.
    pub allow: Vec<String>,
    /// Certificates (PEM) that are trusted at these hosts beside the system's.
    pub ca: Option<PathBuf>,
}

/// Who may register clients at `/register` (RFC 7591).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationConfig {
    pub mode: RegistrationMode,
    /// What a client that registered itself may ask for.
    pub scopes: Vec<String>,
    /// `mode = "open"`: registrations from one address.
    pub address_hour: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Only administrators register clients.
    Off,
    /// Whoever has an initial access token.
    Token,
    /// Everybody.
    Open,
}

impl Default for RegistrationConfig {
    fn default() -> Self {
        let scopes = ["openid", "profile", "offline_access"];
        Self { mode: RegistrationMode::Token, scopes: scopes.map(str::to_owned).to_vec(), address_hour: 20 }
    }
}

//! The sections of the configuration, with their defaults.

use std::path::PathBuf;

use serde::Deserialize;

use crate::domain::password::PasswordPolicy;

/// What the pages say about who runs them. An empty text is left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteConfig {
    pub name: String,
    pub short_name: String,
    /// 主办单位
    pub organiser: String,
    /// 技术支持 telephone
    pub hotline: String,
    /// 返回首页
    pub home_url: String,
    /// 网站标识码
    pub site_code: String,
    /// ICP备案
    pub icp: String,
    /// 公安备案
    pub police_record: String,
    pub upstreams: Vec<UpstreamConfig>,
}

/// 其他登录方式: a link on the sign-in page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    pub name: String,
    pub href: String,
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            name: "吉林省统一身份认证平台".to_owned(),
            short_name: "统一身份认证".to_owned(),
            organiser: "示例主办单位".to_owned(),
            hotline: "0431-00000000".to_owned(),
            home_url: "/".to_owned(),
            site_code: String::new(),
            icp: String::new(),
            police_record: String::new(),
            upstreams: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite://data/idp.db` or `postgres://user:password@host/database`
    pub url: String,
    pub max_connections: u32,
    /// How long a request waits for a free connection before it is told to come back.
    pub acquire_timeout_seconds: u32,
    /// SQLite only.
    pub synchronous: Synchronous,
}

/// What SQLite promises after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Every commit is on the disk.
    Full,
    /// The last commits may be lost: a consumed code could look unused again.
    Normal,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: "sqlite://data/idp.db".to_owned(),
            max_connections: 16,
            acquire_timeout_seconds: 5,
            synchronous: Synchronous::Full,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// Signing keys and the data keys; shared by all instances.
    pub directory: PathBuf,
    /// How often an instance looks for new keys.
    pub reload_seconds: u32,
    /// How long a new key is published before it signs.
    pub publish_ahead_seconds: u32,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { directory: PathBuf::from("keys"), reload_seconds: 10, publish_ahead_seconds: 900 }
    }
}

/// Built-in TLS: PEM files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationsConfig {
    /// Where health, metrics and the operators' pages are served; keep it off the public network.
    pub listen: String,
    pub log_format: LogFormat,
    /// A filter in the syntax of tracing-subscriber.
    pub log_level: String,
    /// How long running requests may take after a stop was asked for.
    pub shutdown_seconds: u32,
    /// 等保 asks for at least a year.
    pub audit_days: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for OperationsConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8001".to_owned(),
            log_format: LogFormat::Json,
            log_level: "info".to_owned(),
            shutdown_seconds: 30,
            audit_days: 400,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    pub idle_minutes: u32,
    pub absolute_hours: u32,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 12 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInConfig {
    pub captcha: CaptchaMode,
    /// Wrong passwords for one account from one address before the lock.
    pub tries: u32,
    pub lock_minutes: u32,
    /// Wrong passwords for one account from all unknown browsers together before they must wait.
    pub account_tries: u32,
    /// Wrong passwords from one address for all accounts together before it must wait.
    pub address_tries: u32,
    /// Codes to scan that are shown at one address within ten minutes, renewed ones included.
    pub address_codes: u32,
    /// How long an authorization request waits for its visitor.
    pub request_minutes: u32,
    /// What a sign-in opens with, where neither portal nor visitor has said.
    pub opens_with: OpensWith,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpensWith {
    /// 扫码登录
    Qr,
    /// 账号密码登录
    Password,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptchaMode {
    Always,
    /// After the first failure.
    Adaptive,
    Off,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            captcha: CaptchaMode::Always,
            tries: 5,
            lock_minutes: 30,
            account_tries: 50,
            address_tries: 100,
            address_codes: 3000,
            request_minutes: 30,
            opens_with: OpensWith::Qr,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordConfig {
    pub profile: PasswordProfile,
    pub argon2_memory_kib: u32,
    pub argon2_iterations: u32,
    pub argon2_lanes: u32,
    /// How many checks may wait for a core before visitors are asked to come back.
    pub queue: u32,
}

/// Which passwords are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordProfile {
    /// The operating manual's: 6 to 16 characters at registration, 8 to 16 ever after.
    Manual,
    /// 等保, GB/T 22239-2019 level 3: 8 to 16 everywhere.
    Djbh,
}

impl PasswordProfile {
    pub const fn registration(self) -> PasswordPolicy {
        match self {
            Self::Manual => PasswordPolicy::MANUAL_REGISTRATION,
            Self::Djbh => PasswordPolicy::DJBH,
        }
    }

    /// For a reset and for a change.
    pub const fn change(self) -> PasswordPolicy {
        match self {
            Self::Manual => PasswordPolicy::MANUAL_RESET,
            Self::Djbh => PasswordPolicy::DJBH,
        }
    }
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            profile: PasswordProfile::Manual,
            argon2_memory_kib: 19 * 1024,
            argon2_iterations: 2,
            argon2_lanes: 1,
            queue: 64,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    pub code_seconds: u32,
    pub id_token_seconds: u32,
    pub access_token_seconds: u32,
    pub refresh_token_days: u32,
    /// Every DPoP proof must carry a nonce of ours (RFC 9449 section 8).
    pub dpop_nonce: bool,
    /// How long a device waits for somebody to sign in for it (RFC 8628).
    pub device_code_seconds: u32,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            code_seconds: 60,
            id_token_seconds: 600,
            access_token_seconds: 600,
            refresh_token_days: 30,
            dpop_nonce: false,
            device_code_seconds: 600,
        }
    }
}

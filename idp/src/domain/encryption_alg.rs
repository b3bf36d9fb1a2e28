//! The algorithms that the provider encrypts with, for a client that registered them, and that it takes from clients
//! (RFC 7518 sections 4 and 5).

use serde::{Deserialize, Serialize};

/// How the content's key is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyManagement {
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
}

impl KeyManagement {
    pub const ALL: [Self; 2] = [Self::RsaOaep256, Self::EcdhEs];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text)
    }
}

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentEncryption {
    A128GCM,
    A256GCM,
}

impl ContentEncryption {
    pub const ALL: [Self; 2] = [Self::A128GCM, Self::A256GCM];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128GCM => "A128GCM",
            Self::A256GCM => "A256GCM",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|enc| enc.as_str() == text)
    }
}

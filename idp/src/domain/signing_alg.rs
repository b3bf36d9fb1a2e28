//! The algorithms that the provider signs with, and that it takes from clients (RFC 7518 section 3.1, RFC 8037).

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum SigningAlg {
    #[default]
    ES256,
    PS256,
    RS256,
    /// With Ed25519.
    EdDSA,
}

impl SigningAlg {
    pub const ALL: [Self; 4] = [Self::ES256, Self::PS256, Self::RS256, Self::EdDSA];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::PS256 => "PS256",
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text)
    }
}

/// What a client may sign its assertions with (RFC 7523): its key, or its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssertionAlg {
    ES256,
    PS256,
    RS256,
    EdDSA,
    /// With the client's secret.
    HS256,
}

impl AssertionAlg {
    pub const ALL: [Self; 5] = [Self::ES256, Self::PS256, Self::RS256, Self::EdDSA, Self::HS256];

    pub const fn as_str(self) -> &'static str {
        match self.by_key() {
            Some(alg) => alg.as_str(),
            None => "HS256",
        }
    }

    /// The same among those that a key signs with.
    pub const fn by_key(self) -> Option<SigningAlg> {
        match self {
            Self::ES256 => Some(SigningAlg::ES256),
            Self::PS256 => Some(SigningAlg::PS256),
            Self::RS256 => Some(SigningAlg::RS256),
            Self::EdDSA => Some(SigningAlg::EdDSA),
            Self::HS256 => None,
        }
    }
}

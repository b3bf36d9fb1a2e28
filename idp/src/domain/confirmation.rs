//! What the bearer of a token must prove beside having it: a key of its own (RFC 9449), or a TLS client certificate
//! (RFC 8705). The `cnf` claim of RFC 7800.

use std::fmt;

use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// The SHA-256 thumbprint of the key that signs the DPoP proofs (RFC 7638), base64url.
    Key(String),
    /// The SHA-256 of the certificate's DER, base64url.
    Certificate(String),
}

impl Confirmation {
    /// Reads what [`fmt::Display`] wrote, from the store.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("jkt", thumbprint) => Some(Self::Key(thumbprint.to_owned())),
            ("x5t#S256", thumbprint) => Some(Self::Certificate(thumbprint.to_owned())),
            _ => None,
        }
    }

    /// The `cnf` claim.
    pub fn claim(&self) -> Value {
        match self {
            Self::Key(thumbprint) => json!({ "jkt": thumbprint }),
            Self::Certificate(thumbprint) => json!({ "x5t#S256": thumbprint }),
        }
    }

    /// RFC 9449 section 5, RFC 8705 section 3.
    pub const fn token_type(binding: Option<&Self>) -> &'static str {
        match binding {
            Some(Self::Key(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }
}

impl fmt::Display for Confirmation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(thumbprint) => write!(out, "jkt {thumbprint}"),
            Self::Certificate(thumbprint) => write!(out, "x5t#S256 {thumbprint}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Confirmation;

    #[test]
    fn the_store_gives_back_what_it_got() {
        for binding in [Confirmation::Key("a-b_c".to_owned()), Confirmation::Certificate("x y".to_owned())] {
            assert_eq!(Confirmation::parse(&binding.to_string()), Some(binding));
        }
        for other in ["", "jkt", "jwk abc", " jkt a"] {
            assert_eq!(Confirmation::parse(other), None, "{other}");
        }
    }
}

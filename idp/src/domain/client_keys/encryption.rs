//! Encrypting for a client (RFC 7516), to the key that it published for that.

use josekit::jwe::alg::{ecdh_es::EcdhEsJweAlgorithm, rsaes::RsaesJweAlgorithm};
use josekit::jwe::{JweEncrypter, JweHeader};
use josekit::jwk::Jwk;
use serde::{Deserialize, Serialize};

use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};

/// What is inside of a JWE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inside {
    /// A signed JWT, so that the whole is a nested JWT: `cty` says so (RFC 7519 section 5.2).
    Jwt,
    /// A JSON object that nobody signed.
    Json,
}

#[derive(Debug)]
pub(super) struct EncryptionKey {
    kid: Option<String>,
    alg: KeyManagement,
    encrypter: Box<dyn JweEncrypter>,
}

impl EncryptionKey {
    /// What a key of a set can be used for, if it is one to encrypt to.
    pub(super) fn read(jwk: &Jwk) -> Option<Self> {
        if jwk.key_use().is_some_and(|usage| usage != "enc") {
            return None;
        }
        let (alg, encrypter): (_, Box<dyn JweEncrypter>) = match jwk.key_type() {
            "RSA" => {
                let encrypter = RsaesJweAlgorithm::RsaOaep256.encrypter_from_jwk(jwk).ok()?;
                (KeyManagement::RsaOaep256, Box::new(encrypter))
            }
            "EC" | "OKP" => {
                let encrypter = EcdhEsJweAlgorithm::EcdhEs.encrypter_from_jwk(jwk).ok()?;
                (KeyManagement::EcdhEs, Box::new(encrypter))
            }
            _ => return None,
        };
        Some(Self { kid: jwk.key_id().map(str::to_owned), alg, encrypter })
    }

    pub(super) fn is_for(&self, alg: KeyManagement) -> bool {
        self.alg == alg
    }

    pub(super) fn encrypt(&self, enc: ContentEncryption, inside: Inside, payload: &[u8]) -> Option<String> {
        let mut header = JweHeader::new();
        header.set_content_encryption(enc.as_str());
        if let Some(kid) = &self.kid {
            header.set_key_id(kid);
        }
        if inside == Inside::Jwt {
            header.set_content_type("JWT");
        }
        josekit::jwe::serialize_compact(payload, &header, &*self.encrypter).ok()
    }
}

//! The public key in a proof's header.

use josekit::jwk::Jwk;
use josekit::jws::JwsVerifier;
use josekit::jws::alg::ecdsa::EcdsaJwsAlgorithm;
use josekit::jws::alg::eddsa::EddsaJwsAlgorithm;
use josekit::jws::alg::rsassa_pss::RsassaPssJwsAlgorithm;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::platform::random;

pub struct ProofKey {
    /// RFC 7638, with SHA-256, base64url.
    pub thumbprint: String,
    verifier: Box<dyn JwsVerifier>,
}

/// What a JWK must not have here (RFC 9449 section 4.3, point 7): a private or symmetric part.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl ProofKey {
    /// `None` if the key is no public key for the algorithm.
    pub fn read(alg: &str, jwk: &Map<String, Value>) -> Option<Self> {
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return None;
        }
        // The members that make the key, in the order of RFC 7638 section 3.2. Only these are used: josekit would take
        // a `kid` for one that the header must repeat.
        let members: &[&str] = match jwk.get("kty")?.as_str()? {
            "EC" => &["crv", "kty", "x", "y"],
            // FAPI 2.0 section 5.4.1: of the curves that EdDSA names, this one.
            "OKP" if jwk.get("crv")? == "Ed25519" => &["crv", "kty", "x"],
            "RSA" if suits(jwk.get("n")?.as_str()?, jwk.get("e")?.as_str()?) => &["e", "kty", "n"],
            _ => return None,
        };
        let mut essential = Map::new();
        let mut canonical = Vec::new();
        for name in members {
            let value = jwk.get(*name)?.as_str()?;
            // So that the canonical form needs no escapes, and one key has one thumbprint.
            if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
                return None;
            }
            canonical.push(format!("\"{name}\":\"{value}\""));
            essential.insert((*name).to_owned(), Value::from(value));
        }
        let canonical = format!("{{{}}}", canonical.join(","));
        let jwk = Jwk::from_map(essential).ok()?;
        let verifier: Box<dyn JwsVerifier> = match alg {
            "ES256" => Box::new(EcdsaJwsAlgorithm::Es256.verifier_from_jwk(&jwk).ok()?),
            "PS256" => Box::new(RsassaPssJwsAlgorithm::Ps256.verifier_from_jwk(&jwk).ok()?),
            "EdDSA" => Box::new(EddsaJwsAlgorithm::Eddsa.verifier_from_jwk(&jwk).ok()?),
            _ => return None,
        };
        Some(Self { thumbprint: random::base64url(&Sha256::digest(canonical)), verifier })
    }

    /// The payload of a JWS that this key signed.
    pub fn verify(&self, jws: &str) -> Option<Map<String, Value>> {
        let (payload, _) = josekit::jws::deserialize_compact(jws, &*self.verifier).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

/// At least 2048 bits (342 characters); and no key that is made to keep us busy: at most 8192 bits, with an exponent of
/// at most 32.
fn suits(modulus: &str, exponent: &str) -> bool {
    (342..=1366).contains(&modulus.len()) && exponent.len() <= 6
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ProofKey;

    /// RFC 9449 sections 4.1 and 6.1: the key of its examples and that key's thumbprint.
    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        let jwk = json!({
            "kty": "EC", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "crv": "P-256", "kid": "ignored",
        });
        let key = ProofKey::read("ES256", jwk.as_object().unwrap()).unwrap();
        assert_eq!(key.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        for (name, value) in [("kty", json!("RSA")), ("d", json!("x")), ("x", json!("a\"b")), ("y", json!(1))]
        {
            let mut wrong = jwk.clone();
            wrong[name] = value;
            assert!(ProofKey::read("ES256", wrong.as_object().unwrap()).is_none(), "{name}");
        }
        assert!(ProofKey::read("PS256", jwk.as_object().unwrap()).is_none());
        assert!(ProofKey::read("RS256", jwk.as_object().unwrap()).is_none());
    }
}

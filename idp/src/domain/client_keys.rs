//! The public keys of a client, ready to verify what it signs and to encrypt what it is told. Built once per change of
//! the client: building a verifier costs more than using it.

mod encryption;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use josekit::jwk::Jwk;
use josekit::jws::{
    JwsVerifier, alg::ecdsa::EcdsaJwsAlgorithm, alg::eddsa::EddsaJwsAlgorithm,
    alg::rsassa::RsassaJwsAlgorithm, alg::rsassa_pss::RsassaPssJwsAlgorithm,
};
use serde_json::{Map, Value};

use self::encryption::EncryptionKey;
use super::encryption_alg::{ContentEncryption, KeyManagement};
use super::signing_alg::SigningAlg;

pub use self::encryption::Inside;

#[derive(Debug, Default)]
pub struct ClientKeys {
    signing: Vec<ClientKey>,
    encryption: Vec<EncryptionKey>,
    /// That the keys come with (`x5c`), DER.
    certificates: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct ClientKey {
    kid: Option<String>,
    alg: SigningAlg,
    verifier: Box<dyn JwsVerifier>,
}

impl ClientKeys {
    /// Keys that can't be used are left out, one by one (RFC 7517 section 5); symmetric keys never verify.
    pub fn parse(jwks: Option<&Value>) -> Self {
        let listed = jwks.and_then(|jwks| jwks.get("keys")?.as_array()).into_iter().flatten();
        let keys: Vec<Jwk> = listed.filter_map(|key| Jwk::from_map(key.as_object()?.clone()).ok()).collect();
        let signing = keys.iter().filter(|key| key.key_use().is_none_or(|usage| usage == "sig"));
        Self {
            signing: signing.flat_map(verifiers).collect(),
            encryption: keys.iter().filter_map(EncryptionKey::read).collect(),
            certificates: keys.iter().filter_map(certificate).collect(),
        }
    }

    /// Whether one of the keys comes with exactly this certificate.
    pub fn has_certificate(&self, der: &[u8]) -> bool {
        self.certificates.iter().any(|known| known == der)
    }

    /// Whether one of the keys has the `kid` that the header names; where it names none, whether one has signed this.
    pub fn knows_signer_of(&self, jws: &str) -> bool {
        let Ok(header) = josekit::jwt::decode_header(jws) else { return false };
        match header.claim("kid").and_then(Value::as_str) {
            Some(kid) => self.signing.iter().any(|key| key.kid.as_deref() == Some(kid)),
            None => self.verify(jws, None).is_some(),
        }
    }

    /// Whether there is a key to verify what is signed with one of these algorithms.
    pub fn can_verify(&self, is_one: impl Fn(SigningAlg) -> bool) -> bool {
        self.signing.iter().any(|key| is_one(key.alg))
    }

    pub fn has_certificates(&self) -> bool {
        !self.certificates.is_empty()
    }

    /// Whether there is a key for this algorithm. That it works, only trying tells.
    pub fn can_encrypt(&self, alg: KeyManagement) -> bool {
        self.encryption.iter().any(|key| key.is_for(alg))
    }

    /// The payload as a compact JWE for the first key that works; `None` if there is none.
    pub fn encrypt(
        &self,
        alg: KeyManagement,
        enc: ContentEncryption,
        inside: Inside,
        payload: &[u8],
    ) -> Option<String> {
        let mut candidates = self.encryption.iter().filter(|key| key.is_for(alg));
        candidates.find_map(|key| key.encrypt(enc, inside, payload))
    }

    /// The payload of a JWS that one of the keys signed, with the algorithm it must be signed with, if there is one.
    pub fn verify(&self, jws: &str, only: Option<SigningAlg>) -> Option<Map<String, Value>> {
        let header = josekit::jwt::decode_header(jws).ok()?;
        let alg = SigningAlg::parse(header.claim("alg")?.as_str()?)?;
        (only.is_none_or(|only| only == alg)).then_some(())?;
        let kid = header.claim("kid").and_then(Value::as_str);
        let candidates = self.signing.iter().filter(|key| {
            key.alg == alg && (kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid)
        });
        for key in candidates {
            if let Ok((payload, _)) = josekit::jws::deserialize_compact(jws, &*key.verifier) {
                return serde_json::from_slice(&payload).ok();
            }
        }
        None
    }
}

/// RFC 7517 section 4.7: the first of the chain is the key's own.
fn certificate(jwk: &Jwk) -> Option<Vec<u8>> {
    let first = jwk.parameter("x5c")?.get(0)?.as_str()?;
    STANDARD.decode(first).ok()
}

fn verifiers(jwk: &Jwk) -> Vec<ClientKey> {
    let mut keys = Vec::new();
    let mut add = |alg: SigningAlg, verifier: Option<Box<dyn JwsVerifier>>| {
        if let Some(verifier) = verifier.filter(|_| jwk.algorithm().is_none_or(|named| named == alg.as_str()))
        {
            keys.push(ClientKey { kid: jwk.key_id().map(str::to_owned), alg, verifier });
        }
    };
    // josekit reads a `kid` of the JWK as one that the header must carry; RFC 7515 section 4.1.4 makes it optional.
    let mut anonymous = jwk.clone();
    drop(anonymous.set_parameter("kid", None));
    let boxed = |verifier| Box::new(verifier) as Box<dyn JwsVerifier>;
    match jwk.key_type() {
        "EC" => {
            add(SigningAlg::ES256, EcdsaJwsAlgorithm::Es256.verifier_from_jwk(&anonymous).ok().map(boxed))
        }
        "RSA" => {
            let pss = RsassaPssJwsAlgorithm::Ps256.verifier_from_jwk(&anonymous).ok();
            add(SigningAlg::PS256, pss.map(|verifier| Box::new(verifier) as Box<dyn JwsVerifier>));
            let pkcs1 = RsassaJwsAlgorithm::Rs256.verifier_from_jwk(&anonymous).ok();
            add(SigningAlg::RS256, pkcs1.map(|verifier| Box::new(verifier) as Box<dyn JwsVerifier>));
        }
        // FAPI 2.0 Security Profile section 5.4.1 takes EdDSA with this curve only.
        "OKP" if jwk.curve() == Some("Ed25519") => {
            let eddsa = EddsaJwsAlgorithm::Eddsa.verifier_from_jwk(&anonymous).ok();
            add(SigningAlg::EdDSA, eddsa.map(|verifier| Box::new(verifier) as Box<dyn JwsVerifier>));
        }
        _ => (),
    }
    keys
}

#[cfg(test)]
#[path = "client_keys_tests.rs"]
mod tests;

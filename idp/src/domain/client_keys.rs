//! The public keys of a client, ready to verify what it signs. Built once per change of the client: building a
//! verifier costs more than using it.

use josekit::jwk::{Jwk, JwkSet};
use josekit::jws::{
    JwsVerifier, alg::ecdsa::EcdsaJwsAlgorithm, alg::eddsa::EddsaJwsAlgorithm,
    alg::rsassa::RsassaJwsAlgorithm, alg::rsassa_pss::RsassaPssJwsAlgorithm,
};
use serde_json::{Map, Value};

use super::signing_alg::SigningAlg;

#[derive(Debug, Default)]
pub struct ClientKeys(Vec<ClientKey>);

#[derive(Debug)]
struct ClientKey {
    kid: Option<String>,
    alg: SigningAlg,
    verifier: Box<dyn JwsVerifier>,
}

impl ClientKeys {
    /// Keys that can't be used are left out; symmetric keys never verify.
    pub fn parse(jwks: Option<&Value>) -> Self {
        let Some(set) = jwks.and_then(|jwks| JwkSet::from_bytes(jwks.to_string()).ok()) else {
            return Self::default();
        };
        let keys = set.keys().into_iter().filter(|key| key.key_use().is_none_or(|usage| usage == "sig"));
        Self(keys.flat_map(verifiers).collect())
    }

    /// The payload of a JWS that one of the keys signed, with the algorithm it must be signed with, if there is one.
    pub fn verify(&self, jws: &str, only: Option<SigningAlg>) -> Option<Map<String, Value>> {
        let header = josekit::jwt::decode_header(jws).ok()?;
        let alg = SigningAlg::parse(header.claim("alg")?.as_str()?)?;
        (only.is_none_or(|only| only == alg)).then_some(())?;
        let kid = header.claim("kid").and_then(Value::as_str);
        let candidates = self.0.iter().filter(|key| {
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
        "OKP" => {
            let eddsa = EddsaJwsAlgorithm::Eddsa.verifier_from_jwk(&anonymous).ok();
            add(SigningAlg::EdDSA, eddsa.map(|verifier| Box::new(verifier) as Box<dyn JwsVerifier>));
        }
        _ => (),
    }
    keys
}

//! A client's key pair, and whatever it signs.

use josekit::jwk::Jwk;
use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
use josekit::jws::{ES256, EdDSA, JwsHeader, JwsSigner, PS256, RS256, serialize_compact};
use serde_json::{Value, json};

pub struct ClientKey {
    pub alg: &'static str,
    pub kid: &'static str,
    pub private: Jwk,
}

impl ClientKey {
    /// For ES256.
    pub fn new() -> Self {
        Self::of("ES256", "key-1")
    }

    pub fn of(alg: &'static str, kid: &'static str) -> Self {
        let private = match alg {
            "ES256" => Jwk::generate_ec_key(EcCurve::P256),
            "EdDSA" => Jwk::generate_ed_key(EdCurve::Ed25519),
            _ => Jwk::generate_rsa_key(2048),
        };
        Self { alg, kid, private: private.unwrap() }
    }

    /// As JSON, without what is private.
    pub fn public(&self) -> Value {
        let mut public = serde_json::to_value(self.private.to_public_key().unwrap().as_ref()).unwrap();
        public["kid"] = json!(self.kid);
        public
    }

    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.public()] })
    }

    /// Signs as its own algorithm says, with `typ` JWT and its `kid`.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({}), claims)
    }

    /// The same with changes to the header; null removes. `alg` chooses the algorithm.
    pub fn sign_with(&self, changes: &Value, claims: &Value) -> String {
        let alg = changes["alg"].as_str().unwrap_or(self.alg);
        let signer: Box<dyn JwsSigner> = match alg {
            "ES256" => Box::new(ES256.signer_from_jwk(&self.private).unwrap()),
            "EdDSA" => Box::new(EdDSA.signer_from_jwk(&self.private).unwrap()),
            "PS256" => Box::new(PS256.signer_from_jwk(&self.private).unwrap()),
            _ => Box::new(RS256.signer_from_jwk(&self.private).unwrap()),
        };
        sign(&*signer, &json!({ "typ": "JWT", "kid": self.kid }), changes, claims)
    }
}

/// Signs with any signer; `changes` to the header as in [`ClientKey::sign_with`].
pub fn sign(signer: &dyn JwsSigner, header: &Value, changes: &Value, claims: &Value) -> String {
    let mut header = header.clone();
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        }
    }
    let header = JwsHeader::from_map(header.as_object().unwrap().clone()).unwrap();
    serialize_compact(claims.to_string().as_bytes(), &header, signer).unwrap()
}

/// A JWT with this header and no signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    use base64::Engine;
    let encode = |part: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.", encode(header), encode(claims))
}

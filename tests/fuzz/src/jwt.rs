//! JWTs whose header and claims are anything, signed all the same: what gets past a parser that looks at the signature
//! first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::{ES256, HS256, JwsSigner};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A key pair for ES256.
pub struct Key {
    private: Jwk,
    kid: String,
}

impl Key {
    pub fn new(kid: &str) -> Self {
        Self { private: Jwk::generate_ec_key(EcCurve::P256).unwrap(), kid: kid.to_owned() }
    }

    /// Of a private JWK.
    pub fn of(jwk: &Value) -> Self {
        let private = Jwk::from_map(jwk.as_object().unwrap().clone()).unwrap();
        Self { kid: private.key_id().unwrap_or_default().to_owned(), private }
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Without what is private.
    pub fn public(&self) -> Value {
        let mut public = Value::Object(self.private.to_public_key().unwrap().as_ref().clone());
        public["kid"] = json!(self.kid);
        public
    }

    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.public()] })
    }

    /// RFC 7638.
    pub fn thumbprint(&self) -> String {
        let public = self.public();
        let members = ["crv", "kty", "x", "y"].map(|name| format!("\"{name}\":{}", public[name]));
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }
}

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// With ES256, as it should be.
    TheKey,
    /// With ES256, by somebody else.
    Stranger,
    /// With HS256 and what everybody knows of the key.
    ItsPublicHalf,
    /// With HS256 and a secret.
    Secret,
    Nobody,
}

/// What the fuzzer wants of a JWT: members of header and claims that replace the right ones.
pub struct Wish {
    pub by: By,
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

/// Reads a wish: a letter for who signs, then an object a line. `null` removes a member; small numbers for times are
/// seconds from now. `None` if the input is none, or asks for something that is no JSON.
pub fn wish(data: &[u8], header: &Value, claims: &Value, now: i64) -> Option<Wish> {
    let [by, changed_header, changed_claims] = crate::lines(data)?;
    let by = match by {
        "k" => By::TheKey,
        "s" => By::Stranger,
        "p" => By::ItsPublicHalf,
        "m" => By::Secret,
        "n" => By::Nobody,
        _ => return None,
    };
    let changed = |good: &Value, changes: &str| {
        let mut members = good.as_object()?.clone();
        let changes: Map<String, Value> =
            if changes.is_empty() { Map::new() } else { serde_json::from_str(changes).ok()? };
        for (name, value) in changes {
            let is_time = matches!(&*name, "exp" | "nbf" | "iat");
            match value.as_i64().filter(|seconds| is_time && seconds.abs() < 1_000_000) {
                Some(seconds) => drop(members.insert(name, json!(now + seconds))),
                None if value.is_null() => drop(members.remove(&name)),
                None => drop(members.insert(name, value)),
            }
        }
        Some(members)
    };
    Some(Wish { by, header: changed(header, changed_header)?, claims: changed(claims, changed_claims)? })
}

impl Wish {
    /// The JWT; its header may lie about how it is signed.
    pub fn signed(&self, key: &Key, secret: &str) -> String {
        let encode = |part: &Map<String, Value>| URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap());
        let input = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let by = |signer: &dyn JwsSigner| URL_SAFE_NO_PAD.encode(signer.sign(input.as_bytes()).unwrap());
        let with_secret = |secret: &str| {
            // josekit wants as many bytes as the hash has; a shorter one is filled up as HMAC would.
            let mut bytes = secret.as_bytes().to_vec();
            bytes.resize(bytes.len().max(32), 0);
            by(&HS256.signer_from_bytes(bytes).unwrap())
        };
        let signature = match self.by {
            By::TheKey => by(&ES256.signer_from_jwk(&key.private).unwrap()),
            By::Stranger => by(&ES256.signer_from_jwk(&Key::new("x").private).unwrap()),
            By::ItsPublicHalf => with_secret(&key.public().to_string()),
            By::Secret => with_secret(secret),
            By::Nobody => String::new(),
        };
        format!("{input}.{signature}")
    }

    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A NumericDate, as far as it is one.
    pub fn time(&self, claim: &str) -> Option<f64> {
        self.claims.get(claim)?.as_f64()
    }

    /// Whether this JWT may count at all: signed by the key, in the way that its header says, without extensions that
    /// nobody here understands (RFC 7515 section 4.1.11).
    pub fn is_sound(&self) -> bool {
        self.by == By::TheKey
            && self.header.get("alg") == Some(&json!("ES256"))
            && !self.header.contains_key("crit")
    }
}

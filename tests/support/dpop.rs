//! A client's DPoP key (RFC 9449), and the proofs that it signs, good and bad.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, EdDSA, JwsSigner, PS256, RS256};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::TestApp;

pub struct DpopKey {
    alg: &'static str,
    key: Jwk,
}

impl DpopKey {
    pub fn new() -> Self {
        Self::of("ES256")
    }

    pub fn of(alg: &'static str) -> Self {
        let key = match alg {
            "EdDSA" => Jwk::generate_ed_key(EdCurve::Ed25519),
            "Ed448" => return Self { alg: "EdDSA", key: Jwk::generate_ed_key(EdCurve::Ed448).unwrap() },
            "PS256" | "RS256" => Jwk::generate_rsa_key(2048),
            _ => Jwk::generate_ec_key(EcCurve::P256),
        };
        Self { alg, key: key.unwrap() }
    }

    pub fn public(&self) -> Value {
        Value::Object(self.key.to_public_key().unwrap().as_ref().clone())
    }

    /// With its private part.
    pub fn private(&self) -> Value {
        Value::Object(self.key.as_ref().clone())
    }

    /// RFC 7638: serde_json's maps are sorted, as the thumbprint wants its members.
    pub fn thumbprint(&self) -> String {
        let public = self.public();
        let members = ["crv", "e", "kty", "n", "x", "y"].map(|name| Some((name, public.get(name)?.clone())));
        let canonical: Value =
            members.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.to_string()))
    }

    /// A good proof for a request to the token endpoint.
    pub fn at_token(&self, app: &TestApp) -> String {
        self.proof(app, &json!({}), &json!({}))
    }

    /// A good proof for a GET of userinfo with this token.
    pub fn at_userinfo(&self, app: &TestApp, access_token: &str) -> String {
        self.proof(app, &json!({}), &at_userinfo(app, access_token))
    }

    /// A proof for a request to the token endpoint, with members of its header and claims replaced; null removes.
    pub fn proof(&self, app: &TestApp, header: &Value, claims: &Value) -> String {
        let good_header = json!({ "typ": "dpop+jwt", "alg": self.alg, "jwk": self.public() });
        let good_claims = json!({
            "jti": format!("{:016x}", getrandom::u64().unwrap()), "htm": "POST", "htu": format!("{}/token", app.base),
            "iat": app.clock.now().seconds(),
        });
        let [header, claims] = [changed(good_header, header), changed(good_claims, claims)]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signer: Box<dyn JwsSigner> = match self.alg {
            "EdDSA" => Box::new(EdDSA.signer_from_jwk(&self.key).unwrap()),
            "PS256" => Box::new(PS256.signer_from_jwk(&self.key).unwrap()),
            "RS256" => Box::new(RS256.signer_from_jwk(&self.key).unwrap()),
            _ => Box::new(ES256.signer_from_jwk(&self.key).unwrap()),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signer.sign(signed.as_bytes()).unwrap()))
    }
}

/// What a proof for a GET of userinfo says.
pub fn at_userinfo(app: &TestApp, access_token: &str) -> Value {
    json!({
        "htm": "GET", "htu": format!("{}/userinfo", app.base),
        "ath": URL_SAFE_NO_PAD.encode(Sha256::digest(access_token)),
    })
}

/// Members replaced; null removes.
fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        }
    }
    object
}

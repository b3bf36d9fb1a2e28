//! Keys that others encrypt to, and what they send (RFC 7516).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwe::JweDecrypter;
use josekit::jwe::alg::{ecdh_es::EcdhEsJweAlgorithm, rsaes::RsaesJweAlgorithm};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use serde_json::{Map, Value};

use super::ring::Purpose;
use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};

pub struct Decryption(Box<dyn JweDecrypter>);

impl Purpose for Decryption {
    type Alg = KeyManagement;

    const ALGS: &'static [KeyManagement] = &KeyManagement::ALL;
    const FILES: &'static str = "encryption-";
    const SINCE: &'static str = "published_from";
    const USE: &'static str = "enc";

    fn name(alg: KeyManagement) -> &'static str {
        alg.as_str()
    }

    fn generate(alg: KeyManagement) -> anyhow::Result<Jwk> {
        Ok(match alg {
            KeyManagement::RsaOaep256 => Jwk::generate_rsa_key(2048)?,
            KeyManagement::EcdhEs => Jwk::generate_ec_key(EcCurve::P256)?,
        })
    }

    fn of(alg: KeyManagement, jwk: &Jwk) -> anyhow::Result<Self> {
        // josekit would have every header name the key; RFC 7516 section 4.1.6 makes that optional.
        let mut anonymous = jwk.clone();
        anonymous.set_parameter("kid", None)?;
        Ok(Self(match alg {
            KeyManagement::RsaOaep256 => {
                Box::new(RsaesJweAlgorithm::RsaOaep256.decrypter_from_jwk(&anonymous)?)
            }
            KeyManagement::EcdhEs => Box::new(EcdhEsJweAlgorithm::EcdhEs.decrypter_from_jwk(&anonymous)?),
        }))
    }
}

impl Decryption {
    /// What is inside, if it was encrypted to this key and nobody has touched it.
    pub fn open(&self, jwe: &Jwe<'_>) -> Option<Vec<u8>> {
        josekit::jwe::deserialize_compact(jwe.text, &*self.0).ok().map(|(inside, _)| inside)
    }
}

/// A compact JWE in a form that we take, read as far as it can be without a key.
pub struct Jwe<'a> {
    text: &'a str,
    pub alg: KeyManagement,
    pub enc: ContentEncryption,
    pub kid: Option<String>,
    /// `cty`
    pub content_type: Option<String>,
}

/// RFC 7518 section 5.3, in bytes.
const IV: usize = 12;
const TAG: usize = 16;

impl<'a> Jwe<'a> {
    /// # Errors
    /// Why it is none.
    pub fn read(text: &'a str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, _, iv, _, tag] = parts[..] else { return Err("a JWE has five parts") };
        let decode =
            |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "a part of the JWE is not base64url");
        let header: Map<String, Value> = serde_json::from_slice(&decode(header)?)
            .map_err(|_| "the header of the JWE is no JSON object")?;
        let text_of = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(value)) => Ok(Some(value.clone())),
            Some(_) => Err("a member of the header of the JWE is not a text"),
        };
        let alg = text_of("alg")?.as_deref().and_then(KeyManagement::parse);
        let enc = text_of("enc")?.as_deref().and_then(ContentEncryption::parse);
        // What a few bytes unfold to is not known before they have.
        if header.contains_key("zip") {
            return Err("a compressed JWE is not taken");
        }
        // RFC 7516 section 4.1.13: nothing beyond the standard is understood.
        if header.contains_key("crit") {
            return Err("the JWE has critical header members");
        }
        // josekit takes a shorter tag as well, and the shorter it is, the sooner a forged one fits.
        if decode(iv)?.len() != IV || decode(tag)?.len() != TAG {
            return Err("the JWE needs an IV of 96 bits and a tag of 128");
        }
        Ok(Self {
            text,
            alg: alg.ok_or("alg of the JWE must be RSA-OAEP-256 or ECDH-ES")?,
            enc: enc.ok_or("enc of the JWE must be A128GCM or A256GCM")?,
            kid: text_of("kid")?,
            content_type: text_of("cty")?,
        })
    }
}

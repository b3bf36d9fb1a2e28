//! The signing keys: files that every instance reads again and again, signers that are built once.
//!
//! A key file says since when its key signs; everything else follows. A key is published from the moment it exists,
//! signs from `signs_from` until its successor does, and stays published until its last token has expired.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use axum::body::Bytes;
use josekit::jwk::Jwk;
use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
use josekit::jws::{
    JwsHeader, JwsSigner, JwsVerifier, alg::ecdsa::EcdsaJwsAlgorithm, alg::eddsa::EddsaJwsAlgorithm,
    alg::rsassa::RsassaJwsAlgorithm, alg::rsassa_pss::RsassaPssJwsAlgorithm,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::key_files::KeyFolder;
use super::random;
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::{Span, Timestamp};

/// What josekit needs to know of an algorithm.
trait Jose {
    fn generate(self) -> anyhow::Result<Jwk>;
    fn signer(self, jwk: &Jwk) -> anyhow::Result<Box<dyn JwsSigner>>;
    fn verifier(self, jwk: &Jwk) -> anyhow::Result<Box<dyn JwsVerifier>>;
}

impl Jose for SigningAlg {
    fn generate(self) -> anyhow::Result<Jwk> {
        Ok(match self {
            Self::ES256 => Jwk::generate_ec_key(EcCurve::P256)?,
            Self::PS256 | Self::RS256 => Jwk::generate_rsa_key(2048)?,
            Self::EdDSA => Jwk::generate_ed_key(EdCurve::Ed25519)?,
        })
    }

    fn signer(self, jwk: &Jwk) -> anyhow::Result<Box<dyn JwsSigner>> {
        Ok(match self {
            Self::ES256 => Box::new(EcdsaJwsAlgorithm::Es256.signer_from_jwk(jwk)?),
            Self::PS256 => Box::new(RsassaPssJwsAlgorithm::Ps256.signer_from_jwk(jwk)?),
            Self::RS256 => Box::new(RsassaJwsAlgorithm::Rs256.signer_from_jwk(jwk)?),
            Self::EdDSA => Box::new(EddsaJwsAlgorithm::Eddsa.signer_from_jwk(jwk)?),
        })
    }

    fn verifier(self, jwk: &Jwk) -> anyhow::Result<Box<dyn JwsVerifier>> {
        Ok(match self {
            Self::ES256 => Box::new(EcdsaJwsAlgorithm::Es256.verifier_from_jwk(jwk)?),
            Self::PS256 => Box::new(RsassaPssJwsAlgorithm::Ps256.verifier_from_jwk(jwk)?),
            Self::RS256 => Box::new(RsassaJwsAlgorithm::Rs256.verifier_from_jwk(jwk)?),
            Self::EdDSA => Box::new(EddsaJwsAlgorithm::Eddsa.verifier_from_jwk(jwk)?),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    alg: SigningAlg,
    /// Milliseconds since 1970.
    signs_from: i64,
    /// The private key, RFC 7517.
    jwk: Map<String, Value>,
}

struct SigningKey {
    kid: String,
    alg: SigningAlg,
    signs_from: Timestamp,
    signer: Box<dyn JwsSigner>,
    verifier: Box<dyn JwsVerifier>,
    public: Value,
}

/// One reading of the folder.
struct KeySet {
    names: Vec<String>,
    keys: Vec<SigningKey>,
}

/// What `idp keys list` shows.
pub struct KeyStatus {
    pub kid: String,
    pub alg: SigningAlg,
    pub signs_from: Timestamp,
    pub published_until: Option<Timestamp>,
    pub signs_now: bool,
}

pub struct KeyRing {
    folder: KeyFolder,
    /// How long a key stays published after its successor has begun to sign.
    retention: Span,
    set: RwLock<Arc<KeySet>>,
}

impl KeyRing {
    /// Reads the keys, and makes one for each algorithm at first run.
    ///
    /// # Errors
    /// When a file can't be read or written, is readable by others, or is damaged.
    pub fn open(folder: KeyFolder, retention: Span, now: Timestamp) -> anyhow::Result<Self> {
        let lock = folder.lock()?;
        for alg in SigningAlg::ALL {
            if folder.list(&format!("signing-{}-", alg.as_str()))?.is_empty() {
                create(&folder, alg, now)?;
            }
        }
        drop(lock);
        let set = RwLock::new(Arc::new(KeySet::read(&folder)?));
        Ok(Self { folder, retention, set })
    }

    /// Looks for new and removed files; unchanged folders cost one directory listing.
    ///
    /// # Errors
    /// When a file can't be read; the keys in use stay.
    pub fn reload(&self) -> anyhow::Result<()> {
        if self.folder.list("signing-")? != self.set().names {
            let fresh = Arc::new(KeySet::read(&self.folder)?);
            *self.set.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }

    /// Makes the next key of an algorithm: published at once, signing from `signs_from`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn rotate(&self, alg: SigningAlg, signs_from: Timestamp) -> anyhow::Result<String> {
        let _lock = self.folder.lock()?;
        let kid = create(&self.folder, alg, signs_from)?;
        self.reload()?;
        Ok(kid)
    }

    /// Deletes the files of keys that are no longer published.
    ///
    /// # Errors
    /// When a file can't be deleted.
    pub fn prune(&self, now: Timestamp) -> anyhow::Result<usize> {
        let _lock = self.folder.lock()?;
        let gone: Vec<KeyStatus> = self
            .status(now)
            .into_iter()
            .filter(|key| key.published_until.is_some_and(|end| end <= now))
            .collect();
        for key in &gone {
            self.folder.remove(&file_name(key.alg, &key.kid))?;
        }
        self.reload()?;
        Ok(gone.len())
    }

    pub fn status(&self, now: Timestamp) -> Vec<KeyStatus> {
        let set = self.set();
        set.keys
            .iter()
            .map(|key| KeyStatus {
                kid: key.kid.clone(),
                alg: key.alg,
                signs_from: key.signs_from,
                published_until: set.successor(key).map(|next| next.signs_from + self.retention),
                signs_now: set.active(key.alg, now).is_some_and(|active| active.kid == key.kid),
            })
            .collect()
    }

    /// The JWK Set of RFC 7517: every key whose tokens may still be alive, and the next ones.
    pub fn jwks(&self, now: Timestamp) -> Bytes {
        let set = self.set();
        let published: Vec<&Value> = set
            .keys
            .iter()
            .filter(|key| set.successor(key).is_none_or(|next| now < next.signs_from + self.retention))
            .map(|key| &key.public)
            .collect();
        Bytes::from(json!({ "keys": published }).to_string())
    }

    /// Signs claims as a compact JWS (RFC 7515) with the algorithm's current key.
    ///
    /// # Errors
    /// When there is no key for the algorithm, or signing fails.
    pub fn sign(
        &self,
        alg: SigningAlg,
        typ: &str,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> anyhow::Result<String> {
        let set = self.set();
        let key = set.active(alg, now).with_context(|| format!("no signing key for {}", alg.as_str()))?;
        let mut header = JwsHeader::new();
        header.set_token_type(typ);
        header.set_key_id(&key.kid);
        let payload = serde_json::to_vec(claims)?;
        Ok(josekit::jws::serialize_compact(&payload, &header, &*key.signer)?)
    }

    /// The claims of a JWS that one of our published keys signed, whatever its expiry; `None` if it is not ours.
    pub fn verify(&self, jws: &str) -> Option<(JwsHeader, Map<String, Value>)> {
        let header = josekit::jwt::decode_header(jws).ok()?;
        let kid = header.claim("kid")?.as_str()?;
        let set = self.set();
        let key = set.keys.iter().find(|key| key.kid == kid)?;
        let (payload, header) = josekit::jws::deserialize_compact(jws, &*key.verifier).ok()?;
        // josekit lets a verifier's algorithm decide, but a header that names another is a forgery attempt.
        (header.algorithm() == Some(key.alg.as_str())).then_some(())?;
        Some((header, serde_json::from_slice(&payload).ok()?))
    }

    fn set(&self) -> Arc<KeySet> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeySet {
    fn read(folder: &KeyFolder) -> anyhow::Result<Self> {
        let names = folder.list("signing-")?;
        let mut keys = Vec::new();
        for name in &names {
            let key = || -> anyhow::Result<SigningKey> {
                let file: KeyFile = serde_json::from_str(&folder.read(name)?)?;
                let jwk = Jwk::from_map(file.jwk)?;
                let kid = jwk.key_id().context("the key has no kid")?.to_owned();
                let mut public = jwk.to_public_key()?.as_ref().clone();
                // josekit leaves it out, and without it no portal finds the key that a token's header names.
                public.insert("kid".to_owned(), json!(kid));
                public.insert("use".to_owned(), json!("sig"));
                public.insert("alg".to_owned(), json!(file.alg.as_str()));
                Ok(SigningKey {
                    kid,
                    alg: file.alg,
                    signs_from: Timestamp::from_millis(file.signs_from),
                    signer: file.alg.signer(&jwk)?,
                    verifier: file.alg.verifier(&jwk)?,
                    public: Value::Object(public),
                })
            };
            keys.push(key().with_context(|| format!("keys/{name}"))?);
        }
        keys.sort_by_key(|key| (key.signs_from, key.kid.clone()));
        Ok(Self { names, keys })
    }

    fn active(&self, alg: SigningAlg, now: Timestamp) -> Option<&SigningKey> {
        let mut candidates = self.keys.iter().filter(|key| key.alg == alg);
        // A clock that runs behind must not leave an instance without a key: the oldest signs then.
        let oldest = candidates.clone().next();
        candidates.rfind(|key| key.signs_from <= now).or(oldest)
    }

    fn successor(&self, key: &SigningKey) -> Option<&SigningKey> {
        self.keys
            .iter()
            .find(|other| other.alg == key.alg && (other.signs_from, &other.kid) > (key.signs_from, &key.kid))
    }
}

fn file_name(alg: SigningAlg, kid: &str) -> String {
    format!("signing-{}-{kid}.json", alg.as_str())
}

fn create(folder: &KeyFolder, alg: SigningAlg, signs_from: Timestamp) -> anyhow::Result<String> {
    // A kid that begins with a dash or underscore is a nuisance on command lines.
    let kid = format!("k{}", random::id());
    let mut jwk = alg.generate()?;
    jwk.set_key_id(&kid);
    let file = KeyFile { alg, signs_from: signs_from.millis(), jwk: jwk.as_ref().clone() };
    folder.write_new(&file_name(alg, &kid), &serde_json::to_string_pretty(&file)?)?;
    Ok(kid)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;

//! The provider's keys: those that sign, and those that others encrypt to.
//!
//! A signing key is published from the moment it exists, signs from its time until its successor does, and stays
//! published until its last token has expired. Of the keys to encrypt to one an algorithm is published, so that nobody
//! has to choose; the one before decrypts as long as somebody may have it from a cache.

mod decryption;
mod ring;
mod signing;

use anyhow::Context;
use axum::body::Bytes;
use josekit::jws::JwsHeader;
use serde_json::{Map, Value, json};

use self::decryption::Decryption;
pub use self::decryption::Jwe;
use self::ring::{Purpose, Ring};
use self::signing::Signing;
use super::key_files::KeyFolder;
use crate::domain::encryption_alg::KeyManagement;
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::{Span, Timestamp};

/// How long a replaced key still decrypts: nobody tells us that they have fetched the next one.
const DECRYPTS_ON: Span = Span::minutes(24 * 60);

/// What `idp keys list` shows.
pub struct KeyStatus {
    pub kid: String,
    pub alg: &'static str,
    /// `sig` or `enc`
    pub usage: &'static str,
    /// Since when it is the current one of its algorithm.
    pub since: Timestamp,
    /// Once it has a successor.
    pub end: Option<Timestamp>,
    pub is_current: bool,
}

pub struct KeyRing {
    folder: KeyFolder,
    signing: Ring<Signing>,
    decryption: Ring<Decryption>,
}

impl KeyRing {
    /// Reads the keys, and makes one for each algorithm at first run. `retention` is how long a key stays published after
    /// its successor has begun to sign.
    ///
    /// # Errors
    /// When a file can't be read or written, is readable by others, or is damaged.
    pub fn open(folder: KeyFolder, retention: Span, now: Timestamp) -> anyhow::Result<Self> {
        let lock = folder.lock()?;
        let signing = Ring::open(&folder, retention, now)?;
        let decryption = Ring::open(&folder, DECRYPTS_ON, now)?;
        drop(lock);
        Ok(Self { folder, signing, decryption })
    }

    /// Looks for new and removed files; unchanged folders cost two directory listings.
    ///
    /// # Errors
    /// When a file can't be read; the keys in use stay.
    pub fn reload(&self) -> anyhow::Result<()> {
        self.signing.reload(&self.folder)?;
        self.decryption.reload(&self.folder)
    }

    /// Makes the next key of an algorithm: published at once, signing from `signs_from`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn rotate(&self, alg: SigningAlg, signs_from: Timestamp) -> anyhow::Result<String> {
        self.next::<Signing>(alg, signs_from)
    }

    /// Makes the next key to encrypt to: it decrypts at once, and is published from `published_from`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn rotate_encryption(&self, alg: KeyManagement, published_from: Timestamp) -> anyhow::Result<String> {
        self.next::<Decryption>(alg, published_from)
    }

    fn next<P: Purpose>(&self, alg: P::Alg, since: Timestamp) -> anyhow::Result<String> {
        let _lock = self.folder.lock()?;
        let kid = Ring::<P>::create(&self.folder, alg, since)?;
        self.reload()?;
        Ok(kid)
    }

    /// Deletes the files of keys that are of no use any more.
    ///
    /// # Errors
    /// When a file can't be deleted.
    pub fn prune(&self, now: Timestamp) -> anyhow::Result<usize> {
        let _lock = self.folder.lock()?;
        Ok(self.signing.prune(&self.folder, now)? + self.decryption.prune(&self.folder, now)?)
    }

    pub fn status(&self, now: Timestamp) -> Vec<KeyStatus> {
        status(&self.signing, now).into_iter().chain(status(&self.decryption, now)).collect()
    }

    /// The JWK Set of RFC 7517: every key whose tokens may still be alive, and the next ones; then those to encrypt to.
    /// In this order, so that whoever takes the first key of a kind has one that signs.
    pub fn jwks(&self, now: Timestamp) -> Bytes {
        let (signing, decryption) = (self.signing.set(), self.decryption.set());
        let signing = signing.keys.iter().filter(|key| signing.is_alive(key, now)).map(|key| &key.public);
        let current = KeyManagement::ALL.into_iter().filter_map(|alg| decryption.current(alg, now));
        let published: Vec<&Value> = signing.chain(current.map(|key| &key.public)).collect();
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
        let set = self.signing.set();
        let key = set.current(alg, now).with_context(|| format!("no signing key for {}", alg.as_str()))?;
        let mut header = JwsHeader::new();
        header.set_token_type(typ);
        header.set_key_id(&key.kid);
        let payload = serde_json::to_vec(claims)?;
        Ok(josekit::jws::serialize_compact(&payload, &header, &*key.tool.signer)?)
    }

    /// The claims of a JWS that one of our published keys signed, whatever its expiry; `None` if it is not ours.
    pub fn verify(&self, jws: &str) -> Option<(JwsHeader, Map<String, Value>)> {
        let header = josekit::jwt::decode_header(jws).ok()?;
        let kid = header.claim("kid")?.as_str()?;
        let set = self.signing.set();
        let key = set.keys.iter().find(|key| key.kid == kid)?;
        let (payload, header) = josekit::jws::deserialize_compact(jws, &*key.tool.verifier).ok()?;
        // josekit lets a verifier's algorithm decide, but a header that names another is a forgery attempt.
        (header.algorithm() == Some(key.alg.as_str())).then_some(())?;
        Some((header, serde_json::from_slice(&payload).ok()?))
    }

    /// What somebody encrypted to one of our keys; `None` if it was to another, or is not as it was.
    pub fn decrypt(&self, jwe: &Jwe<'_>, now: Timestamp) -> Option<Vec<u8>> {
        let set = self.decryption.set();
        let mut candidates = set.keys.iter().rev().filter(|key| {
            let named = jwe.kid.as_ref().is_none_or(|kid| *kid == key.kid);
            named && key.alg == jwe.alg && set.is_alive(key, now)
        });
        candidates.find_map(|key| key.tool.open(jwe))
    }
}

fn status<P: Purpose>(ring: &Ring<P>, now: Timestamp) -> Vec<KeyStatus> {
    let set = ring.set();
    let current = |alg| set.current(alg, now).map(|key| &key.kid);
    let keys = set.keys.iter().map(|key| KeyStatus {
        kid: key.kid.clone(),
        alg: P::name(key.alg),
        usage: P::USE,
        since: key.since,
        end: set.end(key),
        is_current: current(key.alg) == Some(&key.kid),
    });
    keys.collect()
}

#[cfg(test)]
mod tests;

//! Personal data at rest: sealed with AES-256-GCM, found by a keyed hash. The only place that knows how.
//!
//! A sealed value is `version(1) key-id(4) nonce(12) ciphertext+tag`. The field's name and the row's owner are
//! authenticated with it, so that a value moved to another column or row does not open.

use std::collections::HashMap;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::key_files::KeyFolder;
use super::random;

const FILE: &str = "data.json";
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    /// The key that seals; the others only open.
    current: String,
    /// Key id (eight hex digits) to key (32 bytes, base64url).
    seal_keys: HashMap<String, String>,
    /// For blind indexes, pairwise subjects and derived tokens: never rotated, since values depend on it.
    derive_key: String,
}

/// What a derived value is for. Values of one purpose say nothing about those of another.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    PhoneIndex,
    DocumentIndex,
    AttemptBucket,
    PairwiseSubject,
    RefreshSuccessor,
    SmsCode,
    NameIndex,
    QrIdentity,
    DpopNonce,
    UserCode,
    TokenSession,
    ClaimValue,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::PhoneIndex => b"phone-index",
            Self::DocumentIndex => b"document-index",
            Self::AttemptBucket => b"attempt-bucket",
            Self::PairwiseSubject => b"pairwise-subject",
            Self::RefreshSuccessor => b"refresh-successor",
            Self::SmsCode => b"sms-code",
            Self::NameIndex => b"name-index",
            Self::QrIdentity => b"qr-identity",
            Self::DpopNonce => b"dpop-nonce",
            Self::UserCode => b"user-code",
            Self::TokenSession => b"token-session",
            Self::ClaimValue => b"claim-value",
        }
    }
}

pub struct Vault {
    current: [u8; 4],
    seal_keys: HashMap<[u8; 4], Aes256Gcm>,
    derive_key: Hmac<Sha256>,
}

impl Vault {
    /// Reads the data keys, and makes them at first run.
    ///
    /// # Errors
    /// When the file can't be read or written, is readable by others, or is damaged.
    pub fn open(folder: &KeyFolder) -> anyhow::Result<Self> {
        let _lock = folder.lock()?;
        if folder.list(FILE)?.is_empty() {
            let kid = hex(&random::bytes());
            let file = KeyFile {
                seal_keys: HashMap::from([(kid.clone(), random::token())]),
                current: kid,
                derive_key: random::token(),
            };
            folder.write_new(FILE, &serde_json::to_string_pretty(&file)?)?;
        }
        let file: KeyFile = serde_json::from_str(&folder.read(FILE)?).context("keys/data.json is damaged")?;
        let mut seal_keys = HashMap::new();
        for (kid, key) in &file.seal_keys {
            seal_keys.insert(unhex(kid)?, Aes256Gcm::new_from_slice(&decode_key(key)?)?);
        }
        let current = unhex(&file.current)?;
        ensure!(seal_keys.contains_key(&current), "keys/data.json: `current` names no key");
        let derive_key = Hmac::new_from_slice(&decode_key(&file.derive_key)?)?;
        Ok(Self { current, seal_keys, derive_key })
    }

    /// Seals `text` so that it opens only for the same `field` and `owner`.
    ///
    /// # Errors
    /// When the cipher fails, which it does only for texts of many gigabytes.
    pub fn seal(&self, field: &str, owner: &str, text: &str) -> anyhow::Result<Vec<u8>> {
        let key = self.seal_keys.get(&self.current).context("the current data key is missing")?;
        let nonce: [u8; 12] = random::bytes();
        let bound = bind(field, owner);
        let sealed = key
            .encrypt(&Nonce::from(nonce), Payload { msg: text.as_bytes(), aad: &bound })
            .map_err(|_| anyhow::anyhow!("sealing failed"))?;
        Ok([&[VERSION][..], &self.current, &nonce, &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made.
    ///
    /// # Errors
    /// When the value is damaged, belongs elsewhere, or its key is gone.
    pub fn open_text(&self, field: &str, owner: &str, sealed: &[u8]) -> anyhow::Result<String> {
        let (Some(&version), Some(kid), Some(nonce), Some(body)) =
            (sealed.first(), sealed.get(1..5), sealed.get(5..17), sealed.get(17..))
        else {
            bail!("{field}: the sealed value is too short");
        };
        ensure!(version == VERSION, "{field}: unknown sealing version {version}");
        let key = self.seal_keys.get(kid).with_context(|| format!("{field}: its data key is missing"))?;
        let nonce: [u8; 12] = nonce.try_into()?;
        let text = key
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: &bind(field, owner) })
            .map_err(|_| anyhow::anyhow!("{field}: the sealed value does not open"))?;
        Ok(String::from_utf8(text)?)
    }

    /// A keyed hash (HMAC-SHA-256, base64url): equal values give equal hashes, and nothing else can be learnt.
    pub fn derive(&self, purpose: Purpose, value: &str) -> String {
        let mut mac = self.derive_key.clone();
        mac.update(purpose.label());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        random::base64url(&mac.finalize().into_bytes())
    }
}

fn bind(field: &str, owner: &str) -> Vec<u8> {
    [field.as_bytes(), &[0], owner.as_bytes()].concat()
}

fn decode_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = URL_SAFE_NO_PAD.decode(text).context("keys/data.json: a key is not base64url")?;
    bytes.try_into().map_err(|_| anyhow::anyhow!("keys/data.json: a key is not 32 bytes"))
}

fn hex(bytes: &[u8; 4]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> anyhow::Result<[u8; 4]> {
    let number = u32::from_str_radix(text, 16).context("keys/data.json: a key id is not eight hex digits")?;
    Ok(number.to_be_bytes())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn vault() -> Vault {
        let seal = Aes256Gcm::new_from_slice(&[7; 32]).unwrap();
        Vault {
            current: [0, 0, 0, 1],
            seal_keys: HashMap::from([([0, 0, 0, 1], seal)]),
            derive_key: Hmac::new_from_slice(&[9; 32]).unwrap(),
        }
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_belongs() {
        let vault = vault();
        let sealed = vault.seal("persons.phone", "alice", "15400000002").unwrap();
        assert_eq!(vault.open_text("persons.phone", "alice", &sealed).unwrap(), "15400000002");
        assert!(vault.open_text("persons.phone", "bob", &sealed).is_err());
        assert!(vault.open_text("persons.name", "alice", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert!(vault.open_text("persons.phone", "alice", &damaged).is_err(), "byte {position}");
            assert!(vault.open_text("persons.phone", "alice", &sealed[..position]).is_err());
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let vault = vault();
        assert_ne!(vault.seal("f", "o", "x").unwrap(), vault.seal("f", "o", "x").unwrap());
    }

    #[test]
    fn derived_values_depend_on_their_purpose() {
        let vault = vault();
        let index = vault.derive(Purpose::PhoneIndex, "15400000002");
        assert_eq!(index, vault.derive(Purpose::PhoneIndex, "15400000002"));
        assert_ne!(index, vault.derive(Purpose::DocumentIndex, "15400000002"));
    }
}

//! Key files that every instance reads again and again, and whose turn it is.
//!
//! A file says since when its key is the current one of its algorithm; everything else follows. A key is known from
//! the moment it exists, current from its time until its successor's, and alive for `retention` after that.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, ensure};
use josekit::jwk::Jwk;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::key_files::KeyFolder;
use crate::platform::random;

/// What the keys of a ring do; a value is one key, ready for it.
pub trait Purpose: Sized {
    type Alg: Copy + PartialEq + Serialize + DeserializeOwned + 'static;

    const ALGS: &'static [Self::Alg];
    /// How the files' names begin.
    const FILES: &'static str;
    /// The file's member that says since when the key is the current one, in milliseconds since 1970.
    const SINCE: &'static str;
    /// RFC 7517 section 4.2.
    const USE: &'static str;

    fn name(alg: Self::Alg) -> &'static str;

    /// # Errors
    /// When the system has no randomness.
    fn generate(alg: Self::Alg) -> anyhow::Result<Jwk>;

    /// # Errors
    /// When this is no such key.
    fn of(alg: Self::Alg, jwk: &Jwk) -> anyhow::Result<Self>;
}

pub struct Key<P: Purpose> {
    pub kid: String,
    pub alg: P::Alg,
    pub since: Timestamp,
    /// As it is published.
    pub public: Value,
    pub tool: P,
}

/// One reading of the folder; the keys in the order in which they become current.
pub struct KeySet<P: Purpose> {
    names: Vec<String>,
    pub keys: Vec<Key<P>>,
    retention: Span,
}

pub struct Ring<P: Purpose> {
    retention: Span,
    set: RwLock<Arc<KeySet<P>>>,
}

impl<P: Purpose> Ring<P> {
    /// Reads the keys, and makes one for each algorithm at first run. The folder must be locked.
    ///
    /// # Errors
    /// When a file can't be read or written, is readable by others, or is damaged.
    pub fn open(folder: &KeyFolder, retention: Span, now: Timestamp) -> anyhow::Result<Self> {
        for alg in P::ALGS {
            if folder.list(&format!("{}{}-", P::FILES, P::name(*alg)))?.is_empty() {
                Self::create(folder, *alg, now)?;
            }
        }
        Ok(Self { retention, set: RwLock::new(Arc::new(KeySet::read(folder, retention)?)) })
    }

    /// Looks for new and removed files; an unchanged folder costs one listing.
    ///
    /// # Errors
    /// When a file can't be read; the keys in use stay.
    pub fn reload(&self, folder: &KeyFolder) -> anyhow::Result<()> {
        if folder.list(P::FILES)? != self.set().names {
            let fresh = Arc::new(KeySet::read(folder, self.retention)?);
            *self.set.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }

    /// Writes a new key's file; gives its `kid`. The folder must be locked.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn create(folder: &KeyFolder, alg: P::Alg, since: Timestamp) -> anyhow::Result<String> {
        // A kid that begins with a dash or underscore is a nuisance on command lines.
        let kid = format!("k{}", random::id());
        let mut jwk = P::generate(alg)?;
        jwk.set_key_id(&kid);
        let file = json!({ "alg": alg, P::SINCE: since.millis(), "jwk": jwk.as_ref() });
        folder.write_new(&file_name::<P>(alg, &kid), &serde_json::to_string_pretty(&file)?)?;
        Ok(kid)
    }

    /// Deletes the files of keys that are no longer alive; gives how many. The folder must be locked.
    ///
    /// # Errors
    /// When a file can't be deleted.
    pub fn prune(&self, folder: &KeyFolder, now: Timestamp) -> anyhow::Result<usize> {
        let set = self.set();
        let gone: Vec<&Key<P>> = set.keys.iter().filter(|key| !set.is_alive(key, now)).collect();
        for key in &gone {
            folder.remove(&file_name::<P>(key.alg, &key.kid))?;
        }
        self.reload(folder)?;
        Ok(gone.len())
    }

    pub fn set(&self) -> Arc<KeySet<P>> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<P: Purpose> KeySet<P> {
    fn read(folder: &KeyFolder, retention: Span) -> anyhow::Result<Self> {
        let names = folder.list(P::FILES)?;
        let mut keys = Vec::new();
        for name in &names {
            let key = || read(&folder.read(name)?);
            keys.push(key().with_context(|| format!("keys/{name}"))?);
        }
        keys.sort_by_key(|key| (key.since, key.kid.clone()));
        Ok(Self { names, keys, retention })
    }

    /// The one whose turn it is.
    pub fn current(&self, alg: P::Alg, now: Timestamp) -> Option<&Key<P>> {
        let mut candidates = self.keys.iter().filter(|key| key.alg == alg);
        // A clock that runs behind must not leave an instance without a key: the oldest serves then.
        let oldest = candidates.clone().next();
        candidates.rfind(|key| key.since <= now).or(oldest)
    }

    /// When a key ends, if it has a successor.
    pub fn end(&self, key: &Key<P>) -> Option<Timestamp> {
        let follows =
            |other: &&Key<P>| other.alg == key.alg && (other.since, &other.kid) > (key.since, &key.kid);
        self.keys.iter().find(follows).map(|next| next.since + self.retention)
    }

    pub fn is_alive(&self, key: &Key<P>, now: Timestamp) -> bool {
        self.end(key).is_none_or(|end| now < end)
    }
}

fn read<P: Purpose>(text: &str) -> anyhow::Result<Key<P>> {
    let mut file: Map<String, Value> = serde_json::from_str(text)?;
    let mut member = |name: &str| file.remove(name).with_context(|| format!("{name} is missing"));
    let alg: P::Alg = serde_json::from_value(member("alg")?)?;
    let since: i64 = serde_json::from_value(member(P::SINCE)?)?;
    let private: Map<String, Value> = serde_json::from_value(member("jwk")?)?;
    let jwk = Jwk::from_map(private)?;
    ensure!(file.is_empty(), "unknown members");
    let kid = jwk.key_id().context("the key has no kid")?.to_owned();
    let mut public = jwk.to_public_key()?.as_ref().clone();
    // josekit leaves it out, and without it nobody finds the key that a header names.
    public.insert("kid".to_owned(), json!(kid));
    public.insert("use".to_owned(), json!(P::USE));
    public.insert("alg".to_owned(), json!(P::name(alg)));
    let (since, public) = (Timestamp::from_millis(since), Value::Object(public));
    Ok(Key { kid, alg, since, public, tool: P::of(alg, &jwk)? })
}

fn file_name<P: Purpose>(alg: P::Alg, kid: &str) -> String {
    format!("{}{}-{kid}.json", P::FILES, P::name(alg))
}

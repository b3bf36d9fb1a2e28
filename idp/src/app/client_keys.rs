//! The keys and certificates of clients, wherever they are: in their registration (`jwks`), or at a `jwks_uri` that is
//! fetched when it is needed and kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::App;
use crate::domain::client::Client;
use crate::domain::client_keys::{ClientKeys, Inside};
use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::fetch::FetchError;

/// How long a fetched set is used without looking again: a key that its owner took away is good that long.
const FRESH: Span = Span::minutes(10);
/// A key that is not in the set, and a fetch that failed, are looked after again at most this often.
const PAUSE: Span = Span::minutes(1);
/// So many sets are kept; beyond that, those looked at longest ago go.
const MOST: usize = 1000;

/// The client wants to be told in secret, and has published no key for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has published no key to encrypt to")]
pub struct NoKey;

#[derive(Clone, Default)]
struct Fetched {
    uri: String,
    keys: Arc<ClientKeys>,
    /// Of the last fetch that succeeded, and of the last at all.
    got_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl Fetched {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.got_at.is_some_and(|at| now - at < FRESH)
    }

    fn may_try(&self, now: Timestamp) -> bool {
        self.tried_at.is_none_or(|at| now - at >= PAUSE)
    }
}

/// By client; whoever holds an entry's lock fetches, the others wait for what comes of it.
#[derive(Default)]
pub struct FetchedKeys(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Fetched>>>>);

impl FetchedKeys {
    fn entry(&self, client_id: &str) -> Arc<tokio::sync::Mutex<Fetched>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST && !entries.contains_key(client_id) {
            let tried_at = |entry: &Arc<tokio::sync::Mutex<Fetched>>| {
                entry.try_lock().map_or(Some(Timestamp::from_millis(i64::MAX)), |entry| entry.tried_at)
            };
            let oldest = entries.iter().min_by_key(|(_, entry)| tried_at(entry)).map(|(id, _)| id.clone());
            entries.remove(&oldest.unwrap_or_default());
        }
        Arc::clone(entries.entry(client_id.to_owned()).or_default())
    }
}

impl App {
    /// The payload of a JWS that the client signed, with `only` this algorithm if there is one; `None` if none of its
    /// keys did. The one function for whatever clients sign: assertions, request objects.
    pub async fn signed_by(
        &self,
        client: &Client,
        jws: &str,
        only: Option<SigningAlg>,
    ) -> Option<Map<String, Value>> {
        let keys = self.keys_of(client, |keys| keys.knows_signer_of(jws)).await;
        keys.as_deref().unwrap_or(&client.keys).verify(jws, only)
    }

    /// Whether one of the client's keys comes with exactly this certificate.
    pub async fn has_certificate(&self, client: &Client, der: &[u8]) -> bool {
        let keys = self.keys_of(client, |keys| keys.has_certificate(der)).await;
        keys.as_deref().unwrap_or(&client.keys).has_certificate(der)
    }

    /// The payload as a JWE for the client; `None` if it has published no key for that.
    pub async fn encrypted_for(
        &self,
        client: &Client,
        alg: KeyManagement,
        enc: ContentEncryption,
        inside: Inside,
        payload: &[u8],
    ) -> Option<String> {
        let keys = self.keys_of(client, |keys| keys.can_encrypt(alg)).await;
        keys.as_deref().unwrap_or(&client.keys).encrypt(alg, enc, inside, payload)
    }

    /// A token for the client as it registered: as it is, or encrypted.
    ///
    /// # Errors
    /// [`NoKey`] when it can't be encrypted: then nothing may be told.
    pub async fn sealed_for(
        &self,
        client: &Client,
        wanted: Option<(KeyManagement, ContentEncryption)>,
        inside: Inside,
        token: String,
    ) -> Result<String, NoKey> {
        let Some((alg, enc)) = wanted else { return Ok(token) };
        self.encrypted_for(client, alg, enc, inside, token.as_bytes()).await.ok_or(NoKey)
    }

    /// What is at the client's `jwks_uri`, looked at again if `suits` is not true of what is known; `None` if it has no
    /// such address. When it can't be fetched, the last good keys stay.
    async fn keys_of(&self, client: &Client, suits: impl Fn(&ClientKeys) -> bool) -> Option<Arc<ClientKeys>> {
        let uri = client.metadata.jwks_uri.as_deref()?;
        let now = self.clock.now();
        let mut entry = self.fetched_keys.entry(&client.id).lock_owned().await;
        if entry.uri != uri {
            *entry = Fetched { uri: uri.to_owned(), ..Fetched::default() };
        }
        if (!entry.is_fresh(now) || !suits(&entry.keys)) && entry.may_try(now) {
            // Whoever hangs up meanwhile, or starts again, has the same answer to wait for.
            let (app, id) = (self.clone(), client.id.clone());
            return Some(self.begun.finish(async move { app.fetch_keys(&id, &mut entry, now).await }).await);
        }
        Some(Arc::clone(&entry.keys))
    }

    async fn fetch_keys(&self, client: &str, entry: &mut Fetched, now: Timestamp) -> Arc<ClientKeys> {
        entry.tried_at = Some(now);
        let fetched = self.fetcher.get(&entry.uri, &["application/json", "application/jwk-set+json"]).await;
        match fetched.map(|document| serde_json::from_slice::<Value>(&document)) {
            Ok(Ok(set)) if set.get("keys").is_some_and(Value::is_array) => {
                entry.keys = Arc::new(ClientKeys::parse(Some(&set)));
                entry.got_at = Some(now);
            }
            Ok(_) => tracing::warn!(client, "what is at its jwks_uri is no key set"),
            Err(error) => {
                if error == FetchError::Busy {
                    // Not the client's fault: it may be asked again at once.
                    entry.tried_at = None;
                }
                tracing::warn!(client, %error, "its jwks_uri was not fetched");
            }
        }
        Arc::clone(&entry.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_do_not_fill_memory() {
        let kept = FetchedKeys::default();
        for number in 0..MOST + 10 {
            let entry = kept.entry(&number.to_string());
            entry.try_lock().unwrap().tried_at = Some(Timestamp::from_millis(i64::try_from(number).unwrap()));
        }
        let entries = kept.0.lock().unwrap();
        assert_eq!(entries.len(), MOST);
        assert!(!entries.contains_key("0") && entries.contains_key(&MOST.to_string()));
    }
}

//! Registered clients, read from the store at most every few seconds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::AnyConnection;
use url::Url;

use crate::domain::client::{AuthMethod, Client, ClientMetadata};
use crate::store::Store;
use crate::store::clients::{self, ClientRow};

/// How long a change of a client takes to reach every instance, at most.
const LIFE: Duration = Duration::from_secs(3);

#[derive(Default)]
pub struct ClientCache {
    /// Only clients that exist: names that strangers invent must not fill memory.
    known: RwLock<HashMap<String, (Instant, Arc<Client>)>>,
    /// Where public clients live in browsers.
    origins: RwLock<Option<(Instant, HashSet<String>)>>,
}

impl ClientCache {
    /// The client, unless it is unknown or disabled.
    ///
    /// # Errors
    /// When the database fails or holds metadata that can't be read.
    pub async fn find(&self, store: &Store, id: &str) -> anyhow::Result<Option<Arc<Client>>> {
        match self.cached(id) {
            Some(known) => Ok(known),
            None => self.keep(id, clients::find(store, id).await?),
        }
    }

    /// The same within a transaction: whoever holds a connection must not wait for a second one.
    ///
    /// # Errors
    /// As [`ClientCache::find`].
    pub async fn find_in(&self, tx: &mut AnyConnection, id: &str) -> anyhow::Result<Option<Arc<Client>>> {
        match self.cached(id) {
            Some(known) => Ok(known),
            None => self.keep(id, clients::find_in(tx, id).await?),
        }
    }

    /// What is known without the database; the outer `None` if that is nothing.
    fn cached(&self, id: &str) -> Option<Option<Arc<Client>>> {
        let cached = self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some((read_at, client)) = cached
            && read_at.elapsed() < LIFE
        {
            return Some(Some(client));
        }
        // No client is called so, and PostgreSQL would fail at the question. (A signed assertion can ask it.)
        id.contains('\0').then_some(None)
    }

    fn keep(&self, id: &str, row: Option<ClientRow>) -> anyhow::Result<Option<Arc<Client>>> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = row.filter(|row| row.disabled_at.is_none()) else {
            known.remove(id);
            return Ok(None);
        };
        let metadata = serde_json::from_str(&row.metadata).with_context(|| format!("client {id}"))?;
        let client = Client::new(row.id, row.secret_hash, metadata).with_sealed_secret(row.secret_sealed);
        let client = Arc::new(client);
        known.insert(id.to_owned(), (Instant::now(), Arc::clone(&client)));
        Ok(Some(client))
    }

    /// Its registration has changed: this instance knows at once, the others soon.
    pub fn forget(&self, id: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Whether a public client returns to this origin, so that its script may call us.
    ///
    /// # Errors
    /// When the database fails or holds metadata that can't be read.
    pub async fn is_browser_origin(&self, store: &Store, origin: &str) -> anyhow::Result<bool> {
        if let Some((read_at, origins)) = &*self.origins.read().unwrap_or_else(PoisonError::into_inner)
            && read_at.elapsed() < LIFE
        {
            return Ok(origins.contains(origin));
        }
        let mut origins = HashSet::new();
        for row in clients::list(store).await?.into_iter().filter(|row| row.disabled_at.is_none()) {
            let metadata: ClientMetadata =
                serde_json::from_str(&row.metadata).with_context(|| row.id.clone())?;
            if metadata.token_endpoint_auth_method == AuthMethod::None {
                let urls = metadata.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok());
                origins.extend(
                    urls.map(|url| url.origin())
                        .filter(url::Origin::is_tuple)
                        .map(|origin| origin.ascii_serialization()),
                );
            }
        }
        let found = origins.contains(origin);
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), origins));
        Ok(found)
    }
}

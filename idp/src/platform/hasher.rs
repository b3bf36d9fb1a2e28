//! Passwords: argon2id, at most as many at once as there are cores, with memory that is used again.
//!
//! Fresh memory for each hash would cost more than the hash and fragment the heap, so each permit owns a block.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::random;
use crate::config::PasswordConfig;

/// Too many password checks wait already; ask again in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many password checks are waiting")]
pub struct Busy;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed with other parameters than today's: hash it again.
    RightButStale,
}

pub struct Hasher {
    shared: Arc<Shared>,
    running: Semaphore,
    waiting: Semaphore,
    /// What an unknown account's password is checked against, so that it costs the same.
    decoy: String,
}

struct Shared {
    params: Params,
    spare: Mutex<Vec<Vec<Block>>>,
}

impl Hasher {
    /// # Errors
    /// When the parameters are outside what argon2 allows; the message names the configuration key.
    pub fn new(config: &PasswordConfig) -> anyhow::Result<Self> {
        let params =
            Params::new(config.argon2_memory_kib, config.argon2_iterations, config.argon2_lanes, Some(32))
                .map_err(|error| anyhow::anyhow!("password.argon2_*: {error}"))?;
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let shared = Arc::new(Shared { params, spare: Mutex::new(Vec::new()) });
        let decoy = shared.hash(&random::token())?;
        // A server at rest holds no memory for passwords; the first sign-ins make their own.
        shared.spare.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(Self {
            shared,
            running: Semaphore::new(cores),
            waiting: Semaphore::new(cores + config.queue as usize),
            decoy,
        })
    }

    /// Hashes a new password, into the PHC string format.
    ///
    /// # Errors
    /// [`Busy`] as the inner error when the queue is full.
    pub async fn hash(&self, password: &str) -> anyhow::Result<Result<String, Busy>> {
        let password = password.to_owned();
        self.run(move |shared| shared.hash(&password)).await
    }

    /// Checks a password. Without a stored hash it takes as long, and is always wrong.
    ///
    /// # Errors
    /// [`Busy`] as the inner error when the queue is full; a fault when the stored hash is damaged.
    pub async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> anyhow::Result<Result<Verdict, Busy>> {
        let password = password.to_owned();
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let verdict = self.run(move |shared| shared.verify(&password, &stored)).await?;
        Ok(verdict.map(|verdict| if known { verdict } else { Verdict::Wrong }))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<Result<T, Busy>> {
        let Ok(_place) = self.waiting.try_acquire() else { return Ok(Err(Busy)) };
        let _permit = self.running.acquire().await?;
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared)).await?.map(Ok)
    }
}

impl Shared {
    fn hash(&self, password: &str) -> anyhow::Result<String> {
        let salt: [u8; 16] = random::bytes();
        let output = self.raw(&self.params, password, &salt, 32)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).map_err(|error| anyhow::anyhow!("{error}"))?,
            salt: Some(Salt::new(&salt).map_err(|error| anyhow::anyhow!("{error}"))?),
            hash: Some(Output::new(&output).map_err(|error| anyhow::anyhow!("{error}"))?),
        };
        Ok(hash.to_string())
    }

    fn verify(&self, password: &str, stored: &str) -> anyhow::Result<Verdict> {
        let stored = PasswordHash::new(stored).map_err(|error| anyhow::anyhow!("stored hash: {error}"))?;
        let params = Params::try_from(&stored).map_err(|error| anyhow::anyhow!("stored hash: {error}"))?;
        let salt = stored.salt.context("stored hash without salt")?;
        let expected = stored.hash.context("stored hash without output")?;
        let output = self.raw(&params, password, &salt, expected.len())?;
        if !bool::from(output.ct_eq(expected.as_bytes())) {
            return Ok(Verdict::Wrong);
        }
        let same = |a: &Params, b: &Params| {
            (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost())
        };
        Ok(if same(&params, &self.params) { Verdict::Right } else { Verdict::RightButStale })
    }

    fn raw(&self, params: &Params, password: &str, salt: &[u8], length: usize) -> anyhow::Result<Vec<u8>> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut blocks = spare.unwrap_or_default();
        blocks.resize(params.block_count().max(blocks.len()), Block::default());
        let mut output = vec![0; length];
        let used = &mut blocks[..params.block_count()];
        let result = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut output, used);
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
        result.map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(memory: u32) -> PasswordConfig {
        PasswordConfig { argon2_memory_kib: memory, argon2_iterations: 1, ..PasswordConfig::default() }
    }

    #[tokio::test]
    async fn right_wrong_stale_and_unknown() {
        let hasher = Hasher::new(&config(64)).unwrap();
        let stored = hasher.hash("Jlrs2026").await.unwrap().unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let verify = async |hasher: &Hasher, password: &str, stored: Option<&str>| {
            hasher.verify(password, stored).await.unwrap().unwrap()
        };
        assert_eq!(verify(&hasher, "Jlrs2026", Some(&stored)).await, Verdict::Right);
        assert_eq!(verify(&hasher, "Jlrs2027", Some(&stored)).await, Verdict::Wrong);
        assert_eq!(verify(&hasher, "Jlrs2026", None).await, Verdict::Wrong);
        let stronger = Hasher::new(&config(128)).unwrap();
        assert_eq!(verify(&stronger, "Jlrs2026", Some(&stored)).await, Verdict::RightButStale);
    }

    #[tokio::test]
    async fn a_full_queue_says_busy() {
        let mut hasher = Hasher::new(&config(64)).unwrap();
        hasher.waiting = Semaphore::new(0);
        assert_eq!(hasher.hash("Jlrs2026").await.unwrap(), Err(Busy));
    }

    #[test]
    fn parameters_outside_argon2_name_their_key() {
        let error = Hasher::new(&config(1)).err().unwrap().to_string();
        assert!(error.contains("password.argon2"), "{error}");
    }
}

//! How often a password may be tried.
//!
//! Three counts in the shared store: the account from this place (locks after a few, tells how many are left), the
//! account from all unknown browsers together (so that a crowd can't guess), and the place for all accounts (so that
//! one attacker can't try many). A browser that has signed in to the account before counts as a place of its own and
//! is spared the crowd's count: strangers can't lock the owner out from there.

use anyhow::Result;

use super::Caller;
use super::identifiers::Identifier;
use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::domain::timestamp::Span;
use crate::platform::vault::Purpose;
use crate::store::{attempts, devices};

/// A try that has been counted, before the password is looked at.
pub struct Counted {
    here: String,
    account: Option<String>,
    address: String,
    /// Tries left here, this one not counted.
    pub remaining: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many wrong passwords for this account from here.
    Here,
    /// Too many from everywhere, or from here for everyone.
    Elsewhere,
}

/// Counts a try. `account_id` is known only if the account exists; every count works without it too.
///
/// # Errors
/// When the database fails.
pub async fn count(
    app: &App,
    caller: &Caller,
    kind: AccountKind,
    identifier: &str,
    account_id: Option<&str>,
) -> Result<Result<Counted, Limit>> {
    let limits = &app.config.sign_in;
    let window = Span::minutes(limits.lock_minutes);
    let now = app.clock.now();
    let known_device =
        devices::is_known(&app.store, account_id.unwrap_or_default(), &caller.device_hash).await?;
    let account = account_id.unwrap_or(identifier);
    let place = if known_device { hex(&caller.device_hash) } else { caller.address.clone() };
    let mut counted = Counted {
        here: bucket(app, "here", &here(kind, identifier, &place)),
        account: (!known_device).then(|| bucket(app, "account", &format!("{}|{account}", kind.as_str()))),
        address: bucket(app, "address", &caller.address),
        remaining: 0,
    };
    let mut tx = app.store.begin().await?;
    // One after the other: whoever is locked out here uses up nobody's tries elsewhere.
    let here = attempts::add(&mut tx, &counted.here, limits.tries, now, window).await?;
    let mut refused = (here > i64::from(limits.tries)).then_some(Limit::Here);
    let elsewhere =
        [(Some(&counted.address), limits.address_tries), (counted.account.as_ref(), limits.account_tries)];
    for (bucket, limit) in elsewhere {
        if let (None, Some(bucket)) = (refused, bucket)
            && attempts::add(&mut tx, bucket, limit, now, window).await? > i64::from(limit)
        {
            refused = Some(Limit::Elsewhere);
        }
    }
    tx.commit().await?;
    if let Some(limit) = refused {
        return Ok(Err(limit));
    }
    counted.remaining = limits.tries.saturating_sub(u32::try_from(here).unwrap_or(u32::MAX));
    Ok(Ok(counted))
}

/// Whether any password failed lately from this address.
///
/// # Errors
/// When the database fails.
pub async fn any_lately(app: &App, caller: &Caller) -> Result<bool> {
    let bucket = bucket(app, "address", &caller.address);
    Ok(attempts::current(&app.store, &bucket, app.clock.now()).await? > 0)
}

/// The password was right: this account's count from here starts anew, the shared counts take the try back.
///
/// # Errors
/// When the database fails.
pub async fn forgive(tx: &mut sqlx::AnyConnection, counted: &Counted) -> sqlx::Result<()> {
    attempts::clear(tx, &counted.here).await?;
    attempts::take_back(tx, &counted.address).await?;
    if let Some(account) = &counted.account {
        attempts::take_back(tx, account).await?;
    }
    Ok(())
}

/// The password was not looked at after all: every count takes the try back.
///
/// # Errors
/// When the database fails.
pub async fn undo(tx: &mut sqlx::AnyConnection, counted: &Counted) -> sqlx::Result<()> {
    for bucket in
        [Some(&counted.here), Some(&counted.address), counted.account.as_ref()].into_iter().flatten()
    {
        attempts::take_back(tx, bucket).await?;
    }
    Ok(())
}

/// The owner has proved themselves in another way at this browser (忘记密码), which the caller remembers from now on: its
/// own locks end, whatever name they were made with. Locks of others, and of the address for all accounts, stay.
///
/// # Errors
/// When the database fails.
pub async fn lift(
    app: &App,
    tx: &mut sqlx::AnyConnection,
    caller: &Caller,
    names: &[Identifier],
) -> sqlx::Result<()> {
    for name in names {
        let here = here(name.kind(), &name.key(), &hex(&caller.device_hash));
        attempts::clear(tx, &bucket(app, "here", &here)).await?;
    }
    Ok(())
}

fn here(kind: AccountKind, identifier: &str, place: &str) -> String {
    format!("{}|{identifier}|{place}", kind.as_str())
}

/// The store learns neither names nor addresses from its counts.
fn bucket(app: &App, name: &str, value: &str) -> String {
    format!("{name}:{}", app.vault.derive(Purpose::AttemptBucket, &format!("{name}|{value}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

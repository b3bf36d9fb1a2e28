//! A password that was good enough once: whoever signs in with it sets another before they go on.
//!
//! It is judged by the rule for a first password: what may be chosen today may be typed today. Between the two pages
//! stands a recovery that the old password has proved, so that it ends with all others when the password is set elsewhere.

use anyhow::Result;
use sqlx::AnyConnection;

use super::{Caller, credentials, identifiers, new_password, recovery, sessions, text_message};
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::principal::Principal;
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::store::accounts::{self, Candidate};
use crate::store::{audit, passwords, recoveries};

/// How long setting another may take.
const STEP: Span = Span::minutes(15);

/// Somebody who has just given the old password of an account that they may sign in to.
pub struct Begun {
    pub principal: Principal,
    candidate: Candidate,
}

/// Whether a password may be used for ever.
pub fn fits(app: &App, password: &str) -> bool {
    app.config.password.profile.registration().fits(password)
}

/// Lets whoever gave an account's password set another at this browser; gives the ticket, or `None` if the account has
/// been disabled, or got another password, meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    candidate: &Candidate,
) -> Result<Option<String>> {
    let (ticket, now) = (random::token(), app.clock.now());
    let (account_id, set_at) = (&*candidate.account_id, candidate.password_set_at);
    // Held until the ticket is there: the owner who sets a password at this moment ends it, or comes first.
    if !accounts::note_sign_in(tx, account_id, set_at, now).await? {
        return Ok(None);
    }
    let id_hash = hash_of(&ticket);
    recoveries::insert(tx, &id_hash, &caller.device_hash, account_id, Some(now), now + STEP).await?;
    Ok(Some(ticket))
}

/// What a ticket of this browser is for, unless it took too long, or the account has ended meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, caller: &Caller, ticket: &str) -> Result<Option<Begun>> {
    let now = app.clock.now();
    let row = recoveries::find(&app.store, &hash_of(ticket), &caller.device_hash, now).await?;
    let Some(row) = row else { return Ok(None) };
    let found = identifiers::of_account(app, &row.account_id).await?;
    let active = found.filter(|(_, candidate)| credentials::inactive(candidate, now).is_none());
    Ok(active.map(|(principal, candidate)| Begun { principal, candidate }))
}

/// Sets the new password, ends what the old one had opened, and signs in; gives the new session's token. `None` if the
/// ticket was used, or the account has ended, a moment before: then nothing is done.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn replace(
    app: &App,
    caller: &Caller,
    old_token: Option<&str>,
    ticket: &str,
    begun: &Begun,
    password: &Password,
) -> Result<Result<Option<String>, new_password::Refusal>> {
    let account_id = begun.principal.account_id();
    let hash = match new_password::hash_for(app, account_id, password).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // This holds the account's row: of two submissions the second waits here, and then finds nothing to take.
    passwords::replace(&mut tx, account_id, &hash, now).await?;
    let taken = recoveries::take(&mut tx, &hash_of(ticket), now).await?;
    let mut session = None;
    if taken {
        sessions::end_everything(app, &mut tx, account_id).await?;
        let candidate = Candidate { password_set_at: Some(now.millis()), ..begun.candidate.clone() };
        session = credentials::start(app, &mut tx, caller, old_token, &candidate).await?;
    }
    if session.is_none() {
        tx.rollback().await?;
        return Ok(Ok(None));
    }
    let entry = caller.event("password_changed", Some(account_id), "unfit");
    audit::insert(&mut tx, &entry, now).await?;
    recovery::note_done(app, &mut tx, caller, account_id, &name_of(ticket)).await?;
    let phone = begun.principal.phone();
    text_message::notify(app, &mut tx, phone, text_message::PASSWORD_CHANGED).await?;
    tx.commit().await?;
    Ok(Ok(session))
}

/// Whether this browser has just set the password that this ticket was for.
///
/// # Errors
/// When the database fails.
pub async fn is_done(app: &App, caller: &Caller, ticket: &str) -> Result<bool> {
    recovery::is_done(app, caller, &name_of(ticket)).await
}

/// Under this name no step of 忘记密码 goes on with it.
fn name_of(ticket: &str) -> String {
    format!("unfit-password|{ticket}")
}

fn hash_of(ticket: &str) -> Vec<u8> {
    random::hash(&name_of(ticket))
}

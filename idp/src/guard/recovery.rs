//! 忘记密码: who may set a new password without the old one.
//!
//! People-search tools feed names and numbers to such pages. So whatever is wrong there is one answer, the same
//! queries lead to it whether or not the account exists, tries are counted, and nothing of the account is shown before
//! its telephone has been proved.

mod claim;

use anyhow::Result;
use sqlx::AnyConnection;

pub use self::claim::Claim;
use self::claim::{is_active, phone_of};
use super::identifiers::{self, Identifier};
use super::sms_code::{self, CodeRefusal, Purpose, SendRefusal, Standing};
use super::{Caller, attempts, captcha, new_password, sessions, text_message};
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::phone::Phone;
use crate::domain::principal::{AccountKind, Principal};
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::platform::vault::Purpose as Derived;
use crate::store::{attempts as counts, audit, devices, passwords, principals, recoveries};

/// How long each step may take.
const STEP: Span = Span::minutes(15);
const WINDOW: Span = Span::minutes(60);
/// Tries in the window for one name from all unknown browsers together; a known browser has as many of its own.
const NAME_TRIES: i64 = 10;
const ADDRESS_TRIES: i64 = 30;

/// Why nobody is sent a code. The texts are what visitors are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("您输入的信息不匹配，请核对后重试")]
    Mismatch,
    #[error("操作过于频繁，请稍后再试")]
    TooOften,
    /// Whoever asks has had too many messages: told before an account is looked up.
    #[error(transparent)]
    NotSent(#[from] SendRefusal),
}

/// A recovery between its steps, of an account that may still sign in.
pub struct Begun {
    pub principal: Principal,
    pub phone: Phone,
    pub proved: bool,
}

/// Compares a claim with what is stored, and sends a code; gives the recovery's token. A right claim goes on although its
/// telephone has had too many codes: a refusal would tell that it was right, with no trace of that, as often as one asks.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    app: &App,
    caller: &Caller,
    claim: &Claim,
    passed: captcha::Passed,
) -> Result<Result<String, Refusal>> {
    if let Err(refusal) = sms_code::may_ask(app, caller).await? {
        note(app, caller, "recovery_refused", claim.kind, None, "messages").await?;
        return Ok(Err(refusal.into()));
    }
    let candidate = claim.find(app).await?;
    let account_id = candidate.as_ref().map(|candidate| candidate.account_id.as_str());
    if !may_try(app, caller, claim, account_id).await? {
        note(app, caller, "recovery_refused", claim.kind, account_id, "limit").await?;
        return Ok(Err(Refusal::TooOften));
    }
    let known = account_id.unwrap_or_default();
    let principal = principals::find_of_kind(&app.store, &app.vault, claim.kind.as_str(), known).await?;
    let principal = principal.map(|(principal, _)| principal);
    let right = claim.is_of(principal.as_ref());
    let active = candidate.as_ref().is_some_and(|candidate| is_active(candidate, app.clock.now()));
    let phone = principal.as_ref().and_then(phone_of);
    let (Some(account_id), Some(phone), true) = (account_id, phone, right & active) else {
        note(app, caller, "recovery_refused", claim.kind, account_id, "mismatch").await?;
        return Ok(Err(Refusal::Mismatch));
    };
    let sent = sms_code::send(app, caller, Purpose::Recovery, &phone, passed).await?;
    let (token, kind) = (random::token(), claim.kind.as_str());
    let expires_at = app.clock.now() + STEP;
    let mut tx = app.store.begin().await?;
    recoveries::insert(&mut tx, &random::hash(&token), &caller.device_hash, account_id, None, expires_at)
        .await?;
    let detail = if sent.is_ok() { kind.to_owned() } else { format!("{kind} unsent") };
    insert_note(app, &mut tx, caller, "recovery_begun", Some(account_id), &detail).await?;
    tx.commit().await?;
    Ok(Ok(token))
}

/// Counts a try. A browser that has signed in to the account before is spared the crowd's count: strangers can't keep
/// the owner from recovering there.
async fn may_try(app: &App, caller: &Caller, claim: &Claim, account_id: Option<&str>) -> Result<bool> {
    let known = devices::is_known(&app.store, account_id.unwrap_or_default(), &caller.device_hash).await?;
    let from = if known { random::base64url(&caller.device_hash) } else { String::new() };
    let buckets = [
        (format!("recovery-address|{}", caller.address), ADDRESS_TRIES),
        (format!("recovery-name|{}|{from}", claim.name()), NAME_TRIES),
    ];
    let mut tx = app.store.begin().await?;
    let mut allowed = true;
    // One after the other: whoever has had all tries here uses up nobody's elsewhere.
    for (value, most) in buckets {
        if allowed {
            let bucket = format!("recovery:{}", app.vault.derive(Derived::AttemptBucket, &value));
            allowed = counts::add_in_window(&mut tx, &bucket, app.clock.now(), WINDOW).await? <= most;
        }
    }
    tx.commit().await?;
    Ok(allowed)
}

/// A recovery that this browser began, unless a step took too long or the account has ended meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, caller: &Caller, token: &str) -> Result<Option<Begun>> {
    let now = app.clock.now();
    let row = recoveries::find(&app.store, &random::hash(token), &caller.device_hash, now).await?;
    let Some(row) = row else { return Ok(None) };
    let found = identifiers::of_account(app, &row.account_id).await?;
    let Some((principal, candidate)) = found else { return Ok(None) };
    let active = is_active(&candidate, now);
    let phone = phone_of(&principal).filter(|_| active);
    Ok(phone.map(|phone| Begun { principal, phone, proved: row.proved_at.is_some() }))
}

/// Takes the code that was sent.
///
/// # Errors
/// When the database fails.
pub async fn prove(
    app: &App,
    caller: &Caller,
    token: &str,
    begun: &Begun,
    code: &str,
) -> Result<Result<(), CodeRefusal>> {
    let proved = sms_code::prove_as(app, caller, Purpose::Recovery, &begun.phone, code, token).await?;
    if let Err(refusal) = proved {
        return Ok(Err(refusal));
    }
    let now = app.clock.now();
    recoveries::note_proof(&app.store, &random::hash(token), now, now + STEP).await?;
    Ok(Ok(()))
}

/// Sets the new password and ends everything that the old one had opened. `false` if the recovery was used, or the
/// telephone has changed, a moment before: then nothing is done.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn reset(
    app: &App,
    caller: &Caller,
    token: &str,
    begun: &Begun,
    password: &Password,
) -> Result<Result<bool, new_password::Refusal>> {
    let account_id = begun.principal.account_id();
    let hash = match new_password::hash_for(app, account_id, password).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // In the order of a sign-in: counts, account, browser. Two who wait for each other would wait for ever.
    attempts::lift(app, &mut tx, caller, &Identifier::all_of(&begun.principal)).await?;
    // This holds the account's row, so that of two submissions the second waits here and then finds nothing to take.
    passwords::replace(&mut tx, account_id, &hash, now).await?;
    let proof = sms_code::spend(app, &mut tx, caller, Purpose::Recovery, &begun.phone, token).await?;
    let taken = recoveries::take(&mut tx, &random::hash(token), now).await?;
    if proof != Standing::Good || !taken {
        tx.rollback().await?;
        return Ok(Ok(false));
    }
    sessions::end_everything(app, &mut tx, account_id).await?;
    note_done(app, &mut tx, caller, account_id, token).await?;
    devices::remember(&mut tx, account_id, &caller.device_hash, now).await?;
    insert_note(app, &mut tx, caller, "password_reset", Some(account_id), begun.principal.kind().as_str())
        .await?;
    let text = "您的账号密码已通过“忘记密码”重置，此前的登录已全部退出。如非本人操作，请立即联系技术支持。";
    text_message::notify(app, &mut tx, Some(begun.phone.as_str()), text).await?;
    tx.commit().await?;
    Ok(Ok(true))
}

/// Lets [`is_done`] know, for as long as a step takes, that this browser has finished what `token` was for.
///
/// # Errors
/// When the database fails.
pub async fn note_done(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    account_id: &str,
    token: &str,
) -> Result<()> {
    let (done, until) = (done_hash(token), app.clock.now() + STEP);
    Ok(recoveries::insert(tx, &done, &caller.device_hash, account_id, None, until).await?)
}

/// Whether this browser has just finished this recovery.
///
/// # Errors
/// When the database fails.
pub async fn is_done(app: &App, caller: &Caller, token: &str) -> Result<bool> {
    let row = recoveries::find(&app.store, &done_hash(token), &caller.device_hash, app.clock.now()).await?;
    Ok(row.is_some())
}

/// What a finished recovery is called: under this name no step goes on with it.
fn done_hash(token: &str) -> Vec<u8> {
    random::hash(&format!("recovery-done|{token}"))
}

async fn note(
    app: &App,
    caller: &Caller,
    event: &str,
    kind: AccountKind,
    account_id: Option<&str>,
    detail: &str,
) -> Result<()> {
    let mut tx = app.store.begin().await?;
    let detail = format!("{} {detail}", kind.as_str());
    insert_note(app, &mut tx, caller, event, account_id, &detail).await?;
    Ok(tx.commit().await?)
}

async fn insert_note(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    event: &str,
    account_id: Option<&str>,
    detail: &str,
) -> Result<()> {
    let entry = caller.event(event, account_id, detail);
    Ok(audit::insert(tx, &entry, app.clock.now()).await?)
}

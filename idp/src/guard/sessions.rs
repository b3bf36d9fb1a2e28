//! Sessions: who is signed in at a browser, for how long, and what ends with them.

use anyhow::Result;
use sqlx::AnyConnection;

use super::{Caller, logout_notices};
use crate::app::App;
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::random;
use crate::store::operators::changes::Standing;
use crate::store::sessions::{NewSession, SignedInRow};
use crate::store::{accounts, audit, devices, grants, operators, recoveries, sessions};

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    pub sid: String,
    pub account_id: String,
    /// The account whose proof this rests on, where it acts through another one.
    pub holder_id: Option<String>,
    pub acr: String,
    pub amr: String,
    /// When somebody last proved who they are: at this browser, or at the telephone that let it in.
    pub authenticated_at: Timestamp,
    /// When somebody last signed in at this browser.
    pub signed_in_at: Timestamp,
    /// Never later than the account itself is valid.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether a password was typed at this browser.
    pub fn rests_on_password(&self) -> bool {
        self.amr.split(' ').any(|method| method == "pwd")
    }
}

impl From<SignedInRow> for Session {
    fn from(row: SignedInRow) -> Self {
        Self {
            sid: row.sid,
            account_id: row.account_id,
            holder_id: row.holder_id,
            acr: row.acr,
            amr: row.amr,
            authenticated_at: Timestamp::from_millis(row.authenticated_at),
            signed_in_at: Timestamp::from_millis(row.authenticated_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        }
    }
}

/// How somebody has just proved who they are.
pub struct Proof<'a> {
    pub account_id: &'a str,
    /// Whose proof it is, if another account's.
    pub holder_id: Option<&'a str>,
    pub acr: &'a str,
    pub amr: &'a str,
    /// Of the password that was checked: once it has been changed, the proof is worth nothing.
    pub password_set_at: Option<i64>,
    /// `None`: just now.
    pub authenticated_at: Option<Timestamp>,
    /// `None`: just now.
    pub signed_in_at: Option<Timestamp>,
    /// When the account's own validity ends.
    pub valid_until: Option<Timestamp>,
}

/// A session's idle time is written at most this often, so that reading it is usually enough.
const TOUCH_EVERY: Span = Span::minutes(1);
/// A sign-out that comes twice is answered like the first for so long.
const SECOND_CLICK: Span = Span::minutes(1);

/// The session of a cookie's token.
///
/// # Errors
/// When the database fails.
pub async fn current(app: &App, token: &str) -> Result<Option<Session>> {
    let hash = random::hash(token);
    let now = app.clock.now();
    let idle = Span::minutes(app.config.session.idle_minutes);
    let Some(row) = sessions::find(&app.store, &hash, now, idle).await? else { return Ok(None) };
    if now - Timestamp::from_millis(row.seen_at) > TOUCH_EVERY {
        sessions::touch(&app.store, &hash, now).await?;
    }
    // The release before renews a session without it.
    let signed_in_at = Timestamp::from_millis(row.signed_in_at.max(row.signed_in.authenticated_at));
    Ok(Some(Session { signed_in_at, ..row.signed_in.into() }))
}

/// Whether somebody may still come with the cookie of the session that is named by its `sid`.
///
/// # Errors
/// When the database fails.
pub async fn goes_on(app: &App, sid: &str) -> Result<bool> {
    let idle = Span::minutes(app.config.session.idle_minutes);
    Ok(sessions::goes_on(&app.store, sid, app.clock.now(), idle).await?)
}

/// Signs an account in, in the caller's transaction; gives the new cookie's token, or `None` if the account has been
/// disabled, or got another password, meanwhile.
///
/// The same account at the same browser keeps its `sid` under a new token (ASVS 7.2.4); another account's session
/// there ends.
///
/// # Errors
/// When the database fails.
pub async fn start(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    old_token: Option<&str>,
    proof: &Proof<'_>,
) -> Result<Option<String>> {
    let now = app.clock.now();
    if !accounts::note_sign_in(tx, proof.account_id, proof.password_set_at, now).await? {
        return Ok(None);
    }
    // Read behind the lock: an operator frozen, removed or shortened while the password was checked. A session lasts no
    // longer than whose proof it rests on.
    let mut end = now + Span::hours(app.config.session.absolute_hours);
    for id in [Some(proof.account_id), proof.holder_id].into_iter().flatten() {
        let Standing::Until(standing_end) = operators::changes::standing(tx, id, now).await? else {
            return Ok(None);
        };
        end = [proof.valid_until, standing_end].into_iter().flatten().fold(end, Timestamp::min);
    }
    let token = random::token();
    let token_hash = random::hash(&token);
    let session = NewSession {
        token_hash: &token_hash,
        sid: &random::id(),
        account_id: proof.account_id,
        holder_id: proof.holder_id,
        acr: proof.acr,
        amr: proof.amr,
        authenticated_at: proof.authenticated_at.unwrap_or(now),
        signed_in_at: proof.signed_in_at.unwrap_or(now),
        now,
        expires_at: end,
        address: &caller.address,
        user_agent: &caller.user_agent,
    };
    let renewed = match old_token.map(random::hash) {
        Some(old_hash) => {
            let renewed = sessions::renew(tx, &old_hash, &session).await?;
            if renewed.is_none()
                && let Some((sid, account_id)) = sessions::end(tx, &old_hash).await?
            {
                finish(app, tx, &sid, &account_id).await?;
            }
            renewed
        }
        None => None,
    };
    match &renewed {
        Some(sid) => grants::extend_session(tx, sid, session.expires_at).await?,
        None => sessions::insert(tx, &session).await?,
    }
    devices::remember(tx, proof.account_id, &caller.device_hash, now).await?;
    let entry = caller.event("sign_in", Some(proof.account_id), proof.amr);
    audit::insert(tx, &entry, now).await?;
    Ok(Some(token))
}

/// Signs out the browser that holds `token`, with everything that hangs on the session. Gives the `sid` of the session
/// that has ended, now or a moment ago: who clicks twice is answered twice.
///
/// # Errors
/// When the database fails.
pub async fn end(app: &App, caller: &Caller, token: &str) -> Result<Option<String>> {
    let token_hash = random::hash(token);
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let ended = sessions::end(&mut tx, &token_hash).await?;
    let Some((sid, account_id)) = ended else {
        let before = sessions::just_ended(&mut tx, &token_hash, now).await?;
        tx.rollback().await?;
        return Ok(before);
    };
    finish(app, &mut tx, &sid, &account_id).await?;
    sessions::note_ended(&mut tx, &token_hash, &sid, now + SECOND_CLICK).await?;
    note_sign_out(app, &mut tx, caller, &account_id).await?;
    tx.commit().await?;
    Ok(Some(sid))
}

/// What hangs on a session that has just been taken out of the store. The grants first: a code that is redeemed at this
/// moment is either refused, or its portal is among those that are told.
async fn finish(app: &App, tx: &mut AnyConnection, sid: &str, account_id: &str) -> Result<()> {
    grants::revoke_online(tx, sid, app.clock.now()).await?;
    logout_notices::tell_portals(app, tx, sid, account_id).await
}

/// Ends everything that an account holds anywhere: sessions, grants, and with them all tokens; and what was begun to set
/// its password.
///
/// # Errors
/// When the database fails.
pub async fn end_everything(app: &App, tx: &mut AnyConnection, account_id: &str) -> Result<()> {
    let ended = sessions::end_all(tx, account_id).await?;
    grants::revoke_all(tx, account_id, app.clock.now()).await?;
    recoveries::forget_all(tx, account_id).await?;
    for (sid, acting) in ended {
        finish(app, tx, &sid, &acting).await?;
    }
    Ok(())
}

/// Ends sessions of an account that its owner points at, its own and those that rest on its proof: the one with this
/// `sid`, or with `others` all but that. The device may be in other hands: what apps there were granted ends too, also
/// what was to outlive the session.
///
/// # Errors
/// When the database fails.
pub async fn end_some(app: &App, caller: &Caller, account_id: &str, sid: &str, others: bool) -> Result<()> {
    let mut tx = app.store.begin().await?;
    // As everything that ends sessions does: two that end the same ones in another order would wait for each other.
    let acting = sessions::acting(&mut tx, account_id).await?;
    operators::changes::hold_all(&mut tx, acting.iter().map(String::as_str).chain([account_id])).await?;
    for (sid, acting) in sessions::end_some(&mut tx, account_id, sid, others).await? {
        grants::revoke_session(&mut tx, &sid, app.clock.now()).await?;
        logout_notices::tell_portals(app, &mut tx, &sid, &acting).await?;
        note_sign_out(app, &mut tx, caller, &acting).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ends a session that a portal names by `sid`, having shown an ID token of it.
///
/// # Errors
/// When the database fails.
pub async fn end_by_sid(app: &App, caller: &Caller, sid: &str) -> Result<()> {
    let mut tx = app.store.begin().await?;
    if let Some((sid, account_id)) = sessions::end_by_sid(&mut tx, sid).await? {
        finish(app, &mut tx, &sid, &account_id).await?;
        note_sign_out(app, &mut tx, caller, &account_id).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn note_sign_out(app: &App, tx: &mut AnyConnection, caller: &Caller, account_id: &str) -> Result<()> {
    let entry = caller.event("sign_out", Some(account_id), "");
    Ok(audit::insert(tx, &entry, app.clock.now()).await?)
}

/// Disables an account, and of a unit its operators; gives how many.
///
/// # Errors
/// When the database fails.
pub async fn disable_account(app: &App, account_id: &str) -> Result<usize> {
    let mut tx = app.store.begin().await?;
    let mut ended = 0;
    for id in operators::changes::hold_with_operators(&mut tx, account_id).await? {
        if accounts::disable(&mut tx, &id, app.clock.now()).await? {
            ended += 1;
        }
        end_everything(app, &mut tx, &id).await?;
    }
    tx.commit().await?;
    Ok(ended)
}

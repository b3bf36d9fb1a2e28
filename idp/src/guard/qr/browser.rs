//! The browser's half: shows a code, waits, and comes in.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use tokio::sync::watch;

use super::{COME_IN, Choices, LIFE, TicketId, mask_address, seen_of, stage_of};
use crate::app::App;
use crate::domain::principal::Principal;
use crate::domain::qr_ticket::{Seen, Stage, View};
use crate::domain::timestamp::{Span, Timestamp};
use crate::domain::user_agent;
use crate::guard::rate_limit::Limit;
use crate::guard::sessions::{self, Proof, Session};
use crate::guard::{Caller, credentials, text_message};
use crate::platform::random;
use crate::platform::telemetry::SignInLabels;
use crate::store::operators::changes;
use crate::store::qr_tickets::{self, LetIn, NewTicket, TicketRow};
use crate::store::{self, devices, principals};

/// Why the browser does not come in. The texts are what its visitor is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("二维码不存在或不属于当前浏览器，请重新扫码")]
    Unknown,
    #[error("尚未在手机上确认登录，请扫码后确认")]
    NotConfirmed,
    #[error("该二维码已使用，请重新扫码")]
    Used,
    #[error("您已取消登录，请重新扫码")]
    Cancelled,
    #[error("手机上选择的数字与网页不一致，为保护账号安全，本次登录已取消")]
    WrongNumber,
    #[error("二维码已失效，请重新扫码")]
    Expired,
    #[error("手机上的账号已退出登录，请在手机上登录后重新扫码")]
    PhoneSignedOut,
    #[error("当前登录的账号已变化，请重新扫码")]
    AnotherSession,
    #[error("该二维码不是为本次登录生成的，请重新扫码")]
    AnotherRequest,
    #[error("该账号目前不能登录，请联系技术支持")]
    AccountUnavailable,
    #[error("您所在的网络打开二维码过于频繁，请10分钟后再试，或不扫码继续")]
    TooMany,
}

/// What `sign_in.address_codes` counts.
pub const OPENED_WITHIN: Span = Span::minutes(10);

/// What a code is opened for.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// Told on the telephone; empty where no portal waits.
    pub portal_name: &'a str,
    /// The id of the request that waits: whoever comes in goes on with this one.
    pub request: Option<&'a str>,
    /// Who is signed in at the browser already, where the telephone only adds to that.
    pub wanted: Option<&'a Session>,
    /// Since when the telephone must have signed in, or how many seconds ago at most.
    pub fresh: Option<(Timestamp, u32)>,
}

fn request_hash(request: Option<&str>) -> Vec<u8> {
    random::hash(request.unwrap_or_default())
}

/// A new ticket for this browser, unless too many were opened at its address.
///
/// # Errors
/// When the database fails.
pub async fn open(app: &App, caller: &Caller, occasion: &Occasion<'_>) -> Result<Result<TicketId, Refusal>> {
    let limit = Limit { what: "qr_code", most: app.config.sign_in.address_codes, window: OPENED_WITHIN };
    if !limit.allows(app, &caller.address).await? {
        return Ok(Err(Refusal::TooMany));
    }
    let id = TicketId::new();
    let (choices, number) = Choices::draw();
    let now = app.clock.now();
    let ticket = NewTicket {
        id_hash: &id.hash(),
        code_hash: &id.code().hash(),
        device_hash: &caller.device_hash,
        portal_name: occasion.portal_name,
        number,
        choices: &choices.to_text(),
        address: &caller.address,
        user_agent: &caller.user_agent,
        wanted: occasion.wanted.map(|session| (session.sid.as_str(), session.account_id.as_str())),
        request_hash: &request_hash(occasion.request),
        fresh: occasion.fresh,
        now,
        expires_at: now + LIFE,
    };
    qr_tickets::insert(&app.store, &ticket).await?;
    Ok(Ok(id))
}

/// How a ticket stands; `None` if it is not this browser's.
///
/// # Errors
/// When the database fails.
pub async fn look(app: &App, caller: &Caller, id: &TicketId) -> Result<Option<Seen>> {
    let row = qr_tickets::of_browser(&app.store, &id.hash(), &caller.device_hash).await?;
    row.map(|row| seen_of(&row, app.clock.now())).transpose()
}

/// The same for a browser that asks again and again. It costs the store no more than one that waits for news: as long as
/// it comes back, what the instance has heard is its answer.
///
/// # Errors
/// When the database fails.
pub async fn look_again(app: &App, caller: &Caller, id: &TicketId) -> Result<Option<Seen>> {
    let key = key(&id.hash())?;
    let known = app.waiting.last_seen(&key, &caller.device_hash, app.clock.now());
    if known.is_some() {
        return Ok(known);
    }
    let seen = look(app, caller, id).await?;
    if let Some(seen) = &seen {
        app.waiting.remember(key, &caller.device_hash, seen.clone(), app.clock.now());
    }
    Ok(seen)
}

/// News of a ticket as it comes, beginning with how it stands.
pub enum Wait {
    News(watch::Receiver<Seen>),
    /// It is not this browser's.
    Unknown,
    /// This instance is about to stop.
    Closed,
}

/// # Errors
/// When the database fails.
pub async fn wait(app: &App, caller: &Caller, id: &TicketId) -> Result<Wait> {
    let Some(seen) = look(app, caller, id).await? else { return Ok(Wait::Unknown) };
    Ok(match app.waiting.join(key(&id.hash())?, &caller.device_hash, seen) {
        Some(news) => Wait::News(news),
        None => Wait::Closed,
    })
}

pub(super) fn key(id_hash: &[u8]) -> Result<[u8; 32]> {
    id_hash.try_into().context("the hash of a QR ticket")
}

/// Comes in, once, after the telephone has confirmed, with the request that the telephone was told of; gives the new
/// session's token.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    app: &App,
    caller: &Caller,
    (token, session): (Option<&str>, Option<&Session>),
    id: &TicketId,
    request: Option<&str>,
) -> Result<Result<String, Refusal>> {
    let now = app.clock.now();
    let id_hash = id.hash();
    let find = async || qr_tickets::of_browser(&app.store, &id_hash, &caller.device_hash).await;
    // Looked up before the transaction: in it, to wait for a second connection could be to wait for each other.
    let row = find().await?;
    let Some((account_id, row)) = row.as_ref().and_then(|row| Some((row.account_id.clone()?, row))) else {
        return Ok(Err(why_not(row, now)?));
    };
    if row.request_hash.as_ref().is_some_and(|hash| *hash != request_hash(request)) {
        return Ok(Err(Refusal::AnotherRequest));
    }
    let principal = principals::find(&app.store, &app.vault, &account_id).await?;
    let is_known = devices::is_known(&app.store, &account_id, &caller.device_hash).await?;
    let mut tx = app.store.begin().await?;
    // Whatever ends an account holds it first: it comes before this, or waits and then ends what this begins.
    let held: BTreeSet<&String> =
        row.scanner_account_id.iter().chain(&row.holder_id).chain([&account_id]).collect();
    for id in held {
        changes::hold(&mut tx, id).await?;
    }
    let Some(let_in) = qr_tickets::finish(&mut tx, &id_hash, &caller.device_hash, now).await? else {
        tx.rollback().await?;
        return Ok(Err(why_not(find().await?, now)?));
    };
    let still_there = match &let_in.wanted_sid {
        None => true,
        // It may have been ended since the request began: then there is nothing to add to.
        Some(sid) => store::sessions::hold(&mut tx, sid).await?,
    };
    let Some(proof) = Proven::of(let_in, session).filter(|_| still_there) else {
        tx.rollback().await?;
        return Ok(Err(Refusal::AnotherSession));
    };
    if !is_known {
        tell_of_new_device(app, &mut tx, caller, principal.as_ref()).await?;
    }
    let Some(new) = sessions::start(app, &mut tx, caller, token, &proof.as_proof()).await? else {
        tx.rollback().await?;
        return Ok(Err(Refusal::AccountUnavailable));
    };
    tx.commit().await?;
    app.waiting.tell(&key(&id_hash)?, Seen { view: View::Finished, expires_at: now + COME_IN });
    if let Some(principal) = principal {
        let account_type = principal.kind().as_str();
        app.metrics.sign_ins.get_or_create(&SignInLabels { account_type, outcome: "signed_in_by_qr" }).inc();
    }
    Ok(Ok(new))
}

/// What the telephone's confirmation proves here.
struct Proven {
    account_id: String,
    holder_id: Option<String>,
    acr: String,
    amr: String,
    authenticated_at: Option<Timestamp>,
    /// Of who was signed in already: to add to it is no sign-in.
    signed_in_at: Option<Timestamp>,
}

impl Proven {
    /// `mca` (RFC 8176): confirmed over a second channel. What it rests on was proved when the telephone signed in, and
    /// is no younger for the scan. Where somebody was signed in already it adds to how they
    /// signed in; `None` if they are not any more.
    fn of(let_in: LetIn, session: Option<&Session>) -> Option<Self> {
        let LetIn { account_id, holder_id, acr, wanted_sid, scanner_authenticated_at } = let_in;
        let Some(wanted_sid) = wanted_sid else {
            let authenticated_at = scanner_authenticated_at.map(Timestamp::from_millis);
            let amr = "mca".to_owned();
            return Some(Self { account_id, holder_id, acr, amr, authenticated_at, signed_in_at: None });
        };
        let here = session.filter(|here| here.sid == wanted_sid && here.account_id == account_id)?;
        // A second device adds to what the first proved, and mends nothing of it.
        let is_weak = credentials::level(&here.acr) < credentials::REGISTER_LEVEL;
        let acr = if is_weak { here.acr.clone() } else { acr };
        let mut amr: Vec<&str> = here.amr.split(' ').filter(|method| *method != "mca").collect();
        amr.push("mca");
        let (holder_id, amr) = (here.holder_id.clone(), amr.join(" "));
        let (authenticated_at, signed_in_at) = (Some(here.authenticated_at), Some(here.signed_in_at));
        Some(Self { account_id, holder_id, acr, amr, authenticated_at, signed_in_at })
    }

    fn as_proof(&self) -> Proof<'_> {
        Proof {
            account_id: &self.account_id,
            holder_id: self.holder_id.as_deref(),
            acr: &self.acr,
            amr: &self.amr,
            password_set_at: None,
            authenticated_at: self.authenticated_at,
            signed_in_at: self.signed_in_at,
            valid_until: None,
        }
    }
}

fn why_not(found: Option<TicketRow>, now: Timestamp) -> Result<Refusal> {
    let Some(row) = found else { return Ok(Refusal::Unknown) };
    let expired = row.expires_at <= now.millis();
    Ok(match stage_of(&row)? {
        Stage::Waiting | Stage::Scanned | Stage::Confirmed if expired => Refusal::Expired,
        Stage::Waiting | Stage::Scanned => Refusal::NotConfirmed,
        Stage::Confirmed => Refusal::PhoneSignedOut,
        Stage::Finished => Refusal::Used,
        Stage::Cancelled => Refusal::Cancelled,
        Stage::Mismatched => Refusal::WrongNumber,
    })
}

async fn tell_of_new_device(
    app: &App,
    tx: &mut sqlx::AnyConnection,
    caller: &Caller,
    principal: Option<&Principal>,
) -> Result<()> {
    let phone = principal.and_then(|principal| match principal {
        Principal::LegalEntity(unit) => unit.phone.as_deref(),
        Principal::Operator { operator, .. } => Some(&*operator.phone),
        Principal::Person(person) => person.phone.as_deref(),
    });
    let text = format!(
        "您的账号于{}在新设备上扫码登录（{}，{}）。如非本人操作，请立即修改密码并在“登录设备”中退出该设备。",
        app.clock.now().china_minute(),
        user_agent::words(&caller.user_agent),
        mask_address(&caller.address),
    );
    text_message::notify(app, tx, phone, &text).await
}

//! The telephone's half: who is signed in there scans, sees what it is about, and confirms or cancels.

use anyhow::Result;
use sqlx::AnyConnection;

use super::browser::key;
use super::identity::{identities, masked_name};
use super::scanned::{Decision, Scanned};
use super::{COME_IN, Code, LONGER, mask_address, seen_of, stage_of};
use crate::app::App;
use crate::domain::qr_ticket::Stage;
use crate::domain::timestamp::{Span, Timestamp};
use crate::domain::user_agent;
use crate::guard::Caller;
use crate::guard::access_token::Holder;
use crate::guard::sessions::Session;
use crate::platform::vault::Purpose;
use crate::store::qr_tickets::{self, Scanner, TicketRow};
use crate::store::{attempts, audit, principals};

/// What an account may scan in ten minutes: enough for a busy counter, too little to try codes.
const SCANS: i64 = 60;
const SCANS_WINDOW: Span = Span::minutes(10);

/// A telephone at which somebody is signed in.
pub struct Phone {
    pub(super) caller: Caller,
    pub(super) session: Session,
    /// The client and its grant.
    app_grant: Option<(String, Vec<u8>)>,
}

/// Why a telephone gets no further. The texts are what its user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("没有找到该二维码，请在电脑上刷新后重新扫码")]
    Unknown,
    #[error("请先扫描二维码")]
    NotScanned,
    #[error("该二维码已被其他手机或账号扫描，请在电脑上刷新后重新扫码")]
    ScannedByAnother,
    #[error("该二维码已确认登录，不能重复使用")]
    AlreadyConfirmed,
    #[error("本次登录已取消，请在电脑上刷新后重新扫码")]
    Cancelled,
    #[error("二维码已失效，请在电脑上刷新后重新扫码")]
    Expired,
    #[error("您选择的数字与电脑上显示的不一致，为保护账号安全，本次登录已取消")]
    WrongNumber,
    #[error("不能以该身份登录，请重新选择")]
    IdentityNotAllowed,
    #[error("电脑上登录的是其他账号，请用同一账号确认")]
    OtherAccountWanted,
    #[error("请用另一台设备扫描本页的二维码")]
    SameDevice,
    /// A session that a scan began, or one without a password, lets nobody else in: it would prove nothing new.
    #[error("本机是扫码登录的，请先在本机用密码登录，再扫描二维码")]
    PasswordFirst,
    /// The portal wants a sign-in that is younger than this telephone's: not older than so many seconds.
    #[error("该服务要求重新验证身份，请先在本机重新登录，再扫描二维码")]
    SignInAgain { max_age: i64 },
    #[error("登录状态已失效，请重新登录后扫码")]
    SignedOut,
    #[error("操作过于频繁，请稍后再试")]
    TooMany,
}

impl Phone {
    /// A telephone's browser.
    pub const fn of_browser(caller: Caller, session: Session) -> Self {
        Self { caller, session, app_grant: None }
    }

    /// An app.
    pub fn of_app(caller: Caller, holder: Holder) -> Self {
        Self { caller, session: holder.session, app_grant: Some((holder.client_id, holder.grant_id)) }
    }

    pub(super) fn scanner(&self) -> Scanner<'_> {
        Scanner {
            sid: &self.session.sid,
            account_id: &self.session.account_id,
            grant_id: self.app_grant.as_ref().map(|(_, grant_id)| grant_id.as_slice()),
        }
    }

    /// Puts into an account's history what was done here, and for which browser.
    pub(super) async fn note(
        &self,
        app: &App,
        tx: &mut AnyConnection,
        account_id: &str,
        event: &str,
        row: &TicketRow,
    ) -> Result<()> {
        let browser = user_agent::words(&row.user_agent);
        let entry = audit::Entry {
            event,
            account_id: Some(account_id),
            client_id: self.app_grant.as_ref().map(|(client_id, _)| client_id.as_str()),
            address: &self.caller.address,
            user_agent: &self.caller.user_agent,
            detail: &format!("{browser} {}", mask_address(&row.address)),
        };
        Ok(audit::insert(tx, &entry, app.clock.now()).await?)
    }

    /// Whether the code is on this very device: a browser that confirms to itself proves nothing.
    fn shows(&self, row: &TicketRow) -> bool {
        row.device_hash == self.caller.device_hash || row.wanted_sid.as_ref() == Some(&self.session.sid)
    }

    /// How old, in seconds, this telephone's own sign-in may be and is not, until the browser has come in.
    fn missed_max_age(&self, row: &TicketRow, now: Timestamp) -> Option<i64> {
        let (since, max_age) = row.fresh_since.zip(row.max_age)?;
        let signed_in_at = self.session.authenticated_at;
        let is_fresh =
            signed_in_at.millis() >= since || now + COME_IN - signed_in_at <= Span::millis(max_age * 1000);
        (!is_fresh).then_some(max_age)
    }

    pub(super) fn has_scanned(&self, row: &TicketRow) -> bool {
        row.scanner_sid.as_ref() == Some(&self.session.sid)
            && row.scanner_account_id.as_ref() == Some(&self.session.account_id)
    }
}

/// Scans: the ticket is this telephone's from now on. To scan again is to be told the same.
///
/// # Errors
/// When the database fails.
pub async fn scan<'a>(app: &App, phone: &'a Phone, code: &Code) -> Result<Result<Scanned<'a>, Refusal>> {
    let now = app.clock.now();
    let account_id = &phone.session.account_id;
    let bucket = format!("scan:{}", app.vault.derive(Purpose::AttemptBucket, &format!("scan|{account_id}")));
    let mut tx = app.store.begin().await?;
    let scans = attempts::add_in_window(&mut tx, &bucket, now, SCANS_WINDOW).await?;
    tx.commit().await?;
    if scans > SCANS {
        return Ok(Err(Refusal::TooMany));
    }
    let row = match find(app, phone, code).await? {
        Ok((row, Stage::Scanned)) => row,
        Ok((row, _)) => match take(app, phone, code, row).await? {
            Ok(row) => row,
            Err(refusal) => return Ok(Err(refusal)),
        },
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(Scanned::of(app, phone, row, None).await?))
}

/// Waiting → scanned.
async fn take(app: &App, phone: &Phone, code: &Code, row: TicketRow) -> Result<Result<TicketRow, Refusal>> {
    let now = app.clock.now();
    if let Some(wanted) = &row.wanted_account_id
        && !identities(app, phone).await?.iter().any(|identity| identity.account_id == *wanted)
    {
        return Ok(Err(Refusal::OtherAccountWanted));
    }
    let own = principals::find(&app.store, &app.vault, &phone.session.account_id).await?;
    let name = own.as_ref().map(masked_name).unwrap_or_default();
    let mut tx = app.store.begin().await?;
    if qr_tickets::scan(&mut tx, &row.id_hash, phone.scanner(), &name, now, LONGER).await? {
        phone.note(app, &mut tx, &phone.session.account_id, "qr_scanned", &row).await?;
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    // What it is now, whoever was faster.
    let row = match find(app, phone, code).await? {
        Ok((row, Stage::Scanned)) => row,
        Ok(_) => return Ok(Err(Refusal::Expired)),
        Err(refusal) => return Ok(Err(refusal)),
    };
    app.waiting.tell(&key(&row.id_hash)?, seen_of(&row, now)?);
    Ok(Ok(row))
}

/// The ticket that this telephone has scanned before, decided or not: what is sent twice, or loaded again, finds it as
/// it was left.
///
/// # Errors
/// When the database fails.
pub async fn held<'a>(app: &App, phone: &'a Phone, code: &Code) -> Result<Result<Scanned<'a>, Refusal>> {
    let row = qr_tickets::of_code(&app.store, &code.hash()).await?;
    if let Some(row) = row.as_ref().filter(|row| phone.has_scanned(row))
        && let Some(decision) = Decision::of(stage_of(row)?)
    {
        return Ok(Ok(Scanned::of(app, phone, row.clone(), Some(decision)).await?));
    }
    match open_to(app, phone, row)? {
        Ok((row, Stage::Scanned)) => Ok(Ok(Scanned::of(app, phone, row, None).await?)),
        Ok(_) => Ok(Err(Refusal::NotScanned)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// A ticket that is open to this telephone: waiting, or scanned by it.
async fn find(app: &App, phone: &Phone, code: &Code) -> Result<Result<(TicketRow, Stage), Refusal>> {
    open_to(app, phone, qr_tickets::of_code(&app.store, &code.hash()).await?)
}

pub(super) fn open_to(
    app: &App,
    phone: &Phone,
    row: Option<TicketRow>,
) -> Result<Result<(TicketRow, Stage), Refusal>> {
    let Some(row) = row else { return Ok(Err(Refusal::Unknown)) };
    let (stage, now) = (stage_of(&row)?, app.clock.now());
    if stage == Stage::Mismatched && phone.has_scanned(&row) {
        // Warned again, however often it is sent.
        return Ok(Err(Refusal::WrongNumber));
    }
    if let Some(refusal) = closed(&row, stage, now) {
        return Ok(Err(refusal));
    }
    Ok(if phone.shows(&row) {
        Err(Refusal::SameDevice)
    } else if !phone.session.rests_on_password() {
        Err(Refusal::PasswordFirst)
    } else if stage == Stage::Scanned && !phone.has_scanned(&row) {
        Err(Refusal::ScannedByAnother)
    } else if let Some(max_age) = phone.missed_max_age(&row, now) {
        Err(Refusal::SignInAgain { max_age })
    } else {
        Ok((row, stage))
    })
}

const fn closed(row: &TicketRow, stage: Stage, now: Timestamp) -> Option<Refusal> {
    match stage {
        Stage::Confirmed | Stage::Finished => Some(Refusal::AlreadyConfirmed),
        Stage::Cancelled | Stage::Mismatched => Some(Refusal::Cancelled),
        Stage::Waiting | Stage::Scanned if row.expires_at <= now.millis() => Some(Refusal::Expired),
        Stage::Waiting | Stage::Scanned => None,
    }
}

/// Whether a code can still be scanned, for somebody who is not signed in yet: nothing is told of it, nothing changes.
///
/// # Errors
/// When the database fails.
pub async fn peek(app: &App, code: &Code) -> Result<Result<(), Refusal>> {
    let Some(row) = qr_tickets::of_code(&app.store, &code.hash()).await? else {
        return Ok(Err(Refusal::Unknown));
    };
    let stage = stage_of(&row)?;
    Ok(match closed(&row, stage, app.clock.now()) {
        Some(refusal) => Err(refusal),
        None if stage == Stage::Scanned => Err(Refusal::ScannedByAnother),
        None => Ok(()),
    })
}

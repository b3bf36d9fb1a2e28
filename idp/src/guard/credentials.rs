//! Password sign-in: one rule for legal entities, operators and persons. Whatever is wrong, the answer and the time
//! that it takes are the same whether or not the account exists.

use anyhow::Result;
use sqlx::AnyConnection;

use super::identifiers::Identifier;
use super::sessions::Proof;
use super::{Caller, attempts, captcha, sessions, unfit_password};
use crate::app::App;
use crate::config::CaptchaMode;
use crate::domain::principal::AccountKind;
use crate::domain::timestamp::Timestamp;
use crate::platform::hasher::Verdict;
use crate::platform::telemetry::SignInLabels;
use crate::store::accounts::{self, Candidate};
use crate::store::audit;

/// Why a visitor is not signed in. The texts are what they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("账号或密码错误")]
    Wrong,
    #[error("账号或密码错误，您还可以尝试{0}次")]
    WrongWithTriesLeft(u32),
    #[error("密码错误次数过多，账号已锁定，请{0}分钟后再试或通过忘记密码重置")]
    Locked(u32),
    #[error(transparent)]
    Captcha(#[from] captcha::Refusal),
    #[error("当前登录人数较多，请稍后再试")]
    Busy,
    /// Told only after the right password.
    #[error("账号已停用，请联系技术支持")]
    Disabled,
    #[error("您的注册信息正在核验，核验通过后即可登录，结果将以短信通知您")]
    Pending,
    #[error("经办人账号已失效，请联系本单位法人或管理员")]
    OperatorExpired,
    #[error("经办人账号已冻结，请联系本单位法人或管理员")]
    OperatorFrozen,
}

impl Refusal {
    pub const fn is_about_captcha(self) -> bool {
        matches!(self, Self::Captcha(_))
    }

    const fn outcome(self) -> &'static str {
        match self {
            Self::Wrong | Self::WrongWithTriesLeft(_) => "wrong",
            Self::Locked(_) => "locked",
            Self::Captcha(_) => "captcha",
            Self::Busy => "busy",
            Self::Disabled | Self::Pending | Self::OperatorExpired | Self::OperatorFrozen => "inactive",
        }
    }
}

/// What a visitor typed.
pub struct Typed<'a> {
    pub identifier: &'a Identifier,
    pub password: &'a str,
    /// `None` if the page had no captcha.
    pub captcha: Option<captcha::Answer<'a>>,
}

/// What the right password opens.
pub enum Opened {
    /// The new session's token.
    Session(String),
    /// The ticket to set a password that is good enough first ([`unfit_password`]).
    NewPassword(String),
}

/// How many wrong passwords go by before the page says how many are left.
const TELL_AFTER: u32 = 3;

/// Whether the next try from here must carry a captcha.
///
/// # Errors
/// When the database fails.
pub async fn needs_captcha(app: &App, caller: &Caller) -> Result<bool> {
    Ok(match app.config.sign_in.captcha {
        CaptchaMode::Always => true,
        CaptchaMode::Off => false,
        CaptchaMode::Adaptive => attempts::any_lately(app, caller).await?,
    })
}

/// Checks a password and signs the account in.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn sign_in(
    app: &App,
    caller: &Caller,
    old_token: Option<&str>,
    typed: Typed<'_>,
) -> Result<Result<Opened, Refusal>> {
    let kind = typed.identifier.kind();
    let result = check(app, caller, old_token, typed).await?;
    let outcome = match &result {
        Ok(Opened::Session(_)) => "signed_in",
        Ok(Opened::NewPassword(_)) => "unfit",
        Err(refusal) => refusal.outcome(),
    };
    app.metrics.sign_ins.get_or_create(&SignInLabels { account_type: kind.as_str(), outcome }).inc();
    Ok(result)
}

async fn check(
    app: &App,
    caller: &Caller,
    old_token: Option<&str>,
    typed: Typed<'_>,
) -> Result<Result<Opened, Refusal>> {
    if needs_captcha(app, caller).await? {
        let outcome = match typed.captcha {
            Some(answer) if answer.is_missing() => None,
            Some(answer) => Some(captcha::check(app, answer).await?),
            None => None,
        };
        match outcome {
            None => return Ok(Err(captcha::Refusal::Missing.into())),
            Some(captcha::Outcome::Wrong) => return Ok(Err(captcha::Refusal::Wrong.into())),
            Some(captcha::Outcome::Expired) => return Ok(Err(captcha::Refusal::Expired.into())),
            Some(captcha::Outcome::Right) => (),
        }
    }
    let candidate = typed.identifier.find(app).await?;
    let kind = typed.identifier.kind();
    let account_id = candidate.as_ref().map(|candidate| candidate.account_id.clone());
    let counted =
        match attempts::count(app, caller, kind, &typed.identifier.key(), account_id.as_deref()).await? {
            Ok(counted) => counted,
            Err(_) => {
                note_failure(app, caller, kind, account_id.as_deref(), "locked").await?;
                return Ok(Err(Refusal::Locked(app.config.sign_in.lock_minutes)));
            }
        };
    let stored = candidate.as_ref().and_then(|candidate| candidate.password_hash.as_deref());
    let Ok(verdict) = app.hasher.verify(typed.password, stored).await? else {
        let mut tx = app.store.begin().await?;
        attempts::undo(&mut tx, &counted).await?;
        tx.commit().await?;
        return Ok(Err(Refusal::Busy));
    };
    let Some(candidate) = candidate.filter(|_| verdict != Verdict::Wrong) else {
        note_failure(app, caller, kind, account_id.as_deref(), "wrong").await?;
        return Ok(Err(wrong(app, counted.remaining)));
    };
    if verdict == Verdict::RightButStale {
        upgrade(app, &candidate, typed.password).await?;
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    attempts::forgive(&mut tx, &counted).await?;
    let started = match inactive(&candidate, now) {
        Some(refusal) => Err(refusal),
        None if !unfit_password::fits(app, typed.password) => {
            let ticket = unfit_password::begin(app, &mut tx, caller, &candidate).await?;
            ticket.map(Opened::NewPassword).ok_or(Refusal::Wrong)
        }
        None => {
            let session = start(app, &mut tx, caller, old_token, &candidate).await?;
            session.map(Opened::Session).ok_or(Refusal::Wrong)
        }
    };
    tx.commit().await?;
    if started.is_err() {
        note_failure(app, caller, kind, account_id.as_deref(), "inactive").await?;
    }
    Ok(started)
}

/// Signs in whoever has just given the right password; gives the new session's token, unless something has happened to
/// the account meanwhile.
///
/// # Errors
/// When the database fails.
pub(super) async fn start(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    old_token: Option<&str>,
    candidate: &Candidate,
) -> Result<Option<String>> {
    let acr = acr(candidate.assurance);
    let proof = Proof {
        account_id: &candidate.account_id,
        holder_id: None,
        acr: &acr,
        amr: "pwd",
        password_set_at: candidate.password_set_at,
        authenticated_at: None,
        signed_in_at: None,
        valid_until: candidate.valid_until.map(Timestamp::from_millis),
    };
    sessions::start(app, tx, caller, old_token, &proof).await
}

/// A register has confirmed who the account's holder is.
pub const REGISTER_LEVEL: i64 = 2;
/// And they have confirmed on a second device what they began on the first.
pub const SECOND_DEVICE_LEVEL: i64 = 3;

/// The authentication context class of a level: of a password alone, the trust in who the account's holder is.
pub fn acr(assurance: i64) -> String {
    format!("urn:jl-uia:loa:{assurance}")
}

/// The level of a class; 0 for one that is not ours.
pub fn level(acr: &str) -> i64 {
    acr.rsplit_once(':').and_then(|(_, level)| level.parse().ok()).unwrap_or_default()
}

fn wrong(app: &App, remaining: u32) -> Refusal {
    let limits = &app.config.sign_in;
    match remaining {
        0 => Refusal::Locked(limits.lock_minutes),
        left if limits.tries - left >= TELL_AFTER => Refusal::WrongWithTriesLeft(left),
        _ => Refusal::Wrong,
    }
}

/// Why the right password does not sign in.
pub(super) fn inactive(candidate: &Candidate, now: Timestamp) -> Option<Refusal> {
    if candidate.disabled_at.is_some() {
        return Some(Refusal::Disabled);
    }
    if candidate.pending_since.is_some() {
        return Some(Refusal::Pending);
    }
    if candidate.frozen_at.is_some() {
        return Some(Refusal::OperatorFrozen);
    }
    let over = candidate.valid_until.is_some_and(|end| end <= now.millis());
    let early = candidate.valid_from.is_some_and(|start| start > now.millis());
    (over || early || candidate.unit_disabled_at.is_some()).then_some(Refusal::OperatorExpired)
}

async fn upgrade(app: &App, candidate: &Candidate, password: &str) -> Result<()> {
    // A busy hasher is no reason to keep the visitor out: the next sign-in upgrades.
    if let (Some(old), Ok(fresh)) = (&candidate.password_hash, app.hasher.hash(password).await?) {
        accounts::upgrade_hash(&app.store, &candidate.account_id, old, &fresh).await?;
    }
    Ok(())
}

async fn note_failure(
    app: &App,
    caller: &Caller,
    kind: AccountKind,
    account_id: Option<&str>,
    detail: &str,
) -> Result<()> {
    let detail = format!("{} {detail}", kind.as_str());
    let entry = caller.event("sign_in_refused", account_id, &detail);
    let mut tx = app.store.begin().await?;
    audit::insert(&mut tx, &entry, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

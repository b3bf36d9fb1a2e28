//! 短信验证码: a code sent to a telephone, and what its return proves.
//!
//! One live code for each purpose and telephone, for the browser that asked for it. A right code is used up and leaves
//! a proof behind, so that a code typed in the middle of a long form is good until the form is sent.

mod sending;

use anyhow::Result;
use sqlx::AnyConnection;
use subtle::ConstantTimeEq;

use super::Caller;
use crate::app::App;
use crate::domain::normalize::normalize_code;
use crate::domain::phone::Phone;
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::platform::vault::Purpose as Derived;
use crate::store::{phone_proofs, sms_codes};

pub use sending::{SendRefusal, may_ask, send};

/// What a code is for. A code of one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Registration,
    Recovery,
    /// 修改手机号: the number bound so far.
    OldPhone,
    /// 修改手机号: the new one.
    NewPhone,
    /// 我的经办人: 验证信息 of whoever manages.
    ManageOperators,
    /// The telephone of a new operator.
    OperatorPhone,
    /// Acting for another unit.
    ChooseIdentity,
}

impl Purpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Recovery => "recovery",
            Self::OldPhone => "old_phone",
            Self::NewPhone => "new_phone",
            Self::ManageOperators => "manage_operators",
            Self::OperatorPhone => "operator_phone",
            Self::ChooseIdentity => "choose_identity",
        }
    }

    /// The purposes whose telephone the visitor types; the others' is the account's own.
    pub fn of_typed_phone(text: &str) -> Option<Self> {
        [Self::Registration, Self::NewPhone, Self::OperatorPhone]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Registration => "注册账号",
            Self::Recovery => "找回密码",
            Self::OldPhone | Self::NewPhone => "修改手机号码",
            Self::ManageOperators => "管理经办人",
            Self::OperatorPhone => "登记为经办人",
            Self::ChooseIdentity => "切换办事身份",
        }
    }
}

/// Why a code proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    #[error("请输入验证码")]
    Missing,
    #[error("短信验证码错误")]
    Wrong,
    #[error("验证码已失效，请重新获取")]
    Expired,
}

/// How a proof stands, or stood when it was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// Its form was accepted before: it has come twice.
    Spent,
    /// There is no such proof, or it has expired.
    Missing,
}

const LIFE: Span = Span::minutes(5);
const TRIES: u32 = 5;
const PROOF_LIFE: Span = Span::minutes(30);

/// Takes a code for a telephone, and gives the token of the proof that it leaves for half an hour.
///
/// # Errors
/// When the database fails.
pub async fn prove(
    app: &App,
    caller: &Caller,
    purpose: Purpose,
    phone: &Phone,
    code: &str,
) -> Result<Result<String, CodeRefusal>> {
    // The same code gives the same token: a form that is sent twice proves its telephone twice.
    let typed = normalize_code(code);
    let device = random::base64url(&caller.device_hash);
    let token = format!("{}|{}|{device}|{typed}", purpose.as_str(), phone.as_str());
    let token = app.vault.derive(Derived::SmsCode, &token);
    Ok(match prove_as(app, caller, purpose, phone, code, &token).await? {
        Ok(()) => Ok(token),
        // Its form was accepted, too, before it came a second time.
        Err(CodeRefusal::Expired)
            if standing(app, caller, purpose, phone, &token).await? == Standing::Spent =>
        {
            Ok(token)
        }
        Err(refusal) => Err(refusal),
    })
}

/// The same with a token that the caller has already: a session's `sid`, for what a session proves once. A code that
/// is sent twice by an impatient finger is right twice.
///
/// # Errors
/// When the database fails.
pub async fn prove_as(
    app: &App,
    caller: &Caller,
    purpose: Purpose,
    phone: &Phone,
    code: &str,
    token: &str,
) -> Result<Result<(), CodeRefusal>> {
    let taken = take(app, caller, purpose, phone, code, token).await?;
    let before = taken == Err(CodeRefusal::Expired)
        && standing(app, caller, purpose, phone, token).await? == Standing::Good;
    Ok(if before { Ok(()) } else { taken })
}

/// Uses the code up, and leaves the proof.
async fn take(
    app: &App,
    caller: &Caller,
    purpose: Purpose,
    phone: &Phone,
    code: &str,
    token: &str,
) -> Result<Result<(), CodeRefusal>> {
    let code = normalize_code(code);
    if code.is_empty() {
        return Ok(Err(CodeRefusal::Missing));
    }
    let now = app.clock.now();
    let id_hash = code_id(app, purpose, phone);
    let expected = sms_codes::count_try(&app.store, &id_hash, &caller.device_hash, TRIES, now).await?;
    let Some(expected) = expected else { return Ok(Err(CodeRefusal::Expired)) };
    let given = keyed(app, &id_hash, &code);
    if !bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        return Ok(Err(CodeRefusal::Wrong));
    }
    let mut tx = app.store.begin().await?;
    if !sms_codes::consume(&mut tx, &id_hash, &given).await? {
        tx.rollback().await?;
        return Ok(Err(CodeRefusal::Expired));
    }
    phone_proofs::insert(&mut tx, &proof_id(caller, purpose, Some(phone), token), now + PROOF_LIFE).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Whether a code is under way, or there, that would be right if it were typed at this browser now.
///
/// # Errors
/// When the database fails.
pub async fn is_sent(app: &App, caller: &Caller, purpose: Purpose, phone: &Phone) -> Result<bool> {
    let id_hash = code_id(app, purpose, phone);
    Ok(sms_codes::is_live(&app.store, &id_hash, &caller.device_hash, TRIES, app.clock.now()).await?)
}

/// How the proof of this telephone stands, for this purpose and browser; `None` for who has proved themselves without one
/// ([`note_without_phone`]).
///
/// # Errors
/// When the database fails.
pub async fn standing(
    app: &App,
    caller: &Caller,
    purpose: Purpose,
    phone: impl Into<Option<&Phone>>,
    token: &str,
) -> Result<Standing> {
    Ok(match phone_proofs::find(&app.store, &proof_id(caller, purpose, phone.into(), token)).await? {
        Some((_, Some(_))) => Standing::Spent,
        Some((expires_at, None)) if app.clock.now().millis() < expires_at => Standing::Good,
        Some(_) | None => Standing::Missing,
    })
}

/// Whether a token still proves this telephone, for this purpose and browser.
///
/// # Errors
/// When the database fails.
pub async fn is_proved(
    app: &App,
    caller: &Caller,
    purpose: Purpose,
    phone: impl Into<Option<&Phone>>,
    token: &str,
) -> Result<bool> {
    Ok(standing(app, caller, purpose, phone, token).await? == Standing::Good)
}

/// Notes that whoever has no telephone proved themselves in another way.
///
/// # Errors
/// When the database fails.
pub async fn note_without_phone(app: &App, caller: &Caller, purpose: Purpose, token: &str) -> Result<()> {
    let mut tx = app.store.begin().await?;
    let expires_at = app.clock.now() + PROOF_LIFE;
    phone_proofs::insert(&mut tx, &proof_id(caller, purpose, None, token), expires_at).await?;
    tx.commit().await?;
    Ok(())
}

/// Uses a proof up, if it is good, in the transaction that it is needed for; tells how it stood.
///
/// # Errors
/// When the database fails.
pub async fn spend(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    purpose: Purpose,
    phone: impl Into<Option<&Phone>>,
    token: &str,
) -> Result<Standing> {
    let id_hash = proof_id(caller, purpose, phone.into(), token);
    if phone_proofs::consume(tx, &id_hash, app.clock.now()).await? {
        return Ok(Standing::Good);
    }
    let before = phone_proofs::was_consumed(tx, &id_hash).await?;
    Ok(if before { Standing::Spent } else { Standing::Missing })
}

/// Keyed: telephone numbers are few enough to try all.
fn code_id(app: &App, purpose: Purpose, phone: &Phone) -> Vec<u8> {
    let number = app.vault.derive(Derived::PhoneIndex, phone.as_str());
    random::hash(&format!("sms-code|{}|{number}", purpose.as_str()))
}

fn proof_id(caller: &Caller, purpose: Purpose, phone: Option<&Phone>, token: &str) -> Vec<u8> {
    let phone = phone.map_or("", Phone::as_str);
    let device = random::base64url(&caller.device_hash);
    random::hash(&format!("phone-proof|{}|{phone}|{device}|{token}", purpose.as_str()))
}

/// What the store keeps of a code: six digits are too few for a plain hash.
fn keyed(app: &App, id_hash: &[u8], code: &str) -> String {
    app.vault.derive(Derived::SmsCode, &format!("{}|{code}", random::base64url(id_hash)))
}

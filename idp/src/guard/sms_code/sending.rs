//! A code leaves for its telephone, unless too many have lately.

use anyhow::Result;
use sqlx::AnyConnection;

use super::{LIFE, Purpose, code_id, keyed};
use crate::app::App;
use crate::domain::phone::Phone;
use crate::domain::timestamp::Span;
use crate::guard::{Caller, captcha, text_message};
use crate::platform::random;
use crate::platform::vault::Purpose as Derived;
use crate::store::sms_codes::NewCode;
use crate::store::{attempts, sms_codes};

/// Why no code is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendRefusal {
    #[error("获取验证码过于频繁，请稍后再试")]
    TooOften,
    #[error("今日获取次数已达上限")]
    TooManyToday,
    #[error("短信服务暂未开通，请联系技术支持")]
    Off,
}

const MINUTE: Span = Span::seconds(60);
const HOUR: Span = Span::hours(1);
const DAY: Span = Span::days(1);

/// Whether whoever asks may still have a code sent, to whatever telephone. Asked before an account is looked up, so that
/// the answer says nothing of one.
///
/// # Errors
/// When the database fails.
pub async fn may_ask(app: &App, caller: &Caller) -> Result<Result<(), SendRefusal>> {
    if app.sms.is_off() {
        return Ok(Err(SendRefusal::Off));
    }
    let device = random::base64url(&caller.device_hash);
    for (name, whose, _, most, refusal) in of_caller(app, &device, &caller.address) {
        let count = attempts::current(&app.store, &bucket(app, name, whose), app.clock.now()).await?;
        if count >= i64::from(most) {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(()))
}

/// Sends a fresh code. `_passed` says that whoever asks has passed a captcha.
///
/// # Errors
/// When the database fails.
pub async fn send(
    app: &App,
    caller: &Caller,
    purpose: Purpose,
    phone: &Phone,
    _passed: captcha::Passed,
) -> Result<Result<(), SendRefusal>> {
    if app.sms.is_off() {
        return Ok(Err(SendRefusal::Off));
    }
    let mut tx = app.store.begin().await?;
    if let Some(refusal) = count(app, &mut tx, caller, phone).await? {
        // Committed: who keeps asking keeps being counted.
        tx.commit().await?;
        return Ok(Err(refusal));
    }
    let code = random::text(b"0123456789", 6);
    let id_hash = code_id(app, purpose, phone);
    let new = NewCode {
        id_hash: &id_hash,
        device_hash: &caller.device_hash,
        code: &keyed(app, &id_hash, &code),
        expires_at: app.clock.now() + LIFE,
    };
    sms_codes::replace(&mut tx, &new).await?;
    let text =
        format!("验证码{code}，用于{}，5分钟内有效。请勿告知他人，如非本人操作请忽略。", purpose.what());
    text_message::queue(app, &mut tx, phone.as_str(), &text, LIFE).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

async fn count(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    phone: &Phone,
) -> Result<Option<SendRefusal>> {
    let (device, now) = (random::base64url(&caller.device_hash), app.clock.now());
    // One after the other, the number last: whoever has had all messages here uses up nobody's own.
    let limits = of_caller(app, &device, &caller.address).into_iter().chain(of_number(app, phone.as_str()));
    for (name, whose, window, most, refusal) in limits {
        let count = attempts::add_in_window(tx, &bucket(app, name, whose), now, window).await?;
        if count > i64::from(most) {
            return Ok(Some(refusal));
        }
    }
    Ok(None)
}

/// Its name, whose it is, and how many codes there may be in a window that begins with the first.
type Limit<'a> = (&'static str, &'a str, Span, u32, SendRefusal);

fn of_caller<'a>(app: &App, device: &'a str, address: &'a str) -> [Limit<'a>; 4] {
    let limits = &app.config.sms;
    [
        ("device-hour", device, HOUR, limits.device_hour, SendRefusal::TooOften),
        ("device-day", device, DAY, limits.device_day, SendRefusal::TooManyToday),
        ("address-hour", address, HOUR, limits.address_hour, SendRefusal::TooOften),
        ("address-day", address, DAY, limits.address_day, SendRefusal::TooManyToday),
    ]
}

fn of_number<'a>(app: &App, number: &'a str) -> [Limit<'a>; 3] {
    let limits = &app.config.sms;
    [
        ("minute", number, MINUTE, 1, SendRefusal::TooOften),
        ("hour", number, HOUR, limits.number_hour, SendRefusal::TooOften),
        ("day", number, DAY, limits.number_day, SendRefusal::TooManyToday),
    ]
}

/// The store learns neither numbers nor addresses from its counts.
fn bucket(app: &App, name: &str, whose: &str) -> String {
    format!("sms:{}", app.vault.derive(Derived::AttemptBucket, &format!("sms-{name}|{whose}")))
}

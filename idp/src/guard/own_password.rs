//! The password of whoever is signed in already, asked for again before something that matters. Tries are counted as
//! at sign-in: a session that was left open must not become a place to guess.

use anyhow::Result;

use super::{Caller, attempts};
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::principal::Principal;
use crate::platform::hasher::Verdict;
use crate::store::passwords;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("请输入登录密码")]
    Missing,
    #[error("密码错误")]
    Wrong,
    #[error("密码错误次数过多，请{0}分钟后再试")]
    Locked(u32),
    #[error("当前人数较多，请稍后再试")]
    Busy,
}

/// # Errors
/// When the database or the hasher fails.
pub async fn check(
    app: &App,
    caller: &Caller,
    principal: &Principal,
    password: &Password,
) -> Result<Result<(), Refusal>> {
    if password.expose().is_empty() {
        return Ok(Err(Refusal::Missing));
    }
    let account_id = principal.account_id();
    let counted =
        attempts::count(app, caller, principal.kind(), &format!("own|{account_id}"), Some(account_id))
            .await?;
    let Ok(counted) = counted else { return Ok(Err(Refusal::Locked(app.config.sign_in.lock_minutes))) };
    let present = passwords::present_and_past(&app.store, account_id).await?.into_iter().next();
    let verdict = app.hasher.verify(password.expose(), present.as_deref()).await?;
    let mut tx = app.store.begin().await?;
    let outcome = match verdict {
        Err(_) => {
            attempts::undo(&mut tx, &counted).await?;
            Err(Refusal::Busy)
        }
        Ok(Verdict::Wrong) => Err(Refusal::Wrong),
        Ok(_) => {
            attempts::forgive(&mut tx, &counted).await?;
            Ok(())
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

//! A password that is about to be set: typed twice, good enough, and not one of the last five.

use anyhow::Result;

use crate::app::App;
use crate::domain::password::{Password, PasswordPolicy, PasswordRefusal};
use crate::platform::hasher::Verdict;
use crate::store::passwords;

/// Why a password can't be set; [`Refusal::field`] says beside which box.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("请设置密码")]
    Missing,
    #[error(transparent)]
    Unfit(#[from] PasswordRefusal),
    #[error("请再次输入密码")]
    RepetitionMissing,
    #[error("两次输入的密码不一致")]
    RepetitionDiffers,
    #[error("新密码不能与旧密码相同")]
    Same,
    #[error("新密码不能与最近5次使用过的密码相同")]
    UsedLately,
    #[error("当前人数较多，请稍后再试")]
    Busy,
}

impl Refusal {
    /// The form's field: `new_password` or `new_password_again`.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::RepetitionMissing | Self::RepetitionDiffers => "new_password_again",
            _ => "new_password",
        }
    }
}

/// What can be said without a look at the account. `context`: what a password must not contain.
///
/// # Errors
/// The refusal to tell.
pub fn check(
    policy: PasswordPolicy,
    password: &Password,
    again: &Password,
    context: &[&str],
) -> Result<(), Refusal> {
    if password.expose().is_empty() {
        return Err(Refusal::Missing);
    }
    policy.check(password.expose(), context)?;
    if again.expose().is_empty() {
        return Err(Refusal::RepetitionMissing);
    }
    if password != again {
        return Err(Refusal::RepetitionDiffers);
    }
    Ok(())
}

/// Hashes a password that passed [`check`]. Done before a transaction begins: the writer must not wait for argon2.
///
/// # Errors
/// When the hasher fails.
pub async fn hash(app: &App, password: &Password) -> Result<Result<String, Refusal>> {
    Ok(app.hasher.hash(password.expose()).await?.map_err(|_| Refusal::Busy))
}

/// The same for an account that has a password: not that one, nor the four before it.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn hash_for(app: &App, account_id: &str, password: &Password) -> Result<Result<String, Refusal>> {
    let hashes = passwords::present_and_past(&app.store, account_id).await?;
    for (age, old) in hashes.iter().enumerate() {
        match app.hasher.verify(password.expose(), Some(old)).await? {
            Ok(Verdict::Wrong) => (),
            Ok(_) => return Ok(Err(if age == 0 { Refusal::Same } else { Refusal::UsedLately })),
            Err(_) => return Ok(Err(Refusal::Busy)),
        }
    }
    hash(app, password).await
}

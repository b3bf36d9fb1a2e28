//! A password that is about to be set: good enough by its form (web::new_password), and not one of the last five.

use anyhow::Result;

use crate::app::App;
use crate::domain::password::Password;
use crate::platform::hasher::Verdict;
use crate::store::passwords;

/// Why a password that is good enough can't be set all the same: said beside `new_password`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("新密码不能与旧密码相同")]
    Same,
    #[error("新密码不能与最近5次使用过的密码相同")]
    UsedLately,
    #[error("当前人数较多，请稍后再试")]
    Busy,
}

/// Hashes a password. Done before a transaction begins: the writer must not wait for argon2.
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

//! Text messages on their way: written to the outbox with what made them true, sent by the janitor.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::app::App;
use crate::domain::timestamp::Span;
use crate::store::outbox;

/// The outbox's kind.
pub const TEXT_MESSAGE: &str = "sms";

const KEEP_NOTICE: Span = Span::days(1);

#[derive(Serialize, Deserialize)]
struct Message {
    to: String,
    text: String,
}

/// Queues a message that is worth sending for `keep`.
///
/// # Errors
/// When the database fails.
pub async fn queue(app: &App, tx: &mut AnyConnection, to: &str, text: &str, keep: Span) -> Result<()> {
    if app.sms.is_off() {
        return Ok(());
    }
    let message = Message { to: to.to_owned(), text: format!("{}{text}", app.config.sms.signature) };
    let payload = serde_json::to_string(&message)?;
    outbox::insert(tx, &app.vault, TEXT_MESSAGE, &payload, app.clock.now(), keep).await
}

/// To whoever has set another password, and knew the old one.
pub const PASSWORD_CHANGED: &str = "您的登录密码已修改。如非本人操作，请立即找回密码或联系技术支持。";

/// Queues a notice to an account's holder.
///
/// # Errors
/// When the database fails.
pub async fn notify(app: &App, tx: &mut AnyConnection, to: Option<&str>, text: &str) -> Result<()> {
    match to {
        Some(to) => queue(app, tx, to, text, KEEP_NOTICE).await,
        None => Ok(()),
    }
}

/// Whose telephone a message of the outbox goes to; `None` if that can't be read.
pub fn recipient(payload: &str) -> Option<String> {
    serde_json::from_str::<Message>(payload).ok().map(|message| message.to)
}

/// Sends one message of the outbox.
///
/// # Errors
/// When the gateway did not take it: worth another try.
pub async fn deliver(app: &App, payload: &str) -> Result<()> {
    let message: Message = serde_json::from_str(payload)?;
    app.sms.send(&app.http, &message.to, &message.text).await
}

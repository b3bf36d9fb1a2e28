//! `idp logout-notices …`: back-channel logout that has not arrived yet.

use anyhow::Result;
use clap::Subcommand;

use crate::app::App;
use crate::domain::timestamp::Timestamp;
use crate::guard::logout_notices::{LOGOUT_NOTICE, LogoutNotice};
use crate::store::outbox;

#[derive(Subcommand)]
pub enum Command {
    /// List the notices that wait: for which portal, how often they were tried, and what the last try came to.
    #[command(after_help = "Examples:\n  idp logout-notices list\n  idp logout-notices list --most 500")]
    List {
        #[arg(long, default_value_t = 100)]
        most: u32,
    },
}

/// # Errors
/// When the database fails.
pub async fn run(app: &App, command: Command) -> Result<()> {
    let Command::List { most } = command;
    for waiting in outbox::waiting(&app.store, LOGOUT_NOTICE, most).await? {
        let notice: LogoutNotice = serde_json::from_str(&waiting.payload(&app.vault)?)?;
        let minute = |millis| Timestamp::from_millis(millis).china_minute();
        println!(
            "{}  since {}  {} attempts  next {}  until {}  {}",
            notice.client_id,
            minute(waiting.created_at),
            waiting.attempts,
            minute(waiting.due_at),
            minute(waiting.give_up_at),
            waiting.last_error.as_deref().unwrap_or_default(),
        );
    }
    Ok(())
}

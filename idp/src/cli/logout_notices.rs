//! `idp logout-notices …`: back-channel logout that has not arrived yet.

use anyhow::Result;
use clap::Subcommand;

use crate::app::App;
use crate::guard::logout_notices;

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
    for notice in logout_notices::waiting(app, most).await? {
        println!(
            "{} ({})  since {}  {} attempts  next {}  until {}  {}",
            notice.client_id,
            notice.client_name.as_deref().unwrap_or("deleted"),
            notice.since.china_minute(),
            notice.attempts,
            notice.due_at.china_minute(),
            notice.give_up_at.china_minute(),
            notice.last_error.as_deref().unwrap_or_default(),
        );
    }
    Ok(())
}

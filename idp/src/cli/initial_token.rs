//! `idp client initial-token …`: what lets clients register themselves.

use anyhow::{Result, bail};
use clap::Subcommand;

use crate::app::App;
use crate::config::RegistrationMode;
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::random;
use crate::store::registrations;

#[derive(Subcommand)]
pub enum Command {
    /// Print a new initial access token for POST /register (RFC 7591); it is shown only now.
    #[command(after_help = "Examples:
  idp client initial-token add --given-to portal-team
  idp client initial-token add --given-to certification --uses 100 --days 30")]
    Add {
        /// Whom it is given to: for the list, and to revoke it.
        #[arg(long)]
        given_to: String,
        /// How many clients it registers.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// How long it lasts.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
    },
    /// List the initial access tokens that may still be used.
    #[command(after_help = "Examples:\n  idp client initial-token list")]
    List,
    /// End the initial access tokens that were given to somebody; what they registered stays.
    #[command(after_help = "Examples:\n  idp client initial-token revoke --given-to portal-team")]
    Revoke {
        #[arg(long)]
        given_to: String,
    },
}

/// # Errors
/// When the database fails, or clients may not register themselves.
pub async fn run(app: &App, command: Command) -> Result<()> {
    let now = app.clock.now();
    match command {
        Command::Add { given_to, uses, days } => {
            if app.config.registration.mode == RegistrationMode::Off {
                bail!("registration.mode: is \"off\", so no client registers itself");
            }
            let token = random::token();
            let end = now + Span::days(days);
            registrations::insert_initial_token(&app.store, &random::hash(&token), &given_to, uses, now, end)
                .await?;
            println!("initial_access_token: {token}  (shown only now)");
        }
        Command::List => {
            for token in registrations::initial_tokens(&app.store, now).await? {
                let end = Timestamp::from_millis(token.expires_at).china_minute();
                println!("{}  {} uses left  until {end}", token.note, token.uses_left);
            }
        }
        Command::Revoke { given_to } => {
            if registrations::revoke_initial_tokens(&app.store, &given_to).await? == 0 {
                bail!("no initial access token was given to {given_to}");
            }
            println!("the initial access tokens of {given_to} are revoked");
        }
    }
    Ok(())
}

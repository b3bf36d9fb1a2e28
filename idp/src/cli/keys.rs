//! `idp keys …`: works on the key folder alone; running instances notice within `keys.reload_seconds`.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};

use crate::app::key_retention;
use crate::config::Config;
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::Span;
use crate::platform::clock::Clock;
use crate::platform::key_files::KeyFolder;
use crate::platform::keys::KeyRing;

#[derive(Subcommand)]
pub enum Command {
    /// Show every key: since when it signs, until when it is published.
    #[command(after_help = "Examples:\n  idp keys list")]
    List,
    /// Make the next key: published at once, signing after `keys.publish_ahead_seconds`. Needs no restart.
    #[command(
        after_help = "Examples:\n  idp keys rotate\n  idp keys rotate --alg rs256\n  idp keys rotate --now   (after a theft: clients that cached the old keys fail until they fetch again)"
    )]
    Rotate {
        #[arg(long, value_enum)]
        alg: Option<Alg>,
        /// Sign with it at once.
        #[arg(long)]
        now: bool,
    },
    /// Delete the files of keys that are no longer published.
    #[command(after_help = "Examples:\n  idp keys prune")]
    Prune,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Alg {
    Es256,
    Ps256,
    Rs256,
    Eddsa,
}

/// # Errors
/// When the key folder can't be read or written.
pub fn run(config: &Config, command: Command) -> Result<()> {
    let now = Clock::default().now();
    let ring = KeyRing::open(KeyFolder::open(&config.keys.directory)?, key_retention(config), now)?;
    match command {
        Command::List => {
            for key in ring.status(now) {
                let until = key.published_until.map_or("-".to_owned(), |until| until.china_minute());
                let signs = if key.signs_now { "signs now" } else { "" };
                println!(
                    "{}  {}  from {}  until {until}  {signs}",
                    key.kid,
                    key.alg.as_str(),
                    key.signs_from.china_minute()
                );
            }
        }
        Command::Rotate { alg, now: at_once } => {
            let ahead = if at_once { 0 } else { config.keys.publish_ahead_seconds };
            let chosen = match alg {
                Some(Alg::Es256) => vec![SigningAlg::ES256],
                Some(Alg::Ps256) => vec![SigningAlg::PS256],
                Some(Alg::Rs256) => vec![SigningAlg::RS256],
                Some(Alg::Eddsa) => vec![SigningAlg::EdDSA],
                None => SigningAlg::ALL.to_vec(),
            };
            for alg in chosen {
                let signs_from = now + Span::seconds(ahead);
                let kid = ring.rotate(alg, signs_from)?;
                println!(
                    "{kid}  {}  is published, and signs from {}",
                    alg.as_str(),
                    signs_from.china_minute()
                );
            }
        }
        Command::Prune => println!("{} keys deleted", ring.prune(now)?),
    }
    Ok(())
}

//! `idp keys …`: works on the key folder alone; running instances notice within `keys.reload_seconds`.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};

use crate::app::key_retention;
use crate::config::Config;
use crate::domain::encryption_alg::KeyManagement;
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::Span;
use crate::platform::clock::Clock;
use crate::platform::key_files::KeyFolder;
use crate::platform::keys::KeyRing;

#[derive(Subcommand)]
pub enum Command {
    /// Show every key: since when it is the current one of its algorithm, and until when it is kept.
    #[command(after_help = "Examples:\n  idp keys list")]
    List,
    /// Make the next keys: known at once, signing (or, to encrypt to, published) after `keys.publish_ahead_seconds`.
    /// Needs no restart.
    #[command(
        after_help = "Examples:\n  idp keys rotate\n  idp keys rotate --alg rs256\n  idp keys rotate --now   (after a theft: clients that cached the old keys fail until they fetch again)"
    )]
    Rotate {
        #[arg(long, value_enum)]
        alg: Option<Alg>,
        /// Use it at once.
        #[arg(long)]
        now: bool,
    },
    /// Delete the files of keys that are of no use any more.
    #[command(after_help = "Examples:\n  idp keys prune")]
    Prune,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Alg {
    Es256,
    Ps256,
    Rs256,
    Eddsa,
    /// Clients encrypt to it.
    #[value(name = "rsa-oaep-256")]
    RsaOaep256,
    /// Clients encrypt to it.
    EcdhEs,
}

enum Chosen {
    Sign(SigningAlg),
    Encrypt(KeyManagement),
}

impl Alg {
    const fn chosen(self) -> Chosen {
        match self {
            Self::Es256 => Chosen::Sign(SigningAlg::ES256),
            Self::Ps256 => Chosen::Sign(SigningAlg::PS256),
            Self::Rs256 => Chosen::Sign(SigningAlg::RS256),
            Self::Eddsa => Chosen::Sign(SigningAlg::EdDSA),
            Self::RsaOaep256 => Chosen::Encrypt(KeyManagement::RsaOaep256),
            Self::EcdhEs => Chosen::Encrypt(KeyManagement::EcdhEs),
        }
    }
}

/// # Errors
/// When the key folder can't be read or written.
pub fn run(config: &Config, command: Command) -> Result<()> {
    let now = Clock::default().now();
    let ring = KeyRing::open(KeyFolder::open(&config.keys.directory)?, key_retention(config), now)?;
    match command {
        Command::List => {
            for key in ring.status(now) {
                let until = key.end.map_or("-".to_owned(), |end| end.china_minute());
                let now = match (key.is_current, key.usage) {
                    (true, "sig") => "signs now",
                    (true, _) => "is encrypted to now",
                    (false, _) => "",
                };
                println!("{}  {}  from {}  until {until}  {now}", key.kid, key.alg, key.since.china_minute());
            }
        }
        Command::Rotate { alg, now: at_once } => {
            let ahead = if at_once { 0 } else { config.keys.publish_ahead_seconds };
            let since = now + Span::seconds(ahead);
            let at = since.china_minute();
            let chosen = alg.map_or_else(|| Alg::value_variants().to_vec(), |alg| vec![alg]);
            for alg in chosen {
                match alg.chosen() {
                    Chosen::Sign(alg) => {
                        let kid = ring.rotate(alg, since)?;
                        println!("{kid}  {}  is published, and signs from {at}", alg.as_str());
                    }
                    Chosen::Encrypt(alg) => {
                        let kid = ring.rotate_encryption(alg, since)?;
                        println!("{kid}  {}  decrypts, and is published from {at}", alg.as_str());
                    }
                }
            }
        }
        Command::Prune => println!("{} keys deleted", ring.prune(now)?),
    }
    Ok(())
}

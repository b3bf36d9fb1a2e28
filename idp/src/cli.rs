//! The command line of `idp`.

mod account;
mod client;
mod initial_token;
mod keys;
mod logout_notices;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::app::App;
use crate::config::{self, Config};
use crate::platform::clock::Clock;
use crate::platform::telemetry;
use crate::server::Server;
use crate::{demo, oidc};

/// Unified identity authentication platform: an OpenID Connect provider.
#[derive(Parser)]
#[command(name = "idp", version, arg_required_else_help = true)]
#[command(after_help = "Examples:
  idp --config /etc/idp.toml serve
  idp --config /etc/idp.toml check-config
  IDP_ISSUER=https://id.example.gov.cn IDP_DATABASE__URL=postgres://idp@db/idp idp serve
  idp keys rotate
  idp client add --file portal.json")]
struct Cli {
    /// The configuration file (TOML); without it, defaults and IDP_… variables.
    #[arg(long, global = true, env = "IDP_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve pages and protocol until Ctrl-C or SIGTERM; makes keys and schema at first run.
    #[command(after_help = "Examples:\n  idp serve\n  idp --config idp.toml serve")]
    Serve,
    /// Bring the database schema up to date, and stop.
    #[command(after_help = "Examples:\n  IDP_DATABASE__URL=postgres://idp@db/idp idp migrate")]
    Migrate,
    /// Say whether the configuration can be used, naming the first key that can't.
    #[command(after_help = "Examples:\n  idp --config idp.toml check-config")]
    CheckConfig,
    /// The signing keys.
    #[command(subcommand, after_help = "Examples:\n  idp keys list\n  idp keys rotate")]
    Keys(keys::Command),
    /// The registered portals.
    #[command(subcommand, after_help = "Examples:\n  idp client list\n  idp client add --file portal.json")]
    Client(client::Command),
    /// What portals are told of sessions that have ended (back-channel logout).
    #[command(subcommand, after_help = "Examples:\n  idp logout-notices list")]
    LogoutNotices(logout_notices::Command),
    /// The accounts.
    #[command(
        subcommand,
        after_help = "Examples:\n  idp account add person --help\n  idp account disable --unit 91220101TEXT00017E"
    )]
    Account(account::Command),
    /// Serve with the demonstration's accounts; never for real data.
    #[command(
        after_help = "Examples:\n  idp demo\n  IDP_LISTEN=127.0.0.1:8100 IDP_ISSUER=http://localhost:8100 idp demo"
    )]
    Demo,
}

/// The process's `main`.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("idp: {error:#}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<()> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = config::load(cli.config.as_deref(), environment)?;
    match cli.command {
        Command::CheckConfig => println!("The configuration can be used. Issuer: {}", config.issuer),
        Command::Migrate => {
            let store = crate::store::Store::open(&config.database).await?;
            store.migrate().await?;
            println!("The schema is up to date.");
        }
        Command::Serve => serve(open(config).await?).await?,
        Command::Demo => {
            let app = open(config).await?;
            demo::seed(&app).await?;
            eprintln!("Demonstration accounts, all with the password {}:", demo::PASSWORD);
            for (kind, names) in demo::GUIDE {
                eprintln!("  {kind}: {names}");
            }
            serve(app).await?;
        }
        Command::Keys(command) => keys::run(&config, command)?,
        Command::Client(command) => client::run(&open(config).await?, command).await?,
        Command::LogoutNotices(command) => logout_notices::run(&open(config).await?, command).await?,
        Command::Account(command) => account::run(&open(config).await?, command).await?,
    }
    Ok(())
}

/// Opens the provider as `serve` would.
async fn open(config: Config) -> Result<App> {
    telemetry::start_logging(&config.operations);
    App::open(config, Clock::default(), oidc::discovery::document).await
}

async fn serve(app: App) -> Result<()> {
    let issuer = app.config.issuer.clone();
    let server = Server::start(app)?;
    eprintln!(
        "{issuer} is served on {}; health, metrics and /logout-notices on {}",
        server.address, server.operations
    );
    server.run_until(stop_signal()).await
}

/// Ctrl-C, or SIGTERM from a service manager.
pub async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => (),
                _ = terminate.recv() => (),
            }
        }
        Err(_) => drop(interrupt.await),
    }
}

//! The demonstration: without a command, the provider and the portals together, ready to click through.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use idp::app::App;
use idp::config::{CaptchaMode, Config, LogFormat, SmsTransport, Synchronous};
use idp::platform::clock::Clock;
use idp::platform::{random, telemetry};
use idp::server::Server;
use idp::{config, demo, oidc};
use relying_party_demo::{Settings, StandIn, use_phone, use_registers};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Faster than the system's for many small pieces on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Starts the provider, the portals and the registers' stand-in with demonstration data, until Ctrl-C.
#[derive(Parser)]
#[command(after_help = "Examples:
  cargo run --release
  cargo run --release -- --issuer http://localhost:8100 --portals http://localhost:9100 \
    --registers http://localhost:9101 --data /tmp/second

The provider takes its other settings from IDP_… variables (see idp/config.example.toml).")]
struct Arguments {
    /// Where the provider is reached.
    #[arg(long, env = "DEMO_ISSUER", default_value = "http://localhost:8000")]
    issuer: String,
    /// Where the portals are reached.
    #[arg(long, env = "DEMO_PORTALS", default_value = "http://localhost:9000")]
    portals: String,
    /// Where the provider reaches the stand-in of the registers of units and residents.
    #[arg(long, env = "DEMO_REGISTERS", default_value = "http://localhost:9001")]
    registers: String,
    /// The folder for database and keys; made if it is missing.
    #[arg(long, env = "DEMO_DATA", default_value = "data")]
    data: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relying-party-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let sms_token = random::token();
    let register_token = random::token();
    let mut config = provider_config(arguments)?;
    if config.sms.transport == SmsTransport::Off {
        use_phone(&mut config, &StandIn { url: &arguments.portals, token: &sms_token });
    }
    if config.registers.legal_entities.is_none() && config.registers.residents.is_none() {
        use_registers(&mut config, &StandIn { url: &arguments.registers, token: &register_token });
    }
    telemetry::start_logging(&config.operations);
    let app = App::open(config, Clock::default(), oidc::discovery::document).await?;
    demo::seed(&app).await?;
    let settings = Settings {
        issuer: app.config.issuer.clone(),
        public_url: arguments.portals.clone(),
        clients: relying_party_demo::register(&app, &arguments.portals).await?,
        sms_token,
    };
    let portals_at = listen("--portals", &arguments.portals).await?;
    let registers_at = listen("--registers", &arguments.registers).await?;
    let (stop, stopped) = watch::channel(false);
    let portals = tokio::spawn(relying_party_demo::serve(portals_at, settings, has_stopped(stopped.clone())));
    let registers = tokio::spawn(relying_party_demo::serve_registers(
        registers_at,
        register_token.clone(),
        has_stopped(stopped),
    ));
    let server = Server::start(app)?;
    welcome(arguments, &register_token);
    idp::cli::stop_signal().await;
    eprintln!("\nStopping …");
    stop.send_replace(true);
    portals.await??;
    registers.await??;
    server.stop().await
}

/// What suits a demonstration, unless `IDP_…` variables say otherwise.
fn provider_config(arguments: &Arguments) -> Result<Config> {
    let issuer_at = port_of("--issuer", &arguments.issuer)?;
    let data = arguments.data.display();
    let here = [
        ("IDP_ISSUER", arguments.issuer.trim_end_matches('/').to_owned()),
        ("IDP_LISTEN", issuer_at.to_string()),
        ("IDP_SITE__HOME_URL", arguments.portals.clone()),
        ("IDP_DATABASE__URL", format!("sqlite://{data}/idp.db")),
        (
            "IDP_KEYS__DIRECTORY",
            if data.to_string() == "data" { "keys".to_owned() } else { format!("{data}/keys") },
        ),
        ("IDP_OPERATIONS__LISTEN", SocketAddr::from(([127, 0, 0, 1], issuer_at.port() + 1)).to_string()),
        ("IDP_OPERATIONS__LOG_LEVEL", "warn".to_owned()),
    ];
    let here = here.map(|(name, value)| (name.to_owned(), value));
    let given = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut config = config::load(None, here.into_iter().chain(given))?;
    let set = |name: &str| std::env::var_os(name).is_some();
    if !set("IDP_SIGN_IN__CAPTCHA") {
        config.sign_in.captcha = CaptchaMode::Adaptive;
    }
    if !set("IDP_OPERATIONS__LOG_FORMAT") {
        config.operations.log_format = LogFormat::Text;
    }
    if !set("IDP_DATABASE__SYNCHRONOUS") {
        config.database.synchronous = Synchronous::Normal;
    }
    Ok(config)
}

/// The loopback address that a URL's port means here.
fn port_of(key: &str, url: &str) -> Result<SocketAddr> {
    let parsed = url::Url::parse(url).with_context(|| format!("{key}: {url} is not a URL"))?;
    let port = parsed.port_or_known_default().with_context(|| format!("{key}: {url} has no port"))?;
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}

async fn listen(key: &str, url: &str) -> Result<TcpListener> {
    let at = port_of(key, url)?;
    TcpListener::bind(at).await.with_context(|| format!("{key}: cannot listen on {at}"))
}

async fn has_stopped(mut stopped: watch::Receiver<bool>) {
    // The sender lives as long as the process: an error means that it is over, too.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

fn welcome(arguments: &Arguments, register_token: &str) {
    let Arguments { issuer, portals, registers, .. } = arguments;
    eprintln!(
        "Portals:   {portals} (text messages: {portals}/phone, the app that scans codes: {portals}/app)"
    );
    eprintln!("Provider:  {issuer}");
    eprintln!("Registers: {registers} (stand-in of 法人库 and 人口库)\n");
    eprintln!("Accounts, all with the password {}:", demo::PASSWORD);
    for (kind, names) in demo::GUIDE {
        eprintln!("  {kind}: {names}");
    }
    let free = relying_party_demo::registered_but_free();
    eprintln!("\nIn the registers but without an account (all: {portals}/registers):");
    if let Some(unit) = free.units.first() {
        let relying_party_demo::Resident { name, number } = unit.representative;
        eprintln!("  法人: {} {}，法定代表人 {name} {number}", unit.name, unit.credit_code);
    }
    if let Some(person) = free.persons.first() {
        eprintln!("  个人: {} {}", person.name, person.number);
    }
    eprintln!("\nTo take the registers down (\"down\":false brings them back):");
    eprintln!("  curl -H 'Authorization: Bearer {register_token}' -d '{{\"down\":true}}' {registers}/switch");
    eprintln!("\nCtrl-C stops everything.");
}

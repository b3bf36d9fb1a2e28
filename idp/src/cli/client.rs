//! `idp client …`: the registered portals.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use super::initial_token;
use crate::app::App;
use crate::domain::client::ClientMetadata;
use crate::oidc::registration;
use crate::platform::random;
use crate::store::clients;

#[derive(Subcommand)]
pub enum Command {
    /// Register a portal from a JSON file of client metadata; prints its id, and its secret once.
    #[command(after_help = r#"Examples:
  idp client add --file portal.json
  idp client add --id hall --file portal.json

portal.json:
  {
    "client_name": "智慧人社网上办事大厅",
    "redirect_uris": ["https://portal.example.gov.cn/callback"],
    "post_logout_redirect_uris": ["https://portal.example.gov.cn/"],
    "backchannel_logout_uri": "https://portal.example.gov.cn/backchannel-logout",
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile legal_entity operator",
    "id_token_signed_response_alg": "ES256",
    "subject_type": "pairwise",
    "first_party": true
  }"#)]
    Add {
        #[arg(long)]
        file: PathBuf,
        /// The client_id; made up if it is left out.
        #[arg(long)]
        id: Option<String>,
    },
    /// List the registered portals.
    #[command(after_help = "Examples:\n  idp client list")]
    List,
    /// Refuse a portal from now on; what it holds already ends with its tokens' lives.
    #[command(after_help = "Examples:\n  idp client disable hall")]
    Disable { id: String },
    /// Initial access tokens, with which clients register themselves.
    #[command(
        subcommand,
        after_help = "Examples:\n  idp client initial-token add --help\n  idp client initial-token list"
    )]
    InitialToken(initial_token::Command),
}

/// # Errors
/// When the database fails, or the metadata can't be used.
pub async fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Add { file, id } => {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let metadata: ClientMetadata =
                serde_json::from_str(&text).with_context(|| file.display().to_string())?;
            let id = id.unwrap_or_else(|| format!("c{}", random::id()));
            if clients::find(&app.store, &id).await?.is_some() {
                bail!("{id} is registered already");
            }
            let secret = registration::register(app, &id, &metadata).await?;
            println!("client_id: {id}");
            if let Some(secret) = secret {
                println!("client_secret: {secret}  (shown only now)");
            }
        }
        Command::List => {
            for row in clients::list(&app.store).await? {
                let metadata: ClientMetadata = serde_json::from_str(&row.metadata)?;
                let state = match (row.disabled_at, metadata.self_registered) {
                    (Some(_), _) => "disabled",
                    (None, true) => "registered itself",
                    (None, false) => "",
                };
                println!("{}  {}  {state}", row.id, metadata.client_name);
            }
        }
        Command::Disable { id } => {
            if !clients::disable(&app.store, &id, app.clock.now()).await? {
                bail!("{id} is not registered, or disabled already");
            }
            println!("{id} is disabled");
        }
        Command::InitialToken(command) => initial_token::run(app, command).await?,
    }
    Ok(())
}

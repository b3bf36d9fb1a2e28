//! Text messages: to the province's gateway, into a folder, or into memory for tests.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use super::{outbound, random};
use crate::config::{GatewayConfig, SmsConfig, SmsTransport};

/// What left by [`Sms::Memory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessage {
    pub to: String,
    pub text: String,
}

pub enum Sms {
    Off,
    Http(GatewayConfig),
    Folder(PathBuf),
    Memory(Mutex<Vec<TextMessage>>),
}

impl Sms {
    /// # Errors
    /// When the folder can't be made.
    pub fn open(config: &SmsConfig) -> anyhow::Result<Self> {
        Ok(match (config.transport, &config.gateway) {
            (SmsTransport::Http, Some(gateway)) => Self::Http(gateway.clone()),
            (SmsTransport::Folder, _) => {
                std::fs::create_dir_all(&config.folder)
                    .with_context(|| format!("sms.folder: cannot make {}", config.folder.display()))?;
                Self::Folder(config.folder.clone())
            }
            (SmsTransport::Memory, _) => Self::Memory(Mutex::default()),
            (SmsTransport::Off | SmsTransport::Http, _) => Self::Off,
        })
    }

    pub const fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }

    /// Hands one message over.
    ///
    /// # Errors
    /// When the gateway did not take it: worth another try. Neither number nor text is in the message.
    pub async fn send(&self, http: &reqwest::Client, to: &str, text: &str) -> anyhow::Result<()> {
        match self {
            Self::Off => Ok(()),
            Self::Http(gateway) => {
                let answer = outbound::ask(http, &gateway.request, &[("phone", to), ("text", text)]).await;
                let answer = answer.context("the SMS gateway")?;
                match &gateway.success {
                    Some(success) => outbound::demand(&answer, success).context("the SMS gateway's answer"),
                    None => Ok(()),
                }
            }
            Self::Folder(folder) => write(folder, to, text).await,
            Self::Memory(messages) => {
                let message = TextMessage { to: to.to_owned(), text: text.to_owned() };
                messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                Ok(())
            }
        }
    }

    /// What left by [`Sms::Memory`], oldest first; nothing otherwise.
    pub fn sent(&self) -> Vec<TextMessage> {
        match self {
            Self::Memory(messages) => messages.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }
}

async fn write(folder: &Path, to: &str, text: &str) -> anyhow::Result<()> {
    let file = folder.join(format!("{to}-{}.txt", random::id()));
    tokio::fs::write(&file, text).await.with_context(|| format!("sms.folder: {}", folder.display()))
}

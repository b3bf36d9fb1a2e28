//! The provider's API for scanning apps: `{issuer}/scan/api/…`, with the access token of whoever is signed in here.

use axum::http::{Method, Request, StatusCode, header};
use chrono::{DateTime, FixedOffset};
use idp::domain::timestamp::Timestamp;
use openidconnect::{AccessToken, HttpResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::code::Code;
use super::refusal::Refusal;
use crate::account::AccountType;
use crate::dpop::Sender;
use crate::portal::Portal;
use crate::sessions::Session;
use crate::tokens::{self, NoToken};

/// Why there is no answer to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The app's own sign-in has ended: nothing helps but signing in again.
    SignInOver,
    Refused(Refusal),
}

impl From<NoToken> for Failure {
    fn from(reason: NoToken) -> Self {
        match reason {
            NoToken::SignInOver => Self::SignInOver,
            NoToken::Unreachable => Self::Refused(Refusal::Unreachable),
        }
    }
}

/// As whom somebody may sign in: 个人, 法人 or 经办人 of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    pub id: String,
    account_type: AccountType,
    /// Masked.
    name: String,
    organization_name: Option<String>,
}

impl Identity {
    pub fn kind(&self) -> &'static str {
        match self.account_type {
            AccountType::NaturalPerson => "个人",
            AccountType::LegalEntity => "法人",
            AccountType::Operator => "经办人",
            AccountType::Unknown => "账号",
        }
    }

    /// The unit, else the person.
    pub fn title(&self) -> &str {
        self.organization_name.as_deref().unwrap_or(&self.name)
    }

    /// The person behind a unit's account, where the title is the unit.
    pub fn person(&self) -> Option<&str> {
        self.organization_name.as_ref().map(|_| self.name.as_str())
    }

    #[cfg(test)]
    pub fn example() -> Self {
        Self {
            id: "1".to_owned(),
            account_type: AccountType::NaturalPerson,
            name: "*颖".to_owned(),
            organization_name: None,
        }
    }
}

/// What a visitor must know before they confirm.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    /// The portal; `None`: the provider's own pages.
    pub client_name: Option<String>,
    pub browser: String,
    pub system: String,
    pub address: String,
    asked_at: DateTime<FixedOffset>,
    /// Seconds from the answer on.
    pub expires_in: u64,
    /// One of them is on the screen.
    pub numbers: [u8; 3],
    pub identities: Vec<Identity>,
    /// Somebody is signed in at the browser already, and the portal asks for a second device to confirm.
    #[serde(default)]
    pub second_device: bool,
}

impl Facts {
    /// When the code was asked for, in China.
    pub fn asked(&self) -> String {
        Timestamp::from_millis(self.asked_at.timestamp_millis()).china_minute()
    }
}

/// As whom the account may sign in.
pub async fn identities(portal: &Portal, session: &Session) -> Result<Vec<Identity>, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        identities: Vec<Identity>,
    }
    let answer: Answer = ask(portal, session, Method::GET, "identities", None).await?;
    Ok(answer.identities)
}

/// Tells the provider that this account has scanned the code.
pub async fn scan(portal: &Portal, session: &Session, code: &Code) -> Result<Facts, Failure> {
    let body = json!({ "code": code.secret() });
    ask(portal, session, Method::POST, "scan", Some(body)).await
}

pub async fn confirm(
    portal: &Portal,
    session: &Session,
    code: &Code,
    number: u8,
    identity: &Identity,
) -> Result<(), Failure> {
    let body = json!({ "code": code.secret(), "number": number, "identity": identity.id });
    settle(portal, session, "confirm", "confirmed", body).await
}

pub async fn cancel(portal: &Portal, session: &Session, code: &Code) -> Result<(), Failure> {
    settle(portal, session, "cancel", "cancelled", json!({ "code": code.secret() })).await
}

async fn settle(
    portal: &Portal,
    session: &Session,
    action: &str,
    wanted: &str,
    body: Value,
) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Answer {
        status: String,
    }
    let answer: Answer = ask(portal, session, Method::POST, action, Some(body)).await?;
    if answer.status == wanted {
        return Ok(());
    }
    tracing::warn!(action, status = answer.status, "the provider's API answers something else");
    Err(Failure::Refused(Refusal::Unreachable))
}

async fn ask<T: DeserializeOwned>(
    portal: &Portal,
    session: &Session,
    method: Method,
    action: &str,
    body: Option<Value>,
) -> Result<T, Failure> {
    let url = portal.provider.url(&format!("/scan/api/{action}"));
    let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    let sender = Sender::new(&portal.provider.http, session.proof_key.as_ref());
    let request = |token: &AccessToken| {
        let request = Request::builder()
            .method(method.clone())
            .uri(&url)
            .header(header::AUTHORIZATION, format!("Bearer {}", token.secret()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.clone());
        request.map_err(|error| unreachable(action, &error))
    };
    let token = tokens::access(portal, session).await?;
    let mut answer = sender.send(request(&token)?).await.map_err(|error| unreachable(action, &error))?;
    if answer.status() == StatusCode::UNAUTHORIZED && !wants_step_up(&answer) {
        let other = tokens::access_instead_of(&token, portal, session).await?;
        answer = sender.send(request(&other)?).await.map_err(|error| unreachable(action, &error))?;
    }
    match answer.status() {
        StatusCode::UNAUTHORIZED if !wants_step_up(&answer) => Err(Failure::SignInOver),
        status if status.is_success() => {
            serde_json::from_slice(answer.body()).map_err(|error| unreachable(action, &error))
        }
        _ => Err(Failure::Refused(refusal(action, &answer))),
    }
}

/// The token is good, and the sign-in behind it is not good enough (RFC 9470): no other token of it would help.
fn wants_step_up(answer: &HttpResponse) -> bool {
    let challenge = answer.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    challenge.is_some_and(|challenge| challenge.contains("error=\"insufficient_user_authentication\""))
}

fn refusal(action: &str, answer: &HttpResponse) -> Refusal {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
        #[serde(default)]
        message: Option<String>,
    }
    let status = answer.status();
    let retry_after = answer.headers().get(header::RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    match serde_json::from_slice::<Refused>(answer.body()) {
        Ok(refused) if status.is_client_error() => Refusal::parse(&refused.error, refused.message, seconds),
        _ => {
            tracing::warn!(action, status = status.as_u16(), "the provider's API is out of order");
            Refusal::Unreachable
        }
    }
}

fn unreachable(action: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::warn!(action, error, "the provider's API does not answer");
    Failure::Refused(Refusal::Unreachable)
}

//! Tokens that a portal keeps after the sign-in, to ask the provider in the account's name: renewed when they have run
//! out (RFC 6749 section 6), revoked at the sign-out (RFC 7009).

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    AccessToken, OAuth2TokenResponse as _, RefreshToken, RequestTokenError, StandardErrorResponse,
};
use tokio::sync::Mutex;

use crate::dpop::Sender;
use crate::portal::Portal;
use crate::provider::{self, TokenResponse};
use crate::sessions::Session;

/// A token that runs out on its way to the provider is of no use.
const MARGIN: Duration = Duration::from_secs(5);

/// One renewal at a time: a refresh token is good for one.
pub type SharedTokens = Arc<Mutex<Tokens>>;

/// The crate's types keep the tokens themselves out of logs.
#[derive(Debug)]
pub struct Tokens {
    access: AccessToken,
    refresh: Option<RefreshToken>,
    good_until: Option<Instant>,
}

/// Why there is no token to ask with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoToken {
    /// The account has to sign in again.
    SignInOver,
    Unreachable,
}

impl Tokens {
    pub fn of(answer: &TokenResponse) -> Self {
        Self {
            access: answer.access_token().clone(),
            refresh: answer.refresh_token().cloned(),
            good_until: answer.expires_in().map(|lifetime| Instant::now() + lifetime),
        }
    }

    pub fn shared(self) -> SharedTokens {
        Arc::new(Mutex::new(self))
    }

    async fn renew(&mut self, portal: &Portal, session: &Session) -> Result<(), NoToken> {
        let refresh = self.refresh.clone().ok_or(NoToken::SignInOver)?;
        let credentials = portal.credentials(session.party).ok_or(NoToken::SignInOver)?;
        let metadata = portal.provider.metadata().await.map_err(|_| NoToken::Unreachable)?;
        let client = provider::client(&metadata, session.party, credentials, &portal.public_url)
            .map_err(|_| NoToken::Unreachable)?;
        let request = client.exchange_refresh_token(&refresh).map_err(|_| NoToken::Unreachable)?;
        let http = Sender::new(&portal.provider.http, session.proof_key.as_ref());
        let answer = request.request_async(&http).await.map_err(|error| refused(&error))?;
        let newer = Self::of(&answer);
        *self = Self { refresh: newer.refresh.or(Some(refresh)), ..newer };
        Ok(())
    }
}

fn refused<E: std::error::Error + 'static>(
    error: &RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>,
) -> NoToken {
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            CoreErrorResponseType::Extension(code) if code.contains("server") || code.contains("unavail") => {
                NoToken::Unreachable
            }
            _ => NoToken::SignInOver,
        },
        _ => NoToken::Unreachable,
    }
}

/// An access token that has not run out.
pub async fn access(portal: &Portal, session: &Session) -> Result<AccessToken, NoToken> {
    let mut tokens = session.tokens.as_ref().ok_or(NoToken::SignInOver)?.lock().await;
    if tokens.good_until.is_some_and(|end| Instant::now() + MARGIN >= end) {
        tokens.renew(portal, session).await?;
    }
    Ok(tokens.access.clone())
}

/// Another one than this, which the provider did not take.
pub async fn access_instead_of(
    refused: &AccessToken,
    portal: &Portal,
    session: &Session,
) -> Result<AccessToken, NoToken> {
    let mut tokens = session.tokens.as_ref().ok_or(NoToken::SignInOver)?.lock().await;
    if tokens.access.secret() == refused.secret() {
        tokens.renew(portal, session).await?;
    }
    Ok(tokens.access.clone())
}

/// Gives the grant back. What fails is left to run out: whoever signs out is not held up by it.
pub async fn revoke(portal: &Portal, session: &Session) {
    let Some(tokens) = &session.tokens else { return };
    let Ok(metadata) = portal.provider.metadata().await else { return };
    let Some(endpoint) = &metadata.additional_metadata().revocation_endpoint else { return };
    let tokens = tokens.lock().await;
    let (token, hint) = match &tokens.refresh {
        Some(refresh) => (refresh.secret(), "refresh_token"),
        None => (tokens.access.secret(), "access_token"),
    };
    // The crate insists on https here, which a demonstration on localhost has not.
    let client_id = session.party.client_id();
    let form = [("token", token.as_str()), ("token_type_hint", hint), ("client_id", &client_id)];
    let answer = portal.provider.http.post(endpoint.as_str()).form(&form).send().await;
    if let Err(error) = answer.and_then(reqwest::Response::error_for_status) {
        tracing::warn!(client_id, error = %error.without_url(), "the tokens were not revoked");
    }
}

//! How a client proves who it is (OpenID Connect Core section 9). Every endpoint that asks uses this.

mod assertion;
mod certificate;
mod secret;

pub use self::secret::authorization;

use std::sync::Arc;

use axum::http::HeaderMap;

use super::envelope::Envelope;
use super::error::{Code, OAuthError, Result};
use crate::app::App;
use crate::domain::client::{AuthMethod, Client};
use crate::web::params::Params;

/// One way of proving it; the client's registration says which it must use.
enum Credentials<'a> {
    Basic {
        client_id: String,
        secret: String,
    },
    Post {
        client_id: &'a str,
        secret: &'a str,
    },
    Assertion {
        client_id: String,
        jws: &'a str,
    },
    /// Nothing in the request itself: a public client, or one whose connection proves it.
    Named {
        client_id: &'a str,
    },
}

impl Credentials<'_> {
    fn client_id(&self) -> &str {
        match self {
            Self::Basic { client_id, .. } | Self::Assertion { client_id, .. } => client_id,
            Self::Post { client_id, .. } | Self::Named { client_id } => client_id,
        }
    }

    /// Whether this is the way that the client registered.
    const fn suit(&self, method: AuthMethod) -> bool {
        matches!(
            (self, method),
            (Self::Basic { .. }, AuthMethod::ClientSecretBasic)
                | (Self::Post { .. }, AuthMethod::ClientSecretPost)
                | (Self::Assertion { .. }, AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt)
                | (
                    Self::Named { .. },
                    AuthMethod::None | AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth
                )
        )
    }
}

/// The client that sent a request.
///
/// # Errors
/// `invalid_client` when it does not prove who it is, `invalid_request` when it tries two ways at once.
pub async fn authenticate(app: &App, envelope: &Envelope, params: &Params) -> Result<Arc<Client>> {
    let refused = || OAuthError::new(Code::InvalidClient, "the client is not authenticated");
    let credentials = read(&envelope.headers, params)?;
    let found = app.clients.find(&app.store, credentials.client_id()).await?;
    let Some(client) = found.filter(|client| credentials.suit(client.metadata.token_endpoint_auth_method))
    else {
        return Err(refused().into());
    };
    let proved = match &credentials {
        Credentials::Basic { secret, .. } => secret::matches(&client, secret),
        Credentials::Post { secret, .. } => secret::matches(&client, secret),
        Credentials::Assertion { jws, .. } => assertion::verify(app, &client, jws, &envelope.path).await?,
        Credentials::Named { .. } if client.is_public() => true,
        Credentials::Named { .. } => match &envelope.certificate {
            Some(certificate) => certificate::proves(app, &client, certificate).await,
            None => false,
        },
    };
    if !proved {
        return Err(refused().into());
    }
    Ok(client)
}

fn read<'a>(headers: &HeaderMap, params: &'a Params) -> Result<Credentials<'a>, OAuthError> {
    let basic = secret::basic(headers)?;
    let posted = params.get("client_secret");
    let asserted = params.get("client_assertion");
    let named = params.get("client_id");
    if [basic.is_some(), posted.is_some(), asserted.is_some()].into_iter().filter(|used| *used).count() > 1 {
        return Err(OAuthError::new(Code::InvalidRequest, "more than one way of client authentication"));
    }
    if let Some((client_id, secret)) = basic {
        if named.is_some_and(|named| named != client_id) {
            return Err(OAuthError::new(
                Code::InvalidRequest,
                "client_id differs from the Authorization header",
            ));
        }
        return Ok(Credentials::Basic { client_id, secret });
    }
    if let Some(jws) = asserted {
        return assertion::read(params, jws, named)
            .map(|client_id| Credentials::Assertion { client_id, jws });
    }
    let missing = OAuthError::new(Code::InvalidClient, "the client is not authenticated");
    let client_id = named.ok_or(missing)?;
    Ok(match posted {
        Some(secret) => Credentials::Post { client_id, secret },
        None => Credentials::Named { client_id },
    })
}

//! What a client's tokens are bound to (RFC 9449 section 5, RFC 8705 section 3): decided by what a request proves, and
//! by what the client registered.

use anyhow::Context;

use super::dpop;
use super::envelope::Envelope;
use super::error::{Code, OAuthError, Result};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::confirmation::Confirmation;

/// What the tokens of this request are bound to: the key of its DPoP proof, or the certificate of a client that wants
/// its tokens bound to it.
///
/// # Errors
/// When the client must prove something and does not, or its proof is not good.
pub async fn of_request(app: &App, envelope: &Envelope, client: &Client) -> Result<Option<Confirmation>> {
    if let Some(thumbprint) = dpop::proved_key(app, envelope, None).await? {
        return Ok(Some(Confirmation::Key(thumbprint)));
    }
    if client.metadata.dpop_bound_access_tokens {
        // Not invalid_dpop_proof, which speaks of a proof that was sent (RFC 9449 section 5).
        return Err(OAuthError::new(Code::InvalidRequest, "the client must send a DPoP proof").into());
    }
    if client.metadata.tls_client_certificate_bound_access_tokens {
        let missing = OAuthError::new(Code::InvalidRequest, "the client must present its certificate");
        let certificate = envelope.certificate.as_ref().ok_or(missing)?;
        return Ok(Some(Confirmation::Certificate(certificate.thumbprint().to_owned())));
    }
    Ok(None)
}

/// Whether a code or device code that was bound to a key is redeemed with it.
///
/// # Errors
/// `invalid_grant` if it is not.
pub fn check_key(bound: Option<&str>, proved: Option<&Confirmation>) -> Result<(), OAuthError> {
    match (bound, proved) {
        (None, _) => Ok(()),
        (Some(bound), Some(Confirmation::Key(proved))) if bound == proved => Ok(()),
        _ => Err(OAuthError::new(Code::InvalidGrant, "the code is bound to another DPoP key")),
    }
}

/// Whether a token that buys another is used by who may. A public client's is bound to its key; a confidential client
/// proves who it is, so its key may change (RFC 9449 section 5), but not fall away.
///
/// # Errors
/// `invalid_grant` if it is not.
pub fn check_kept(client: &Client, bound: Option<&str>, proved: Option<&Confirmation>) -> Result<()> {
    let same = match (stored(bound)?, proved) {
        (None, _) => true,
        (Some(bound), Some(proved)) if client.is_public() => bound == *proved,
        (Some(bound), Some(proved)) => std::mem::discriminant(&bound) == std::mem::discriminant(proved),
        (Some(_), None) => false,
    };
    if same {
        return Ok(());
    }
    Err(OAuthError::new(Code::InvalidGrant, "the token is bound to what the request does not prove").into())
}

/// What the store keeps of a token's binding. What can't be read must not pass for no binding.
///
/// # Errors
/// When it can't be read.
pub fn stored(text: Option<&str>) -> anyhow::Result<Option<Confirmation>> {
    text.map(|text| Confirmation::parse(text).context("a binding in the store can't be read")).transpose()
}

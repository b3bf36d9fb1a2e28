//! `authorization_code` (RFC 6749 section 4.1.3): one statement, one signature.

use super::device_code::NO_REDIRECT_URI;
use super::redemption;
use crate::app::App;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::oxide;
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::platform::random;

/// # Errors
/// `invalid_grant` for a code that is spent, expired, somebody else's, or not proved by its verifier or its key;
/// `invalid_target` for a resource that was not granted.
pub async fn redeem(app: &App, request: &TokenRequest<'_>) -> Result<TokenResponse> {
    let code = request.require("code", "code is missing")?;
    redemption::take(app, request, &random::hash(code), |grant| {
        if grant.redirect_uri == NO_REDIRECT_URI {
            return Err(OAuthError::new(Code::InvalidGrant, "a device code is no authorization code"));
        }
        oxide::redeem(request.params, &request.client.id, grant)
    })
    .await
}

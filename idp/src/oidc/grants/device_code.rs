//! `device_code` (RFC 8628 section 3.4): a device asks whether somebody has signed in for it.

use super::redemption;
use crate::app::App;
use crate::domain::timestamp::{Span, Timestamp};
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::sender_constraint;
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::platform::random;
use crate::store::device_codes;

/// What a device's grant has in the place of a redirect URI. No client can register it, and a grant that has it is never
/// an authorization code's.
pub const NO_REDIRECT_URI: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// # Errors
/// `authorization_pending` and `slow_down` while nobody has decided, `access_denied`, `expired_token`, and
/// `invalid_grant` for a code that is unknown, another client's or spent.
pub async fn poll(app: &App, request: &TokenRequest<'_>) -> Result<TokenResponse> {
    let refuse = |code, description| Err(OAuthError::new(code, description).into());
    let id = random::hash(request.require("device_code", "device_code is missing")?);
    let now = app.clock.now();
    let Some(code) = device_codes::poll(&app.store, &id, &request.client.id, now).await? else {
        return refuse(Code::InvalidGrant, "the device code is unknown or another client's");
    };
    sender_constraint::check_key(code.binding.as_deref(), request.binding.as_ref())?;
    if code.denied_at.is_some() {
        return refuse(Code::AccessDenied, "the account does not agree");
    }
    if code.expires_at <= now.millis() {
        return refuse(Code::ExpiredToken, "the device code has expired");
    }
    if code.allowed_at.is_none() {
        let interval = Span::millis(code.interval_seconds * 1000);
        let too_soon =
            code.previous_polled_at.is_some_and(|last| now - Timestamp::from_millis(last) < interval);
        if too_soon {
            return refuse(Code::SlowDown, "wait five seconds longer between two questions");
        }
        return refuse(Code::AuthorizationPending, "nobody has decided yet");
    }
    redemption::take(app, request, &id, |_| Ok(())).await
}

//! Every OAuth error, once: its code, its status, its JSON (RFC 6749 section 5.2, RFC 6750 section 3).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::dpop;
use crate::app::NoKey;
use crate::web;

/// The registered codes that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    AccessDenied,
    AccountSelectionRequired,
    AuthorizationPending,
    ConsentRequired,
    ExpiredToken,
    InvalidAuthorizationDetails,
    InvalidClient,
    InvalidDpopProof,
    InvalidGrant,
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    InvalidScope,
    InvalidTarget,
    InvalidToken,
    InsufficientScope,
    LoginRequired,
    RegistrationNotSupported,
    ServerError,
    SlowDown,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedTokenType,
    UseDpopNonce,
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::AuthorizationPending => "authorization_pending",
            Self::ConsentRequired => "consent_required",
            Self::ExpiredToken => "expired_token",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidClient => "invalid_client",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::ServerError => "server_error",
            Self::SlowDown => "slow_down",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// An answer to a portal's mistake. The description is for its engineers: ASCII, and never personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    pub code: Code,
    pub description: &'static str,
    challenge: Challenge,
    /// RFC 9449 section 8: what the next proof must carry.
    nonce: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    None,
    Basic,
    /// A request that carried no token at all: told how to bring one, and no error code (RFC 6750 section 3.1).
    BareBearer,
    /// The same where a bound one would do, too (RFC 9449 section 7.1).
    BareBoth,
    Bearer,
    /// RFC 9449 section 7.1.
    Dpop,
}

impl OAuthError {
    pub const fn new(code: Code, description: &'static str) -> Self {
        let challenge = match code {
            Code::InvalidClient => Challenge::Basic,
            Code::InvalidToken | Code::InsufficientScope => Challenge::Bearer,
            _ => Challenge::None,
        };
        Self { code, description, challenge, nonce: None }
    }

    /// A mistake at a resource, told as a bearer challenge whatever its code (RFC 6750 section 3).
    pub const fn at_resource(code: Code, description: &'static str) -> Self {
        Self { code, description, challenge: Challenge::Bearer, nonce: None }
    }

    pub const fn no_token() -> Self {
        let description = "an access token is needed";
        Self { code: Code::InvalidToken, description, challenge: Challenge::BareBoth, nonce: None }
    }

    /// Where no token is bound to a key.
    pub fn no_bearer_token() -> Self {
        Self { challenge: Challenge::BareBearer, ..Self::no_token() }
    }

    /// The same, told in the way of whoever tried with a DPoP proof, or should have.
    #[must_use]
    pub fn by_dpop(self) -> Self {
        Self { challenge: Challenge::Dpop, ..self }
    }

    /// The same, with the nonce that the next DPoP proof must carry.
    #[must_use]
    pub fn with_nonce(self, nonce: String) -> Self {
        Self { nonce: Some(nonce), ..self }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (code, description) = (self.code.as_str(), self.description);
        let told = format!("error=\"{code}\", error_description=\"{description}\"");
        let algs = format!("algs=\"{}\"", dpop::ALGS.join(" "));
        let challenges = match self.challenge {
            Challenge::None => Vec::new(),
            Challenge::Basic => vec!["Basic realm=\"idp\", charset=\"UTF-8\"".to_owned()],
            Challenge::BareBearer => vec!["Bearer realm=\"idp\"".to_owned()],
            Challenge::BareBoth => {
                vec!["Bearer realm=\"idp\"".to_owned(), format!("DPoP realm=\"idp\", {algs}")]
            }
            Challenge::Bearer => vec![format!("Bearer realm=\"idp\", {told}")],
            Challenge::Dpop => vec![format!("DPoP realm=\"idp\", {told}, {algs}")],
        };
        let at_resource = matches!(self.challenge, Challenge::Dpop);
        let status = if at_resource && self.code != Code::InsufficientScope {
            StatusCode::UNAUTHORIZED
        } else {
            self.code.status()
        };
        let body = Json(json!({ "error": code, "error_description": description }));
        let mut response = (status, NO_STORE, body).into_response();
        for value in challenges.into_iter().flat_map(HeaderValue::try_from) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, value);
        }
        if let Some(Ok(nonce)) = self.nonce.map(HeaderValue::try_from) {
            response.headers_mut().insert(dpop::NONCE_HEADER, nonce);
        }
        response
    }
}

/// RFC 6749 section 5.1.
pub const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// How an endpoint for programs fails: with its own mistake told as JSON, or with ours.
#[derive(Debug)]
pub enum Failure {
    OAuth(OAuthError),
    Web(web::Error),
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<NoKey>() {
            Ok(no_key) => no_key.into(),
            Err(error) => Self::Web(error.into()),
        }
    }
}

/// The client's to mend: what it registered can't be kept.
impl From<NoKey> for Failure {
    fn from(_: NoKey) -> Self {
        OAuthError::new(Code::InvalidRequest, "the client has published no key to encrypt to").into()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Web(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = match self {
            Self::OAuth(error) => return error.into_response(),
            Self::Web(error) => error,
        };
        let told = match &error {
            web::Error::Unavailable(_) => {
                OAuthError::new(Code::TemporarilyUnavailable, "try again in a moment")
            }
            web::Error::Fault(_) => OAuthError::new(Code::ServerError, "the provider failed"),
            web::Error::Problem(problem) if problem.status == StatusCode::PAYLOAD_TOO_LARGE => {
                return (problem.status, OAuthError::new(Code::InvalidRequest, "the body is too large"))
                    .into_response();
            }
            web::Error::Problem(problem) if problem.status == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                OAuthError::new(Code::InvalidRequest, "the body must be application/x-www-form-urlencoded")
            }
            web::Error::Problem(_) => {
                OAuthError::new(Code::InvalidRequest, "a parameter is repeated or is not UTF-8")
            }
        };
        // The fault itself is logged there; its page is not for programs.
        let logged = error.into_response();
        let mut response = told.into_response();
        if let Some(value) = logged.headers().get(header::RETRY_AFTER) {
            response.headers_mut().insert(header::RETRY_AFTER, value.clone());
        }
        response
    }
}

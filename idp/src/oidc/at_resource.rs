//! The provider as a resource: which access token a request carries, and whether its bearer may use it (RFC 6750, RFC
//! 9449 section 7, RFC 8705 section 3).

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::envelope::Envelope;
use super::error::{Code, Failure, OAuthError, Result};
use super::{access_token, dpop, sender_constraint};
use crate::app::App;
use crate::domain::confirmation::Confirmation;
use crate::store::tokens::{self, AccessTokenRow};
use crate::web;
use crate::web::forms::form_params_as_sent;
use crate::web::params::Params;
use crate::web::shown_token::{Shown, ShownToken};

/// In which the token came: whoever brought it is told in the same what is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    pub fn refuse(self, code: Code, description: &'static str) -> OAuthError {
        match self {
            Self::Bearer => OAuthError::at_resource(code, description),
            Self::Dpop => OAuthError::new(code, description).by_dpop(),
        }
    }
}

/// The live access token of a request, for us and in the right hands, and how it came.
///
/// # Errors
/// The error of RFC 6750 or RFC 9449 that the bearer is told.
pub async fn token_of(app: &App, request: Request) -> Result<(Scheme, AccessTokenRow)> {
    let envelope = Envelope::of(app, &request);
    let (scheme, token) = presented(app, &envelope, request).await?;
    check(app, &envelope, (scheme, &token)).await.map(|(_, row)| (scheme, row))
}

/// For what the provider serves to apps outside of this protocol: looks at the token in the `Authorization` header, and
/// leaves the handler a [`ShownToken`].
pub async fn show_token(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let envelope = Envelope::of(&app, &request);
    let shown = shown_in_header(&app, &envelope).await.map_err(|failure| {
        let response = failure.into_response();
        (response.status(), response.headers().clone())
    });
    request.extensions_mut().insert(ShownToken(shown));
    next.run(request).await
}

async fn shown_in_header(app: &App, envelope: &Envelope) -> Result<Shown> {
    let (scheme, token) = in_header(envelope)?.ok_or_else(OAuthError::no_token)?;
    let (key, _) = check(app, envelope, (scheme, &token)).await?;
    Ok(Shown { key, scheme: scheme.as_str() })
}

/// The key of the token's row, and the row.
async fn check(
    app: &App,
    envelope: &Envelope,
    (scheme, token): (Scheme, &str),
) -> Result<(Vec<u8>, AccessTokenRow)> {
    let refuse = |description| Failure::OAuth(scheme.refuse(Code::InvalidToken, description));
    let dead = || refuse("the access token is unknown, expired or revoked");
    let key = access_token::key_of(app, token).ok_or_else(dead)?;
    let row = tokens::find_access(&app.store, &key, app.clock.now()).await?.ok_or_else(dead)?;
    if row.audience.is_some() && !row.is_for(&app.config.issuer) {
        return Err(refuse("the access token is for another resource"));
    }
    match sender_constraint::stored(row.binding.as_deref())? {
        Some(Confirmation::Key(bound)) => {
            let wrong = |description| Scheme::Dpop.refuse(Code::InvalidToken, description);
            if scheme != Scheme::Dpop {
                return Err(wrong("the access token is bound to a key: use the scheme DPoP").into());
            }
            let proved = dpop::proved_key(app, envelope, Some(token)).await.map_err(at_resource)?;
            let missing = scheme.refuse(Code::InvalidDpopProof, "a DPoP proof is needed");
            if proved.ok_or(missing)? != bound {
                return Err(wrong("the access token is bound to another key").into());
            }
        }
        _ if scheme == Scheme::Dpop => return Err(refuse("the access token is not bound to a key")),
        Some(Confirmation::Certificate(bound)) => {
            let presented = envelope.certificate.as_ref().map(|certificate| certificate.thumbprint());
            if presented != Some(bound.as_str()) {
                return Err(refuse("the access token is bound to a client certificate"));
            }
        }
        None => (),
    }
    Ok((key, row))
}

fn at_resource(failure: Failure) -> Failure {
    match failure {
        Failure::OAuth(error) => Failure::OAuth(error.by_dpop()),
        fault @ Failure::Web(_) => fault,
    }
}

/// The token of the Authorization header, or of a POSTed form; never of the query (RFC 9700 section 4.3.2), and never
/// of both (RFC 6750 section 2).
async fn presented(app: &App, envelope: &Envelope, request: Request) -> Result<(Scheme, String)> {
    let in_header = in_header(envelope)?;
    let form = match request.method() {
        &Method::POST => form_params_as_sent(request, app).await,
        _ => Ok(Params::default()),
    };
    let form = match form {
        Ok(form) => form,
        Err(web::Error::Problem(problem)) if problem.status == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Params::default()
        }
        Err(_) if in_header.is_some() => Params::default(),
        Err(web::Error::Problem(problem)) if problem.status == StatusCode::BAD_REQUEST => {
            return Err(OAuthError::at_resource(Code::InvalidRequest, "a parameter is not UTF-8").into());
        }
        Err(error) => return Err(Failure::Web(error)),
    };
    if form.repeated().is_some() {
        return Err(OAuthError::at_resource(Code::InvalidRequest, "a parameter is repeated").into());
    }
    match (in_header, form.get("access_token")) {
        (Some(found), None) => Ok(found),
        (None, Some(token)) => Ok((Scheme::Bearer, token.to_owned())),
        (Some(_), Some(_)) => Err(twice().into()),
        (None, None) => Err(OAuthError::no_token().into()),
    }
}

const fn twice() -> OAuthError {
    OAuthError::at_resource(Code::InvalidRequest, "the access token was sent in two ways")
}

fn in_header(envelope: &Envelope) -> Result<Option<(Scheme, String)>, OAuthError> {
    let mut sent = envelope.headers.get_all(header::AUTHORIZATION).into_iter();
    let first = sent.next();
    if sent.next().is_some() { Err(twice()) } else { first.map(of_header).transpose() }
}

fn of_header(value: &HeaderValue) -> Result<(Scheme, String), OAuthError> {
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        // In a way that is not known here: told the ways that are, and no error (RFC 6750 section 3.1).
        _ => return Err(OAuthError::no_token()),
    };
    match token.trim() {
        "" => Err(OAuthError::at_resource(Code::InvalidRequest, "the Authorization header has no token")),
        token => Ok((scheme, token.to_owned())),
    }
}

//! All contact with oxide-auth: its pure state machines, walked in a straight line.
//!
//! A machine says in which order the steps of a grant come and refuses a step out of order; storage, policy and the
//! wire format are ours. Its error enums are closed and its clock is its own, so each `Err` is told by the step where
//! it arose, and expiry is checked by our clock before a grant is handed over.

mod requests;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use oxide_auth::code_grant::accesstoken::{self, AccessToken};
use oxide_auth::code_grant::authorization::{self, Authorization};
use oxide_auth::code_grant::client_credentials::{self, ClientCredentials};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::code_grant::refresh::{self, Refresh};
use oxide_auth::primitives::grant::{Extensions, Grant, Value};
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};

use self::requests::{Authenticated, Request};
use super::error::{Code, OAuthError};
use crate::domain::client::Client;
use crate::store::grants::GrantRow;
use crate::web::params::Params;

/// What an authorization request comes to, once every step has passed.
pub struct Approved {
    pub scope: String,
    /// The PKCE challenge as oxide-auth encodes it.
    pub code_challenge: Option<String>,
}

const fn refuse(code: Code, description: &'static str) -> OAuthError {
    OAuthError::new(code, description)
}

/// RFC 6749 section 4.1.1 with RFC 7636: binds client and redirect URI, checks the PKCE challenge, then lets `negotiate`
/// decide the scope.
///
/// # Errors
/// What the portal is told. The caller has checked client, redirect URI and response type already.
pub fn authorize(
    params: &Params,
    client: &Client,
    negotiate: impl FnOnce(Option<&str>) -> Result<String, OAuthError>,
) -> Result<Approved, OAuthError> {
    let request = Request(params);
    let redirect_uri = params.get("redirect_uri").unwrap_or_default();
    let exact = ExactUrl::new(redirect_uri.to_owned())
        .map_err(|_| refuse(Code::InvalidRequest, "redirect_uri is not a URI"))?;
    let bound = || BoundClient {
        client_id: Cow::Owned(client.id.clone()),
        redirect_uri: Cow::Owned(RegisteredUrl::Exact(exact.clone())),
    };
    let mut machine = Authorization::new(&request);
    let authorization::Output::Bind { .. } = machine.advance(authorization::Input::None) else {
        return Err(refuse(Code::InvalidRequest, "client_id or redirect_uri is missing"));
    };
    let input = authorization::Input::Bound { request: &request, bound_client: bound() };
    let authorization::Output::Extend = machine.advance(input) else {
        return Err(refuse(Code::InvalidScope, "the scope is malformed"));
    };
    let must_prove = client.is_public() || client.is_held_to_fapi();
    let pkce = if must_prove { Pkce::required() } else { Pkce::optional() };
    let challenge = pkce
        .challenge(
            params.get("code_challenge_method").map(Cow::Borrowed),
            params.get("code_challenge").map(Cow::Borrowed),
        )
        .map_err(|()| refuse(Code::InvalidRequest, "PKCE is needed, with code_challenge_method S256"))?;
    let mut extensions = Extensions::new();
    if let Some(challenge) = challenge.clone() {
        extensions.set(&pkce, challenge);
    }
    let authorization::Output::Negotiate { scope: _, .. } =
        machine.advance(authorization::Input::Extended(extensions))
    else {
        return Err(refuse(Code::InvalidRequest, "the request is incomplete"));
    };
    // The machine's scope is a set; portals get theirs back in the order in which they asked.
    let scope = negotiate(params.get("scope"))?;
    let pre_grant = PreGrant {
        client_id: client.id.clone(),
        redirect_uri: RegisteredUrl::Exact(exact.clone()),
        scope: parse_scope(&scope)?,
    };
    let input = authorization::Input::Negotiated { pre_grant, state: None };
    let authorization::Output::Ok { .. } = machine.advance(input) else {
        return Err(refuse(Code::InvalidRequest, "the request is incomplete"));
    };
    let code_challenge = challenge.and_then(|challenge| challenge.into_private_value().ok().flatten());
    Ok(Approved { scope, code_challenge })
}

/// RFC 6749 section 4.1.3: a code's grant against the token request that redeems it. `client_id` is who has proved to
/// ask; expiry and single use are the store's.
///
/// # Errors
/// What the client is told; the code stays spent.
pub fn redeem(params: &Params, client_id: &str, grant: &GrantRow) -> Result<(), OAuthError> {
    let wrong = |description| Err(refuse(Code::InvalidGrant, description));
    let request = Authenticated { params, client_id };
    let mut machine = AccessToken::new(&request);
    let accesstoken::Output::Authenticate { .. } = machine.advance(accesstoken::Input::None) else {
        return Err(refuse(Code::InvalidRequest, "code or redirect_uri is missing"));
    };
    let accesstoken::Output::Recover { .. } = machine.advance(accesstoken::Input::Authenticated) else {
        return Err(refuse(Code::InvalidRequest, "code is missing"));
    };
    if params.get("redirect_uri") != Some(&grant.redirect_uri) {
        return wrong("redirect_uri differs from that of the authorization request");
    }
    let mut extensions = Extensions::new();
    if let Some(challenge) = &grant.code_challenge {
        extensions.set(&Pkce::required(), Value::private(Some(challenge.clone())));
    }
    let recovered = recover(grant, extensions)?;
    let accesstoken::Output::Extend { extensions } =
        machine.advance(accesstoken::Input::Recovered(Some(Box::new(recovered))))
    else {
        return wrong("the code was issued to another client");
    };
    let verifier = params.get("code_verifier");
    let challenge = extensions.remove(&Pkce::required());
    if verifier.is_some() && challenge.is_none() {
        return wrong("a code_verifier without a code_challenge");
    }
    if verifier.is_some_and(|verifier| !is_verifier(verifier)) {
        return wrong("the code_verifier must be 43 to 128 letters, digits or -._~");
    }
    let pkce = if challenge.is_some() { Pkce::required() } else { Pkce::optional() };
    if pkce.verify(challenge, verifier.map(Cow::Borrowed)).is_err() {
        return wrong("the code_verifier does not match");
    }
    let input = accesstoken::Input::Extended { access_extensions: Extensions::new() };
    let accesstoken::Output::Issue { .. } = machine.advance(input) else {
        return wrong("the code can't be redeemed");
    };
    Ok(())
}

/// RFC 7636 section 4.1: one that is shorter could be found by trying.
fn is_verifier(text: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
}

/// RFC 6749 section 6: whether the refresh token is the client's, and the scope that it now gets.
///
/// # Errors
/// What the client is told.
pub fn refresh(params: &Params, client_id: &str, grant: &GrantRow) -> Result<String, OAuthError> {
    let request = Authenticated { params, client_id };
    let mut machine = Refresh::new(&request);
    let refresh::Output::Unauthenticated { .. } = machine.advance(refresh::Input::None) else {
        return Err(refuse(Code::InvalidRequest, "refresh_token is missing"));
    };
    let refresh::Output::RecoverRefresh { .. } =
        machine.advance(refresh::Input::Authenticated { scope: None })
    else {
        return Err(refuse(Code::InvalidRequest, "refresh_token is missing"));
    };
    if grant.client_id != client_id {
        return Err(refuse(Code::InvalidGrant, "the refresh token was issued to another client"));
    }
    let wanted = params.get("scope");
    let recovered = Some(Box::new(recover(grant, Extensions::new())?));
    let input = refresh::Input::Recovered { scope: wanted.map(Cow::Borrowed), grant: recovered };
    match machine.advance(input) {
        // The machine's scope is a set; portals get theirs back in the order in which they asked.
        refresh::Output::Refresh { .. } => Ok(wanted.unwrap_or(&grant.scope).to_owned()),
        _ => Err(refuse(Code::InvalidScope, "the scope is wider than what was granted")),
    }
}

/// RFC 6749 section 4.4.2.
///
/// # Errors
/// What the client is told.
pub fn client_credentials(
    params: &Params,
    client: &Client,
    negotiate: impl FnOnce(Option<&str>) -> Result<String, OAuthError>,
) -> Result<String, OAuthError> {
    let request = Authenticated { params, client_id: &client.id };
    let mut machine = ClientCredentials::new(&request);
    let client_credentials::Output::Authenticate { .. } = machine.advance(client_credentials::Input::None)
    else {
        return Err(refuse(Code::InvalidScope, "the scope is malformed"));
    };
    let client_credentials::Output::Binding { .. } =
        machine.advance(client_credentials::Input::Authenticated)
    else {
        return Err(refuse(Code::InvalidRequest, "the request is incomplete"));
    };
    // The grant has no redirect URI, but the machine's types want one.
    let nowhere = ExactUrl::new("https://client-credentials.invalid/".to_owned())
        .map_err(|_| refuse(Code::ServerError, "the provider failed"))?;
    let bound = BoundClient {
        client_id: Cow::Owned(client.id.clone()),
        redirect_uri: Cow::Owned(RegisteredUrl::Exact(nowhere.clone())),
    };
    machine.advance(client_credentials::Input::Bound { bound_client: bound });
    machine.advance(client_credentials::Input::Extended { extensions: Extensions::new() });
    let scope = negotiate(params.get("scope"))?;
    let pre_grant = PreGrant {
        client_id: client.id.clone(),
        redirect_uri: RegisteredUrl::Exact(nowhere),
        scope: parse_scope(&scope)?,
    };
    match machine.advance(client_credentials::Input::Negotiated { pre_grant }) {
        client_credentials::Output::Ok { .. } => Ok(scope),
        _ => Err(refuse(Code::InvalidRequest, "the request is incomplete")),
    }
}

fn recover(grant: &GrantRow, extensions: Extensions) -> Result<Grant, OAuthError> {
    let broken = |_| refuse(Code::InvalidGrant, "redirect_uri is not a URI");
    Ok(Grant {
        owner_id: grant.account_id.clone(),
        client_id: grant.client_id.clone(),
        scope: parse_scope(&grant.scope)?,
        redirect_uri: grant.redirect_uri.parse().map_err(broken)?,
        until: DateTime::<Utc>::MAX_UTC,
        extensions,
    })
}

fn parse_scope(scope: &str) -> Result<oxide_auth::primitives::scope::Scope, OAuthError> {
    scope.parse().map_err(|_| refuse(Code::InvalidScope, "the scope is malformed"))
}

//! `client_credentials` (RFC 6749 section 4.4): a portal's back end for itself. No account, no ID token.

use serde_json::Value;

use crate::app::App;
use crate::domain::client::Client;
use crate::oidc::access_token::{self, Contents, Draft};
use crate::oidc::authorization_request::read_details;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::oxide;
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::store::tokens::{self, NewToken};

/// # Errors
/// `invalid_scope` for a scope that needs an account, or that the client may not have; `invalid_target` for a resource
/// that it may not have; `invalid_authorization_details` for what its registration does not allow.
pub async fn issue(app: &App, request: &TokenRequest<'_>) -> Result<TokenResponse> {
    let client = request.client;
    let scope = oxide::client_credentials(request.params, client, |asked| negotiate(client, asked))?;
    let audience = access_token::known_resources(app, client, &request.params.all("resource"))?;
    // RFC 9396 section 6: its own, of types that it registered; nobody has to agree to what is no visitor's. Unless
    // nobody but itself has registered it: then it would be its own word alone.
    let details = match request.params.get("authorization_details") {
        Some(_) if client.metadata.self_registered => {
            let why = "the types of who registered themselves need an account's consent";
            return Err(OAuthError::new(Code::InvalidAuthorizationDetails, why).into());
        }
        Some(named) => Some(Value::Array(read_details(&app.config.protocol, client, named)?).to_string()),
        None => None,
    };
    let draft = Draft::new(app);
    let token = NewToken {
        hash: &draft.hash,
        grant_id: None,
        client_id: &client.id,
        scope: &scope,
        audience: audience.as_deref(),
        binding: request.stored_binding.as_deref(),
        actor: None,
        authorization_details: details.as_deref(),
        exchanged_from: None,
        now: draft.now,
        expires_at: draft.expires_at(),
    };
    tokens::insert_access(&app.store, &token).await?;
    let contents = Contents {
        scope: &scope,
        audience: audience.as_deref(),
        binding: request.binding.as_ref(),
        sign_in: None,
        authorization_details: details.as_deref(),
        actor: None,
    };
    TokenResponse::new(app, request, draft, &contents)
}

/// Scopes of a back end are the client's own; those that speak of an account mean nothing here.
fn negotiate(client: &Client, asked: Option<&str>) -> Result<String, OAuthError> {
    let own = |scope: &&str| crate::oidc::scopes::find(scope).is_none();
    let Some(asked) = asked else {
        let all: Vec<&str> = client.metadata.scope.split(' ').filter(own).collect();
        if all.is_empty() {
            // A scope has at least one name (RFC 6749 section 3.3), and a token for nothing is of no use.
            return Err(OAuthError::new(Code::InvalidScope, "the client has no scope of its own"));
        }
        return Ok(all.join(" "));
    };
    if !asked.split(' ').all(|scope| own(&scope) && client.may_ask_for(scope)) {
        return Err(OAuthError::new(Code::InvalidScope, "the client may not ask for one of these scopes"));
    }
    Ok(asked.to_owned())
}

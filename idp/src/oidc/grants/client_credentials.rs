//! `client_credentials` (RFC 6749 section 4.4): a portal's back end for itself. No account, no ID token.

use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::Span;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::oxide;
use crate::oidc::token::TokenResponse;
use crate::platform::random;
use crate::store::tokens::{self, NewToken};
use crate::web::params::Params;

/// # Errors
/// `invalid_scope` for a scope that needs an account, or that the client may not have.
pub async fn issue(app: &App, client: &Client, params: &Params) -> Result<TokenResponse> {
    let scope = oxide::client_credentials(params, client, |asked| negotiate(client, asked))?;
    let access_token = random::token();
    let now = app.clock.now();
    let lifetime = app.config.tokens.access_token_seconds;
    let hash = random::hash(&access_token);
    let token = NewToken {
        hash: &hash,
        grant_id: None,
        client_id: &client.id,
        scope: &scope,
        now,
        expires_at: now + Span::seconds(lifetime),
    };
    tokens::insert_access(&app.store, &token).await?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: lifetime,
        refresh_token: None,
        id_token: None,
        scope,
    })
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

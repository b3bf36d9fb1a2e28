//! Taking a grant by the code that stands for it, whichever kind of code it is.

use crate::app::App;
use crate::domain::client::Client;
use crate::domain::confirmation::Confirmation;
use crate::domain::timestamp::Span;
use crate::oidc::access_token::{self, Contents, Draft, SignIn};
use crate::oidc::authorization_request::narrowed_details;
use crate::oidc::error::{Code, OAuthError, Result};
use crate::oidc::subject::subject;
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::oidc::{id_token, scopes, sender_constraint};
use crate::platform::random;
use crate::store::grants::{self, GrantRow, Redemption};
use crate::store::tokens::{self, NewToken};

/// Takes the grant of this id, once, and gives its tokens. `check` says what else is wrong with the request.
///
/// # Errors
/// `invalid_grant` for a code that can't be taken, `invalid_target` and `invalid_authorization_details` for what was not
/// granted, and what `check` says.
pub async fn take(
    app: &App,
    request: &TokenRequest<'_>,
    id: &[u8],
    check: impl Fn(&GrantRow) -> Result<(), OAuthError>,
) -> Result<TokenResponse> {
    let draft = Draft::new(app);
    let named = request.params.all("resource");
    let wanted = (!named.is_empty()).then(|| named.join(" "));
    let redemption = Redemption {
        id,
        client_id: &request.client.id,
        access_hash: &draft.hash,
        access_expires_at: draft.expires_at(),
        access_audience: wanted.as_deref(),
        access_binding: request.stored_binding.as_deref(),
        access_details: request.params.get("authorization_details"),
        now: draft.now,
    };
    let Some(grant) = grants::redeem(&app.store, &redemption).await? else {
        return Err(refuse_and_revoke(app, id).await?.into());
    };
    let checked = check(&grant)
        .and_then(|()| sender_constraint::check_key(grant.dpop_jkt.as_deref(), request.binding.as_ref()))
        .and_then(|()| Good::of(&grant, &named, redemption.access_details));
    let good = match checked {
        Ok(good) => good,
        Err(error) => {
            // The code stays spent: whoever guesses at its verifier gets one guess. What it bought was told to nobody.
            grants::revoke(&app.store, id, draft.now).await?;
            return Err(error.into());
        }
    };
    let access_hash = draft.hash.clone();
    let response = tokens_of(app, request, &grant, &good, draft).await;
    if response.is_err() {
        // Not the client's fault, or it has hung up, and it knows of no token: trying again must not end the grant as a
        // second use would.
        grants::give_back(&app.store, id, &access_hash).await?;
    }
    response
}

/// What an access token of a grant is good for.
pub struct Good {
    pub audience: Option<String>,
    pub authorization_details: Option<String>,
}

impl Good {
    /// All of the grant, or what the token request names again of it.
    ///
    /// # Errors
    /// `invalid_target` and `invalid_authorization_details` for what was not granted.
    pub fn of(grant: &GrantRow, resources: &[&str], details: Option<&str>) -> Result<Self, OAuthError> {
        Ok(Self {
            audience: access_token::narrowed(grant.resources.as_deref(), resources)?,
            authorization_details: narrowed_details(grant.authorization_details.as_deref(), details)?,
        })
    }
}

async fn tokens_of(
    app: &App,
    request: &TokenRequest<'_>,
    grant: &GrantRow,
    good: &Good,
    draft: Draft,
) -> Result<TokenResponse> {
    let contents = contents(app, request.client, grant, &grant.scope, good, request.binding.as_ref());
    let response = TokenResponse::new(app, request, draft, &contents)?;
    let id_token = if scopes::contains(&grant.scope, "openid") {
        let nonce = grant.nonce.as_deref();
        let made = id_token::make(app, request.client, grant, &response.access_token, nonce);
        Some(request.while_heard(made).await?)
    } else {
        None
    };
    let refresh_token = issue_refresh(app, request, grant).await?;
    Ok(TokenResponse { refresh_token, id_token, ..response })
}

/// What an access token of a grant says.
pub fn contents<'a>(
    app: &App,
    client: &Client,
    grant: &'a GrantRow,
    scope: &'a str,
    good: &'a Good,
    binding: Option<&'a Confirmation>,
) -> Contents<'a> {
    let sign_in = SignIn {
        subject: subject(app, client, &grant.account_id),
        acr: &grant.acr,
        amr: &grant.amr,
        authenticated_at: grant.authenticated_at,
    };
    Contents {
        scope,
        audience: good.audience.as_deref(),
        binding,
        sign_in: Some(sign_in),
        authorization_details: good.authorization_details.as_deref(),
        actor: None,
    }
}

/// With `offline_access`, the refresh token that outlives the session. A statement of its own: should it fail, the code
/// is given back.
async fn issue_refresh(app: &App, request: &TokenRequest<'_>, grant: &GrantRow) -> Result<Option<String>> {
    if !scopes::contains(&grant.scope, "offline_access") {
        return Ok(None);
    }
    let refresh_token = random::token();
    let now = app.clock.now();
    let token = NewToken {
        hash: &random::hash(&refresh_token),
        grant_id: Some(&grant.id),
        client_id: &grant.client_id,
        scope: &grant.scope,
        audience: None,
        binding: request.stored_binding.as_deref(),
        actor: None,
        authorization_details: None,
        exchanged_from: None,
        now,
        expires_at: now + Span::days(app.config.tokens.refresh_token_days),
    };
    tokens::insert_refresh(&app.store, &token).await?;
    Ok(Some(refresh_token))
}

/// A code that can't be taken. If that is because it was taken before, somebody has a copy: what it bought ends
/// (RFC 9700 section 4.5.3).
async fn refuse_and_revoke(app: &App, id: &[u8]) -> Result<OAuthError> {
    let spent = grants::find(&app.store, id).await?.is_some_and(|grant| grant.code_consumed_at.is_some());
    if spent {
        grants::revoke(&app.store, id, app.clock.now()).await?;
        tracing::warn!("an authorization code was used twice; its grant is revoked");
        return Ok(OAuthError::new(Code::InvalidGrant, "the code was used before"));
    }
    Ok(OAuthError::new(Code::InvalidGrant, "the code is unknown, expired or not this client's"))
}

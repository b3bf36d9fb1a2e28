//! The answer to a request that may be granted: the code, which is the grant, and what comes with it by the browser.

use axum::http::StatusCode;
use axum::response::Response;

use super::progress::Interaction;
use super::{arrival, consent, response};
use crate::domain::timestamp::{Span, Timestamp};
use crate::guard::sessions::Session;
use crate::oidc::error::{Code, OAuthError};
use crate::oidc::{id_token, scopes, verified_claims};
use crate::platform::random;
use crate::store::grants::{self, GrantRow};
use crate::store::{authorization_requests, pushed_requests, sessions};
use crate::web::{self, Problem, urls};

/// FAPI 2.0 Security Profile section 5.3.2.2: no code of whoever is held to it is good for longer.
const FAPI_CODE_SECONDS: u32 = 60;

/// Writes the grant and sends the visitor back with it. What the request was kept as is taken with it, so that it is
/// answered once.
///
/// # Errors
/// When the database or signing fails, or the request has been answered meanwhile.
pub async fn grant(interaction: &Interaction<'_>, session: &Session, acr: &str) -> web::Result<Response> {
    let Interaction { app, visitor, client, request, progress } = *interaction;
    let now = app.clock.now();
    let code = random::token();
    let grant = row(interaction, session, acr, &code, now)?;
    let by_browser = request.response_type.has_id_token();
    if progress.pending_id.is_none() && request.pushed_id.is_none() && !by_browser {
        grants::insert(&app.store, &grant, now).await?;
    } else {
        let mut tx = app.store.begin().await?;
        // Whether a code's session has ended is looked at when it is redeemed; of an ID token that leaves now, now: else its
        // portal would never be told of the end.
        if by_browser && !sessions::hold(&mut tx, &session.sid).await? {
            tx.rollback().await?;
            let ended = OAuthError::new(Code::LoginRequired, "the session has ended meanwhile");
            return refuse(interaction, &ended).await;
        }
        if let Some(id) = &progress.pending_id
            && !authorization_requests::take(&mut tx, &random::hash(id)).await?
        {
            return Ok(visitor.go(urls::SIGN_IN));
        }
        if let Some(id) = &request.pushed_id
            && !pushed_requests::take(&mut tx, &random::hash(id)).await?
        {
            let message = "登录请求已失效或已完成，请返回来源网站重新登录。";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "无法继续登录", message);
            return Err(problem.detail(arrival::GONE).into());
        }
        if progress.agreed {
            consent::remember(&mut tx, interaction, session).await?;
        }
        grants::insert_in(&mut tx, &grant, now).await?;
        tx.commit().await?;
    }
    let code = Some(code.as_str()).filter(|_| request.response_type.has_code());
    let mut answer: Vec<(&str, &str)> = code.map(|code| ("code", code)).into_iter().collect();
    let token;
    if by_browser {
        let state = request.address.state.as_deref();
        token = id_token::make_for_browser(app, client, &grant, code, state).await?;
        answer.push(("id_token", &token));
    }
    response::go(app, visitor, client, &request.address, &answer).await
}

/// Tells the portal that there will be no grant. That is an answer, too: going back must not answer it again.
///
/// # Errors
/// When the database or signing fails.
pub async fn refuse(interaction: &Interaction<'_>, error: &OAuthError) -> web::Result<Response> {
    let Interaction { app, visitor, client, request, progress } = *interaction;
    if progress.pending_id.is_some() || request.pushed_id.is_some() {
        let mut tx = app.store.begin().await?;
        if let Some(id) = &progress.pending_id {
            authorization_requests::take(&mut tx, &random::hash(id)).await?;
        }
        if let Some(id) = &request.pushed_id {
            pushed_requests::take(&mut tx, &random::hash(id)).await?;
        }
        tx.commit().await?;
    }
    response::refused(app, visitor, client, &request.address, error).await
}

fn row(
    interaction: &Interaction<'_>,
    session: &Session,
    acr: &str,
    code: &str,
    now: Timestamp,
) -> anyhow::Result<GrantRow> {
    let Interaction { app, client, request, .. } = *interaction;
    let tokens = &app.config.tokens;
    let longest = if client.is_held_to_fapi() { FAPI_CODE_SECONDS } else { u32::MAX };
    let code_expires_at = now + Span::seconds(tokens.code_seconds.min(longest));
    let access = code_expires_at + Span::seconds(tokens.access_token_seconds);
    // As long as the session, so that its end is told to this portal; longer only with a refresh token.
    let longest = if scopes::contains(&request.scope, "offline_access") {
        access + Span::days(tokens.refresh_token_days)
    } else {
        session.expires_at
    };
    // What came by the browser already is not redeemed.
    let spent = !request.response_type.has_code();
    let mark = |text: &str| verified_claims::mark(app, text);
    let claims = request.claims.as_ref().map(|claims| serde_json::to_string(&claims.names(&mark)));
    let details = Some(&request.authorization_details).filter(|details| !details.is_empty());
    Ok(GrantRow {
        id: random::hash(code),
        client_id: request.client_id.clone(),
        account_id: session.account_id.clone(),
        holder_id: session.holder_id.clone(),
        sid: session.sid.clone(),
        scope: request.scope.clone(),
        redirect_uri: request.address.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        claims: claims.transpose()?,
        acr: acr.to_owned(),
        amr: session.amr.clone(),
        authenticated_at: session.authenticated_at.millis(),
        code_expires_at: code_expires_at.millis(),
        code_consumed_at: spent.then_some(now.millis()),
        expires_at: access.max(longest).millis(),
        revoked_at: None,
        resources: Some(request.resources.join(" ")).filter(|resources| !resources.is_empty()),
        authorization_details: details.map(serde_json::to_string).transpose()?,
        dpop_jkt: request.dpop_jkt.clone(),
        id_token_sent_at: request.response_type.has_id_token().then_some(now.millis()),
    })
}

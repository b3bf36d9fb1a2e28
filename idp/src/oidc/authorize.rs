//! The authorization endpoint (OpenID Connect Core section 3.1.2). Reads as the protocol's checklist: who asks, where
//! the answer goes, what is asked, who is there, have they agreed, here is the code.

mod code;
pub mod consent;
mod progress;
mod response;

use axum::extract::{RawQuery, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use self::progress::{Progress, display, keep, pending_request};
use super::authorization_request::{self, AuthorizationRequest, ReturnAddress};
use super::error::{Code, OAuthError};
use super::subject::subject;
use super::{acr, scopes};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::principal::Principal;
use crate::domain::timestamp::{Span, Timestamp};
use crate::guard::identities;
use crate::guard::sessions::Session;
use crate::store::{grants, principals};
use crate::web::forms::form_params_as_sent;
use crate::web::params::Params;
use crate::web::{self, Problem, Visitor, sign_in_door, urls};

/// GET and POST `/authorize`.
///
/// # Errors
/// When the database fails, or a [`Problem`] that must not be told by redirect.
pub async fn handle(State(app): State<App>, visitor: Visitor, request: Request) -> web::Result<Response> {
    if request.method() == Method::POST {
        // A portal's POST crosses sites, and Lax cookies do not: the same request as GET brings them.
        let params = form_params_as_sent(request, &app).await?;
        let mut url = url::form_urlencoded::Serializer::new(String::from("/authorize?"));
        return Ok(visitor.go(&url.extend_pairs(params.into_pairs()).finish()));
    }
    let query = request.uri().query().unwrap_or_default();
    let params = Params::parse(query.as_bytes()).map_err(|_| unreadable())?;
    let (client, address) = return_address(&app, &params).await?;
    match authorization_request::read(&app, &client, &params) {
        Ok(request) => decide(&app, &visitor, &client, &request, Progress::starting(&app)).await,
        Err(error) => Ok(response::refused(&app, &visitor, &address, &error)),
    }
}

/// GET `/authorize/resume?request=…`: the visitor has signed in, or agreed.
///
/// # Errors
/// As [`handle`].
pub async fn resume(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> web::Result<Response> {
    let (client, request, progress) = pending_request(&app, &visitor, query.as_deref()).await?;
    decide(&app, &visitor, &client, &request, progress).await
}

fn unreadable() -> Problem {
    Problem::of_status(StatusCode::BAD_REQUEST).detail("invalid_request: a parameter is not UTF-8 text")
}

/// Who asks, and where the answer goes. Until both are known for sure, nothing is told by redirect (RFC 9700 4.11).
async fn return_address(app: &App, params: &Params) -> web::Result<(std::sync::Arc<Client>, ReturnAddress)> {
    let problem = |message: &str, detail: &str| {
        Problem::new(StatusCode::BAD_REQUEST, "无法继续登录", message)
            .detail(format!("invalid_request: {detail}"))
    };
    for name in ["client_id", "redirect_uri"] {
        if params.is_repeated(name) {
            return Err(problem(
                "来源网站的登录请求不正确，请返回该网站重试。",
                "client_id or redirect_uri is repeated",
            )
            .into());
        }
    }
    let unknown = || problem("来源网站未在本平台登记，请从正确的网站进入。", "client_id is unknown");
    let client_id = params.get("client_id").ok_or_else(unknown)?;
    let client = app.clients.find(&app.store, client_id).await?.ok_or_else(unknown)?;
    let redirect_uri = params.get("redirect_uri").unwrap_or_default();
    if !client.may_return_to(redirect_uri) {
        return Err(problem(
            "来源网站的返回地址未在本平台登记，请联系该网站的管理员。",
            "redirect_uri is not registered",
        )
        .into());
    }
    let state = params.get("state").map(str::to_owned);
    Ok((client, ReturnAddress { redirect_uri: redirect_uri.to_owned(), state }))
}

async fn decide(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    request: &AuthorizationRequest,
    progress: Progress,
) -> web::Result<Response> {
    let address = ReturnAddress { redirect_uri: request.redirect_uri.clone(), state: request.state.clone() };
    let refuse = |code, description| {
        Ok(response::refused(app, visitor, &address, &OAuthError::new(code, description)))
    };
    let session = visitor.session().await?;
    let signed_in_for_this = progress.pending_id.is_some()
        && session.as_ref().is_some_and(|session| session.authenticated_at >= progress.started_at);
    let Some(session) =
        session.filter(|session| is_enough(app, client, request, session, progress.started_at))
    else {
        if request.prompt.none {
            return refuse(Code::LoginRequired, "nobody who may answer is signed in");
        }
        if signed_in_for_this {
            // Core section 3.1.2.1: an error, rather than the same page again and again.
            return refuse(Code::LoginRequired, "another account has signed in than the request names");
        }
        return ask_to_sign_in(app, visitor, client, request, progress).await;
    };
    if let Some(wanted) = request.acting_for.as_deref()
        && !acts_for(app, &session, wanted).await?
    {
        if request.prompt.none {
            return refuse(Code::AccountSelectionRequired, "the visitor does not act for that unit now");
        }
        let choice = identities::of_session(app, &visitor.caller, &session).await?;
        if choice.is_some_and(|choice| choice.identities.iter().any(|identity| identity.acts_for(wanted))) {
            let id = keep(app, visitor, client, request, progress).await?;
            return Ok(visitor.go(&urls::with_request(urls::SIGN_IN_CHOOSE_IDENTITY, Some(&id))));
        }
        if signed_in_for_this {
            return refuse(Code::AccessDenied, "the account can't act for that unit");
        }
        return ask_to_sign_in(app, visitor, client, request, progress).await;
    }
    if acr::lacks_second_device(&request.wanted_classes(), &session.acr)
        && !progress.without_second_device
        && !request.prompt.none
    {
        if !session.rests_on_password() {
            return ask_to_sign_in(app, visitor, client, request, progress).await;
        }
        let id = keep(app, visitor, client, request, progress).await?;
        return Ok(visitor.go(&urls::with_request(urls::SIGN_IN_QR, Some(&id))));
    }
    let Some(acr) = authentication_class(request, &session) else {
        return refuse(
            Code::UnmetAuthenticationRequirements,
            "the account can't reach the acr that is essential",
        );
    };
    if !progress.agreed && needs_consent(app, client, request, &session).await? {
        if request.prompt.none {
            return refuse(Code::ConsentRequired, "the account has not agreed yet");
        }
        let id = keep(app, visitor, client, request, progress).await?;
        return Ok(visitor.go(&urls::with_request("/authorize/consent", Some(&id))));
    }
    let code = code::issue(app, request, &session, acr, progress.pending_id.as_deref()).await?;
    match code {
        Some(code) => Ok(response::granted(app, visitor, &address, &code)),
        None => Ok(visitor.go(urls::SIGN_IN)),
    }
}

/// Whether a session acts for this unit: a unit for itself, an operator for theirs.
async fn acts_for(app: &App, session: &Session, wanted: &str) -> anyhow::Result<bool> {
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let unit = principal.as_ref().and_then(Principal::unit);
    Ok(unit.is_some_and(|unit| unit.id == wanted || unit.credit_code == wanted))
}

/// Whether this session may answer this request without anybody signing in (again).
fn is_enough(
    app: &App,
    client: &Client,
    request: &AuthorizationRequest,
    session: &Session,
    started_at: Timestamp,
) -> bool {
    let subject = subject(app, client, &session.account_id);
    if request.hinted_sub.as_ref().is_some_and(|hinted| *hinted != subject) {
        return false;
    }
    let wanted_sub = request.claims.as_ref().map(|claims| claims.wanted("sub")).unwrap_or_default();
    if !wanted_sub.is_empty() && !wanted_sub.contains(&subject) {
        return false;
    }
    if session.authenticated_at >= started_at {
        return true;
    }
    if request.prompt.login || request.prompt.select_account {
        return false;
    }
    let age = app.clock.now() - session.authenticated_at;
    request.max_age.is_none_or(|most| age <= Span::seconds(most))
}

/// The class to report; `None` if an essential one is out of reach (Core section 5.5.1.1).
fn authentication_class<'a>(request: &'a AuthorizationRequest, session: &'a Session) -> Option<&'a str> {
    if let Some(claims) = request.claims.as_ref().filter(|claims| claims.is_essential("acr")) {
        let wanted = claims.wanted("acr");
        if !wanted.is_empty() {
            let chosen = acr::satisfied(&wanted, &session.acr)?;
            return acr::LEVELS.into_iter().find(|level| *level == chosen);
        }
    }
    Some(acr::satisfied(&request.acr_values, &session.acr).unwrap_or(&session.acr))
}

async fn needs_consent(
    app: &App,
    client: &Client,
    request: &AuthorizationRequest,
    session: &Session,
) -> web::Result<bool> {
    if request.prompt.consent {
        return Ok(true);
    }
    if client.metadata.first_party {
        return Ok(false);
    }
    let agreed = grants::scopes_of_session(&app.store, &session.sid, &client.id).await?;
    Ok(!agreed.iter().any(|agreed| request.scope.split(' ').all(|scope| scopes::contains(agreed, scope))))
}

async fn ask_to_sign_in(
    app: &App,
    visitor: &Visitor,
    client: &Client,
    request: &AuthorizationRequest,
    progress: Progress,
) -> web::Result<Response> {
    let page = sign_in_door::opening(app, visitor, &display(visitor, client, request).await?);
    let id = keep(app, visitor, client, request, progress).await?;
    Ok(visitor.go(&urls::with_request(page, Some(&id))))
}

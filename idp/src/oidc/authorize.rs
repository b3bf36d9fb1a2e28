//! The authorization endpoint (OpenID Connect Core section 3.1.2). Reads as the protocol's checklist: who asks, where
//! the answer goes, what is asked, who is there, have they agreed, here is the code.

mod answer;
mod arrival;
pub mod consent;
mod progress;
mod response;

use axum::extract::{RawQuery, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use self::progress::{Interaction, Progress, display, keep, pending_request};
use super::acr;
use super::authorization_request::AuthorizationRequest;
use super::error::{Code, OAuthError};
use super::subject::subject;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::principal::Principal;
use crate::domain::timestamp::{Span, Timestamp};
use crate::guard::identities;
use crate::guard::sessions::Session;
use crate::store::principals;
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
        return Ok(visitor.go(&format!("/authorize?{}", params.encoded())));
    }
    let query = request.uri().query().unwrap_or_default();
    let params = Params::parse(query.as_bytes()).map_err(|_| unreadable())?;
    let arrival = arrival::read(&app, params).await?;
    match arrival.outcome {
        Ok(request) => {
            let (client, progress) = (&arrival.client, &Progress::starting(&app));
            decide(Interaction { app: &app, visitor: &visitor, client, request: &request, progress }).await
        }
        Err(error) => response::refused(&app, &visitor, &arrival.client, &arrival.address, &error).await,
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
    let (client, request, progress) = (&client, &request, &progress);
    decide(Interaction { app: &app, visitor: &visitor, client, request, progress }).await
}

fn unreadable() -> Problem {
    Problem::of_status(StatusCode::BAD_REQUEST).detail("invalid_request: a parameter is not UTF-8 text")
}

/// Who is there, have they agreed, here is the answer.
async fn decide(interaction: Interaction<'_>) -> web::Result<Response> {
    let Interaction { app, visitor, client, request, progress } = interaction;
    let refuse =
        async |code, description| answer::refuse(&interaction, &OAuthError::new(code, description)).await;
    let session = visitor.session().await?;
    let signed_in_for_this = progress.pending_id.is_some()
        && session.as_ref().is_some_and(|session| session.signed_in_at >= progress.started_at);
    let is_somebody_else = session.as_ref().is_some_and(|session| !is_wanted(app, client, request, session));
    let is_enough = |session: &Session| {
        !is_somebody_else && is_fresh(app.clock.now(), request, session, progress.started_at)
    };
    let Some(session) = session.filter(is_enough) else {
        if request.prompt.none {
            return refuse(Code::LoginRequired, "nobody who may answer is signed in").await;
        }
        if signed_in_for_this && is_somebody_else {
            // Core section 3.1.2.1: an error, rather than the same page again and again.
            return refuse(Code::LoginRequired, "another account has signed in than the request names").await;
        }
        return ask_to_sign_in(&interaction).await;
    };
    if let Some(wanted) = request.acting_for.as_deref()
        && !acts_for(app, &session, wanted).await?
    {
        if request.prompt.none {
            return refuse(Code::AccountSelectionRequired, "the visitor does not act for that unit now")
                .await;
        }
        let choice = identities::of_session(app, &visitor.caller, &session).await?;
        if choice.is_some_and(|choice| choice.identities.iter().any(|identity| identity.acts_for(wanted))) {
            let id = keep(&interaction).await?;
            return Ok(visitor.go(&urls::with_request(urls::SIGN_IN_CHOOSE_IDENTITY, Some(&id))));
        }
        if signed_in_for_this {
            return refuse(Code::AccessDenied, "the account can't act for that unit").await;
        }
        return ask_to_sign_in(&interaction).await;
    }
    if acr::lacks_second_device(&request.wanted_classes(), &session.acr)
        && !progress.without_second_device
        && !request.prompt.none
    {
        if !session.rests_on_password() {
            return ask_to_sign_in(&interaction).await;
        }
        let id = keep(&interaction).await?;
        return Ok(visitor.go(&urls::with_request(urls::SIGN_IN_QR, Some(&id))));
    }
    let Some(acr) = authentication_class(request, &session) else {
        return refuse(
            Code::UnmetAuthenticationRequirements,
            "the account can't reach the acr that is essential",
        )
        .await;
    };
    if !progress.agreed && consent::is_needed(app, client, request, &session).await? {
        if request.prompt.none {
            return refuse(Code::ConsentRequired, "the account has not agreed yet").await;
        }
        let id = keep(&interaction).await?;
        return Ok(visitor.go(&urls::with_request("/authorize/consent", Some(&id))));
    }
    answer::grant(&interaction, &session, acr).await
}

/// Whether a session acts for this unit: a unit for itself, an operator for theirs.
async fn acts_for(app: &App, session: &Session, wanted: &str) -> anyhow::Result<bool> {
    let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let unit = principal.as_ref().and_then(Principal::unit);
    Ok(unit.is_some_and(|unit| unit.id == wanted || unit.credit_code == wanted))
}

/// Whether it is the account that the request names, if it names one.
fn is_wanted(app: &App, client: &Client, request: &AuthorizationRequest, session: &Session) -> bool {
    let subject = subject(app, client, &session.account_id);
    let wanted = request.claims.as_ref().map(|claims| claims.wanted("sub")).unwrap_or_default();
    request.hinted_sub.as_ref().is_none_or(|hinted| *hinted == subject)
        && (wanted.is_empty() || wanted.contains(&subject))
}

/// Whether the sign-in is as young as the request wants it.
fn is_fresh(
    now: Timestamp,
    request: &AuthorizationRequest,
    session: &Session,
    started_at: Timestamp,
) -> bool {
    if session.authenticated_at >= started_at {
        return true;
    }
    if request.prompt.login || request.prompt.select_account && session.signed_in_at < started_at {
        return false;
    }
    request.max_age.is_none_or(|most| now - session.authenticated_at <= Span::seconds(most))
}

/// The class to report; `None` if an essential one is out of reach (Core section 5.5.1.1).
fn authentication_class<'a>(request: &'a AuthorizationRequest, session: &'a Session) -> Option<&'a str> {
    if let Some(claims) = &request.claims {
        let wanted = claims.wanted("acr");
        let chosen = acr::satisfied(&wanted, &session.acr);
        let level = acr::LEVELS.into_iter().find(|level| chosen == Some(*level));
        if level.is_some() || !wanted.is_empty() && claims.is_essential("acr") {
            return level;
        }
    }
    Some(acr::satisfied(&request.acr_values, &session.acr).unwrap_or(&session.acr))
}

async fn ask_to_sign_in(interaction: &Interaction<'_>) -> web::Result<Response> {
    let Interaction { app, visitor, client, request, .. } = *interaction;
    let page = sign_in_door::opening(app, visitor, &display(visitor, client, request).await?);
    let id = keep(interaction).await?;
    Ok(visitor.go(&urls::with_request(page, Some(&id))))
}

//! GET and POST `/sign-out`. With a valid `id_token_hint` the session ends at once; without one the visitor is asked
//! first, and is never sent anywhere afterwards.

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use url::form_urlencoded;

use super::{confirm, done, front_channel};
use crate::app::App;
use crate::guard::id_token_hint::{self, Hint};
use crate::guard::{self, sessions};
use crate::web::forms::form_params;
use crate::web::params::Params;
use crate::web::{self, Problem, Visitor, cookies};

/// # Errors
/// When the database fails, or a [`Problem`] with what the portal asked for.
pub async fn handle(State(app): State<App>, visitor: Visitor, request: Request) -> web::Result<Response> {
    let posted = request.method() == Method::POST;
    let params = if posted {
        form_params(request, &app).await?
    } else {
        let query = request.uri().query().unwrap_or_default();
        Params::parse(query.as_bytes()).map_err(|_| problem("a parameter is not UTF-8"))?
    };
    if params.repeated().is_some() {
        return Err(problem("a parameter is repeated").into());
    }
    let Some(hint) = params.get("id_token_hint").and_then(|hint| id_token_hint::read(&app, hint)) else {
        if posted {
            // Without the cookie, which a POST across sites does not bring, this would say "you are signed out" to
            // somebody who is not. The same question as GET brings it.
            return Ok(visitor.go(&question(params.get("client_id"))));
        }
        return confirm::show(&app, &visitor, params.get("client_id")).await;
    };
    if params.get("client_id").is_some_and(|named| named != hint.client_id) {
        return Err(problem("client_id differs from the id_token_hint").into());
    }
    let target = return_target(&app, &hint, &params).await?;
    let session = visitor.session().await?;
    if session.as_ref().is_some_and(|session| !hint.is_of(&app, &session.sid)) {
        // The hint speaks of another session than this browser's: only its owner may end that one.
        return confirm::show(&app, &visitor, Some(&hint.client_id)).await;
    }
    if posted && visitor.session_token.is_none() && hint.sid.is_none() {
        // Only together with the cookie this hint says which session it is.
        return Ok(visitor.go(&again_by_get(&params)));
    }
    let ended = match (&visitor.session_token, &hint.sid) {
        (Some(token), _) => sessions::end(&app, &visitor.caller, token).await?,
        // A portal's POST crosses sites and brings no Lax cookie; the hint says which session it is. A GET would have
        // brought it: without it the hint may be one from a log.
        (None, Some(sid)) if posted => {
            sessions::end_by_sid(&app, &visitor.caller, sid).await?;
            None
        }
        (None, _) => None,
    };
    // Asked once it has ended: nobody joins it any more.
    let notices = match ended.as_ref().or(hint.sid.as_ref()) {
        Some(sid) => guard::front_channel::notices(&app, sid).await?,
        None => Vec::new(),
    };
    let mut response = match target {
        _ if !notices.is_empty() => front_channel::show(&visitor, &notices, target.as_deref())?,
        Some(target) => visitor.go(&target),
        None => done::show(&visitor)?,
    };
    if visitor.session_token.is_some() {
        // A cookie that was not sent may be that of another session, which goes on.
        cookies::remove(response.headers_mut(), cookies::SESSION);
    }
    Ok(response)
}

/// The same request; a redirect to it brings the cookie that a POST across sites does not.
fn again_by_get(params: &Params) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/sign-out?"));
    for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
        query.extend_pairs(params.get(name).map(|value| (name, value)));
    }
    query.finish()
}

fn question(client_id: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/sign-out?"));
    query.extend_pairs(client_id.map(|id| ("client_id", id))).finish()
}

fn problem(detail: &'static str) -> Problem {
    let message = "来源网站的退出请求不正确，您可以关闭本页面，或返回该网站重试。";
    Problem::new(StatusCode::BAD_REQUEST, "无法完成退出", message).detail(detail)
}

/// Where the portal wants its visitor back: exactly as registered, with its `state`.
async fn return_target(app: &App, hint: &Hint, params: &Params) -> web::Result<Option<String>> {
    let Some(uri) = params.get("post_logout_redirect_uri") else { return Ok(None) };
    let client = app.clients.find(&app.store, &hint.client_id).await?;
    let registered =
        client.is_some_and(|client| client.metadata.post_logout_redirect_uris.iter().any(|one| one == uri));
    if !registered {
        return Err(problem("post_logout_redirect_uri is not registered").into());
    }
    Ok(Some(match params.get("state") {
        Some(state) => {
            let joint = if uri.contains('?') { '&' } else { '?' };
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
            format!("{uri}{joint}{query}")
        }
        None => uri.to_owned(),
    }))
}

//! GET and POST `/sign-out`. With a valid `id_token_hint` of this session it ends at once; with another one the visitor is
//! asked first, and without one they are sent nowhere afterwards.

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;
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
        return confirm::show(&app, &visitor, params.get("client_id"), Back::default(), None).await;
    };
    if params.get("client_id").is_some_and(|named| named != hint.client_id) {
        return Err(problem("client_id differs from the id_token_hint").into());
    }
    let back = Back::of(&params);
    let target = back.target(&app, &hint).await?;
    let session = visitor.session().await?;
    if session.as_ref().is_some_and(|session| !hint.is_of(&app, &session.sid)) {
        // The hint speaks of another session than this browser's: only its owner may end that one.
        return confirm::show(&app, &visitor, Some(&hint.client_id), back, target.as_deref()).await;
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
    // Asked once it has ended: nobody joins it any more. One that the hint names, and that goes on, tells nobody.
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
    let mut query = to_here();
    for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
        query.extend_pairs(params.get(name).map(|value| (name, value)));
    }
    query.finish()
}

fn question(client_id: Option<&str>) -> String {
    let mut query = to_here();
    query.extend_pairs(client_id.map(|id| ("client_id", id))).finish()
}

fn to_here() -> form_urlencoded::Serializer<'static, String> {
    let path = "/sign-out?";
    form_urlencoded::Serializer::for_suffix(path.to_owned(), path.len())
}

fn problem(detail: &'static str) -> Problem {
    let message = "来源网站的退出请求不正确，您可以关闭本页面，或返回该网站重试。";
    Problem::new(StatusCode::BAD_REQUEST, "无法完成退出", message).detail(detail)
}

/// Where the portal wants its visitor back, and the hint that lets it say so.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    id_token_hint: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

impl Back {
    fn of(params: &Params) -> Self {
        let text = |name| params.get(name).map(str::to_owned);
        Self {
            id_token_hint: text("id_token_hint"),
            post_logout_redirect_uri: text("post_logout_redirect_uri"),
            state: text("state"),
        }
    }

    /// As hidden fields of a form, which brings them back.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let fields = [
            ("id_token_hint", &self.id_token_hint),
            ("post_logout_redirect_uri", &self.post_logout_redirect_uri),
            ("state", &self.state),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// The address, if there is one and the hint is good.
    ///
    /// # Errors
    /// When the database fails, or a [`Problem`] with the address.
    pub async fn checked_target(&self, app: &App) -> web::Result<Option<String>> {
        match self.id_token_hint.as_deref().and_then(|hint| id_token_hint::read(app, hint)) {
            Some(hint) => self.target(app, &hint).await,
            None => Ok(None),
        }
    }

    /// Exactly as registered, with the portal's `state`.
    async fn target(&self, app: &App, hint: &Hint) -> web::Result<Option<String>> {
        let Some(uri) = &self.post_logout_redirect_uri else { return Ok(None) };
        let client = app.clients.find(&app.store, &hint.client_id).await?;
        let registered = client.is_some_and(|client| client.metadata.post_logout_redirect_uris.contains(uri));
        if !registered {
            return Err(problem("post_logout_redirect_uri is not registered").into());
        }
        Ok(Some(match &self.state {
            Some(state) => {
                let joint = if uri.contains('?') { '&' } else { '?' };
                let query =
                    form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
                format!("{uri}{joint}{query}")
            }
            None => uri.clone(),
        }))
    }
}

//! Signing out, the same for every portal: our own session first, then the provider's (RP-initiated
//! logout); the provider tells the other portals, and sends the browser back to `/…/signed-out`.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use openidconnect::{ClientId, CsrfToken, EndSessionUrl, LogoutRequest, PostLogoutRedirectUrl};
use serde::Deserialize;

use crate::cookies;
use crate::portal::Portal;
use crate::problem::{Problem, Result};
use crate::relying_party::RelyingParty;
use crate::tokens;

#[derive(Template)]
#[template(path = "signed_out.html")]
struct Page {
    party: RelyingParty,
    /// Whether the provider's session has ended too.
    everywhere: bool,
}

pub async fn logout(
    State(portal): State<Arc<Portal>>,
    Extension(party): Extension<RelyingParty>,
    headers: HeaderMap,
) -> Result<Response> {
    let cookie = cookies::session(party);
    let session = portal.cookies.read(&headers, &cookie).and_then(|id| portal.sessions.end(id));
    let Some(session) = session else {
        return Ok(Redirect::to(party.front_door()).into_response());
    };
    tokens::revoke(&portal, &session).await;
    let endpoint = portal
        .provider
        .metadata()
        .await
        .ok()
        .and_then(|one| one.additional_metadata().end_session_endpoint.clone());
    let mut response = match endpoint {
        Some(endpoint) => {
            let state = CsrfToken::new_random_len(32);
            let url = logout_url(endpoint, party, &session.id_token, &portal.public_url, state.clone())?;
            let mut response = Redirect::to(&url).into_response();
            portal.cookies.set(response.headers_mut(), cookies::SIGN_OUT, state.secret());
            response
        }
        // The provider offers no such endpoint: say what has been done and what has not.
        None => Html(Page { party, everywhere: false }.render()?).into_response(),
    };
    portal.cookies.remove(response.headers_mut(), &cookie);
    Ok(response)
}

fn logout_url(
    endpoint: EndSessionUrl,
    party: RelyingParty,
    id_token: &str,
    public_url: &str,
    state: CsrfToken,
) -> Result<String> {
    let back = PostLogoutRedirectUrl::new(party.url(public_url, "signed-out"))
        .map_err(|e| Problem::Fault(e.into()))?;
    let mut url = LogoutRequest::from(endpoint)
        .set_client_id(ClientId::new(party.client_id()))
        .set_post_logout_redirect_uri(back)
        .set_state(state)
        .http_get_url();
    // The crate takes a parsed token here; ours has been kept as it was received.
    url.query_pairs_mut().append_pair("id_token_hint", id_token);
    Ok(url.into())
}

#[derive(Default, Deserialize)]
pub struct Back {
    state: Option<String>,
}

pub async fn signed_out(
    State(portal): State<Arc<Portal>>,
    Extension(party): Extension<RelyingParty>,
    back: std::result::Result<Query<Back>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let Back { state } = back.map(|Query(back)| back).unwrap_or_default();
    let ours = portal.cookies.read(&headers, cookies::SIGN_OUT);
    if ours.is_none() || ours != state.as_deref() {
        // Nobody has signed out here: a link from elsewhere, or the page loaded again.
        return Ok(Redirect::to(party.front_door()).into_response());
    }
    let mut response = Html(Page { party, everywhere: true }.render()?).into_response();
    portal.cookies.remove(response.headers_mut(), cookies::SIGN_OUT);
    Ok(response)
}

//! Signing in, the same for every portal: `/…/login` sends the browser to the provider,
//! `/…/callback` receives the answer. Code flow, PKCE (S256), state, nonce, and `iss` (RFC 9207).

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow};
use openidconnect::{AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, Scope};
use serde::Deserialize;

use crate::cookies;
use crate::exchange::exchange;
use crate::pending::PendingSignIn;
use crate::portal::Portal;
use crate::problem::{Problem, Result};
use crate::provider;
use crate::relying_party::RelyingParty;
use crate::sessions::Session;
use crate::tokens;

/// How to ask the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// 单位登录 or 个人登录.
    #[serde(rename = "as")]
    pub role: Option<Role>,
    /// To sign in anew even if the provider knows this browser: for a change of account.
    #[serde(deserialize_with = "is_given")]
    pub again: bool,
    /// Without showing anything.
    #[serde(skip)]
    pub silent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Unit,
    Personal,
}

/// `?again` and `?again=1` alike.
fn is_given<'de, D: serde::Deserializer<'de>>(value: D) -> std::result::Result<bool, D::Error> {
    String::deserialize(value).map(|_| true)
}

pub async fn login(
    State(portal): State<Arc<Portal>>,
    Extension(party): Extension<RelyingParty>,
    wish: std::result::Result<Query<Wish>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let wish = wish.map(|Query(wish)| wish).unwrap_or_default();
    begin(&portal, party, wish, &headers).await
}

/// Sends the browser to the provider.
pub async fn begin(
    portal: &Portal,
    party: RelyingParty,
    wish: Wish,
    headers: &HeaderMap,
) -> Result<Response> {
    let credentials = portal.credentials(party).ok_or(Problem::NotRegistered(party))?;
    let retry = if wish.silent { party.landing() } else { format!("{}/login", party.path()) };
    let metadata = portal.provider.metadata().await.map_err(Problem::unreachable(retry))?;
    let client =
        provider::client(&metadata, party, credentials, &portal.public_url).map_err(Problem::Fault)?;

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new_random_len(32),
            || Nonce::new_random_len(32),
        )
        // The crate itself asks for `openid`.
        .add_scopes(party.scopes().iter().skip(1).map(|scope| Scope::new((*scope).to_owned())))
        .set_pkce_challenge(challenge);
    if wish.silent {
        request = request.add_prompt(CoreAuthPrompt::None);
    } else if wish.again {
        request = request.add_prompt(CoreAuthPrompt::Login);
    }
    // A hint which tab to open first; a provider that does not know the parameter ignores it.
    if let Some(role) = wish.role {
        request = request.add_extra_param(
            "account_type",
            match role {
                Role::Unit => "legal_entity",
                Role::Personal => "natural_person",
            },
        );
    }
    let (url, state, nonce) = request.url();

    let mut response = Redirect::to(url.as_str()).into_response();
    let browser = match portal.cookies.read(headers, cookies::BROWSER) {
        Some(known) => known.to_owned(),
        None => {
            let new = CsrfToken::new_random_len(32).into_secret();
            portal.cookies.set(response.headers_mut(), cookies::BROWSER, &new);
            new
        }
    };
    let sign_in =
        PendingSignIn { party, browser, nonce, verifier, silent: wish.silent, begun: Instant::now() };
    portal.pending.remember(state.secret(), sign_in);
    Ok(response)
}

/// The parameters of the authorization response.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

pub async fn callback(
    State(portal): State<Arc<Portal>>,
    Extension(party): Extension<RelyingParty>,
    answer: std::result::Result<Query<Answer>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let Query(answer) = answer.map_err(|_| Problem::Stale(party))?;
    let Some(sign_in) = pending(&portal, party, &answer, &headers) else {
        // Gone back in the history, or loaded twice: whoever is signed in already just goes on.
        return match portal.session(party, &headers) {
            Some(_) => Ok(Redirect::to(&party.landing()).into_response()),
            None => Err(Problem::Stale(party)),
        };
    };
    let credentials = portal.credentials(party).ok_or(Problem::NotRegistered(party))?;
    let metadata = portal.provider.metadata().await.map_err(Problem::unreachable(party.landing()))?;

    let expects_iss = metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match answer.iss.as_deref() {
        Some(iss) if iss == metadata.issuer().as_str() => {}
        None if !expects_iss => {}
        _ => return Err(Problem::Untrusted(party, anyhow::anyhow!("the answer is not from our provider"))),
    }
    if let Some(error) = answer.error {
        return if sign_in.silent && needs_the_visitor(&error) {
            begin(&portal, party, Wish::default(), &headers).await
        } else {
            Err(Problem::Refused(party, presentable(&error)))
        };
    }
    let code =
        answer.code.ok_or_else(|| Problem::Untrusted(party, anyhow::anyhow!("neither code nor error")))?;
    let session = exchange(&portal, metadata, party, credentials, AuthorizationCode::new(code), sign_in)
        .await
        .map_err(|error| Problem::Untrusted(party, error))?;
    Ok(enter(&portal, session, &headers).await)
}

fn pending(
    portal: &Portal,
    party: RelyingParty,
    answer: &Answer,
    headers: &HeaderMap,
) -> Option<PendingSignIn> {
    let browser = portal.cookies.read(headers, cookies::BROWSER)?;
    portal.pending.take(answer.state.as_deref()?, party, browser, Instant::now())
}

/// What `prompt=none` answers when there is something to show.
fn needs_the_visitor(error: &str) -> bool {
    matches!(
        error,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required"
    )
}

/// An error code as the specifications write them; anything else is not put on a page.
fn presentable(error: &str) -> String {
    let is_code = error.len() <= 50 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { error.to_owned() } else { "unknown_error".to_owned() }
}

/// Opens a session under a new id, whatever the browser brought along.
async fn enter(portal: &Portal, session: Session, headers: &HeaderMap) -> Response {
    let party = session.party;
    let former = portal.cookies.read(headers, &cookies::session(party));
    if let Some(former) = former.and_then(|id| portal.sessions.end(id)) {
        tokens::revoke(portal, &former).await;
    }
    let id = CsrfToken::new_random_len(32).into_secret();
    let mut response = StatusCode::SEE_OTHER.into_response();
    portal.cookies.set(response.headers_mut(), &cookies::session(party), &id);
    if let Ok(landing) = HeaderValue::try_from(party.landing()) {
        response.headers_mut().insert(header::LOCATION, landing);
    }
    portal.sessions.begin(id, session);
    response
}

impl Portal {
    /// The session that this browser has with this portal.
    pub fn session(&self, party: RelyingParty, headers: &HeaderMap) -> Option<Session> {
        let id = self.cookies.read(headers, &cookies::session(party))?;
        self.sessions.find(id, party, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(query: &str) -> Wish {
        let uri = format!("/hall/login?{query}").parse().expect("uri");
        Query::<Wish>::try_from_uri(&uri).map(|Query(wish)| wish).unwrap_or_default()
    }

    #[test]
    fn reads_what_the_visitor_wishes() {
        assert_eq!(wish("as=personal"), Wish { role: Some(Role::Personal), ..Wish::default() });
        assert_eq!(wish("as=unit&again=1"), Wish { role: Some(Role::Unit), again: true, silent: false });
        assert_eq!(wish("as=nobody"), Wish::default());
        assert_eq!(wish("silent=true"), Wish::default());
    }

    #[test]
    fn only_plain_codes_reach_a_page() {
        assert_eq!(presentable("access_denied"), "access_denied");
        assert_eq!(presentable("请拨打此号码"), "unknown_error");
    }
}

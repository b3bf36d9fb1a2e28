//! `/…/backchannel-logout`: the provider tells a portal, server to server, that a session has ended.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form, Json};
use serde::Deserialize;
use serde_json::json;

use crate::logout_token::{Ended, Expected, Refusal, check};
use crate::portal::Portal;
use crate::provider::Metadata;
use crate::relying_party::RelyingParty;
use crate::tokens;

#[derive(Deserialize)]
pub struct Notice {
    logout_token: String,
}

pub async fn post(
    State(portal): State<Arc<Portal>>,
    Extension(party): Extension<RelyingParty>,
    notice: Result<Form<Notice>, FormRejection>,
) -> Response {
    let told = match notice {
        Ok(Form(notice)) => believe(&portal, party, &notice.logout_token).await,
        Err(_) => Err("there is no logout_token".to_owned()),
    };
    let response = match told {
        Ok(ended) => {
            let ended =
                portal.sessions.end_matching(party, ended.subject.as_deref(), ended.session.as_deref());
            tracing::info!(
                client_id = party.client_id(),
                count = ended.len(),
                "sessions ended by the provider"
            );
            // The provider does not wait for it: it is told that the sessions are over, which they are.
            tokio::spawn(async move {
                for session in &ended {
                    tokens::revoke(&portal, session).await;
                }
            });
            StatusCode::OK.into_response()
        }
        Err(why) => {
            tracing::warn!(client_id = party.client_id(), why, "logout token refused");
            let body = json!({ "error": "invalid_request", "error_description": why });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    };
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}

async fn believe(portal: &Portal, party: RelyingParty, token: &str) -> Result<Ended, String> {
    let metadata = portal.provider.metadata().await.map_err(|error| error.to_string())?;
    let first = check_with(&metadata, party, token);
    if !matches!(first, Err(Refusal::UnknownKey | Refusal::Signature)) {
        return first.map_err(|refusal| refusal.to_string());
    }
    // Perhaps the key came after those we have.
    let newer = portal.provider.ask_again(Some(&metadata)).await.map_err(|error| error.to_string())?;
    check_with(&newer, party, token).map_err(|refusal| refusal.to_string())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the portals are not the provider: they live by the real clock"
)]
fn check_with(metadata: &Metadata, party: RelyingParty, token: &str) -> Result<Ended, Refusal> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    check(
        token,
        &Expected {
            issuer: metadata.issuer().as_str(),
            client_id: &party.client_id(),
            keys: metadata.jwks().keys(),
            algorithms: metadata.id_token_signing_alg_values_supported(),
            now: i64::try_from(now).unwrap_or(i64::MAX),
        },
    )
}

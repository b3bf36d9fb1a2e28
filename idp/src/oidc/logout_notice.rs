//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): tells a portal that a session has ended.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, json};

use super::subject::subject;
use crate::app::App;
use crate::domain::client_keys::Inside;
use crate::guard::logout_notices::LogoutNotice;
use crate::platform::random;

/// Long enough for one delivery; a retry signs a new one.
const LIFE_SECONDS: i64 = 120;

/// Delivers one notice.
///
/// # Errors
/// When the portal can't be reached or does not say 2xx: worth another try.
pub async fn deliver(app: &App, payload: &str) -> Result<()> {
    let notice: LogoutNotice = serde_json::from_str(payload)?;
    // A client that is gone, or no longer wants notices, has nothing to be told.
    let Some(client) = app.clients.find(&app.store, &notice.client_id).await? else { return Ok(()) };
    let Some(uri) = &client.metadata.backchannel_logout_uri else { return Ok(()) };
    let now = app.clock.now();
    let claims = json!({
        "iss": app.config.issuer,
        "sub": subject(app, &client, &notice.account_id),
        "aud": client.id,
        "iat": now.seconds(),
        "exp": now.seconds() + LIFE_SECONDS,
        "jti": random::id(),
        "sid": notice.sid,
        "events": { "http://schemas.openid.net/event/backchannel-logout": Map::new() },
    });
    let claims = claims.as_object().context("the claims are an object")?;
    let metadata = &client.metadata;
    let signed = app.keys.sign(metadata.id_token_signed_response_alg, "logout+jwt", claims, now)?;
    // Section 2.6, step 1: encrypted as its ID tokens are, or the portal would do right to refuse it.
    let wanted = metadata.id_token_encrypted_response_alg.zip(metadata.id_token_encrypted_response_enc);
    let token = app.sealed_for(&client, wanted, Inside::Jwt, signed).await?;
    let body =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    // By the guarded way what a stranger named, and what needs `fetch.ca`.
    if client.metadata.self_registered || app.fetcher.trusts(uri) {
        return app.fetcher.post_form(uri, body).await.with_context(|| client.id.clone());
    }
    let request = app.http.post(uri).header("content-type", "application/x-www-form-urlencoded").body(body);
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    ensure!(response.status().is_success(), "{} answered {}", client.id, response.status());
    Ok(())
}

//! A client that hangs up while its answer is made: what it had shown is not used up, and its next try succeeds.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use idp::domain::encryption_alg::KeyManagement;
use tokio::sync::Semaphore;

use super::device_grant::{begin, decide, enter, poll};
use super::signed_and_encrypted::pair;
use super::*;
use crate::support::{site, sql};

/// A key set that lets itself wait.
struct SlowKeys {
    uri: String,
    gate: Arc<Gate>,
}

struct Gate {
    keys: String,
    asked: Semaphore,
    answers: Semaphore,
}

async fn keys(State(gate): State<Arc<Gate>>) -> impl IntoResponse {
    gate.asked.add_permits(1);
    drop(gate.answers.acquire().await.unwrap());
    ([(header::CONTENT_TYPE, "application/json")], gate.keys.clone())
}

impl SlowKeys {
    fn start(keys_of: &Value) -> Self {
        let gate = Gate { keys: keys_of.to_string(), asked: Semaphore::new(0), answers: Semaphore::new(0) };
        let gate = Arc::new(gate);
        let base = site::serve(Router::new().route("/jwks", get(keys)).with_state(Arc::clone(&gate)));
        Self { uri: format!("{base}/jwks"), gate }
    }

    async fn is_asked(&self) {
        self.gate.asked.acquire().await.unwrap().forget();
    }

    /// From now on at once.
    fn answer(&self) {
        self.gate.answers.add_permits(1);
    }
}

/// Sends a request, and hangs up in the middle of its answer: when the code is spent and the keys are waited for.
async fn hang_up(app: &TestApp, slow: &SlowKeys, request: impl Future<Output = Reply>) {
    tokio::select! {
        reply = request => panic!("it was answered: {}", reply.body),
        () = slow.is_asked() => (),
    }
    let spent = "SELECT COUNT(*) FROM grants WHERE code_consumed_at IS NOT NULL OR access_hash IS NOT NULL";
    for _ in 0..400 {
        if sql::number(app, spent).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the code is not given back");
}

/// What a client that tries again gets; a slow machine may have made the keys be waited for in vain.
async fn again(app: &TestApp, mut ask: impl AsyncFnMut() -> Reply) -> Value {
    let mut reply = ask().await;
    if reply.status == 400 && reply.json()["error"] == "invalid_request" {
        app.advance_seconds(60);
        reply = ask().await;
    }
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

fn encrypted(keys: &SlowKeys) -> Value {
    json!({
        "jwks_uri": keys.uri, "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM",
    })
}

on_both! {
    |config| config.tokens.code_seconds = 300;
    async fn a_code_is_not_used_up_for_nobody(app: TestApp) {
        let pair = pair(KeyManagement::EcdhEs);
        let slow = SlowKeys::start(&json!({ "keys": [pair.public] }));
        let portal = Portal::register_with(&app, "hall", encrypted(&slow)).await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[("scope", "openid offline_access")]).await;
        hang_up(&app, &slow, portal.redeem(&mut agent, &code)).await;
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM refresh_tokens").await, 0, "nobody heard of one");
        slow.answer();
        let tokens = again(&app, async || portal.redeem(&mut agent, &code).await).await;
        verified(&app, &pair.open(&text(&tokens, "id_token")).0).await;
        assert_eq!(portal.userinfo(&agent, &text(&tokens, "access_token")).await.status, 200);
        let refresh = text(&tokens, "refresh_token");
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(portal.token(&mut agent, &params).await.status, 200);
        // And only until somebody has heard.
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
    }
}

on_both! {
    // A second try of the one who hung up waits for the keys that the first had asked for; nobody asks twice.
    async fn keys_that_are_on_their_way_are_waited_for(app: TestApp) {
        let pair = pair(KeyManagement::EcdhEs);
        let slow = SlowKeys::start(&json!({ "keys": [pair.public] }));
        let portal = Portal::register_with(&app, "hall", encrypted(&slow)).await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[]).await;
        hang_up(&app, &slow, portal.redeem(&mut agent, &code)).await;
        let (reply, ()) = tokio::join!(portal.redeem(&mut agent, &code), async { slow.answer() });
        assert_eq!(slow.gate.asked.available_permits(), 0, "once for both");
        // Where this machine took longer than the provider waits, there is no key, and the code is still there.
        if reply.status != 200 {
            assert_refused(&reply, 400, "invalid_request");
        }
    }
}

on_both! {
    async fn a_device_code_is_not_used_up_for_nobody(app: TestApp) {
        let pair = pair(KeyManagement::EcdhEs);
        let slow = SlowKeys::start(&json!({ "keys": [pair.public] }));
        let mut changes = encrypted(&slow);
        changes["token_endpoint_auth_method"] = json!("none");
        changes["grant_types"] = json!(["urn:ietf:params:oauth:grant-type:device_code"]);
        changes["redirect_uris"] = json!([]);
        let terminal = Portal::register_with(&app, "terminal", changes).await;
        let (mut device, mut phone) = (Agent::new(&app.base), signed_in(&app).await);
        let begun = begin(&terminal, &mut device, &[("scope", "openid")]).await;
        let page = enter(&mut phone, &text(&begun, "user_code")).await;
        decide(&mut phone, &page, "allow").await;
        hang_up(&app, &slow, poll(&terminal, &mut device, &begun)).await;
        slow.answer();
        let tokens = again(&app, async || poll(&terminal, &mut device, &begun).await).await;
        verified(&app, &pair.open(&text(&tokens, "id_token")).0).await;
        assert_refused(&poll(&terminal, &mut device, &begun).await, 400, "invalid_grant");
    }
}

//! OpenID Connect Back-Channel Logout 1.0: what a portal is told, by whom, and how often it is tried.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use idp::domain::encryption_alg::KeyManagement;
use idp::guard::logout_notices::{LOGOUT_NOTICE, LogoutNotice};
use idp::store::outbox;

use super::response_modes::fragment;
use super::signed_and_encrypted::pair;
use super::*;

/// A portal's receiver, which fails as often as it is told to before it accepts.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    pub(super) failures_left: Arc<Mutex<u32>>,
    received: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    /// Starts to listen; gives the URI to register.
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().route("/notice", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://localhost:{port}/notice")
    }

    /// The requests so far (content type and body), once there are as many as expected.
    pub(super) async fn wait(&self, count: usize) -> Vec<(String, String)> {
        for _ in 0..200 {
            let received = self.received.lock().unwrap().clone();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} notices were expected, {:?} came", self.received.lock().unwrap());
    }

    pub(super) async fn portal(&self, app: &TestApp, id: &str, changes: Value) -> Portal {
        let mut metadata = json!({"backchannel_logout_uri": self.start().await});
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Portal::register_with(app, id, metadata).await
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    receiver.received.lock().unwrap().push((kind, body));
    let mut left = receiver.failures_left.lock().unwrap();
    if *left > 0 {
        *left -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::OK
}

pub(super) fn logout_token(request: &(String, String)) -> String {
    assert_eq!(request.0, "application/x-www-form-urlencoded");
    let fields: Vec<(String, String)> =
        url::form_urlencoded::parse(request.1.as_bytes()).into_owned().collect();
    let [(name, token)] = &fields[..] else { panic!("one field: {fields:?}") };
    assert_eq!(name, "logout_token");
    token.clone()
}

on_both! {
    // Sections 2.4 and 2.5: one field, a signed token of its own type, for this portal and this session.
    async fn every_portal_of_the_session_is_told(app: TestApp) {
        let (first, second, unused) = (Receiver::default(), Receiver::default(), Receiver::default());
        let hall = first.portal(&app, "hall", json!({})).await;
        let old = second.portal(&app, "old", json!({"id_token_signed_response_alg": "RS256"})).await;
        let shop = unused.portal(&app, "shop", json!({})).await;
        let mut agent = signed_in(&app).await;
        let mut other = signed_in(&app).await;
        shop.tokens(&mut other, &[]).await;
        // A code that nobody redeemed is no session at the portal.
        shop.code(&mut agent, &[]).await;
        let hall_token = text(&hall.tokens(&mut agent, &[]).await, "id_token");
        hall.tokens(&mut agent, &[]).await;
        let old_token = text(&old.tokens(&mut agent, &[]).await, "id_token");
        let reply = agent.get(&format!("/sign-out?id_token_hint={hall_token}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let mut ids = Vec::new();
        for (receiver, portal, id_token, alg) in
            [(&first, &hall, &hall_token, "ES256"), (&second, &old, &old_token, "RS256")]
        {
            let (header, told) = verified(&app, &logout_token(&receiver.wait(1).await[0])).await;
            assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!(alg)));
            let expected = ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"];
            assert_eq!(members(&told), expected, "and never a nonce");
            let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
            assert_eq!((&told["iss"], &told["aud"], &told["events"]), (&json!(app.base), &json!(portal.id), &event));
            let identity = claims(id_token);
            assert_eq!((&told["sub"], &told["sid"]), (&identity["sub"], &identity["sid"]));
            let (iat, exp) = (told["iat"].as_i64().unwrap(), told["exp"].as_i64().unwrap());
            let now = app.clock.now().seconds();
            assert!((now - 30..=now).contains(&iat) && exp == iat + 120, "section 2.4: short-lived");
            ids.push(text(&told, "jti"));
        }
        assert_ne!(ids[0], ids[1]);
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert_eq!((first.wait(1).await.len(), second.wait(1).await.len()), (1, 1), "told once");
        assert!(unused.received.lock().unwrap().is_empty(), "others are not told");
        // Section 2.4: a logout token is no ID token.
        let token = logout_token(&first.wait(1).await[0]);
        let reply = other.get(&hall.authorize_path(&[("id_token_hint", &token)])).await;
        assert_error_redirect(&app, &hall, &reply, "invalid_request");
    }
}

on_both! {
    // Section 2.3: who got an ID token by way of the browser knows of the session, with a code or without.
    async fn who_only_got_an_id_token_by_the_browser_is_told(app: TestApp) {
        for response_type in ["id_token", "code id_token"] {
            let receiver = Receiver::default();
            let id = response_type.replace([' ', '_'], "-");
            let portal = receiver.portal(&app, &id, json!({"response_types": ["code", response_type]})).await;
            let mut agent = signed_in(&app).await;
            let reply = agent.get(&portal.authorize_path(&[("response_type", response_type)])).await;
            let sid = claims(&text(&fragment(&reply), "id_token"))["sid"].clone();
            agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
            let told = claims(&logout_token(&receiver.wait(1).await[0]));
            assert_eq!((&told["sid"], &told["aud"]), (&sid, &json!(portal.id)), "{response_type}");
        }
        // Whatever was refused told nobody anything.
        let receiver = Receiver::default();
        let portal = receiver.portal(&app, "refused", json!({"response_types": ["code id_token"]})).await;
        let mut agent = signed_in(&app).await;
        let none = [("response_type", "code id_token"), ("prompt", "none"), ("max_age", "0")];
        assert_eq!(fragment(&agent.get(&portal.authorize_path(&none)).await)["error"], "login_required");
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert!(receiver.received.lock().unwrap().is_empty());
    }
}

on_both! {
    // Section 2.6, step 1: a portal that gets its ID tokens encrypted refuses a logout token that is not.
    async fn who_gets_encrypted_id_tokens_is_told_in_secret(app: TestApp) {
        let pair = pair(KeyManagement::EcdhEs);
        let receiver = Receiver::default();
        let changes = json!({
            "jwks": { "keys": [pair.public] }, "id_token_encrypted_response_alg": "ECDH-ES",
            "id_token_encrypted_response_enc": "A256GCM",
        });
        let portal = receiver.portal(&app, "hall", changes).await;
        let mut agent = signed_in(&app).await;
        let (id_token, _) = pair.open(&text(&portal.tokens(&mut agent, &[]).await, "id_token"));
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let (inner, header) = pair.open(&logout_token(&receiver.wait(1).await[0]));
        assert_eq!((&header["alg"], &header["enc"], &header["cty"]), (&json!("ECDH-ES"), &json!("A256GCM"), &json!("JWT")));
        let (header, told) = verified(&app, &inner).await;
        assert_eq!((&header["typ"], &told["sid"]), (&json!("logout+jwt"), &claims(&id_token)["sid"]));
    }
}

on_both! {
    // Section 2.5: what fails is tried again, with a new token, until the portal has said yes.
    async fn a_portal_that_is_away_is_tried_again(app: TestApp) {
        let receiver = Receiver::default();
        *receiver.failures_left.lock().unwrap() = u32::MAX;
        let portal = receiver.portal(&app, "hall", json!({})).await;
        let mut agent = signed_in(&app).await;
        portal.tokens(&mut agent, &[]).await;
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        receiver.wait(1).await;
        // An operator sees what waits, and what the last attempt came to; and nothing of whose session it was.
        let mut console = Agent::new(&app.operations);
        let mut page = console.get("/logout-notices").await;
        for _ in 0..500 {
            if page.text().contains("hall answered 503") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            page = console.get("/logout-notices").await;
        }
        let row = page.text_of("tbody tr");
        assert!(row.contains("hall answered 503") && !row.contains(" 0 次"), "{}", page.text());
        let waiting = outbox::waiting(&app.app.store, LOGOUT_NOTICE, 10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        let notice: LogoutNotice = serde_json::from_str(&waiting[0].payload(&app.app.vault).unwrap()).unwrap();
        assert_eq!(notice.client_id, "hall");
        assert!(!page.body.contains(&notice.sid) && !page.body.contains(&notice.account_id));
        assert!(page.header("content-security-policy").contains("default-src 'none'"), "{:?}", page.headers);
        assert_eq!(agent.get("/logout-notices").await.status, 404, "not where visitors are");
        let before = receiver.received.lock().unwrap().len();
        *receiver.failures_left.lock().unwrap() = 0;
        app.advance_seconds(300);
        let received = receiver.wait(before + 1).await;
        let tokens = [&received[0], received.last().unwrap()].map(logout_token);
        assert_ne!(claims(&tokens[0])["jti"], claims(&tokens[1])["jti"]);
        assert_eq!(claims(&tokens[0])["sid"], claims(&tokens[1])["sid"]);
        app.advance_seconds(60);
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert_eq!(receiver.received.lock().unwrap().len(), received.len(), "and then no more");
        assert!(console.get("/logout-notices").await.text().contains("没有等待送达的通知"));
    }
}

on_both! {
    // Section 2.3: whatever ends the session tells its portals.
    async fn other_endings_are_told_too(app: TestApp) {
        let receiver = Receiver::default();
        let portal = receiver.portal(&app, "hall", json!({})).await;
        let mut agent = signed_in(&app).await;
        let sid = claims(&text(&portal.tokens(&mut agent, &[]).await, "id_token"))["sid"].clone();
        // Signing in again is no ending.
        agent.sign_in("/sign-in/personal", &[("account", "liying2026"), ("password", PASSWORD)]).await;
        // Another account takes the browser over.
        agent.sign_in_legal_entity().await;
        assert_eq!(claims(&logout_token(&receiver.wait(1).await[0]))["sid"], sid);
        // The account is disabled.
        let sid = claims(&text(&portal.tokens(&mut agent, &[]).await, "id_token"))["sid"].clone();
        let unit = idp::guard::identifiers::Identifier::legal_entity("xinyue0221");
        let account = unit.find(&app.app).await.unwrap().unwrap().account_id;
        idp::guard::sessions::disable_account(&app.app, &account).await.unwrap();
        assert_eq!(claims(&logout_token(&receiver.wait(2).await[1]))["sid"], sid);
    }
}

on_both! {
    // Section 2.3: also the portals from before the visitor signed in again, which made the session longer.
    async fn a_renewed_session_still_knows_its_portals(app: TestApp) {
        let receiver = Receiver::default();
        let portal = receiver.portal(&app, "hall", json!({})).await;
        let mut agent = signed_in(&app).await;
        let sid = claims(&text(&portal.tokens(&mut agent, &[]).await, "id_token"))["sid"].clone();
        app.advance_seconds(11 * 3600);
        let fields = [("account", "liying2026"), ("password", PASSWORD)];
        assert_eq!(agent.sign_in("/sign-in/personal", &fields).await.status, 303);
        app.advance_seconds(2 * 3600);
        idp::janitor::sweep(&app.app).await.unwrap();
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!(claims(&logout_token(&receiver.wait(1).await[0]))["sid"], sid);
    }
}

//! RFC 7591, OpenID Connect Dynamic Client Registration 1.0 and RFC 7592.

mod flows;
mod management;

use axum::http::StatusCode;
use idp::config::RegistrationMode;
use idp::domain::timestamp::Span;
use idp::platform::random;
use idp::store::registrations;
use reqwest::Method;

use super::*;
use crate::support::{Site, sql};

const CALLBACK: &str = "https://new.example/callback";

/// As `idp client initial-token add` makes one.
async fn initial_token(app: &TestApp, uses: u32) -> String {
    let token = random::token();
    let now = app.clock.now();
    let end = now + Span::minutes(60);
    let hash = random::hash(&token);
    registrations::insert_initial_token(&app.app.store, &hash, "tests", uses, now, end).await.unwrap();
    token
}

async fn register(app: &TestApp, token: &str, metadata: &Value) -> Reply {
    let agent = Agent::new(&app.base);
    let mut request = agent.request(Method::POST, "/register");
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let request = request.header("content-type", "application/json").body(metadata.to_string());
    agent.stranger().send(request).await
}

/// The client that was registered, as the other tests use one.
fn portal(registered: &Value) -> Portal {
    Portal {
        id: text(registered, "client_id"),
        secret: registered["client_secret"].as_str().map(str::to_owned),
        redirect_uri: registered["redirect_uris"][0].as_str().unwrap().to_owned(),
    }
}

/// Sends a visitor, who agrees; gives the code.
async fn agreed(agent: &mut Agent, portal: &Portal, changes: &[(&str, &str)]) -> String {
    let changes = [&[("scope", "openid")], changes].concat();
    let asked = agent.get(&portal.authorize_path(&changes)).await;
    let location = asked.location().unwrap_or_default();
    assert!(
        location.starts_with("/authorize/consent?request="),
        "never first party: {location} {}",
        asked.text()
    );
    let page = agent.get(&location).await;
    // ASVS 10.4.7: nobody has looked at this client, and the visitor is told.
    assert!(page.text().contains("未经本平台审核"), "{}", page.text());
    let action = page.attribute("form[action^='/authorize/consent']", "action").unwrap();
    let sid = page.attribute("input[name=sid]", "value").unwrap();
    let reply = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
    reply.query("code").unwrap_or_else(|| panic!("{:?} {}", reply.location(), reply.text()))
}

fn least() -> Value {
    json!({ "redirect_uris": [CALLBACK] })
}

async fn registered(app: &TestApp, metadata: &Value) -> Value {
    let reply = register(app, &initial_token(app, 1).await, metadata).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()
}

#[track_caller]
fn refused(reply: &Reply, code: &str, member: &str) {
    assert_refused(reply, 400, code);
    let told = reply.json()["error_description"].as_str().unwrap().to_owned();
    assert!(told.starts_with(member), "{member}: {told}");
}

on_both! {
    // RFC 7591 sections 3.1 and 3.2.1, Registration section 3: the standard's defaults, and a client that works.
    async fn a_client_registers_itself_and_signs_visitors_in(app: TestApp) {
        let told = registered(&app, &least()).await;
        for (member, value) in [
            ("token_endpoint_auth_method", json!("client_secret_basic")), ("grant_types", json!(["authorization_code"])),
            ("response_types", json!(["code"])), ("id_token_signed_response_alg", json!("RS256")),
            ("application_type", json!("web")), ("client_name", json!("new.example")),
            ("client_secret_expires_at", json!(0)), ("scope", json!("openid profile offline_access")),
        ] {
            assert_eq!(told[member], value, "{member}");
        }
        let age = app.clock.now().seconds() - told["client_id_issued_at"].as_i64().unwrap();
        assert!((0..60).contains(&age), "{age}");
        assert_eq!(text(&told, "registration_client_uri"), format!("{}/register/{}", app.base, text(&told, "client_id")));
        assert!(text(&told, "client_secret").len() >= 43 && text(&told, "registration_access_token").len() >= 43);
        for ours in ["first_party", "resource_server", "sector", "self_registered"] {
            assert!(told.get(ours).is_none(), "{ours} is nobody's business");
        }
        let portal = portal(&told);
        let mut agent = signed_in(&app).await;
        let code = agreed(&mut agent, &portal, &[("scope", "openid profile")]).await;
        let tokens = portal.redeem(&mut agent, &code).await.json();
        let (header, _) = verified(&app, &text(&tokens, "id_token")).await;
        assert_eq!(header["alg"], "RS256");
        assert_eq!(portal.userinfo(&agent, &text(&tokens, "access_token")).await.json()["name"], "李颖");
        let noted = "SELECT COUNT(*) FROM audit_log WHERE event = 'client_registered'";
        assert_eq!(sql::number(&app, noted).await, 1);
    }
}

on_both! {
    // RFC 7591 section 3: who may register, and how often.
    async fn an_initial_token_is_needed_and_used_up(app: TestApp) {
        let least = least();
        for token in ["", "made-up"] {
            assert_refused(&register(&app, token, &least).await, 401, "invalid_token");
        }
        let token = initial_token(&app, 2).await;
        // What is refused uses nothing up.
        refused(&register(&app, &token, &json!({})).await, "invalid_redirect_uri", "redirect_uris");

        let both = tokio::join!(register(&app, &token, &least), register(&app, &token, &least));
        assert_eq!((both.0.status.as_u16(), both.1.status.as_u16()), (201, 201));
        assert_ne!(both.0.json()["client_id"], both.1.json()["client_id"]);
        assert_refused(&register(&app, &token, &least).await, 401, "invalid_token");
        let token = initial_token(&app, 1).await;
        let raced = tokio::join!(register(&app, &token, &least), register(&app, &token, &least));
        let mut statuses = [raced.0.status.as_u16(), raced.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401], "one use, one client");
        let token = initial_token(&app, 1).await;
        app.advance_seconds(3600);
        assert_refused(&register(&app, &token, &least).await, 401, "invalid_token");
        let token = initial_token(&app, 1).await;
        registrations::revoke_initial_tokens(&app.app.store, "tests").await.unwrap();
        assert_refused(&register(&app, &token, &least).await, 401, "invalid_token");
    }
}

on_both! {
    |config| (config.registration.mode, config.registration.address_hour) = (RegistrationMode::Open, 3);
    async fn open_registration_has_a_limit(app: TestApp) {
        for _ in 0..3 {
            assert_eq!(register(&app, "", &least()).await.status, 201);
        }
        let reply = register(&app, "", &least()).await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "3600"));
        assert_eq!(reply.json()["error"], "temporarily_unavailable");
        app.advance_seconds(3600);
        assert_eq!(register(&app, "", &least()).await.status, 201);
    }
}

on_both! {
    |config| config.registration.mode = RegistrationMode::Off;
    async fn registration_can_be_off(app: TestApp) {
        let reply = register(&app, &initial_token(&app, 1).await, &least()).await;
        assert_eq!((reply.status.as_u16(), reply.json()["error"].as_str()), (403, Some("access_denied")));
        let discovery = Agent::new(&app.base).get("/.well-known/openid-configuration").await.json();
        assert!(discovery.get("registration_endpoint").is_none());
    }
}

on_both! {
    // RFC 7591 section 3.2.2. The rules themselves are tested beside them, in domain/client/check.rs.
    async fn metadata_is_refused_by_name(app: TestApp) {
        let token = initial_token(&app, 1).await;
        let with = |member: &str, value: Value| {
            let mut metadata = least();
            metadata[member] = value;
            metadata
        };
        let by_certificate = |method: &str| json!({
            "redirect_uris": [CALLBACK], "token_endpoint_auth_method": method, "jwks_uri": "https://new.example/jwks",
            "tls_client_auth_san_dns": (method == "tls_client_auth").then_some("new.example"),
        });
        let key = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
        for (metadata, member) in [
            (with("redirect_uris", json!(["https://new.example/cb#fragment"])), "redirect_uris"),
            (with("redirect_uris", json!(["http://new.example/cb"])), "redirect_uris"),
            (with("redirect_uris", json!("https://new.example/cb")), "redirect_uris"),
        ] {
            refused(&register(&app, &token, &metadata).await, "invalid_redirect_uri", member);
        }
        for (metadata, member) in [
            (with("initiate_login_uri", json!("http://new.example/login")), "initiate_login_uri"),
            (with("logo_uri", json!("javascript:alert(1)")), "logo_uri"),
            (with("grant_types", json!(["password"])), "grant_types"),
            (with("grant_types", json!(["implicit"])), "grant_types"),
            (with("grant_types", json!(["authorization_code", "implicit"])), "grant_types"),
            (with("response_types", json!(["id_token"])), "response_types"),
            (with("token_endpoint_auth_signing_alg", json!("HS256")), "token_endpoint_auth_signing_alg"),
            (with("token_endpoint_auth_signing_alg", json!("none")), "token_endpoint_auth_signing_alg"),
            (with("response_types", json!(["token"])), "response_types"),
            (with("response_types", json!(["id_token token"])), "response_types"),
            (with("id_token_signed_response_alg", json!("none")), "id_token_signed_response_alg"),
            (with("token_endpoint_auth_method", json!("private_key_jwt")), "jwks"),
            (json!({ "redirect_uris": [CALLBACK], "jwks": { "keys": [key] }, "jwks_uri": CALLBACK }), "jwks"),
            // Nobody asks for certificates here.
            (with("tls_client_certificate_bound_access_tokens", json!(true)), "tls_client_certificate_bound_access_tokens"),
            (by_certificate("tls_client_auth"), "token_endpoint_auth_method"),
            (by_certificate("self_signed_tls_client_auth"), "token_endpoint_auth_method"),
            (with("subject_type", json!("secret")), "subject_type"),
            (with("client_name", json!("   ")), "client_name"),
        ] {
            refused(&register(&app, &token, &metadata).await, "invalid_client_metadata", member);
        }
        let agent = Agent::new(&app.base);
        for (kind, body) in [
            ("application/json", "{"), ("application/json", "[]"), ("application/json", ""), ("text/plain", "{}"),
        ] {
            let request = agent.request(Method::POST, "/register").bearer_auth(&token).header("content-type", kind);
            refused(&agent.stranger().send(request.body(body)).await, "invalid_client_metadata", "body");
        }
        let large = with("client_name", json!("x".repeat(70_000)));
        let refused_whole = register(&app, &token, &large).await;
        assert_refused(&refused_whole, 413, "invalid_request");
        assert_refused(&register(&app, "made-up", &large).await, 401, "invalid_token");
        // CORS: registering is nothing for scripts of other sites.
        let request = agent.request(Method::POST, "/register").header("origin", "https://new.example");
        assert_eq!(agent.stranger().send(request).await.header("access-control-allow-origin"), "");
    }
}

on_both! {
    // Core section 8.1, Registration section 5: the sector's owner must list every redirect URI.
    async fn a_sector_must_know_its_redirect_uris(app: TestApp) {
        let site = Site::start().await;
        let token = initial_token(&app, 10).await;
        let uris = ["https://a.example/cb", "https://b.example/cb"];
        let in_sector = |uri: &str| json!({
            "redirect_uris": uris, "subject_type": "pairwise", "sector_identifier_uri": uri,
        });
        let good = site.put_json("/good", &json!(["https://b.example/cb", "https://c.example/", "https://a.example/cb"]));
        let told = register(&app, &token, &in_sector(&good)).await;
        assert_eq!((told.status.as_u16(), &told.json()["sector_identifier_uri"]), (201, &json!(good)), "{}", told.body);
        let bad = [
            site.put_json("/bad", &json!(["https://a.example/cb"])), site.put_json("/object", &json!({})),
            site.put("/html", StatusCode::OK, "text/html", "[]"), format!("{}/none", site.base),
            site.put("/moved", StatusCode::FOUND, "application/json", &good),
            good.replace("localhost", "127.0.0.1"), "https://169.254.169.254/latest".to_owned(),
        ];
        for uri in bad {
            let reply = register(&app, &token, &in_sector(&uri)).await;
            refused(&reply, "invalid_client_metadata", "sector_identifier_uri");
        }
        // Without a sector there are no pairwise subjects: who asks for them is refused, who does not gets public ones.
        let pairwise = json!({ "redirect_uris": uris, "subject_type": "pairwise" });
        refused(&register(&app, &token, &pairwise).await, "invalid_client_metadata", "sector_identifier_uri");
        for (uris, subject_type) in [(&uris[..], "public"), (&uris[..1], "pairwise")] {
            let told = register(&app, &token, &json!({ "redirect_uris": uris })).await;
            assert_eq!((told.status.as_u16(), &told.json()["subject_type"]), (201, &json!(subject_type)), "{}", told.body);
        }
        // What is asked of a client that registered itself is the same as what is asked of an administrator's.
        let metadata: idp::domain::client::ClientMetadata = serde_json::from_value(json!({
            "client_name": "x", "redirect_uris": uris, "scope": "openid", "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "none", "sector_identifier_uri": format!("{}/bad", site.base),
        })).unwrap();
        let refused = idp::oidc::registration::register(&app.app, "x", &metadata).await.unwrap_err();
        assert!(refused.to_string().contains("sector_identifier_uri"), "{refused}");
    }
}

on_both! {
    // What a client that registered itself names is not reached inside, even when nobody asks for an answer.
    async fn notices_leave_by_the_guarded_way(app: TestApp) {
        let site = Site::start().await;
        let notice = site.put("/notice", StatusCode::OK, "text/plain", "");
        for (uri, arrives) in [(notice.clone(), 1), (notice.replace("localhost", "127.0.0.1"), 0)] {
            let mut metadata = least();
            metadata["backchannel_logout_uri"] = json!(uri);
            let told = registered(&app, &metadata).await;
            let portal = portal(&told);
            let mut agent = signed_in(&app).await;
            let code = agreed(&mut agent, &portal, &[]).await;
            assert_eq!(portal.redeem(&mut agent, &code).await.status, 200);
            let before = site.asked("/notice").len();
            agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
            // It has left, or it has failed.
            let tried = "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout' AND last_error IS NULL";
            for _ in 0..500 {
                if sql::number(&app, tried).await == 0 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            assert_eq!(site.asked("/notice").len() - before, arrives, "{uri}");
            let failed = "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout' AND last_error IS NOT NULL";
            assert_eq!(sql::number(&app, failed).await, 1 - i64::try_from(arrives).unwrap(), "{uri}");
        }
    }
}

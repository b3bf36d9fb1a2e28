//! Tokens that we did not sign, or not for this: as `id_token_hint`, and at userinfo.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use idp::domain::signing_alg::SigningAlg;
use josekit::jws::{ES256, HS256, JwsHeader, JwsSigner, serialize_compact};
use serde_json::{Map, Value, json};

use super::{assert_error_page, assert_oauth_error, assert_page};
use crate::support::portal::{claims, jose_header};
use crate::support::{Agent, Portal, TestApp};

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(header: &Value, payload: &Value, signer: &dyn JwsSigner) -> String {
    let header = JwsHeader::from_map(header.as_object().unwrap().clone()).unwrap();
    serialize_compact(payload.to_string().as_bytes(), &header, signer).unwrap()
}

fn ours(app: &TestApp, kind: &str, payload: &Map<String, Value>) -> String {
    app.app.keys.sign(SigningAlg::ES256, kind, payload, app.clock.now()).unwrap()
}

/// A P-256 key as people take it from a JWK Set (RFC 5480).
fn pem(jwk: &Value) -> String {
    const PREFIX: [u8; 27] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let der = STANDARD.encode([&PREFIX[..], &part("x"), &part("y")].concat());
    let (first, second) = der.split_at(64);
    format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
}

/// Everything that looks like `id_token` and is not.
async fn forgeries(app: &TestApp, id_token: &str) -> Vec<(&'static str, String)> {
    let header = jose_header(id_token);
    let payload = claims(id_token);
    let parts: Vec<&str> = id_token.split('.').collect();
    let jwks = Agent::new(&app.base).get("/jwks.json").await.body;
    let mut keys: Value = serde_json::from_str(&jwks).unwrap();
    let public =
        keys["keys"].as_array_mut().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap().clone();
    let public_pem = pem(&public);
    let evil = ES256.generate_key_pair().unwrap();
    let signer = ES256.signer_from_der(evil.to_der_private_key()).unwrap();
    let mut evil_jwk = serde_json::to_value(evil.to_jwk_public_key().as_ref()).unwrap();
    evil_jwk["kid"] = json!("evil");
    let with = |changes: Value| {
        let mut header = json!({ "alg": "ES256", "typ": "JWT", "kid": header["kid"] });
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        signed(&header, &payload, &signer)
    };
    let mac = |secret: &[u8]| {
        let secret = [secret, &[0; 32]].concat();
        let signer = HS256.signer_from_bytes(&secret).unwrap();
        signed(&json!({ "alg": "HS256", "typ": "JWT", "kid": header["kid"] }), &payload, &signer)
    };
    let mut other_sub = payload.clone();
    other_sub["sub"] = json!("somebody-else");
    let none = |alg: &str| {
        format!(
            "{}.{}.",
            encode(&json!({ "alg": alg, "typ": "JWT", "kid": header["kid"] })),
            encode(&payload)
        )
    };
    let claims = payload.as_object().unwrap();
    let changed = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims.insert(name.to_owned(), value);
        ours(app, "JWT", &claims)
    };
    vec![
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("no alg", format!("{}.{}.", encode(&json!({ "typ": "JWT" })), encode(&payload))),
        ("none with the real signature", format!("{}{}", none("none"), parts[2])),
        ("HS256 with the JWK Set", mac(jwks.as_bytes())),
        ("HS256 with the key as PEM", mac(public_pem.as_bytes())),
        ("HS256 with nothing", mac(b"")),
        ("a key of their own", with(json!({}))),
        ("a kid of their own", with(json!({ "kid": "evil" }))),
        ("no kid", signed(&json!({ "alg": "ES256", "typ": "JWT" }), &payload, &signer)),
        ("a kid that is a path", with(json!({ "kid": "../../../../dev/null" }))),
        ("a kid that is SQL", with(json!({ "kid": "' UNION SELECT 'x" }))),
        ("a key by URL", with(json!({ "jku": "https://evil.example/jwks.json", "kid": "evil" }))),
        ("a certificate by URL", with(json!({ "x5u": "https://evil.example/cert.pem" }))),
        ("a key that came along", with(json!({ "jwk": evil_jwk, "kid": "evil" }))),
        ("a critical extension", with(json!({ "crit": ["b64"], "b64": false }))),
        ("another payload", format!("{}.{}.{}", parts[0], encode(&other_sub), parts[2])),
        ("without its signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{id_token}.x")),
        ("a blank behind", format!("{id_token} ")),
        ("a signature in other base64", format!("{}.{}.{}=", parts[0], parts[1], parts[2])),
        ("no JSON", format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("[]"), parts[2])),
        ("nonsense", "nonsense".to_owned()),
        ("long nonsense", "a.".repeat(20_000)),
        ("a logout token of ours", ours(app, "logout+jwt", claims)),
        ("an access token of ours", ours(app, "at+jwt", claims)),
        ("another issuer's", changed("iss", json!("https://other.example"))),
        ("an aud that is a list of strangers", changed("aud", json!(["other"]))),
    ]
}

on_both! {
    async fn no_forged_hint_is_believed(app: TestApp) {
        let es256 = json!({ "id_token_signed_response_alg": "ES256" });
        let portal = Portal::register_with(&app, "hall", es256).await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let tokens = portal.tokens(&mut agent, &[]).await;
        let id_token = tokens["id_token"].as_str().unwrap();
        let trusted = agent.get(&portal.authorize_path(&[("prompt", "none"), ("id_token_hint", id_token)])).await;
        assert!(trusted.query("code").is_some(), "the real one is: {:?}", trusted.location());
        for (what, hint) in forgeries(&app, id_token).await {
            let asked = agent.get(&portal.authorize_path(&[("prompt", "none"), ("id_token_hint", &hint)])).await;
            assert_eq!(asked.query("error").as_deref(), Some("invalid_request"), "{what}: {:?}", asked.location());
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("id_token_hint", &hint)
                .append_pair("post_logout_redirect_uri", "https://hall.example/")
                .finish();
            let left = agent.get(&format!("/sign-out?{query}")).await;
            assert_eq!((left.status.as_u16(), left.location()), (200, None), "{what}");
            assert!(left.text().contains("确定退出登录吗？"), "{what}: {}", left.text());
            assert_page(&left, what);
            assert_eq!(agent.get("/account").await.status, 200, "{what}: still signed in");
            let mut robot = Agent::new(&app.base);
            let request = robot.request(reqwest::Method::GET, "/userinfo").bearer_auth(hint.trim());
            assert_oauth_error(&robot.send(request).await, 401, "invalid_token", what);
        }
        let request = agent.request(reqwest::Method::GET, "/userinfo").bearer_auth(id_token);
        assert_oauth_error(&agent.send(request).await, 401, "invalid_token", "an ID token is no access token");
    }
}

on_both! {
    async fn another_portals_hint_opens_nothing(app: TestApp) {
        let (hall, jobs) = (Portal::register(&app, "hall").await, Portal::register(&app, "jobs").await);
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let tokens = jobs.tokens(&mut agent, &[]).await;
        let hint = tokens["id_token"].as_str().unwrap();
        let asked = agent.get(&hall.authorize_path(&[("prompt", "none"), ("id_token_hint", hint)])).await;
        assert_eq!(asked.query("error").as_deref(), Some("invalid_request"));
        // jobs' hint does not lead to hall's address, and hall does not sign out with it.
        for query in ["post_logout_redirect_uri=https%3A%2F%2Fhall.example%2F", "client_id=hall"] {
            let reply = agent.get(&format!("/sign-out?id_token_hint={hint}&{query}")).await;
            assert_error_page(&reply, 400, query);
            assert_eq!(agent.get("/account").await.status, 200);
        }
        // Somebody else's browser: the hint's owner stays signed in, and so does the other.
        let mut other = Agent::new(&app.base);
        other.sign_in_legal_entity().await;
        let reply = other.get(&format!("/sign-out?id_token_hint={hint}")).await;
        assert!(reply.text().contains("确定退出登录吗？"));
        assert_eq!(agent.get("/account").await.status, 200);
        assert_eq!(other.get("/account").await.status, 200);
    }
}

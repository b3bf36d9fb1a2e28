//! Request objects: RFC 9101, OpenID Connect Core section 6, and FAPI 2.0 Message Signing for clients that must sign.

use super::par::{push, visit};
use super::*;
use crate::support::client_key::unsigned;
use crate::support::site::Site;

const STRICT: &str = "strict";

/// A portal that signs with this key.
pub async fn signing(app: &TestApp, id: &str, key: &ClientKey, changes: Value) -> Portal {
    let mut metadata = json!({"jwks": key.jwks(), "response_types": ["code", "code id_token"]});
    if id == STRICT {
        metadata["require_signed_request_object"] = json!(true);
    }
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Portal::register_with(app, id, metadata).await
}

/// Good claims, some of them replaced; null removes.
pub fn object(app: &TestApp, portal: &Portal, changes: &Value) -> Value {
    let now = app.clock.now().seconds();
    let pairs = portal.authorize_params(&[("state", "inside")]).into_iter();
    let mut claims = Value::Object(pairs.map(|(name, value)| (name, json!(value))).collect());
    for (name, value) in [
        ("iss", json!(portal.id)),
        ("aud", json!(app.base)),
        ("nbf", json!(now)),
        ("iat", json!(now)),
        ("exp", json!(now + 300)),
        ("jti", json!(format!("{:016x}", getrandom::u64().unwrap()))),
    ] {
        claims[name] = value;
    }
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

/// A request by value, with nothing beside it but what RFC 9101 section 5 asks for.
pub fn by_value(portal: &Portal, jws: &str) -> String {
    format!("/authorize?client_id={}&request={jws}", portal.id)
}

on_both! {
    async fn what_is_inside_is_the_request(app: TestApp) {
        let key = ClientKey::new();
        let portal = signing(&app, "hall", &key, json!({})).await;
        let mut agent = signed_in(&app).await;
        let more = json!({
            "scope": "openid profile", "max_age": 3600, "claims": {"id_token": {"name": null}}, "nonce": "inside",
        });
        let jws = key.sign_with(&json!({"typ": "oauth-authz-req+jwt"}), &object(&app, &portal, &more));
        let reply = agent.get(&by_value(&portal, &jws)).await;
        assert_eq!(reply.query("state").as_deref(), Some("inside"));
        let tokens = portal.redeem(&mut agent, &reply.query("code").unwrap()).await.json();
        let token = claims(&text(&tokens, "id_token"));
        assert_eq!((&token["nonce"], &token["name"]), (&json!("inside"), &json!("李颖")));
        // RFC 9101 section 6.3: what stands beside it counts for nothing, whether it differs or is missing inside.
        let beside = format!(
            "{}&state=outside&scope=openid+phone&nonce=outside&prompt=login&response_type=code+id_token&\
             redirect_uri=https%3A%2F%2Fevil.example%2F&login_hint=x&max_age=0",
            by_value(&portal, &jws)
        );
        let reply = agent.get(&beside).await;
        assert_eq!(reply.query("state").as_deref(), Some("inside"), "{:?}", reply.location());
        let tokens = portal.redeem(&mut agent, &reply.query("code").unwrap()).await.json();
        assert_eq!(tokens["scope"], "openid profile");
        let without = key.sign(&object(&app, &portal, &json!({"state": null, "nonce": null})));
        let reply = agent.get(&format!("{}&state=outside&nonce=outside", by_value(&portal, &without))).await;
        assert_eq!(reply.query("state"), None);
        let tokens = portal.redeem(&mut agent, &reply.query("code").unwrap()).await.json();
        assert_eq!(claims(&text(&tokens, "id_token")).get("nonce"), None);
        // Core section 6.1, ensure-request-object-with-redirect-uri: the address inside, or none.
        let astray = key.sign(&object(&app, &portal, &json!({"redirect_uri": "https://evil.example/"})));
        let reply = agent.get(&portal.authorize_path(&[("request", &astray)])).await;
        assert_page(&reply, "redirect_uri is not registered");
        let nowhere = key.sign(&object(&app, &portal, &json!({"redirect_uri": null})));
        assert_page(&agent.get(&portal.authorize_path(&[("request", &nowhere)])).await, "redirect_uri");
        // It is posted as well as it is linked to.
        let request = agent.request(reqwest::Method::POST, "/authorize").form(&[("client_id", "hall"), ("request", &jws)]);
        let reply = agent.send(request).await;
        assert!(agent.follow(reply).await.query("code").is_some());
    }
}

on_both! {
    async fn each_algorithm_that_discovery_names_works(app: TestApp) {
        let mut agent = signed_in(&app).await;
        let document = agent.get("/.well-known/openid-configuration").await.json();
        for (alg, id) in [("ES256", "es"), ("PS256", "ps"), ("RS256", "rs"), ("EdDSA", "ed")] {
            assert!(document["request_object_signing_alg_values_supported"].to_string().contains(alg));
            let key = ClientKey::of(alg, "key-1");
            let portal = signing(&app, id, &key, json!({"request_object_signing_alg": alg})).await;
            let jws = key.sign(&object(&app, &portal, &json!({})));
            assert!(agent.get(&by_value(&portal, &jws)).await.query("code").is_some(), "{alg}");
        }
        // Registration section 2: the one that was registered, and no other.
        let key = ClientKey::of("PS256", "key-1");
        let portal = signing(&app, "hall", &key, json!({"request_object_signing_alg": "PS256"})).await;
        let other = key.sign_with(&json!({"alg": "RS256"}), &object(&app, &portal, &json!({})));
        assert_page(&agent.get(&by_value(&portal, &other)).await, "invalid_request_object");
    }
}

on_both! {
    // RFC 9101 sections 4, 6 and 10; FAPI 2.0 Message Signing section 5.3.1.
    async fn wrong_claims_are_refused(app: TestApp) {
        let key = ClientKey::new();
        let plain = signing(&app, "hall", &key, json!({})).await;
        let strict = signing(&app, STRICT, &key, json!({})).await;
        let mut agent = signed_in(&app).await;
        let now = app.clock.now().seconds();
        let other = "https://other.example";
        for changes in [
            json!({"iss": "other"}), json!({"iss": 7}), json!({"aud": other}), json!({"aud": []}),
            json!({"aud": format!("{}/", app.base)}), json!({"aud": format!("{}/par", app.base)}),
            json!({"client_id": "other"}), json!({"client_id": null}),
            json!({"exp": now - 1}), json!({"exp": "soon"}), json!({"nbf": now + 60, "exp": now + 120}),
            json!({"nbf": now - 70 * 60}), json!({"nbf": now, "exp": now + 3601}),
            json!({"request": "a.b.c"}), json!({"request_uri": "https://hall.example/"}),
            json!({"state": "a\u{0}b"}), json!({"resource": [7]}),
        ] {
            for portal in [&plain, &strict] {
                let jws = key.sign(&object(&app, portal, &changes));
                let reply = agent.get(&by_value(portal, &jws)).await;
                assert_page(&reply, "invalid_request_object");
                let refused = portal.post(&mut agent, "/par", &[("client_id", &portal.id), ("request", &jws)]).await;
                assert_refused(&refused, 400, "invalid_request_object");
                // Beside a registered address the portal is told there.
                let reply = agent.get(&portal.authorize_path(&[("request", &jws)])).await;
                assert_error_redirect(&app, portal, &reply, "invalid_request_object");
            }
        }
        // Otherwise the object would do as a client assertion (RFC 9101 section 10.8).
        let jws = key.sign(&object(&app, &plain, &json!({"sub": "hall"})));
        assert_page(&agent.get(&by_value(&plain, &jws)).await, "sub must not be the client");
        for missing in ["iss", "aud", "exp", "nbf"] {
            let jws = key.sign(&object(&app, &strict, &json!({missing: null})));
            assert_page(&agent.get(&by_value(&strict, &jws)).await, "needs iss, aud, exp and nbf");
            // RFC 9101 section 4 leaves it to clients that need not sign.
            let jws = key.sign(&object(&app, &plain, &json!({missing: null})));
            assert!(agent.get(&by_value(&plain, &jws)).await.query("code").is_some(), "{missing}");
        }
        for changes in [
            json!({"aud": [other, app.base]}), json!({"nbf": now + 8, "iat": now + 8}), json!({"nbf": now - 3000}),
            json!({"exp": now + 3600}),
        ] {
            let jws = key.sign(&object(&app, &strict, &changes));
            assert!(agent.get(&by_value(&strict, &jws)).await.query("code").is_some(), "{changes}");
        }
        // Inside it is read as strictly as outside.
        for (changes, code) in [
            (json!({"scope": "profile"}), "invalid_scope"), (json!({"prompt": "none login"}), "invalid_request"),
            (json!({"code_challenge_method": "plain"}), "invalid_request"), (json!({"claims": []}), "invalid_request"),
            (json!({"max_age": -1}), "invalid_request"), (json!({"response_type": "token"}), "unsupported_response_type"),
        ] {
            let jws = key.sign(&object(&app, &plain, &changes));
            let refused = plain.post(&mut agent, "/par", &[("client_id", "hall"), ("request", &jws)]).await;
            assert_refused(&refused, 400, code);
        }
    }
}

on_both! {
    // FAPI 2.0 Message Signing section 5.3.1: by PAR, signed, or not at all.
    async fn who_must_sign_does_so_in_par_too(app: TestApp) {
        let key = ClientKey::of("PS256", "key-1");
        let must = json!({"require_pushed_authorization_requests": true, "response_types": ["code"]});
        let portal = signing(&app, STRICT, &key, must).await;
        let mut agent = signed_in(&app).await;
        assert_refused(&push(&portal, &mut agent, &[]).await, 400, "invalid_request");
        // The same RSA key with PKCS #1 v1.5: FAPI 2.0 section 5.4.1 leaves that out.
        let weak = key.sign_with(&json!({"alg": "RS256"}), &object(&app, &portal, &json!({})));
        let refused = portal.post(&mut agent, "/par", &[("client_id", STRICT), ("request", &weak)]).await;
        assert_refused(&refused, 400, "invalid_request_object");
        let jws = key.sign(&object(&app, &portal, &json!({})));
        assert_error_redirect(&app, &portal, &agent.get(&portal.authorize_path(&[("request", &jws)])).await, "invalid_request");
        let reply = portal.post(&mut agent, "/par", &[("client_id", STRICT), ("request", &jws), ("state", "outside")]).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let reply = agent.get(&visit(&portal, &text(&reply.json(), "request_uri"))).await;
        assert_eq!(reply.query("state").as_deref(), Some("inside"));
        assert!(reply.query("code").is_some());
        let unsigned_client = signing(&app, "hall", &key, json!({"require_signed_request_object": true})).await;
        let reply = agent.get(&unsigned_client.authorize_path(&[])).await;
        assert_error_redirect(&app, &unsigned_client, &reply, "invalid_request");
    }
}

on_both! {
    // RFC 8725: whose key, which algorithm and what for is never the object's own word.
    async fn forged_objects_are_refused(app: TestApp) {
        use crate::support::client_key::sign;
        use josekit::jws::HS256;
        let key = ClientKey::new();
        let portal = signing(&app, "hall", &key, json!({})).await;
        let other = ClientKey::of("ES256", "key-1");
        signing(&app, "other", &other, json!({})).await;
        let mut agent = signed_in(&app).await;
        let claims = object(&app, &portal, &json!({}));
        let good = key.sign(&claims);
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let header = |changes: Value| other.sign_with(&changes, &claims);
        let mac = |secret: &str| {
            sign(&HS256.signer_from_bytes(secret).unwrap(), &json!({"typ": "JWT"}), &json!({}), &claims)
        };
        let secret = portal.secret.clone().unwrap();
        let site = Site::start().await;
        let keys_at = site.put_json("/jwks.json", &other.jwks());
        for (what, jws) in [
            ("alg none", unsigned(&json!({"alg": "none"}), &claims)),
            ("alg nOnE", unsigned(&json!({"alg": "nOnE", "typ": "JWT"}), &claims)),
            ("none with a signature", format!("{}{signature}", unsigned(&json!({"alg": "none"}), &claims))),
            ("no alg", unsigned(&json!({"typ": "JWT"}), &claims)),
            ("HS256 with the client's secret", mac(&secret)),
            ("HS256 with the public key", mac(&key.public().to_string())),
            ("HS256 with the key set", mac(&key.jwks().to_string())),
            ("another client's key", other.sign(&claims)),
            ("a key that came along", header(json!({"jwk": other.public()}))),
            ("a key by address", header(json!({"jku": keys_at}))),
            ("a key by address, without kid", header(json!({"jku": keys_at, "kid": null}))),
            ("a certificate by address", header(json!({"x5u": keys_at}))),
            ("a certificate that came along", header(json!({"x5c": ["MIIB"]}))),
            ("a kid that is a path", header(json!({"kid": "../../key-1"}))),
            ("a kid that is SQL", header(json!({"kid": "' OR '1'='1"}))),
            ("a kid that is nothing", key.sign_with(&json!({"kid": "key-2"}), &claims)),
            ("an unknown critical header", key.sign_with(&json!({"crit": ["exp"], "exp": 1}), &claims)),
            ("a client assertion", key.sign_with(&json!({"typ": "client-authentication+jwt"}), &claims)),
            ("an access token", key.sign_with(&json!({"typ": "at+jwt"}), &claims)),
            ("a logout token", key.sign_with(&json!({"typ": "logout+jwt"}), &claims)),
            ("a DPoP proof", key.sign_with(&json!({"typ": "dpop+jwt"}), &claims)),
            ("a response of ours", app.app.keys.sign(
                idp::domain::signing_alg::SigningAlg::ES256, "JWT", claims.as_object().unwrap(), app.clock.now(),
            ).unwrap()),
            ("another payload", format!("{}.{}.{signature}", signed.split_once('.').unwrap().0, base64url("{}"))),
            ("no signature", format!("{signed}.")),
            ("two parts", signed.to_owned()),
            ("four parts", format!("{good}.x")),
            ("an array", key.sign(&json!(["a"]))),
            ("a text", key.sign(&json!("a"))),
            ("nonsense", "nonsense".to_owned()),
            ("dots", "....".to_owned()),
        ] {
            let reply = agent.get(&by_value(&portal, &jws)).await;
            assert_eq!(reply.status, 400, "{what}: {:?}", reply.location());
            assert_page(&reply, "invalid_request_object");
        }
        assert!(site.asked("/jwks.json").is_empty(), "nobody looked where the header pointed");
        for typ in ["JWT", "jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "OAuth-Authz-Req+JWT"] {
            let jws = key.sign_with(&json!({"typ": typ}), &claims);
            assert!(agent.get(&by_value(&portal, &jws)).await.query("code").is_some(), "{typ}");
        }
        let bare = key.sign_with(&json!({"typ": null, "kid": null}), &claims);
        assert!(agent.get(&by_value(&portal, &bare)).await.query("code").is_some());
    }
}

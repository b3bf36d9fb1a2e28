//! `private_key_jwt`: RFC 7523 section 3, OpenID Connect Core section 9.

use josekit::jwk::Jwk;
use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
use josekit::jws::{ES256, EdDSA, HS256, JwsHeader, JwsSigner, RS256};
use reqwest::Method;

use super::*;

pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) struct Robot {
    key: Jwk,
    public: Jwk,
}

impl Robot {
    pub(super) async fn register(app: &TestApp) -> Self {
        Self::register_as(app, "robot", json!({})).await
    }

    /// The same under another name, with some metadata replaced.
    pub(super) async fn register_as(app: &TestApp, id: &str, more: Value) -> Self {
        let mut key = Jwk::generate_ec_key(EcCurve::P256).unwrap();
        key.set_key_id("robot-1");
        let mut public = key.to_public_key().unwrap();
        public.set_key_id("robot-1");
        let mut changes = json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public.as_ref()]},
        });
        changes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Portal::register_with(app, id, changes).await;
        Self { key, public }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        sign(&ES256.signer_from_jwk(&self.key).unwrap(), claims)
    }
}

pub(super) fn sign(signer: &dyn JwsSigner, claims: &Value) -> String {
    let mut header = JwsHeader::new();
    header.set_token_type("JWT");
    josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, signer).unwrap()
}

/// Good claims with a fresh `jti`, some of them replaced; null removes.
pub(super) fn assertion_claims(app: &TestApp, changes: Value) -> Value {
    let now = app.clock.now().seconds();
    let mut claims = json!({
        "iss": "robot", "sub": "robot", "aud": app.base, "iat": now, "exp": now + 60,
        "jti": format!("{:016x}", getrandom::u64().unwrap()),
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

pub(super) async fn present(app: &TestApp, path: &str, jws: &str, more: &[(&str, &str)]) -> Reply {
    let mut agent = Agent::new(&app.base);
    let mut form = vec![("client_assertion_type", TYPE), ("client_assertion", jws)];
    form.extend(more);
    let request = agent.request(Method::POST, path).form(&form);
    agent.send(request).await
}

pub(super) async fn ask(app: &TestApp, jws: &str) -> Reply {
    present(app, "/token", jws, &[("grant_type", "client_credentials")]).await
}

on_both! {
    async fn a_signed_assertion_is_accepted_once(app: TestApp) {
        let robot = Robot::register(&app).await;
        let jws = robot.sign(&assertion_claims(&app, json!({})));
        let reply = ask(&app, &jws).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        // RFC 7523 section 3, item 7: a jti is used once, at whatever endpoint.
        assert_refused(&ask(&app, &jws).await, 401, "invalid_client");
        assert_refused(&present(&app, "/introspect", &jws, &[("token", "x")]).await, 401, "invalid_client");
        // Nor at another instance.
        let second = app.second_instance().await;
        assert_refused(&ask(&second, &jws).await, 401, "invalid_client");
        for path in ["/introspect", "/revoke"] {
            let jws = robot.sign(&assertion_claims(&app, json!({})));
            assert_eq!(present(&app, path, &jws, &[("token", "x")]).await.status, 200, "{path}");
        }
        let now = app.clock.now().seconds();
        for changes in [
            json!({"aud": format!("{}/token", app.base)}), json!({"aud": [app.base]}), json!({"iat": null}),
            json!({"iat": now + 8, "nbf": now + 8}), json!({"exp": now + 600}),
        ] {
            let jws = robot.sign(&assertion_claims(&app, changes.clone()));
            assert_eq!(ask(&app, &jws).await.status, 200, "{changes}");
        }
        let named = [("grant_type", "client_credentials"), ("client_id", "robot")];
        let jws = robot.sign(&assertion_claims(&app, json!({})));
        assert_eq!(present(&app, "/token", &jws, &named).await.status, 200);
    }
}

on_both! {
    // Core section 9 and RFC 9126 section 2: the issuer, the token endpoint, or the endpoint that is called.
    async fn an_assertion_for_one_endpoint_is_not_for_another(app: TestApp) {
        let robot = Robot::register(&app).await;
        let endpoints = ["/token", "/par", "/introspect", "/revoke", "/device_authorization"];
        let more = [("grant_type", "client_credentials"), ("token", "x")];
        for called in endpoints {
            for named in endpoints.iter().chain(&["", "/", "/userinfo", "/register", "/token/", "/token?x"]) {
                let audience = format!("{}{named}", app.base);
                let reply = present(&app, called, &robot.sign(&assertion_claims(&app, json!({"aud": audience}))), &more).await;
                if ["", "/token", called].contains(named) {
                    assert_ne!(reply.status, 401, "{named} at {called}: {}", reply.body);
                } else {
                    assert_refused(&reply, 401, "invalid_client");
                }
            }
        }
    }
}

on_both! {
    // RFC 7523 section 3: each claim, and each way to get it wrong.
    async fn wrong_claims_are_refused(app: TestApp) {
        let robot = Robot::register(&app).await;
        Portal::register(&app, "hall").await;
        let now = app.clock.now().seconds();
        for changes in [
            json!({"iss": "hall"}), json!({"iss": null}), json!({"sub": "hall"}), json!({"sub": null}),
            json!({"sub": 1}),
            json!({"sub": "nobody", "iss": "nobody"}), json!({"sub": "hall", "iss": "hall"}),
            json!({"aud": "https://other.example"}), json!({"aud": null}), json!({"aud": []}),
            json!({"aud": [app.base, "https://other.example"]}), json!({"aud": format!("{}/", app.base)}),
            json!({"exp": now - 60}), json!({"exp": null}), json!({"exp": "soon"}), json!({"exp": now + 7200}),
            json!({"exp": 1e300}), json!({"iat": now + 120}), json!({"nbf": now + 120}),
            // RFC 7519 section 4.1: what is no number is not missing.
            json!({"nbf": "soon"}), json!({"iat": now.to_string()}), json!({"iat": [now]}),
            json!({"jti": null}), json!({"jti": ""}), json!({"jti": 7}),
        ] {
            let reply = ask(&app, &robot.sign(&assertion_claims(&app, changes.clone()))).await;
            assert_eq!(reply.status, 401, "{changes}: {}", reply.body);
            assert_refused(&reply, 401, "invalid_client");
        }
        let jws = robot.sign(&assertion_claims(&app, json!({})));
        let other = [("grant_type", "client_credentials"), ("client_id", "hall")];
        assert_refused(&present(&app, "/token", &jws, &other).await, 401, "invalid_client");
        // An assertion that has expired while it was on its way.
        let jws = robot.sign(&assertion_claims(&app, json!({})));
        app.advance_seconds(120);
        assert_refused(&ask(&app, &jws).await, 401, "invalid_client");
    }
}

on_both! {
    // RFC 8725 section 3.1: the client's key, with an algorithm of that key, and nothing else.
    async fn wrong_signatures_are_refused(app: TestApp) {
        let robot = Robot::register(&app).await;
        let claims = || assertion_claims(&app, json!({}));
        let good = robot.sign(&claims());
        let payload = base64url(claims().to_string());
        let none = |header: &str| format!("{}.{payload}.", base64url(header));
        let stranger = Jwk::generate_ec_key(EcCurve::P256).unwrap();
        let rsa = Jwk::generate_rsa_key(2048).unwrap();
        let mac = |key: &[u8]| sign(&HS256.signer_from_bytes(key).unwrap(), &claims());
        let public = robot.public.to_string();
        let pem = josekit::jwk::alg::ec::EcKeyPair::from_jwk(&robot.key).unwrap().to_pem_public_key();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        for (what, jws) in [
            ("alg none", none(r#"{"alg":"none"}"#)),
            ("alg none with a kid", none(r#"{"alg":"none","kid":"robot-1"}"#)),
            ("no alg", none("{}")),
            ("HS256 with the public key", mac(public.as_bytes())),
            ("HS256 with its PEM", mac(&pem)),
            ("another's key", sign(&ES256.signer_from_jwk(&stranger).unwrap(), &claims())),
            ("another's RSA key", sign(&RS256.signer_from_jwk(&rsa).unwrap(), &claims())),
            ("another payload", format!("{}.{payload}.{signature}", signed.split_once('.').unwrap().0)),
            ("no signature", format!("{signed}.")),
            ("two parts", signed.to_owned()),
            ("nonsense", "nonsense".to_owned()),
            ("not JSON", format!("{}.e30.{signature}", base64url("x"))),
        ] {
            let reply = ask(&app, &jws).await;
            assert_eq!(reply.status, 401, "{what}: {}", reply.body);
            assert_refused(&reply, 401, "invalid_client");
        }
        assert_eq!(ask(&app, &good).await.status, 200, "the forgeries have used up nothing");
    }
}

on_both! {
    // RFC 7521 section 4.2; Core section 9: the way that was registered, and only one.
    async fn an_assertion_stands_alone(app: TestApp) {
        let robot = Robot::register(&app).await;
        Portal::register(&app, "hall").await;
        let jws = robot.sign(&assertion_claims(&app, json!({})));
        let mut agent = Agent::new(&app.base);
        let grant = ("grant_type", "client_credentials");
        for (form, basic, status, error) in [
            (vec![grant, ("client_assertion", &*jws)], false, 400, "invalid_request"),
            (
                vec![grant, ("client_assertion", &*jws), ("client_assertion_type", "jwt")],
                false, 400, "invalid_request",
            ),
            (
                vec![grant, ("client_assertion", &*jws), ("client_assertion_type", TYPE), ("client_secret", "x")],
                false, 400, "invalid_request",
            ),
            (vec![grant, ("client_assertion", &*jws), ("client_assertion_type", TYPE)], true, 400, "invalid_request"),
            (vec![grant, ("client_id", "robot"), ("client_secret", "x")], false, 401, "invalid_client"),
            (vec![grant, ("client_id", "robot")], false, 401, "invalid_client"),
            (vec![grant], true, 401, "invalid_client"),
        ] {
            let mut request = agent.request(Method::POST, "/token").form(&form);
            if basic {
                request = request.basic_auth("robot", Some("x"));
            }
            assert_refused(&agent.send(request).await, status, error);
        }
        assert_eq!(ask(&app, &jws).await.status, 200);
        // A key of one client proves nothing about another.
        let hall = robot.sign(&assertion_claims(&app, json!({"sub": "hall", "iss": "hall"})));
        assert_refused(&ask(&app, &hall).await, 401, "invalid_client");
    }
}

on_both! {
    // FAPI 2.0 Security Profile section 5.4.1: EdDSA is that of Ed25519. A key of the other curve is like one of a kind that
    // nobody knows.
    async fn ed448_is_no_key(app: TestApp) {
        for (curve, is_taken) in [(EdCurve::Ed25519, true), (EdCurve::Ed448, false)] {
            let key = Jwk::generate_ed_key(curve).unwrap();
            let id = if is_taken { "robot" } else { "other" };
            let known = Jwk::generate_ec_key(EcCurve::P256).unwrap().to_public_key().unwrap();
            let jwks = json!({ "keys": [key.to_public_key().unwrap().as_ref(), known.as_ref()] });
            Robot::register_as(&app, id, json!({ "jwks": jwks })).await;
            let claims = assertion_claims(&app, json!({ "iss": id, "sub": id }));
            let reply = ask(&app, &sign(&EdDSA.signer_from_jwk(&key).unwrap(), &claims)).await;
            if is_taken {
                assert_eq!(reply.status, 200, "{}", reply.body);
            } else {
                assert_refused(&reply, 401, "invalid_client");
            }
        }
    }
}

//! Whose assertions are held to more, and those that a secret signs: FAPI 2.0 section 5.3.2.1, OpenID Connect Core
//! section 9 (`client_secret_jwt`).

use josekit::jws::{HS256, HS512, JwsHeader, RS256};

use super::assertion::{Robot, ask, assertion_claims, present, sign};
use super::*;
use crate::support::dpop::DpopKey;

on_both! {
    super::client_certificates::behind_proxy;
    // The issuer as a string, and nothing else; the others may still name the token endpoint.
    async fn a_client_held_to_fapi_names_the_issuer(app: TestApp) {
        let url = |path: &str| format!("{}{path}", app.base);
        let audiences = [
            json!([app.base]), json!(url("/token")), json!(url("/par")), json!(url("/")), json!([]), json!(""),
            json!([app.base, "https://other.example"]), json!(app.base.to_uppercase()), json!(null), json!(1),
        ];
        for held in [
            "require_pushed_authorization_requests", "tls_client_certificate_bound_access_tokens",
            "dpop_bound_access_tokens",
        ] {
            let robot = Robot::register_as(&app, held, json!({held: true})).await;
            for audience in &audiences {
                let changes = json!({"iss": held, "sub": held, "aud": audience});
                let jws = robot.sign(&assertion_claims(&app, changes));
                for path in ["/token", "/par", "/introspect"] {
                    let more = [("grant_type", "client_credentials")];
                    assert_refused(&present(&app, path, &jws, &more).await, 401, "invalid_client");
                }
            }
            let jws = robot.sign(&assertion_claims(&app, json!({"iss": held, "sub": held})));
            let reply = present(&app, "/introspect", &jws, &[("token", "x")]).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "{\"active\":false}"), "{held}");
        }
    }
}

on_both! {
    // FAPI 2.0 sections 5.3.2.1 and 5.4: times, algorithms, and who is named.
    async fn an_assertion_of_fapi_is_checked_whole(app: TestApp) {
        let now = app.clock.now().seconds();
        let robot = Robot::register_as(&app, "robot", json!({"dpop_bound_access_tokens": true})).await;
        for wrong in [
            json!({"sub": null}), json!({"iss": null}), json!({"iss": "hall"}), json!({"exp": null}),
            json!({"exp": now - 300}), json!({"exp": now + 7200}), json!({"jti": null}), json!({"jti": ""}),
            json!({"iat": now + 61}), json!({"nbf": now + 61}), json!({"nbf": now + 3600}),
        ] {
            let jws = robot.sign(&assertion_claims(&app, wrong.clone()));
            let reply = present(&app, "/introspect", &jws, &[("token", "x")]).await;
            println!("{wrong}");
            assert_refused(&reply, 401, "invalid_client");
        }
        for good in [json!({"iat": now + 8}), json!({"nbf": now + 8}), json!({"iat": now - 600, "extra": [1]})] {
            let jws = robot.sign(&assertion_claims(&app, good.clone()));
            let reply = present(&app, "/introspect", &jws, &[("token", "x")]).await;
            assert_eq!(reply.status, 200, "{good}: {}", reply.body);
        }
        // RS256 is left out there, and PS256 is not; elsewhere both do.
        let key = DpopKey::of("RS256");
        let keys = json!({"jwks": {"keys": [key.public()]}, "token_endpoint_auth_method": "private_key_jwt"});
        Portal::register_with(&app, "plain", keys.clone()).await;
        let mut held = keys;
        held["require_pushed_authorization_requests"] = json!(true);
        Portal::register_with(&app, "held", held).await;
        let private = josekit::jwk::Jwk::from_map(key.private().as_object().unwrap().clone()).unwrap();
        let rs256 = RS256.signer_from_jwk(&private).unwrap();
        let ps256 = josekit::jws::PS256.signer_from_jwk(&private).unwrap();
        let claims_of = |id: &str| assertion_claims(&app, json!({"iss": id, "sub": id}));
        assert_refused(&ask(&app, &sign(&rs256, &claims_of("held"))).await, 401, "invalid_client");
        for jws in [sign(&ps256, &claims_of("held")), sign(&ps256, &claims_of("plain")), sign(&rs256, &claims_of("plain"))] {
            let reply = ask(&app, &jws).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }
}

on_both! {
    // OpenID Connect Core section 9, RFC 7518 section 3.2.
    async fn a_secret_can_sign(app: TestApp) {
        let portal =
            Portal::register_with(&app, "robot", json!({"token_endpoint_auth_method": "client_secret_jwt"})).await;
        let other =
            Portal::register_with(&app, "other", json!({"token_endpoint_auth_method": "client_secret_jwt"})).await;
        let secret = portal.secret.clone().unwrap();
        let signer = HS256.signer_from_bytes(&secret).unwrap();
        let good = sign(&signer, &assertion_claims(&app, json!({})));
        assert_eq!(ask(&app, &good).await.status, 200);
        assert_refused(&ask(&app, &good).await, 401, "invalid_client");
        let claims = assertion_claims(&app, json!({}));
        let unsigned = format!("{}.{}.", base64url("{\"alg\":\"none\"}"), base64url(claims.to_string()));
        let mut header = JwsHeader::new();
        header.set_token_type("JWT");
        let hs512 = HS512.signer_from_bytes(format!("{secret}{secret}")).unwrap();
        let hs512 = josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &hs512).unwrap();
        for wrong in [
            sign(&HS256.signer_from_bytes(other.secret.as_ref().unwrap()).unwrap(), &claims),
            sign(&HS256.signer_from_bytes(vec![0; 32]).unwrap(), &claims),
            sign(&signer, &assertion_claims(&app, json!({"aud": "https://other.example"}))),
            sign(&signer, &assertion_claims(&app, json!({"exp": app.clock.now().seconds() - 300}))),
            sign(&signer, &assertion_claims(&app, json!({"jti": null}))),
            unsigned,
            hs512,
        ] {
            assert_refused(&ask(&app, &wrong).await, 401, "invalid_client");
        }
        // The secret itself is for signing only.
        let mut agent = Agent::new(&app.base);
        assert_refused(&portal.token(&mut agent, &[("grant_type", "client_credentials")]).await, 401, "invalid_client");
        // It is kept sealed, and only for those who sign with it.
        let kept = crate::support::sql::rows(&app, "SELECT id FROM clients WHERE secret_sealed IS NOT NULL").await;
        assert_eq!(kept.len(), 2);
        Portal::register(&app, "hall").await;
        let kept = crate::support::sql::rows(&app, "SELECT id FROM clients WHERE secret_sealed IS NOT NULL").await;
        assert_eq!(kept.len(), 2);
        // Registration section 2: the algorithm may be named.
        let named = json!({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS256"});
        let named = Portal::register_with(&app, "named", named).await;
        let signer = HS256.signer_from_bytes(named.secret.as_ref().unwrap()).unwrap();
        let claims = assertion_claims(&app, json!({"iss": "named", "sub": "named"}));
        assert_eq!(ask(&app, &sign(&signer, &claims)).await.status, 200);
    }
}

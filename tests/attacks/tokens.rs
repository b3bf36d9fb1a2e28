//! Tokens that were made up, changed, or are of another kind; codes without their proof (RFC 8725, RFC 9700 section
//! 4.8).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::{ES256, HS256, JwsSigner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::portal::{VERIFIER, claims, jose_header};
use crate::support::{Agent, Portal};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

on_both! {
    |config| config.protocol.resources = vec![idp::config::ResourceConfig {
        uri: "https://reports.example".to_owned(), title: "测试".to_owned(), clients: vec![], exchanged_by: vec![], served_by: vec![],
    }];
    // RFC 8725: the header of a token decides nothing that an attacker could gain by.
    async fn a_forged_access_token_is_worth_nothing(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let tokens = portal.tokens(&mut agent, &[("resource", "https://reports.example")]).await;
        let real = tokens["access_token"].as_str().unwrap();
        let kid = jose_header(real)["kid"].clone();
        let wanted = { let mut told = claims(real); told["aud"] = json!(app.base); told["scope"] = json!("openid id_document"); told };
        let keys = agent.get("/jwks.json").await.json();
        let published = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
        let own = josekit::jwk::Jwk::generate_ec_key(josekit::jwk::alg::ec::EcCurve::P256).unwrap();
        let own_public = Value::Object(own.to_public_key().unwrap().as_ref().clone());
        let es256 = ES256.signer_from_jwk(&own).unwrap();
        let with_public_key = HS256.signer_from_bytes(published.to_string()).unwrap();
        let with_x = HS256.signer_from_bytes(published["x"].as_str().unwrap().repeat(2)).unwrap();
        let sign = |header: Value, signer: Option<&dyn JwsSigner>| {
            let signed = format!("{}.{}", encoded(&header), encoded(&wanted));
            let signature = signer.map(|signer| signer.sign(signed.as_bytes()).unwrap()).unwrap_or_default();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        };
        let header = |changes: Value| {
            let mut header = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid});
            header.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            header
        };
        let forged = [
            sign(header(json!({})), Some(&es256)),
            sign(header(json!({"jwk": own_public})), Some(&es256)),
            sign(header(json!({"jku": "https://evil.example/jwks.json"})), Some(&es256)),
            sign(header(json!({"x5u": "https://evil.example/x.pem"})), Some(&es256)),
            sign(header(json!({"kid": "made-up", "jwk": own_public})), Some(&es256)),
            sign(header(json!({"kid": "../../../dev/null"})), Some(&es256)),
            sign(header(json!({"kid": ""})), Some(&es256)),
            sign(header(json!({"kid": null})), Some(&es256)),
            sign(header(json!({"kid": [kid]})), Some(&es256)),
            sign(header(json!({"alg": "none"})), None),
            sign(header(json!({"alg": "None"})), None),
            sign(header(json!({"alg": "NONE", "kid": null})), None),
            sign(header(json!({"alg": "HS256"})), Some(&with_public_key)),
            sign(header(json!({"alg": "HS256"})), Some(&with_x)),
            sign(header(json!({"crit": ["b64"], "b64": false})), Some(&es256)),
        ];
        for token in &forged {
            let request = agent.request(Method::GET, "/userinfo").bearer_auth(token);
            let reply = agent.stranger().send(request).await;
            assert_eq!(reply.status, 401, "{token}: {}", reply.body);
            let asked = portal.post(&mut agent, "/introspect", &[("token", token)]).await;
            assert_eq!(asked.json(), json!({"active": false}), "{token}");
            assert_eq!(portal.post(&mut agent, "/revoke", &[("token", token)]).await.status, 200);
        }
        let asked = portal.post(&mut agent, "/introspect", &[("token", real)]).await.json();
        assert_eq!(asked["active"], true, "none of it touched the real one");
    }
}

on_both! {
    // RFC 9700 section 4.8: whoever stole a code lacks its verifier, and can't do without.
    async fn a_stolen_code_is_worth_nothing(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let challenge = Portal::challenge();
        let without = [("code_challenge", ""), ("code_challenge_method", "")];
        for (request, verifier) in [
            (&[][..], ""),
            (&[], "x"),
            (&[], challenge.as_str()),
            (&[], &VERIFIER[..VERIFIER.len() - 1]),
            (&[], &VERIFIER.to_uppercase()),
            // The attacker's own request, without a challenge, and the victim's code in it, or the other way round.
            (&without, VERIFIER),
            (&without, &challenge),
        ] {
            let code = portal.code(&mut agent, request).await;
            let reply = portal.redeem_with(&mut agent, &code, verifier).await;
            assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!("invalid_grant")), "{verifier}");
            // One guess only.
            let again = portal.redeem(&mut agent, &code).await;
            assert_eq!(again.json()["error"], "invalid_grant");
        }
        // `plain` would make the challenge itself the verifier.
        for method in ["plain", "s256", "none", "S512"] {
            let reply = agent.get(&portal.authorize_path(&[("code_challenge_method", method)])).await;
            assert_eq!(reply.query("error").as_deref(), Some("invalid_request"), "{method}");
            assert_eq!(reply.query("code"), None);
        }
    }
}

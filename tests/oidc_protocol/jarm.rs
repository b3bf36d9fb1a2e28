//! JARM: the authorization response as one JWT that the provider signed, and encrypted where the client wants it.

use josekit::jwe::{ECDH_ES, JweDecrypter, RSA_OAEP_256};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;

use super::response_modes::{fragment, posted};
use super::*;

/// A response, checked as JARM section 2.4 tells its reader to.
async fn opened(app: &TestApp, portal: &Portal, jwt: &str) -> Value {
    let (header, claims) = verified(app, jwt).await;
    assert!(header["kid"].is_string());
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.base), &json!(portal.id)));
    let left = claims["exp"].as_i64().unwrap() - app.clock.now().seconds();
    assert!((1..=600).contains(&left), "{left} s");
    claims
}

on_both! {
    async fn each_mode_carries_one_signed_response(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"authorization_signed_response_alg": "PS256"})).await;
        let mut agent = signed_in(&app).await;
        for mode in ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] {
            let reply = agent.get(&portal.authorize_path(&[("response_mode", mode)])).await;
            let answer = match mode {
                "fragment.jwt" => fragment(&reply),
                "form_post.jwt" => posted(&portal, &reply),
                _ => {
                    assert!(reply.location().unwrap().starts_with(&format!("{}?response=", portal.redirect_uri)));
                    json!({"response": reply.query("response").unwrap()})
                }
            };
            assert_eq!(members(&answer), ["response"], "{mode}: nothing beside it");
            let response = opened(&app, &portal, &text(&answer, "response")).await;
            assert_eq!(jose_header(&text(&answer, "response"))["alg"], "PS256");
            assert_eq!(members(&response), ["aud", "code", "exp", "iss", "state"], "{mode}");
            assert_eq!(response["state"], "state-1");
            assert_eq!(portal.redeem(&mut agent, &text(&response, "code")).await.status, 200, "{mode}");
        }
    }
}

on_both! {
    // JARM section 2.3.4: jwt is the usual mode of the response type; section 3: RS256 unless another is registered.
    async fn defaults_are_those_of_the_standard(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"response_types": ["code", "code id_token"]})).await;
        let mut agent = signed_in(&app).await;
        let changes = [("response_mode", "jwt"), ("response_type", "code id_token")];
        let answer = fragment(&agent.get(&portal.authorize_path(&changes)).await);
        assert_eq!(jose_header(&text(&answer, "response"))["alg"], "RS256");
        let response = opened(&app, &portal, &text(&answer, "response")).await;
        assert_eq!(members(&response), ["aud", "code", "exp", "id_token", "iss", "state"]);
        // A response is no ID token: nobody is hinted at with it.
        let jwt = text(&answer, "response");
        let reply = agent.get(&portal.authorize_path(&[("id_token_hint", &jwt)])).await;
        assert_error_redirect(&app, &portal, &reply, "invalid_request");
    }
}

on_both! {
    async fn errors_are_signed_too(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"authorization_signed_response_alg": "ES256"})).await;
        let mut agent = Agent::new(&app.base);
        for (changes, code) in [
            ([("response_mode", "jwt"), ("prompt", "none")], "login_required"),
            ([("response_mode", "query.jwt"), ("scope", "nothing")], "invalid_scope"),
            ([("response_mode", "jwt"), ("response_type", "")], "invalid_request"),
        ] {
            let reply = agent.get(&portal.authorize_path(&changes)).await;
            let response = opened(&app, &portal, &reply.query("response").unwrap()).await;
            assert_eq!(members(&response), ["aud", "error", "error_description", "exp", "iss", "state"]);
            assert_eq!((&response["error"], &response["state"]), (&json!(code), &json!("state-1")));
            assert_eq!(reply.query("error"), None, "nothing beside it");
        }
    }
}

/// A nested JWT: JARM section 2.2.
fn decrypt(jwe: &str, alg: &str, enc: &str, decrypter: &dyn JweDecrypter) -> String {
    let header = jose_header(jwe);
    assert_eq!((&header["alg"], &header["enc"], &header["cty"]), (&json!(alg), &json!(enc), &json!("JWT")));
    let (payload, _) = josekit::jwe::deserialize_compact(jwe, decrypter).unwrap();
    String::from_utf8(payload).unwrap()
}

on_both! {
    async fn it_is_encrypted_where_the_client_registered_that(app: TestApp) {
        let mut agent = signed_in(&app).await;
        for (id, alg, enc) in [("rsa", "RSA-OAEP-256", "A256GCM"), ("ec", "ECDH-ES", "A128GCM")] {
            let key = if alg == "ECDH-ES" { Jwk::generate_ec_key(EcCurve::P256) } else { Jwk::generate_rsa_key(2048) };
            let key = key.unwrap();
            let mut public = serde_json::to_value(key.to_public_key().unwrap().as_ref()).unwrap();
            public["use"] = json!("enc");
            let changes = json!({
                "authorization_signed_response_alg": "ES256", "authorization_encrypted_response_alg": alg,
                "authorization_encrypted_response_enc": enc, "jwks": {"keys": [public]},
            });
            let portal = Portal::register_with(&app, id, changes).await;
            let reply = agent.get(&portal.authorize_path(&[("response_mode", "jwt")])).await;
            let jwe = reply.query("response").unwrap_or_else(|| panic!("{:?} {}", reply.location(), reply.text()));
            let jws = if alg == "ECDH-ES" {
                decrypt(&jwe, alg, enc, &ECDH_ES.decrypter_from_jwk(&key).unwrap())
            } else {
                decrypt(&jwe, alg, enc, &RSA_OAEP_256.decrypter_from_jwk(&key).unwrap())
            };
            let response = opened(&app, &portal, &jws).await;
            assert_eq!(portal.redeem(&mut agent, &text(&response, "code")).await.status, 200, "{alg}");
        }
    }
}

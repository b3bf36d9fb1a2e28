//! What a client registers of its flows and of its assertions: RFC 7591 section 2.1, Registration section 2.

use super::*;
use crate::oidc_protocol::assertion::{assertion_claims, present, sign};
use crate::oidc_protocol::encrypted_requests::{encrypt, published};
use crate::oidc_protocol::request_objects::{by_value, object};
use crate::oidc_protocol::response_modes::fragment;

on_both! {
    // RFC 7591 section 2.1: response types and grant types say the same.
    async fn an_id_token_by_the_browser_is_the_implicit_grant(app: TestApp) {
        let mut agent = signed_in(&app).await;
        for (response_types, sent, kept) in [
            (json!(["id_token"]), json!(["implicit"]), json!(["implicit"])),
            (json!(["id_token"]), json!([]), json!(["implicit"])),
            (json!(["code id_token"]), json!(["authorization_code", "implicit"]), json!(["authorization_code", "implicit"])),
            (json!(["code", "code id_token"]), json!(null), json!(["authorization_code", "implicit"])),
        ] {
            let asked = json!({ "redirect_uris": [CALLBACK], "response_types": response_types, "grant_types": sent });
            let told = registered(&app, &asked).await;
            assert_eq!((&told["grant_types"], &told["response_types"]), (&kept, &response_types), "{sent}");
            let portal = portal(&told);
            let response_type = response_types.as_array().unwrap().last().unwrap().as_str().unwrap();
            let asked = agent.get(&portal.authorize_path(&[("scope", "openid"), ("response_type", response_type)])).await;
            let page = agent.follow(asked).await;
            let action = page.attribute("form[action^='/authorize/consent']", "action").unwrap();
            let sid = page.attribute("input[name=sid]", "value").unwrap();
            let reply = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
            let (_, token) = verified(&app, &text(&fragment(&reply), "id_token")).await;
            assert_eq!(token["aud"], told["client_id"]);
            // Nothing is redeemed by it.
            let refused = portal.token(&mut agent, &[("grant_type", "implicit")]).await;
            assert_refused(&refused, 400, "unsupported_grant_type");
        }
    }
}

on_both! {
    // RFC 7591 section 3.2.1, as mod_auth_openidc asks: for every flow that it knows.
    async fn of_flows_those_that_there_are_are_kept(app: TestApp) {
        let asked = json!({
            "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "password", "refresh_token", "implicit"],
            "response_types": ["code", "id_token", "id_token token", "id_token code", "code id_token", "code token"],
        });
        let told = registered(&app, &asked).await;
        assert_eq!(told["response_types"], json!(["code", "id_token", "code id_token"]));
        assert_eq!(told["grant_types"], json!(["authorization_code", "refresh_token", "implicit"]));
        let path = portal(&told).authorize_path(&[("scope", "openid"), ("response_type", "code token")]);
        let reply = signed_in(&app).await.get(&path).await;
        assert_eq!(fragment(&reply)["error"], "unsupported_response_type");
    }
}

on_both! {
    // Core section 9, Registration section 2.
    async fn the_algorithm_of_a_secret_can_be_registered(app: TestApp) {
        let mut asked = least();
        asked["token_endpoint_auth_method"] = json!("client_secret_jwt");
        asked["token_endpoint_auth_signing_alg"] = json!("HS256");
        let told = registered(&app, &asked).await;
        assert_eq!(told["token_endpoint_auth_signing_alg"], "HS256");
        let id = text(&told, "client_id");
        let signer = josekit::jws::HS256.signer_from_bytes(text(&told, "client_secret")).unwrap();
        let claims = assertion_claims(&app, json!({"iss": id, "sub": id}));
        let reply = present(&app, "/introspect", &sign(&signer, &claims), &[("token", "x")]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        asked["token_endpoint_auth_signing_alg"] = json!("ES256");
        let token = initial_token(&app, 1).await;
        let reply = register(&app, &token, &asked).await;
        refused(&reply, "invalid_client_metadata", "token_endpoint_auth_signing_alg");
    }
}

on_both! {
    // Registration section 2, Core section 6.1: what is registered of encrypted requests is kept and held to.
    async fn how_requests_are_encrypted_can_be_registered(app: TestApp) {
        let key = ClientKey::new();
        let mut asked = least();
        asked["jwks"] = key.jwks();
        asked["request_object_signing_alg"] = json!("ES256");
        asked["request_object_encryption_alg"] = json!("ECDH-ES");
        asked["request_object_encryption_enc"] = json!("A256GCM");
        let told = registered(&app, &asked).await;
        for member in ["request_object_encryption_alg", "request_object_encryption_enc", "request_object_signing_alg"] {
            assert_eq!(told[member], asked[member]);
        }
        let portal = portal(&told);
        let mut agent = signed_in(&app).await;
        let jws = key.sign(&object(&app, &portal, &json!({"scope": "openid"})));
        assert_page(&agent.get(&by_value(&portal, &jws)).await, "must encrypt");
        let sealed = encrypt(&published(&app, "ECDH-ES").await, "A256GCM", &json!({}), &jws);
        let reply = agent.get(&by_value(&portal, &sealed)).await;
        assert!(reply.location().is_some_and(|to| to.starts_with("/authorize/consent")), "{}", reply.text());
        let token = initial_token(&app, 1).await;
        for (member, value, named) in [
            ("request_object_encryption_enc", json!(null), "request_object_encryption_enc"),
            ("request_object_encryption_alg", json!(null), "request_object_encryption_enc"),
            ("request_object_encryption_alg", json!("RSA1_5"), "request_object_encryption_alg"),
            ("request_object_encryption_alg", json!("RSA-OAEP"), "request_object_encryption_alg"),
            ("request_object_encryption_enc", json!("A128CBC-HS256"), "request_object_encryption_enc"),
            ("jwks", json!(null), "jwks"),
        ] {
            let mut wrong = asked.clone();
            wrong[member] = value;
            refused(&register(&app, &token, &wrong).await, "invalid_client_metadata", named);
        }
    }
}

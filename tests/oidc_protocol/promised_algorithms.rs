//! Each algorithm that discovery lists, used: by the document's own lists, so that a new entry is tried or fails.

use super::assertion::present;
use super::encrypted_requests::{encrypt, published};
use super::promises::{discovery, list};
use super::request_objects::{by_value, object};
use super::signed_and_encrypted::pair;
use super::*;
use crate::support::dpop::DpopKey;
use idp::domain::encryption_alg::KeyManagement;

/// As tests name algorithms.
fn named(alg: &str) -> &'static str {
    ["ES256", "PS256", "RS256", "EdDSA"]
        .into_iter()
        .find(|known| *known == alg)
        .unwrap_or_else(|| panic!("{alg}"))
}

on_both! {
    async fn we_sign_with_each(app: TestApp) {
        let document = discovery(&app).await;
        let mut agent = signed_in(&app).await;
        let kinds = ["id_token", "userinfo", "authorization", "introspection"];
        let lists = kinds.map(|kind| list(&document, &format!("{kind}_signing_alg_values_supported")));
        assert!(lists.iter().all(|one| *one == lists[0]), "one list for all: {lists:?}");
        for alg in &lists[0] {
            let member = |kind: &str| match kind {
                "authorization" => "authorization_signed_response_alg".to_owned(),
                kind => format!("{kind}_signed_response_alg"),
            };
            let changes: serde_json::Map<String, Value> =
                kinds.iter().map(|kind| (member(kind), json!(alg))).collect();
            let portal = Portal::register_with(&app, &format!("signs-{alg}"), Value::Object(changes)).await;
            let reply = agent.get(&portal.authorize_path(&[("response_mode", "jwt")])).await;
            let response = reply.query("response").unwrap();
            let code = text(&verified(&app, &response).await.1, "code");
            let tokens = portal.redeem(&mut agent, &code).await.json();
            let access = text(&tokens, "access_token");
            let userinfo = portal.userinfo(&agent, &access).await.body;
            let introspected = portal.post(&mut agent, "/introspect", &[("token", &access)]).await.body;
            for jwt in [&response, &text(&tokens, "id_token"), &userinfo, &introspected] {
                assert_eq!(verified(&app, jwt).await.0["alg"], *alg);
            }
        }
    }
}

on_both! {
    async fn we_encrypt_with_each(app: TestApp) {
        let document = discovery(&app).await;
        let mut agent = signed_in(&app).await;
        for kind in ["id_token", "userinfo", "authorization"] {
            for alg in list(&document, &format!("{kind}_encryption_alg_values_supported")) {
                let known = KeyManagement::ALL.into_iter().find(|known| known.as_str() == alg);
                let pair = pair(known.unwrap_or_else(|| panic!("{alg}")));
                for enc in list(&document, &format!("{kind}_encryption_enc_values_supported")) {
                    let id = format!("{kind}-{alg}-{enc}").to_lowercase().replace('_', "-");
                    let (alg_member, enc_member) =
                        (format!("{kind}_encrypted_response_alg"), format!("{kind}_encrypted_response_enc"));
                    let changes = json!({ "jwks": { "keys": [pair.public] }, alg_member: alg, enc_member: enc });
                    let portal = Portal::register_with(&app, &id, changes).await;
                    let jwe = if kind == "authorization" {
                        let reply = agent.get(&portal.authorize_path(&[("response_mode", "jwt")])).await;
                        reply.query("response").unwrap()
                    } else {
                        let tokens = portal.tokens(&mut agent, &[]).await;
                        let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await.body;
                        if kind == "userinfo" { userinfo } else { text(&tokens, "id_token") }
                    };
                    let (_, header) = pair.open(&jwe);
                    assert_eq!((&header["alg"], &header["enc"]), (&json!(alg), &json!(enc)), "{kind}");
                }
            }
        }
    }
}

on_both! {
    async fn we_take_what_is_signed_or_encrypted_with_each(app: TestApp) {
        let document = discovery(&app).await;
        let mut agent = signed_in(&app).await;
        for alg in list(&document, "request_object_signing_alg_values_supported") {
            let key = ClientKey::of(named(&alg), "key-1");
            let changes = json!({ "jwks": key.jwks(), "request_object_signing_alg": alg });
            let portal = Portal::register_with(&app, &format!("asks-{alg}"), changes).await;
            let jws = key.sign(&object(&app, &portal, &json!({})));
            assert!(agent.get(&by_value(&portal, &jws)).await.query("code").is_some(), "{alg}");
            for wrap in list(&document, "request_object_encryption_alg_values_supported") {
                for enc in list(&document, "request_object_encryption_enc_values_supported") {
                    let jwe = encrypt(&published(&app, &wrap).await, &enc, &json!({}), &jws);
                    let reply = agent.get(&by_value(&portal, &jwe)).await;
                    assert!(reply.query("code").is_some(), "{alg} {wrap} {enc}: {}", reply.text());
                }
            }
        }
        for alg in list(&document, "dpop_signing_alg_values_supported") {
            let portal = Portal::register(&app, &format!("proves-{alg}")).await;
            let key = DpopKey::of(named(&alg));
            let own = [("grant_type", "client_credentials")];
            let reply = portal.post_with(&mut agent, "/token", &own, &[("dpop", &key.at_token(&app))]).await;
            assert_eq!(reply.json()["token_type"], "DPoP", "{alg}: {}", reply.body);
        }
    }
}

on_both! {
    // At each endpoint that says how its clients prove who they are.
    async fn each_assertion_is_taken_where_it_is_promised(app: TestApp) {
        let document = discovery(&app).await;
        for endpoint in ["token", "introspection", "revocation"] {
            let methods = list(&document, &format!("{endpoint}_endpoint_auth_methods_supported"));
            assert!(methods.contains(&"private_key_jwt".to_owned()) && methods.contains(&"client_secret_jwt".to_owned()));
            let url = text(&document, &format!("{endpoint}_endpoint"));
            let path = url.strip_prefix(&app.base).unwrap();
            for alg in list(&document, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported")) {
                let id = format!("{endpoint}-{alg}").to_lowercase();
                let now = app.clock.now().seconds();
                let claims = json!({
                    "iss": id, "sub": id, "aud": app.base, "iat": now, "exp": now + 60, "jti": format!("{id}-jti"),
                });
                let jws = if alg == "HS256" {
                    let changes = json!({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": alg});
                    let secret = Portal::register_with(&app, &id, changes).await.secret.unwrap();
                    let signer = josekit::jws::HS256.signer_from_bytes(secret).unwrap();
                    super::assertion::sign(&signer, &claims)
                } else {
                    let key = ClientKey::of(named(&alg), "key-1");
                    let changes = json!({
                        "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks(), "token_endpoint_auth_signing_alg": alg,
                    });
                    Portal::register_with(&app, &id, changes).await;
                    key.sign(&claims)
                };
                let form = [("grant_type", "client_credentials"), ("token", "x")];
                let reply = present(&app, path, &jws, &form).await;
                assert_eq!(reply.status, 200, "{endpoint} {alg}: {}", reply.body);
            }
        }
    }
}

//! OpenID Connect Discovery 1.0, RFC 8414 and the JWK Set of RFC 7517.

use super::*;

fn list(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name}"));
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn metadata_says_what_the_server_does(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let reply = agent.get("/.well-known/openid-configuration").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        let document = reply.json();
        // Discovery section 4.3: exactly the issuer, byte by byte.
        assert_eq!(document["issuer"], app.base);
        // RFC 8414 section 3: the same under OAuth's own name.
        assert_eq!(agent.get("/.well-known/oauth-authorization-server").await.body, reply.body);
        for name in [
            "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "introspection_endpoint",
            "revocation_endpoint", "end_session_endpoint", "pushed_authorization_request_endpoint",
        ] {
            let url = text(&document, name);
            assert!(url.starts_with(&format!("{}/", app.base)), "{name}: {url}");
            let there = agent.get(&url).await;
            assert_ne!(there.status, 404, "{name} leads nowhere");
        }
        assert_eq!(list(&document, "response_types_supported"), ["code", "id_token", "code id_token"]);
        let modes = ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"];
        assert_eq!(list(&document, "response_modes_supported"), modes);
        let grants = [
            "authorization_code", "refresh_token", "client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ];
        assert_eq!(list(&document, "grant_types_supported"), grants);
        // RFC 9700 section 2.1.1: no plain.
        assert_eq!(list(&document, "code_challenge_methods_supported"), ["S256"]);
        assert_eq!(list(&document, "subject_types_supported"), ["pairwise", "public"]);
        // Discovery section 3: RS256 must be among them, none never is.
        let algs = list(&document, "id_token_signing_alg_values_supported");
        assert!(algs.contains(&"RS256".to_owned()) && algs.contains(&"ES256".to_owned()), "{algs:?}");
        assert!(!algs.contains(&"none".to_owned()));
        let methods = list(&document, "token_endpoint_auth_methods_supported");
        let expected =
            ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"];
        assert_eq!(methods, expected);
        let asking = list(&document, "introspection_endpoint_auth_methods_supported");
        assert!(!asking.contains(&"none".to_owned()), "a public client may not introspect");
        for scope in ["openid", "profile", "email", "address", "phone", "offline_access"] {
            assert!(list(&document, "scopes_supported").contains(&scope.to_owned()), "{scope}");
        }
        for claim in ["sub", "iss", "auth_time", "acr", "amr", "sid", "name", "legal_entity", "operator"] {
            assert!(list(&document, "claims_supported").contains(&claim.to_owned()), "{claim}");
        }
        assert_eq!(list(&document, "acr_values_supported"), ["urn:jl-uia:loa:1", "urn:jl-uia:loa:2", "urn:jl-uia:loa:3"]);
        assert_eq!(list(&document, "ui_locales_supported"), ["zh-CN"]);
        for yes in [
            "authorization_response_iss_parameter_supported", "claims_parameter_supported",
            "backchannel_logout_supported", "backchannel_logout_session_supported", "frontchannel_logout_supported",
            "frontchannel_logout_session_supported",
            "request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration",
        ] {
            assert_eq!(document[yes], true, "{yes}");
        }
        assert_eq!(document["require_pushed_authorization_requests"], false);
        // No request object without a signature, no answer without one.
        for algs in ["request_object_signing_alg_values_supported", "authorization_signing_alg_values_supported"] {
            assert_eq!(list(&document, algs), ["ES256", "PS256", "RS256", "EdDSA"], "{algs}");
        }
        assert_eq!(list(&document, "request_object_encryption_alg_values_supported"), ["RSA-OAEP-256", "ECDH-ES"]);
        assert_eq!(list(&document, "request_object_encryption_enc_values_supported"), ["A128GCM", "A256GCM"]);
    }
}

on_both! {
    async fn the_key_set_is_public_and_complete(app: TestApp) {
        let reply = Agent::new(&app.base).get("/jwks.json").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        let set = reply.json();
        let keys = set["keys"].as_array().unwrap();
        let mut kids = Vec::new();
        for key in keys {
            let key = key.as_object().unwrap();
            // RFC 7517 section 9.2 and RFC 7518 section 6: nothing private.
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(!key.contains_key(private), "{private} is published");
            }
            let is_to_encrypt_to = matches!(key["alg"].as_str(), Some("RSA-OAEP-256" | "ECDH-ES"));
            assert_eq!(key["use"], if is_to_encrypt_to { "enc" } else { "sig" });
            assert!(!key.contains_key("key_ops"), "use says it (RFC 7517 section 4.3)");
            let complete = match key["alg"].as_str() {
                Some("ES256" | "ECDH-ES") => {
                    let coordinates = [&key["x"], &key["y"]].map(|part| unpadded(part.as_str().unwrap()).len());
                    key["kty"] == "EC" && key["crv"] == "P-256" && coordinates == [32, 32]
                }
                Some("EdDSA") => {
                    key["kty"] == "OKP"
                        && key["crv"] == "Ed25519"
                        && unpadded(key["x"].as_str().unwrap()).len() == 32
                }
                Some("RS256" | "PS256" | "RSA-OAEP-256") => {
                    key["kty"] == "RSA" && unpadded(key["n"].as_str().unwrap()).len() >= 256 && key["e"] == "AQAB"
                }
                _ => false,
            };
            assert!(complete, "{key:?}");
            kids.push(key["kid"].as_str().unwrap());
        }
        // Whoever takes the first key of a kind has one that signs.
        let uses: Vec<&Value> = keys.iter().map(|key| &key["use"]).collect();
        assert_eq!(uses, ["sig", "sig", "sig", "sig", "enc", "enc"]);
        kids.sort_unstable();
        kids.dedup();
        assert!(kids.len() == keys.len() && kids.iter().all(|kid| !kid.is_empty()), "{kids:?}");
    }
}

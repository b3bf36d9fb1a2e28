//! What a client gets as it registered: ID tokens and userinfo by each algorithm (OpenID Connect Core sections 5.3.2 and
//! 10, RFC 7516).

use idp::domain::encryption_alg::{ContentEncryption, KeyManagement};
use idp::domain::signing_alg::SigningAlg;
use josekit::jwe::JweDecrypter;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;

use super::*;
use crate::support::{Site, sql};

/// A client's own pair of keys to be encrypted to.
pub(super) struct Pair {
    alg: KeyManagement,
    private: Jwk,
    pub(super) public: Value,
}

pub(super) fn pair(alg: KeyManagement) -> Pair {
    let private = match alg {
        KeyManagement::RsaOaep256 => Jwk::generate_rsa_key(2048).unwrap(),
        KeyManagement::EcdhEs => Jwk::generate_ec_key(EcCurve::P256).unwrap(),
    };
    let mut public = private.to_public_key().unwrap().as_ref().clone();
    public.remove("key_ops");
    public.insert("kid".to_owned(), json!("enc-1"));
    public.insert("use".to_owned(), json!("enc"));
    Pair { alg, private, public: Value::Object(public) }
}

impl Pair {
    /// The payload of a JWE and its header.
    pub(super) fn open(&self, jwe: &str) -> (String, Value) {
        let decrypter: Box<dyn JweDecrypter> = match self.alg {
            KeyManagement::RsaOaep256 => {
                Box::new(josekit::jwe::RSA_OAEP_256.decrypter_from_jwk(&self.private).unwrap())
            }
            KeyManagement::EcdhEs => {
                Box::new(josekit::jwe::ECDH_ES.decrypter_from_jwk(&self.private).unwrap())
            }
        };
        let (payload, _) = josekit::jwe::deserialize_compact(jwe, &*decrypter).unwrap();
        (String::from_utf8(payload).unwrap(), jose_header(jwe))
    }
}

on_both! {
    async fn each_algorithm_signs_what_its_client_gets(app: TestApp) {
        let mut agent = signed_in(&app).await;
        for alg in SigningAlg::ALL {
            let changes = json!({
                "id_token_signed_response_alg": alg.as_str(), "userinfo_signed_response_alg": alg.as_str(),
            });
            let portal = Portal::register_with(&app, alg.as_str(), changes).await;
            let tokens = portal.tokens(&mut agent, &[]).await;
            let (header, identity) = verified(&app, &text(&tokens, "id_token")).await;
            assert_eq!((&header["alg"], &header["typ"]), (&json!(alg.as_str()), &json!("JWT")));
            let reply = portal.userinfo(&agent, &text(&tokens, "access_token")).await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/jwt"));
            assert_eq!(reply.header("cache-control"), "no-store");
            let (header, told) = verified(&app, &reply.body).await;
            assert_eq!(header["alg"], alg.as_str());
            assert_eq!((&told["iss"], &told["aud"]), (&json!(app.base), &json!(portal.id)), "Core section 5.3.2");
            assert_eq!((&told["sub"], &told["name"]), (&identity["sub"], &json!("李颖")));
            assert!(told.get("nonce").is_none());
            // RFC 8725 section 3.11: userinfo is no ID token.
            let hinted = agent.get(&portal.authorize_path(&[("id_token_hint", &reply.body)])).await;
            assert_error_redirect(&app, &portal, &hinted, "invalid_request");
        }
    }
}

on_both! {
    async fn each_algorithm_encrypts_what_its_client_gets(app: TestApp) {
        let mut agent = signed_in(&app).await;
        for alg in KeyManagement::ALL {
            let pair = pair(alg);
            for enc in ContentEncryption::ALL {
                let id = format!("{}-{}", alg.as_str(), enc.as_str()).to_lowercase();
                let changes = json!({
                    "jwks": { "keys": [pair.public] },
                    "id_token_encrypted_response_alg": alg.as_str(), "id_token_encrypted_response_enc": enc.as_str(),
                    "userinfo_encrypted_response_alg": alg.as_str(), "userinfo_encrypted_response_enc": enc.as_str(),
                    "userinfo_signed_response_alg": "PS256",
                });
                let portal = Portal::register_with(&app, &id, changes.clone()).await;
                let tokens = portal.tokens(&mut agent, &[]).await;
                let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await;
                assert_eq!(userinfo.header("content-type"), "application/jwt");
                for (jwe, signed_by) in [(text(&tokens, "id_token"), "ES256"), (userinfo.body, "PS256")] {
                    let (inner, header) = pair.open(&jwe);
                    for (name, value) in [("alg", alg.as_str()), ("enc", enc.as_str()), ("kid", "enc-1"), ("cty", "JWT")] {
                        assert_eq!(header[name], value, "{name}");
                    }
                    let (header, told) = verified(&app, &inner).await;
                    assert_eq!((&header["alg"], &told["aud"]), (&json!(signed_by), &json!(portal.id)));
                }
                // Core section 5.3.2: encrypted without a signature is JSON inside.
                let mut unsigned = changes;
                unsigned.as_object_mut().unwrap().remove("userinfo_signed_response_alg");
                let portal = Portal::register_with(&app, &format!("{id}-unsigned"), unsigned).await;
                let tokens = portal.tokens(&mut agent, &[]).await;
                let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await;
                let (inner, header) = pair.open(&userinfo.body);
                assert_eq!(header.get("cty"), None);
                assert_eq!(serde_json::from_str::<Value>(&inner).unwrap()["name"], "李颖");
            }
        }
    }
}

on_both! {
    // A key that can't be had: the client is told, and nothing leaves in clear.
    async fn without_a_key_nothing_is_told(app: TestApp) {
        let site = Site::start().await;
        let pair = pair(KeyManagement::EcdhEs);
        let keys = site.put_json("/jwks", &json!({ "keys": [] }));
        let changes = json!({
            "jwks_uri": keys, "userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A128GCM",
            "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM",
            "response_types": ["code", "id_token"],
        });
        let portal = Portal::register_with(&app, "hall", changes).await;
        let mut agent = signed_in(&app).await;
        let by_browser = portal.authorize_path(&[("response_type", "id_token")]);
        assert_page(&agent.get(&by_browser).await, "no key to encrypt to");
        let code = portal.code(&mut agent, &[]).await;
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_request");
        // Once it is published it is used.
        site.put_json("/jwks", &json!({ "keys": [pair.public] }));
        app.advance_seconds(60);
        let tokens = portal.tokens(&mut agent, &[]).await;
        let (inner, _) = pair.open(&text(&tokens, "id_token"));
        verified(&app, &inner).await;
        let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await;
        assert!(pair.open(&userinfo.body).0.contains("李颖"));
        let back = agent.get(&by_browser).await.location().unwrap();
        let fragment = url::Url::parse(&back).unwrap().fragment().unwrap().to_owned();
        let jwe = url::form_urlencoded::parse(fragment.as_bytes()).find(|(name, _)| name == "id_token").unwrap().1;
        verified(&app, &pair.open(&jwe).0).await;
    }
}

on_both! {
    // A public client's refresh token is rotated away only with an answer: a failure of ours costs it nothing, however late
    // it tries again.
    async fn a_refresh_that_fails_rotates_nothing_away(app: TestApp) {
        let site = Site::start().await;
        let pair = pair(KeyManagement::EcdhEs);
        let good = json!({ "keys": [pair.public] });
        let changes = json!({
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
            "jwks_uri": site.put_json("/jwks", &good),
            "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM",
        });
        let portal = Portal::register_with(&app, "app", changes).await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let refresh = text(&tokens, "refresh_token");
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        site.put_json("/jwks", &json!({ "keys": [] }));
        app.advance_seconds(601);
        assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_request");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM access_tokens").await, 0, "nobody heard of one");
        site.put_json("/jwks", &good);
        app.advance_seconds(3600);
        let reply = portal.token(&mut agent, &params).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_ne!(reply.json()["refresh_token"], refresh);
    }
}

on_both! {
    |config| config.tokens.code_seconds = 300;
    // What the client is not to blame for costs it neither the code nor the grant: it tries again and gets everything.
    async fn a_redemption_that_fails_can_be_tried_again(app: TestApp) {
        let site = Site::start().await;
        let pair = pair(KeyManagement::EcdhEs);
        let keys = site.put("/jwks", axum::http::StatusCode::SERVICE_UNAVAILABLE, "text/plain", "");
        let changes = json!({
            "jwks_uri": keys, "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM",
        });
        let portal = Portal::register_with(&app, "hall", changes).await;
        let mut agent = signed_in(&app).await;
        let code = portal.code(&mut agent, &[("scope", "openid offline_access")]).await;
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_request");
        for table in ["access_tokens", "refresh_tokens"] {
            assert_eq!(sql::number(&app, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "nobody heard of one");
        }
        site.put_json("/jwks", &json!({ "keys": [pair.public] }));
        app.advance_seconds(60);
        let tokens = portal.redeem(&mut agent, &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        let refresh = text(&tokens.json(), "refresh_token");
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(portal.token(&mut agent, &again).await.status, 200);
        // And only until it has succeeded.
        assert_refused(&portal.redeem(&mut agent, &code).await, 400, "invalid_grant");
        assert_refused(&portal.token(&mut agent, &again).await, 400, "invalid_grant");
    }
}

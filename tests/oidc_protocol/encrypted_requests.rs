//! Encrypted request objects: RFC 9101 section 6.1, OpenID Connect Core section 6.1, RFC 7516.

use josekit::jwe::{self, JweEncrypter, JweHeader};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use reqwest::StatusCode;

use super::par::visit;
use super::request_objects::{by_value, object, signing};
use super::*;
use crate::support::Site;
use crate::support::client_key::unsigned;

const ALGS: [&str; 2] = ["RSA-OAEP-256", "ECDH-ES"];
const ENCS: [&str; 2] = ["A128GCM", "A256GCM"];

/// The key that the provider publishes for this algorithm.
pub async fn published(app: &TestApp, alg: &str) -> Value {
    let set = Agent::new(&app.base).get("/jwks.json").await.json();
    let fits = |key: &&Value| key["use"] == "enc" && key["alg"] == alg;
    let found: Vec<Value> = set["keys"].as_array().unwrap().iter().filter(fits).cloned().collect();
    assert_eq!(found.len(), 1, "one key to encrypt to for {alg}");
    found[0].clone()
}

/// A JWE of this text to a public key; `changes` to its header, null removes.
pub fn encrypt(key: &Value, enc: &str, changes: &Value, inside: &str) -> String {
    let mut header = json!({"enc": enc, "cty": "JWT", "kid": key["kid"]});
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        }
    }
    let mut key = key.clone();
    for name in ["alg", "use", "kid"] {
        key.as_object_mut().unwrap().remove(name);
    }
    let jwk = Jwk::from_map(key.as_object().unwrap().clone()).unwrap();
    let encrypter: Box<dyn JweEncrypter> = match (header["alg"].as_str(), key["kty"].as_str()) {
        (Some("RSA-OAEP"), _) => Box::new(jwe::RSA_OAEP.encrypter_from_jwk(&jwk).unwrap()),
        #[allow(deprecated, reason = "it is what must be refused")]
        (Some("RSA1_5"), _) => Box::new(jwe::RSA1_5.encrypter_from_jwk(&jwk).unwrap()),
        (Some("ECDH-ES+A128KW"), _) => Box::new(jwe::ECDH_ES_A128KW.encrypter_from_jwk(&jwk).unwrap()),
        (_, Some("RSA")) => Box::new(jwe::RSA_OAEP_256.encrypter_from_jwk(&jwk).unwrap()),
        _ => Box::new(jwe::ECDH_ES.encrypter_from_jwk(&jwk).unwrap()),
    };
    header.as_object_mut().unwrap().remove("alg");
    let header = JweHeader::from_map(header.as_object().unwrap().clone()).unwrap();
    jwe::serialize_compact(inside.as_bytes(), &header, &*encrypter).unwrap()
}

/// The same JWE with a part replaced.
fn with_part(jwe: &str, at: usize, part: &str) -> String {
    let mut parts: Vec<&str> = jwe.split('.').collect();
    parts[at] = part;
    parts.join(".")
}

on_both! {
    async fn each_algorithm_works_in_each_way(app: TestApp) {
        let site = Site::start().await;
        let key = ClientKey::new();
        let mut agent = signed_in(&app).await;
        for alg in ALGS {
            let public = published(&app, alg).await;
            for enc in ENCS {
                let id = format!("{alg}-{enc}").to_lowercase();
                let at = format!("{}/{id}", site.base);
                let registered = json!({
                    "request_object_encryption_alg": alg, "request_object_encryption_enc": enc, "request_uris": [at],
                });
                let portal = signing(&app, &id, &key, registered).await;
                let sealed = || encrypt(&public, enc, &json!({}), &key.sign(&object(&app, &portal, &json!({}))));
                let reply = agent.get(&by_value(&portal, &sealed())).await;
                assert_eq!(reply.query("state").as_deref(), Some("inside"), "{id}: {}", reply.text());
                let code = reply.query("code").unwrap();
                assert_eq!(portal.redeem(&mut agent, &code).await.status, 200);
                site.put(&format!("/{id}"), StatusCode::OK, "application/oauth-authz-req+jwt", &sealed());
                assert!(agent.get(&visit(&portal, &at)).await.query("code").is_some(), "{id}");
                let pushed = portal.post(&mut agent, "/par", &[("client_id", &id), ("request", &sealed())]).await;
                assert_eq!(pushed.status, 201, "{}", pushed.body);
                let reply = agent.get(&visit(&portal, &text(&pushed.json(), "request_uri"))).await;
                assert_eq!(reply.query("state").as_deref(), Some("inside"), "{id}");
            }
            // Registration section 2: who registered no algorithm may encrypt all the same.
            let portal = signing(&app, "free", &key, json!({})).await;
            let jws = key.sign(&object(&app, &portal, &json!({})));
            for changes in [
                json!({}), json!({"cty": null}), json!({"cty": "application/jwt"}), json!({"kid": null}),
                json!({"typ": "JWE"}), json!({"unknown": 1}),
            ] {
                let reply = agent.get(&by_value(&portal, &encrypt(&public, "A256GCM", &changes, &jws))).await;
                assert!(reply.query("code").is_some(), "{alg} {changes}: {}", reply.text());
            }
        }
    }
}

on_both! {
    async fn who_registered_it_must_encrypt_so(app: TestApp) {
        let key = ClientKey::new();
        let registered =
            json!({"request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A256GCM"});
        let portal = signing(&app, "hall", &key, registered).await;
        let (rsa, ec) = (published(&app, "RSA-OAEP-256").await, published(&app, "ECDH-ES").await);
        let mut agent = signed_in(&app).await;
        let jws = key.sign(&object(&app, &portal, &json!({})));
        for (jws, why) in [
            (jws.clone(), "must encrypt"),
            (encrypt(&rsa, "A256GCM", &json!({}), &jws), "request_object_encryption_alg"),
            (encrypt(&ec, "A128GCM", &json!({}), &jws), "request_object_encryption_enc"),
        ] {
            let reply = agent.get(&by_value(&portal, &jws)).await;
            assert_page(&reply, "invalid_request_object");
            assert!(reply.text().contains(why), "{why}: {}", reply.text());
            let told = portal.post(&mut agent, "/par", &[("client_id", "hall"), ("request", &jws)]).await;
            assert_refused(&told, 400, "invalid_request_object");
        }
        let good = encrypt(&ec, "A256GCM", &json!({}), &jws);
        assert!(agent.get(&by_value(&portal, &good)).await.query("code").is_some());
        // A request without an object is a matter of require_signed_request_object.
        assert!(agent.get(&portal.authorize_path(&[])).await.query("code").is_some());
        // FAPI 2.0 Message Signing holds inside as outside.
        let rsa_key = ClientKey::of("PS256", "key-1");
        let strict = signing(&app, "strict", &rsa_key, json!({})).await;
        let weak = rsa_key.sign_with(&json!({"alg": "RS256"}), &object(&app, &strict, &json!({})));
        assert_page(&agent.get(&by_value(&strict, &encrypt(&ec, "A256GCM", &json!({}), &weak))).await, "alg must be");
    }
}

on_both! {
    // RFC 8725: what is not whole, not ours, not signed or not to be understood is refused, in all three places alike.
    async fn everything_else_is_refused(app: TestApp) {
        let site = Site::start().await;
        let key = ClientKey::new();
        let at = format!("{}/object", site.base);
        let portal = signing(&app, "hall", &key, json!({"request_uris": [at]})).await;
        let (rsa, ec) = (published(&app, "RSA-OAEP-256").await, published(&app, "ECDH-ES").await);
        let mut agent = signed_in(&app).await;
        let claims = object(&app, &portal, &json!({}));
        let jws = key.sign(&claims);
        let good = encrypt(&ec, "A128GCM", &json!({}), &jws);
        let to_rsa = |changes: Value| encrypt(&rsa, "A128GCM", &changes, &jws);
        let to_ec = |changes: Value| encrypt(&ec, "A128GCM", &changes, &jws);
        let public = |private: Jwk, like: &Value| {
            let mut other = serde_json::to_value(private.to_public_key().unwrap().as_ref()).unwrap();
            other["kid"] = like["kid"].clone();
            other
        };
        let other_rsa = public(Jwk::generate_rsa_key(2048).unwrap(), &rsa);
        let other_ec = public(Jwk::generate_ec_key(EcCurve::P256).unwrap(), &ec);
        let other_curve = public(Jwk::generate_ec_key(EcCurve::P384).unwrap(), &ec);
        let signing_key = {
            let set = agent.get("/jwks.json").await.json();
            set["keys"].as_array().unwrap().iter().find(|key| key["alg"] == "RS256").unwrap().clone()
        };
        let parts: Vec<&str> = good.split('.').collect();
        let header = |changes: Value| {
            let mut header: Value = jose_header(&good);
            for (name, value) in changes.as_object().unwrap() {
                header[name] = value.clone();
            }
            with_part(&good, 0, &base64url(header.to_string()))
        };
        let epk = |changes: Value| {
            let mut epk = jose_header(&good)["epk"].clone();
            for (name, value) in changes.as_object().unwrap() {
                epk[name] = value.clone();
            }
            header(json!({"epk": epk}))
        };
        let zeros = "A".repeat(20 * 1024 * 1024);
        for (what, sealed) in [
            ("another RSA key by our kid", encrypt(&other_rsa, "A128GCM", &json!({}), &jws)),
            ("another EC key by our kid", encrypt(&other_ec, "A128GCM", &json!({}), &jws)),
            ("another curve", encrypt(&other_curve, "A128GCM", &json!({}), &jws)),
            ("our key that signs", encrypt(&signing_key, "A128GCM", &json!({}), &jws)),
            ("our key that signs, without kid", encrypt(&signing_key, "A128GCM", &json!({"kid": null}), &jws)),
            ("a kid that is nobody's", to_ec(json!({"kid": "nobody"}))),
            ("the kid of the other key", to_ec(json!({"kid": rsa["kid"]}))),
            ("a kid that is a number", header(json!({"kid": 7}))),
            ("RSA1_5", to_rsa(json!({"alg": "RSA1_5"}))),
            ("RSA-OAEP with SHA-1", to_rsa(json!({"alg": "RSA-OAEP"}))),
            ("a wrapped key", to_ec(json!({"alg": "ECDH-ES+A128KW"}))),
            ("CBC", encrypt(&ec, "A128CBC-HS256", &json!({}), &jws)),
            ("192 bits", encrypt(&ec, "A192GCM", &json!({}), &jws)),
            ("a small thing that unfolds", encrypt(&ec, "A128GCM", &json!({"zip": "DEF"}), &zeros)),
            ("compressed", to_ec(json!({"zip": "DEF"}))),
            ("critical members", header(json!({"crit": ["exp"], "exp": 1}))),
            ("another content", to_ec(json!({"cty": "text/plain"}))),
            ("another header", header(json!({"more": 1}))),
            ("alg dir", header(json!({"alg": "dir"}))),
            ("alg none", header(json!({"alg": "none"}))),
            ("no enc", header(json!({"enc": null}))),
            ("another ephemeral point", epk(json!({"x": base64url([1; 32])}))),
            ("a long coordinate", epk(json!({"x": base64url([1; 33])}))),
            ("no coordinate", epk(json!({"x": "", "y": ""}))),
            ("a coordinate that is a number", epk(json!({"x": 1}))),
            ("a curve of another kind", epk(json!({"crv": "X25519", "kty": "OKP"}))),
            ("no ephemeral key", header(json!({"epk": null}))),
            ("another ciphertext", with_part(&good, 3, &base64url([7; 40]))),
            ("no ciphertext", with_part(&good, 3, "")),
            ("a key where none belongs", with_part(&good, 1, "AAAA")),
            ("another IV", with_part(&good, 2, &base64url([7; 12]))),
            ("no IV", with_part(&good, 2, "")),
            ("a short IV", with_part(&good, 2, &base64url([7; 8]))),
            ("another tag", with_part(&good, 4, &base64url([7; 16]))),
            ("no tag", with_part(&good, 4, "")),
            // Its first bytes are right: whoever may guess at short ones is soon done.
            ("a short tag", with_part(&good, 4, &base64url(&unpadded(parts[4])[..4]))),
            ("four dots", "....".to_owned()),
            ("not base64url", with_part(&good, 0, "!!!")),
            ("a header that is no object", with_part(&good, 0, &base64url("[]"))),
            ("unsigned inside", encrypt(&ec, "A128GCM", &json!({}), &unsigned(&json!({"alg": "none"}), &claims))),
            ("only JSON inside", encrypt(&ec, "A128GCM", &json!({}), &claims.to_string())),
            ("nothing inside", encrypt(&ec, "A128GCM", &json!({}), "")),
            ("signed by another", encrypt(&ec, "A128GCM", &json!({}), &ClientKey::new().sign(&claims))),
            ("expired inside", encrypt(&ec, "A128GCM", &json!({}), &key.sign(&object(&app, &portal, &json!({"exp": 1}))))),
            ("encrypted twice", encrypt(&ec, "A128GCM", &json!({}), &good)),
            ("too large", encrypt(&ec, "A128GCM", &json!({}), &"a".repeat(30_000))),
            ("too large, not encrypted", key.sign(&object(&app, &portal, &json!({"state": "a".repeat(30_000)})))),
        ] {
            let reply = agent.get(&by_value(&portal, &sealed)).await;
            assert_eq!(reply.status, 400, "{what}: {:?}", reply.location());
            assert_page(&reply, "invalid_request_object");
            site.put("/object", StatusCode::OK, "application/jwt", &sealed);
            assert_page(&agent.get(&visit(&portal, &at)).await, "invalid_request_object");
            let told = portal.post(&mut agent, "/par", &[("client_id", "hall"), ("request", &sealed)]).await;
            assert_refused(&told, 400, "invalid_request_object");
            if what == "another tag" {
                // Beside a registered address the portal is told there.
                let reply = agent.get(&portal.authorize_path(&[("request", &sealed)])).await;
                assert_error_redirect(&app, &portal, &reply, "invalid_request_object");
            }
        }
        assert!(agent.get(&by_value(&portal, &good)).await.query("code").is_some());
    }
}

on_both! {
    // One key an algorithm is published; whoever has the last one from a cache may use it for a day more.
    async fn keys_change_without_anybody_noticing(app: TestApp) {
        use idp::domain::encryption_alg::KeyManagement;
        use idp::domain::timestamp::Span;
        let second = app.second_instance().await;
        let key = ClientKey::new();
        let portal = signing(&app, "hall", &key, json!({})).await;
        let old = published(&app, "ECDH-ES").await;
        let until = app.clock.now() + Span::seconds(900);
        let next = app.app.keys.rotate_encryption(KeyManagement::EcdhEs, until).unwrap();
        second.app.keys.reload().unwrap();
        assert_eq!(published(&app, "ECDH-ES").await, old, "until every instance has it");
        app.advance_seconds(900);
        for app in [&app, &second] {
            assert_eq!(published(app, "ECDH-ES").await["kid"], next);
        }
        let new = published(&app, "ECDH-ES").await;
        let path = |public: &Value, changes: Value| {
            let jws = key.sign(&object(&app, &portal, &json!({})));
            by_value(&portal, &encrypt(public, "A128GCM", &changes, &jws))
        };
        for instance in [&app, &second] {
            let mut agent = Agent::new(&instance.base);
            for public in [&old, &new] {
                asks_to_sign_in(&agent.get(&path(public, json!({}))).await);
                asks_to_sign_in(&agent.get(&path(public, json!({"kid": null}))).await);
            }
        }
        app.advance_seconds(24 * 3600);
        let mut agent = Agent::new(&app.base);
        for changes in [json!({}), json!({"kid": null})] {
            assert_page(&agent.get(&path(&old, changes.clone())).await, "invalid_request_object");
            asks_to_sign_in(&agent.get(&path(&new, changes)).await);
        }
    }
}

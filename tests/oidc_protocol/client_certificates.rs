//! Mutual TLS behind a trusted proxy (RFC 8705): clients that prove who they are by a certificate, and tokens that are
//! bound to one. (The product's own listener for certificates: `operations/client_certificates.rs`.)

use base64::engine::general_purpose::STANDARD;
use idp::config::Config;
use reqwest::Method;

use super::*;
use crate::support::Site;
use crate::support::certificates::{Certificate, certificates};

pub(super) const HEADER: &str = "client-cert";
const OWN: (&str, &str) = ("grant_type", "client_credentials");

pub(super) fn behind_proxy(config: &mut Config) {
    config.client_certificates.header = Some(HEADER.to_owned());
    config.client_certificates.proxies = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    config.client_certificates.authorities = Some(certificates().authority.clone());
}

/// A client of this name that sends no secret, with what proves its certificate.
async fn register(app: &TestApp, id: &str, metadata: Value) -> Portal {
    Portal::register_with(app, id, metadata).await
}

/// A request with this certificate and no other proof.
async fn post(app: &TestApp, path: &str, certificate: Option<&Certificate>, form: &[(&str, &str)]) -> Reply {
    let mut agent = Agent::new(&app.base);
    let mut request = agent.request(Method::POST, path).form(form);
    if let Some(certificate) = certificate {
        request = request.header(HEADER, certificate.header());
    }
    agent.send(request).await
}

on_both! {
    behind_proxy;
    // Section 2.1: a name that the authority vouches for.
    async fn a_certificate_of_the_authority_proves_its_name(app: TestApp) {
        let made = certificates();
        for (id, name) in [
            ("by-dn", ("tls_client_auth_subject_dn", "CN=hall,O=example")),
            ("by-dns", ("tls_client_auth_san_dns", "Hall.Example")),
        ] {
            register(&app, id, json!({"token_endpoint_auth_method": "tls_client_auth", name.0: name.1})).await;
            let form = [OWN, ("client_id", id)];
            let good = post(&app, "/token", Some(&made.hall), &form).await;
            assert_eq!((good.status.as_u16(), &good.json()["token_type"]), (200, &json!("Bearer")), "{}", good.body);
            for wrong in [None, Some(&made.imposter), Some(&made.other), Some(&made.server_only)] {
                for path in ["/token", "/introspect", "/revoke", "/par"] {
                    assert_refused(&post(&app, path, wrong, &form).await, 401, "invalid_client");
                }
            }
        }
        for (id, more) in [
            ("two", json!({"tls_client_auth_subject_dn": "CN=hall,O=example", "tls_client_auth_san_dns": "hall.example"})),
            ("reversed", json!({"tls_client_auth_subject_dn": "O=example,CN=hall"})),
            ("part", json!({"tls_client_auth_subject_dn": "CN=hall"})),
            ("uri", json!({"tls_client_auth_san_uri": "urn:hall.example"})),
            ("email", json!({"tls_client_auth_san_email": "hall@hall.example"})),
            ("ip", json!({"tls_client_auth_san_ip": "127.0.0.1"})),
        ] {
            let mut metadata = json!({"token_endpoint_auth_method": "tls_client_auth"});
            metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            // Registration may refuse two names at once; a client that got past it proves nothing by them.
            let parsed = serde_json::from_value::<idp::domain::client::ClientMetadata>(json!({
                "client_name": "c", "redirect_uris": [], "grant_types": ["client_credentials"], "scope": "reports",
                "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": metadata.get("tls_client_auth_subject_dn"),
                "tls_client_auth_san_dns": metadata.get("tls_client_auth_san_dns"),
                "tls_client_auth_san_uri": metadata.get("tls_client_auth_san_uri"),
                "tls_client_auth_san_email": metadata.get("tls_client_auth_san_email"),
                "tls_client_auth_san_ip": metadata.get("tls_client_auth_san_ip"),
            }));
            if idp::oidc::registration::register(&app.app, id, &parsed.unwrap()).await.is_err() {
                assert_eq!(id, "two");
                continue;
            }
            let reply = post(&app, "/token", Some(&made.hall), &[OWN, ("client_id", id)]).await;
            assert_refused(&reply, 401, "invalid_client");
        }
        // What the certificate proves is not proved by a secret, nor the other way round.
        let portal = Portal::register(&app, "secret").await;
        let reply = post(&app, "/token", Some(&made.hall), &[OWN, ("client_id", "secret")]).await;
        assert_refused(&reply, 401, "invalid_client");
        let secret = portal.secret.unwrap();
        let form = [OWN, ("client_id", "by-dn"), ("client_secret", &secret)];
        assert_refused(&post(&app, "/token", Some(&made.hall), &form).await, 401, "invalid_client");
    }
}

on_both! {
    behind_proxy;
    // Section 2.2: the certificate itself is registered.
    async fn a_registered_certificate_needs_no_authority(app: TestApp) {
        use base64::Engine;
        let made = certificates();
        let key = crate::support::dpop::DpopKey::new().public();
        let mut with_certificate = key.clone();
        with_certificate["x5c"] = json!([STANDARD.encode(made.imposter.der())]);
        let metadata = json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [key, with_certificate]},
        });
        register(&app, "robot", metadata).await;
        let form = [OWN, ("client_id", "robot")];
        assert_eq!(post(&app, "/token", Some(&made.imposter), &form).await.status, 200);
        for wrong in [None, Some(&made.hall), Some(&made.other)] {
            assert_refused(&post(&app, "/token", wrong, &form).await, 401, "invalid_client");
        }
    }
}

on_both! {
    behind_proxy;
    // Section 2.2.2: or it is at the client's jwks_uri, and changes there without the administrator.
    async fn a_certificate_can_be_published(app: TestApp) {
        use base64::Engine;
        let made = certificates();
        let site = Site::start().await;
        let set = |certificate: &Certificate| {
            let mut key = crate::support::dpop::DpopKey::new().public();
            // RFC 7517 section 4.7: those that follow the first are not the key's.
            key["x5c"] = json!([STANDARD.encode(certificate.der()), STANDARD.encode(made.other.der())]);
            json!({ "keys": [key] })
        };
        let uri = site.put_json("/jwks", &set(&made.imposter));
        let metadata = json!({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": uri});
        register(&app, "robot", metadata).await;
        let form = [OWN, ("client_id", "robot")];
        for _ in 0..2 {
            assert_eq!(post(&app, "/token", Some(&made.imposter), &form).await.status, 200);
        }
        for wrong in [None, Some(&made.hall), Some(&made.other)] {
            assert_refused(&post(&app, "/token", wrong, &form).await, 401, "invalid_client");
        }
        assert_eq!(site.asked("/jwks").len(), 1, "strangers make nobody ask more than once a minute");
        site.put_json("/jwks", &set(&made.hall));
        app.advance_seconds(60);
        assert_eq!(post(&app, "/token", Some(&made.hall), &form).await.status, 200);
        assert_refused(&post(&app, "/token", Some(&made.imposter), &form).await, 401, "invalid_client");
        assert_eq!(site.asked("/jwks").len(), 2);
    }
}

on_both! {
    behind_proxy;
    // Section 3: whatever proves the client, its tokens are for whoever has the certificate.
    async fn tokens_are_bound_to_the_certificate(app: TestApp) {
        let made = certificates();
        let metadata = json!({"tls_client_certificate_bound_access_tokens": true});
        let portal = register(&app, "hall", metadata).await;
        let mut agent = signed_in(&app).await;
        let passed = |certificate: &Certificate| [(HEADER, certificate.header())];
        let code = portal.code(&mut agent, &[("scope", "openid offline_access")]).await;
        let params = [
            ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", &portal.redirect_uri),
            ("code_verifier", crate::support::portal::VERIFIER),
        ];
        assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_request");
        let [(name, value)] = passed(&made.imposter);
        let reply = portal.post_with(&mut agent, "/token", &params, &[(name, &value)]).await;
        let tokens = reply.json();
        assert_eq!((reply.status.as_u16(), &tokens["token_type"]), (200, &json!("Bearer")), "{}", reply.body);
        let access = text(&tokens, "access_token");
        let told = portal.post(&mut agent, "/introspect", &[("token", &access)]).await.json();
        assert_eq!(told["cnf"], json!({"x5t#S256": made.imposter.thumbprint()}));
        for (certificate, status) in [(None, 401), (Some(&made.hall), 401), (Some(&made.imposter), 200)] {
            let mut request = agent.request(Method::GET, "/userinfo").bearer_auth(&access);
            if let Some(certificate) = certificate {
                request = request.header(HEADER, certificate.header());
            }
            let reply = agent.stranger().send(request).await;
            assert_eq!(reply.status, status, "{}", reply.body);
        }
        // Two headers are one too many, and garbage is none.
        let two = [made.hall.header(), made.imposter.header()];
        let request = agent.request(Method::GET, "/userinfo").bearer_auth(&access);
        let request = request.header(HEADER, &two[1]).header(HEADER, &two[0]);
        assert_refused(&agent.stranger().send(request).await, 401, "invalid_token");
        for garbage in ["", "::", ":AAAA:", "-----BEGIN CERTIFICATE-----", "x"] {
            let request = agent.request(Method::GET, "/userinfo").bearer_auth(&access).header(HEADER, garbage);
            assert_refused(&agent.stranger().send(request).await, 401, "invalid_token");
        }
        // A refresh needs one, too; a confidential client may have renewed it.
        let again = [("grant_type", "refresh_token"), ("refresh_token", &text(&tokens, "refresh_token"))];
        assert_refused(&portal.token(&mut agent, &again).await, 400, "invalid_request");
        let [(name, value)] = passed(&made.hall);
        assert_eq!(portal.post_with(&mut agent, "/token", &again, &[(name, &value)]).await.status, 200);
    }
}

on_both! {
    |config| { behind_proxy(config); config.client_certificates.proxies = vec!["192.0.2.1".parse().unwrap()]; };
    // Nobody but the proxies is believed.
    async fn anybody_can_send_a_header(app: TestApp) {
        let metadata =
            json!({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "hall.example"});
        register(&app, "hall", metadata).await;
        let form = [OWN, ("client_id", "hall")];
        let reply = post(&app, "/token", Some(&certificates().hall), &form).await;
        assert_refused(&reply, 401, "invalid_client");
        // Discovery says what is on.
        let document = Agent::new(&app.base).get("/.well-known/openid-configuration").await.json();
        assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
        let methods = document["token_endpoint_auth_methods_supported"].to_string();
        assert!(methods.contains("\"tls_client_auth\"") && methods.contains("\"self_signed_tls_client_auth\""));
        assert!(document.get("mtls_endpoint_aliases").is_none(), "the same addresses");
    }
}

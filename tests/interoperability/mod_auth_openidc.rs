//! What a portal does with mod_auth_openidc, Apache's module.

use std::time::Duration;

use josekit::jwk::alg::rsa::RsaKeyPair;
use serde_json::{Value, json};

use super::apache::{Apache, is_there};
use super::libraries::{BY_SECRET, INTERFACE, initial_token, signed_in, with_interface};
use super::tls_front;
use crate::support::portal::claims;
use crate::support::site::certificate;
use crate::support::{ClientKey, Portal, free_port};

/// Comes in, has the token refreshed, and leaves everything by way of the portal.
async fn comes_and_goes(apache: &mut Apache<'_>, portal: &Portal) {
    let sent = apache.visit("/secret/").await;
    let first = apache.enters(&sent).await.header("x-token").to_owned();
    let page = format!("{}/secret/", apache.site);
    let refreshed = apache.callback(&[("refresh", &page), ("access_token", &first)]).await;
    let second = refreshed.header("x-token").to_owned();
    assert!(refreshed.status == 200 && second != first && !second.is_empty(), "{}", apache.complaints());
    assert_eq!(portal.userinfo(&apache.there, &second).await.status, 200);
    let out = format!("{}/", apache.site);
    let sent = apache.callback(&[("logout", &out)]).await.location().unwrap();
    let told = portal.userinfo(&apache.there, &second).await;
    assert_eq!(told.status, 401, "revoked on the way out: {}", apache.complaints());
    assert_eq!(apache.there.get(&sent).await.location(), Some(out));
    assert!(apache.there.get("/account").await.status.is_redirection(), "signed out at the provider");
    assert!(apache.is_out().await);
}

on_both! {
    async fn by_a_secret(app: TestApp) {
        if !is_there() {
            return;
        }
        for method in BY_SECRET {
            let changes = json!({ "token_endpoint_auth_method": method });
            let portal = Portal::register_with(&app, &method.replace('_', "-"), changes).await;
            let more = format!("OIDCProviderTokenEndpointAuth {method}");
            comes_and_goes(&mut Apache::of(&app, &portal, free_port(), &more).await, &portal).await;
        }
    }
}

on_both! {
    // Its requests are signed, too; this module knows RS256 only, and says neither from when to when.
    async fn by_a_key(app: TestApp) {
        if !is_there() {
            return;
        }
        let key = ClientKey::of("RS256", "key-1");
        let pair = RsaKeyPair::from_jwk(&key.private).unwrap();
        let (private, public) = (app.folder.join("private.pem"), app.folder.join("public.pem"));
        std::fs::write(&private, pair.to_pem_private_key()).unwrap();
        std::fs::write(&public, pair.to_pem_public_key()).unwrap();
        let changes = json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks(), "request_object_signing_alg": "RS256",
        });
        let portal = Portal::register_with(&app, "keyed", changes).await;
        let signed = json!({
            "request_object_type": "request", "crypto": { "sign_alg": "RS256" },
            "copy_from_request": ["client_id", "response_type", "scope"],
            "copy_and_remove_from_request": [
                "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method",
            ],
        });
        let more = format!(
            "OIDCPrivateKeyFiles key-1#{}\nOIDCPublicKeyFiles key-1#{}\n\
             OIDCProviderTokenEndpointAuth private_key_jwt\nOIDCRequestObject {}",
            private.display(),
            public.display(),
            json!(signed.to_string()),
        );
        let mut apache = Apache::of(&app, &portal, free_port(), &more).await;
        let location = apache.visit("/secret/").await.location().unwrap();
        assert!(location.contains("&request=") && !location.contains("&state="), "{location}");
        comes_and_goes(&mut apache, &portal).await;
    }
}

on_both! {
    async fn the_provider_ends_its_session(app: TestApp) {
        if !is_there() {
            return;
        }
        let port = free_port();
        // The provider is not behind the proxy.
        let uri = format!("http://localhost:{port}/callback?logout=backchannel");
        let portal = Portal::register_with(&app, "apache", json!({ "backchannel_logout_uri": uri })).await;
        let mut apache = Apache::of(&app, &portal, port, "").await;
        let sent = apache.visit("/secret/").await;
        apache.enters(&sent).await;
        apache.there.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        for _ in 0..600 {
            if apache.is_out().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("back-channel logout ends Apache's session: {}", apache.complaints());
    }
}

on_both! {
    async fn the_browser_ends_its_session(app: TestApp) {
        if !is_there() {
            return;
        }
        let uri = "https://apache.example/callback?logout=get";
        let portal = Portal::register_with(&app, "apache", json!({ "frontchannel_logout_uri": uri })).await;
        let mut apache = Apache::of(&app, &portal, free_port(), "").await;
        let sent = apache.visit("/secret/").await;
        apache.enters(&sent).await;
        let reply = apache.there.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let page = apache.there.follow(reply).await;
        let frame = page.attribute("iframe", "src").unwrap_or_else(|| panic!("{}", page.text()));
        assert!(frame.starts_with(&format!("{uri}&")), "{frame}");
        let told = apache.visit(frame.strip_prefix(&apache.site).unwrap()).await;
        assert!(told.status == 200 && apache.is_out().await, "{}", apache.complaints());
    }
}

on_both! {
    // An ID token in a form that the visitor's browser posts.
    async fn an_id_token_comes_by_the_browser(app: TestApp) {
        if !is_there() {
            return;
        }
        for (name, response_type) in [("hybrid", "code id_token"), ("implicit", "id_token")] {
            let changes = json!({ "response_types": ["code", response_type] });
            let portal = Portal::register_with(&app, name, changes).await;
            let more = format!("OIDCResponseType \"{response_type}\"\nOIDCResponseMode form_post");
            let mut apache = Apache::of(&app, &portal, free_port(), &more).await;
            let sent = apache.visit("/secret/").await;
            apache.enters(&sent).await;
        }
    }
}

on_both! {
    // It asks for every flow that it has; the answer says which of them there are here.
    async fn it_registers_itself(app: TestApp) {
        if !is_there() {
            return;
        }
        let metadata = app.folder.join("metadata");
        std::fs::create_dir_all(&metadata).unwrap();
        let file = |kind: &str| {
            let name = app.base.trim_start_matches("http://").replace(':', "%3A");
            metadata.join(format!("{name}.{kind}"))
        };
        let conf = json!({ "registration_token": initial_token(&app).await });
        std::fs::write(file("conf"), conf.to_string()).unwrap();
        let directives = format!("OIDCMetadataDir {}\nOIDCScope \"openid profile\"", metadata.display());
        let mut apache = Apache::start(&app, "new", free_port(), &directives).await;
        apache.visit("/secret/").await;
        let csrf = apache.here.cookies["x_csrf"].clone();
        let page = format!("{}/secret/", apache.site);
        let chosen = [("iss", &*app.base), ("target_link_uri", &page), ("x_csrf", &csrf)];
        let sent = apache.callback(&chosen).await;
        apache.enters(&sent).await;
        let told: Value = serde_json::from_slice(&std::fs::read(file("client")).unwrap()).unwrap();
        assert_eq!(told["response_types"], json!(["code", "id_token", "code id_token"]));
    }
}

on_both! {
    with_interface;
    // It asks at https only, so an assertion would name an address that is not the provider's own.
    async fn it_asks_about_tokens(app: TestApp) {
        if !is_there() {
            return;
        }
        let (hall, front) = (Portal::register(&app, "hall").await, tls_front(&app).await);
        let mut agent = signed_in(&app).await;
        for method in ["client_secret_basic", "client_secret_post"] {
            let name = method.replace('_', "-");
            let changes = json!({ "token_endpoint_auth_method": method });
            let secret = Portal::register_with(&app, &name, changes).await.secret.unwrap();
            let directives = format!(
                "OIDCOAuthIntrospectionEndpoint {front}/introspect\nOIDCOAuthIntrospectionEndpointAuth {method}\n\
                 OIDCOAuthClientID {name}\nOIDCOAuthClientSecret {secret}\nOIDCCABundlePath {}",
                certificate().0.display(),
            );
            let apache = Apache::start(&app, &name, free_port(), &directives).await;
            let tokens = hall.tokens(&mut agent, &[("resource", INTERFACE), ("scope", "openid profile")]).await;
            let token = tokens["access_token"].as_str().unwrap();
            let told = apache.interface(token).await;
            assert_eq!((told.status.as_u16(), told.body.trim()), (200, "an answer"), "{}", apache.complaints());
            assert_eq!(told.header("x-sub"), claims(token)["sub"]);
            hall.post(&mut agent, "/revoke", &[("token", token)]).await;
            let others = hall.tokens(&mut agent, &[]).await["access_token"].as_str().unwrap().to_owned();
            for wrong in [token, &others, "made-up"] {
                assert_eq!(apache.interface(wrong).await.status, 401, "{wrong}");
            }
        }
    }
}

on_both! {
    with_interface;
    // RFC 9068. It checks the signature and the end only: who a token is for, `Require claim` asks.
    async fn it_reads_tokens_itself(app: TestApp) {
        if !is_there() {
            return;
        }
        let (hall, front) = (Portal::register(&app, "hall").await, tls_front(&app).await);
        let ca = certificate().0;
        let directives = format!("OIDCOAuthVerifyJwksUri {front}/jwks.json\nOIDCCABundlePath {}", ca.display());
        let apache = Apache::start(&app, "reader", free_port(), &directives).await;
        let mut agent = signed_in(&app).await;
        let tokens = hall.tokens(&mut agent, &[("resource", INTERFACE), ("scope", "openid profile")]).await;
        let [token, identity] = ["access_token", "id_token"].map(|name| tokens[name].as_str().unwrap());
        let told = apache.interface(token).await;
        assert_eq!((told.status.as_u16(), told.body.trim()), (200, "an answer"), "{}", apache.complaints());
        assert_eq!(told.header("x-sub"), claims(token)["sub"]);
        let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, identity.rsplit_once('.').unwrap().1);
        for wrong in [&*forged, identity, "made-up"] {
            assert_eq!(apache.interface(wrong).await.status, 401, "{wrong}");
        }
    }
}

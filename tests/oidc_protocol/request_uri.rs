//! Request objects by reference: RFC 9101 section 5.2, OpenID Connect Core section 6.2.

use reqwest::StatusCode;

use super::par::visit;
use super::request_objects::{object, signing};
use super::*;
use crate::support::site::Site;

on_both! {
    // RFC 9101 section 5.2, Core section 6.2, RFC 9700 section 2: from registered addresses only.
    async fn an_object_is_fetched_where_the_client_registered_it(app: TestApp) {
        let site = Site::start().await;
        let key = ClientKey::new();
        let kind = "application/oauth-authz-req+jwt";
        let at = |path: &str| format!("{}{path}", site.base);
        let hashed = at("/hashed") + "#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM";
        let registered = json!({"request_uris": [
            at("/good"), hashed, at("/jwt"), at("/json"), at("/missing"), at("/moved"), at("/forged"), at("/large"),
            "https://127.0.0.1/inside",
        ]});
        let portal = signing(&app, "fetching", &key, registered).await;
        let jws = key.sign(&object(&app, &portal, &json!({})));
        site.put("/good", StatusCode::OK, kind, &jws);
        site.put("/hashed", StatusCode::OK, kind, &format!("{jws}\n"));
        site.put("/jwt", StatusCode::OK, "application/jwt", &jws);
        site.put("/json", StatusCode::OK, "application/json", &jws);
        site.put("/moved", StatusCode::FOUND, kind, &at("/good"));
        site.put("/other", StatusCode::OK, kind, &jws);
        site.put("/forged", StatusCode::OK, kind, &ClientKey::new().sign(&object(&app, &portal, &json!({}))));
        site.put("/large", StatusCode::OK, kind, &"a".repeat(100_000));
        let mut agent = signed_in(&app).await;
        for good in [at("/good"), hashed.clone(), at("/jwt")] {
            let reply = agent.get(&visit(&portal, &good)).await;
            assert!(reply.query("code").is_some(), "{good}: {:?} {}", reply.location(), reply.text());
            assert_eq!(reply.query("state").as_deref(), Some("inside"));
        }
        assert_eq!(site.asked("/good")[0].accept, "application/oauth-authz-req+jwt, application/jwt");
        for (wrong, code) in [
            (at("/other"), "invalid_request_uri"), (at("/hashed"), "invalid_request_uri"),
            (at("/good?x"), "invalid_request_uri"), (at("/Good"), "invalid_request_uri"),
            (at("/good#x"), "invalid_request_uri"),
            (at("/json"), "invalid_request_uri"), (at("/missing"), "invalid_request_uri"),
            (at("/moved"), "invalid_request_uri"), (at("/large"), "invalid_request_uri"),
            ("https://127.0.0.1/inside".to_owned(), "invalid_request_uri"),
            ("http://localhost/plain".to_owned(), "invalid_request_uri"),
            ("file:///etc/passwd".to_owned(), "invalid_request_uri"),
            (at("/forged"), "invalid_request_object"),
        ] {
            assert_page(&agent.get(&visit(&portal, &wrong)).await, code);
            let told = agent.get(&portal.authorize_path(&[("request_uri", &wrong)])).await;
            assert_error_redirect(&app, &portal, &told, code);
        }
        assert!(site.asked("/other").is_empty(), "an address that is not registered is not asked");
        let both = agent.get(&format!("{}&request={jws}", visit(&portal, &at("/good")))).await;
        assert_page(&both, "a request comes in one way");
    }
}

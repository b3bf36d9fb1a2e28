//! The app's half: JSON behind a bearer token.

use reqwest::Method;
use serde_json::json;

use crate::support::dpop::{DpopKey, at_userinfo};
use crate::support::portal::VERIFIER;
use crate::support::qr::{self, PhoneApp, Screen, assert_refused, assert_step_up};
use crate::support::{Agent, Portal};

on_both! {
    async fn an_app_scans_and_confirms(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        let identities = phone.get("/scan/api/identities").await;
        assert_eq!((identities.status.as_u16(), identities.header("cache-control")), (200, "no-store"));
        let identities = identities.json()["identities"].clone();
        assert_eq!(identities[0]["account_type"], "natural_person");
        assert_eq!(identities[0]["name"], "*颖");
        assert!(identities[0].get("organization_name").is_none());
        assert_eq!(identities[1]["account_type"], "operator");
        assert!(identities[1]["organization_name"].is_string(), "{identities}");

        let mut screen = Screen::open(&app).await;
        // The whole address, as the camera reads it.
        let address = format!("{}/scan/{}", app.base, screen.code());
        let scanned = phone.scan(&address).await;
        assert_eq!(scanned.status, 200, "{}", scanned.body);
        let scanned = scanned.json();
        assert_eq!(scanned["client_name"], json!(null));
        assert_eq!((&scanned["address"], &scanned["same_network"]), (&json!("127.0.0.*"), &json!(true)));
        assert!(scanned["asked_at"].as_str().unwrap().contains('T'));
        assert!((120..=180).contains(&scanned["expires_in"].as_i64().unwrap()), "{scanned}");
        assert_eq!(scanned["identities"], identities);
        let again = phone.scan(&screen.code()).await.json();
        assert_eq!(again["numbers"], scanned["numbers"], "again the same");
        let number = screen.number().await;
        assert!(scanned["numbers"].as_array().unwrap().contains(&json!(number)), "{scanned}");
        let confirmed = phone.confirm(&screen.code(), &scanned, number).await;
        assert_eq!((confirmed.status.as_u16(), confirmed.json()), (200, json!({ "status": "confirmed" })));
        assert_eq!(screen.finish().await.status, 303);
        assert_eq!(screen.agent.get("/account").await.status, 200);
        assert_eq!(phone.confirm(&screen.code(), &scanned, number).await.json(), confirmed.json(), "again the same");
        let cancel = json!({ "code": screen.code() });
        assert_refused(&phone.post("/scan/api/cancel", &cancel).await, 409, "already_confirmed");
        assert_refused(&phone.scan(&screen.code()).await, 409, "already_confirmed");
    }
}

on_both! {
    async fn every_refusal_has_its_own_word(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        let other = PhoneApp::of(&portal, qr::unit(&app).await).await;
        let mut screen = Screen::open(&app).await;
        let code = screen.code();
        let nobody = json!({ "code": code, "number": 10, "identity": "nobody" });

        assert_refused(&phone.post("/scan/api/confirm", &nobody).await, 409, "not_scanned");
        assert_refused(&phone.post("/scan/api/cancel", &json!({ "code": code })).await, 409, "not_scanned");
        for unknown in ["", "x", "https://evil.example/scan/x", &"A".repeat(43), &screen.ticket()] {
            assert_refused(&phone.scan(unknown).await, 404, "unknown");
        }
        for malformed in [json!({}), json!([]), json!({ "code": 7 }), json!("code")] {
            assert_refused(&phone.post("/scan/api/scan", &malformed).await, 400, "malformed");
        }
        let long = json!({ "code": "x".repeat(1 << 20) });
        assert_refused(&phone.post("/scan/api/scan", &long).await, 413, "malformed");
        let form = phone.agent.request(Method::POST, "/scan/api/scan").bearer_auth(&phone.token).form(&[("code", &code)]);
        assert_refused(&Agent::new(&app.base).send(form).await, 400, "malformed");

        let scanned = phone.scan(&code).await.json();
        assert_refused(&other.scan(&code).await, 409, "scanned_by_another");
        assert_refused(&other.post("/scan/api/cancel", &json!({ "code": code })).await, 409, "scanned_by_another");
        assert_refused(&phone.post("/scan/api/confirm", &nobody).await, 403, "identity_not_allowed");
        let number = screen.number().await;
        let wrong = scanned["numbers"].as_array().unwrap().iter().find(|other| **other != json!(number)).unwrap();
        let wrong: u8 = wrong.as_u64().unwrap().try_into().unwrap();
        assert_refused(&phone.confirm(&code, &scanned, wrong).await, 422, "wrong_number");
        assert_eq!(screen.view().await, "wrong_number");
        // Warned again, whatever comes after it.
        assert_refused(&phone.confirm(&code, &scanned, number).await, 422, "wrong_number");
        assert_refused(&other.scan(&code).await, 410, "cancelled");
        assert_eq!(screen.finish().await.status, 422);

        let mut screen = Screen::open(&app).await;
        phone.scan(&screen.code()).await;
        let cancelled = phone.post("/scan/api/cancel", &json!({ "code": screen.code() })).await;
        assert_eq!((cancelled.status.as_u16(), cancelled.json()), (200, json!({ "status": "cancelled" })));
        assert_eq!(screen.view().await, "cancelled");
        assert_refused(&phone.scan(&screen.code()).await, 410, "cancelled");

        let screen = Screen::open(&app).await;
        app.advance_seconds(121);
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        assert_refused(&phone.scan(&screen.code()).await, 410, "expired");
    }
}

on_both! {
    // RFC 6750 section 3.
    async fn a_token_of_the_right_kind_is_needed(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let mut agent = qr::person(&app).await;
        let narrow = portal.tokens(&mut agent, &[("scope", "openid")]).await["access_token"].as_str().unwrap().to_owned();
        for (path, method) in [
            ("/scan/api/identities", Method::GET), ("/scan/api/scan", Method::POST),
            ("/scan/api/confirm", Method::POST), ("/scan/api/cancel", Method::POST),
        ] {
            let ask = |authorization: Option<String>| {
                let mut request = agent.request(method.clone(), path).header("content-type", "application/json").body("{}");
                if let Some(value) = authorization {
                    request = request.header("authorization", value);
                }
                // Cookies don't count here.
                let mut cookies = Agent::new(&app.base);
                cookies.cookies = agent.cookies.clone();
                async move { cookies.send(request).await }
            };
            let missing = ask(None).await;
            assert_refused(&missing, 401, "invalid_token");
            let told = missing.headers.get_all("www-authenticate").iter().map(|told| told.to_str().unwrap());
            let told: Vec<&str> = told.collect();
            assert_eq!(told, ["Bearer realm=\"idp\"", "DPoP realm=\"idp\", algs=\"ES256 PS256 EdDSA\""]);
            for (bad, status, error, challenge) in [
                ("Bearer made-up", 401, "invalid_token", "Bearer realm=\"idp\", error=\"invalid_token\""),
                ("Basic eDp5", 401, "invalid_token", "Bearer realm=\"idp\""),
                ("Bearer", 400, "malformed", "Bearer realm=\"idp\", error=\"invalid_request\""),
                ("Bearer  ", 400, "malformed", "Bearer realm=\"idp\", error=\"invalid_request\""),
            ] {
                let reply = ask(Some(bad.to_owned())).await;
                assert_refused(&reply, status, error);
                assert!(reply.header("www-authenticate").starts_with(challenge), "{bad}");
            }
            let reply = ask(Some(format!("Bearer {narrow}"))).await;
            assert_refused(&reply, 403, "insufficient_scope");
            assert!(reply.header("www-authenticate").contains("scope=\"qr_sign_in\""));
        }
        // A portal that did not register the scope does not get it.
        let hall = Portal::register(&app, "hall").await;
        let reply = agent.get(&hall.authorize_path(&[("scope", "openid qr_sign_in")])).await;
        assert_eq!(reply.query("error").as_deref(), Some("invalid_scope"));
    }
}

on_both! {
    async fn consent_says_what_the_scope_lets_an_app_do(app: TestApp) {
        let changes = json!({
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"],
            "scope": "openid qr_sign_in", "first_party": false,
        });
        let portal = Portal::register_with(&app, "third-party", changes).await;
        let mut agent = qr::person(&app).await;
        let asked = agent.get(&portal.authorize_path(&[("scope", "openid qr_sign_in")])).await;
        let page = agent.follow(asked).await;
        assert!(page.text().contains("在其他设备上确认以您的身份登录"), "{}", page.text());
    }
}

on_both! {
    async fn an_account_scans_only_so_often(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        let made_up = "A".repeat(43);
        for _ in 0..60 {
            assert_refused(&phone.scan(&made_up).await, 404, "unknown");
        }
        let reply = phone.scan(&made_up).await;
        assert_refused(&reply, 429, "too_many_attempts");
        assert_eq!(reply.header("retry-after"), "600");
        let other = PhoneApp::of(&portal, qr::unit(&app).await).await;
        assert_refused(&other.scan(&made_up).await, 404, "unknown");
    }
}

on_both! {
    // A grant that was revoked between the steps is no proof any more.
    async fn an_app_that_was_signed_out_confirms_nothing(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let mut person = qr::person(&app).await;
        let tokens = portal.tokens(&mut person, &[("scope", "openid qr_sign_in")]).await;
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let phone = PhoneApp { agent: Agent::new(&app.base), token };
        let (mut before, mut after) = (Screen::open(&app).await, Screen::open(&app).await);
        let first = phone.scan(&before.code()).await.json();
        let second = phone.scan(&after.code()).await.json();
        let number = after.number().await;
        assert_eq!(phone.confirm(&after.code(), &second, number).await.status, 200);
        person.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let number = before.number().await;
        assert_refused(&phone.confirm(&before.code(), &first, number).await, 401, "invalid_token");
        let refused = after.finish().await;
        assert!(refused.text().contains("手机上的账号已退出登录"), "{}", refused.text());
        assert_eq!(after.agent.get("/account").await.status, 303);
    }
}

on_both! {
    // RFC 9449 section 7.2: a token that is bound to a key is not taken as a bearer token.
    async fn a_token_that_is_bound_to_a_key_needs_its_proof(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let mut person = qr::person(&app).await;
        let key = DpopKey::new();
        let code = portal.code(&mut person, &[("scope", "openid qr_sign_in")]).await;
        let params = [
            ("grant_type", "authorization_code"), ("code", code.as_str()),
            ("redirect_uri", &portal.redirect_uri), ("code_verifier", VERIFIER),
        ];
        let tokens = portal.post_with(&mut person, "/token", &params, &[("dpop", &key.at_token(&app))]).await.json();
        let token = tokens["access_token"].as_str().unwrap();
        let ask = |scheme: &str, proof: Option<String>| {
            let mut request = person.request(Method::GET, "/scan/api/identities");
            request = request.header("authorization", format!("{scheme} {token}"));
            if let Some(proof) = proof {
                request = request.header("dpop", proof);
            }
            async { Agent::new(&app.base).send(request).await }
        };
        let mut good = at_userinfo(&app, token);
        good["htu"] = json!(format!("{}/scan/api/identities", app.base));
        let prove = |key: &DpopKey| Some(key.proof(&app, &json!({}), &good));
        for (scheme, proof) in [
            ("Bearer", None), ("Bearer", prove(&key)), ("DPoP", None), ("DPoP", prove(&DpopKey::new())),
        ] {
            let reply = ask(scheme, proof).await;
            assert_refused(&reply, 401, "invalid_token");
            assert!(reply.header("www-authenticate").starts_with("DPoP realm="), "{scheme}");
        }
        assert_eq!(ask("DPoP", prove(&key)).await.status, 200);
        // What is wrong with the sign-in behind it is told in the same scheme.
        app.advance_seconds(240);
        let hall = Portal::register(&app, "hall").await;
        let mut desk = Agent::new(&app.base);
        let asked = desk.get(&hall.authorize_path(&[("max_age", "60")])).await.location().unwrap();
        let screen = Screen::open_at(desk, &format!("/sign-in/qr?{}", asked.split_once('?').unwrap().1)).await;
        let mut good = at_userinfo(&app, token);
        good["htu"] = json!(format!("{}/scan/api/scan", app.base));
        good["htm"] = json!("POST");
        let request = person.request(Method::POST, "/scan/api/scan").header("authorization", format!("DPoP {token}"));
        let request = request.header("dpop", key.proof(&app, &json!({}), &good)).header("content-type", "application/json");
        let refused = Agent::new(&app.base).send(request.body(json!({ "code": screen.code() }).to_string())).await;
        assert_step_up(&refused, "sign_in_again", "DPoP", 60);
    }
}

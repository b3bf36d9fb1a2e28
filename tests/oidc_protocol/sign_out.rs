//! OpenID Connect RP-Initiated Logout 1.0.

use reqwest::Method;

use super::encrypted_requests::{encrypt, published};
use super::*;

fn path(params: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    format!("/sign-out?{query}")
}

async fn is_signed_in(app: &TestApp, portal: &Portal, agent: &mut Agent) -> bool {
    let reply = agent.get(&portal.authorize_path(&[("prompt", "none")])).await;
    if reply.query("code").is_none() {
        assert_error_redirect(app, portal, &reply, "login_required");
    }
    reply.query("code").is_some()
}

async fn hint(portal: &Portal, agent: &mut Agent) -> String {
    text(&portal.tokens(agent, &[]).await, "id_token")
}

on_both! {
    // Section 3: back to the registered address, with the state and nothing else.
    async fn a_portal_signs_its_visitor_out(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let state = "x".repeat(120) + "吉&林=+";
        for (with_state, client_id, expired) in [(true, false, false), (false, true, false), (false, false, true)] {
            let mut agent = signed_in(&app).await;
            let hint = hint(&portal, &mut agent).await;
            if expired {
                // Section 2: a hint whose exp has passed is still a hint.
                app.advance_seconds(900);
            }
            let back = ("post_logout_redirect_uri", "https://hall.example/");
            let mut params = vec![("id_token_hint", hint.as_str()), back];
            params.extend(with_state.then_some(("state", state.as_str())));
            params.extend(client_id.then_some(("client_id", "hall")));
            params.push(("ui_locales", "se"));
            let reply = agent.get(&path(&params)).await;
            assert_eq!(reply.status, 303, "{}", reply.text());
            if with_state {
                assert!(reply.location().unwrap().starts_with("https://hall.example/?state="));
                assert_eq!(reply.query("state").as_deref(), Some(state.as_str()));
            } else {
                assert_eq!(reply.location().as_deref(), Some("https://hall.example/"));
            }
            assert!(!agent.cookies.contains_key("__Host-session"), "{:?}", agent.cookies);
            assert!(!is_signed_in(&app, &portal, &mut agent).await);
        }
    }
}

on_both! {
    // Section 2: no address, no redirect; a page that says it is done.
    async fn without_an_address_there_is_a_page(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let hint = hint(&portal, &mut agent).await;
        let reply = agent.get(&path(&[("id_token_hint", &hint)])).await;
        assert_eq!((reply.status.as_u16(), reply.location()), (200, None));
        assert!(reply.text().contains("您已安全退出"));
        assert!(!is_signed_in(&app, &portal, &mut agent).await);
        // Once more, and for whoever was not signed in: still done.
        for params in [&[("id_token_hint", hint.as_str())][..], &[], &[("state", "x")]] {
            assert!(agent.get(&path(params)).await.text().contains("您已安全退出"));
        }
    }
}

on_both! {
    // Section 6 and ASVS 10.6.2: a link that anybody could have sent signs nobody out, and leads nowhere.
    async fn without_a_hint_the_visitor_is_asked(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let genuine = hint(&portal, &mut agent).await;
        let payload = genuine.split('.').nth(1).unwrap();
        let unsigned = format!("{}.{payload}.", base64url(r#"{"alg":"none","typ":"JWT"}"#));
        let of_the_portal = {
            let claims = json!({"iss": "hall", "sub": "x", "aud": app.base, "iat": 1, "exp": 9_999_999_999_i64});
            let signer = josekit::jws::HS256.signer_from_bytes(portal.secret.as_ref().unwrap()).unwrap();
            let header = josekit::jws::JwsHeader::new();
            josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &signer).unwrap()
        };
        let back = ("post_logout_redirect_uri", "https://hall.example/");
        for params in [
            &[][..], &[("state", "x")], &[back], &[back, ("client_id", "hall")],
            &[("id_token_hint", &unsigned), back],
            &[("id_token_hint", &of_the_portal), back], &[("id_token_hint", "nonsense"), back],
        ] {
            let reply = agent.get(&path(params)).await;
            assert_eq!((reply.status.as_u16(), reply.location()), (200, None), "{params:?}");
            assert!(reply.text().contains("确定退出登录吗？"), "{params:?}: {}", reply.text());
            assert!(is_signed_in(&app, &portal, &mut agent).await, "{params:?}");
        }
        // Another site can't say yes for the visitor.
        let request = agent.request(Method::POST, "/sign-out/confirm").header("sec-fetch-site", "cross-site");
        assert_eq!(agent.send(request.form(&[("decision", "sign_out")])).await.status, 403);
        assert!(is_signed_in(&app, &portal, &mut agent).await);
        let cancelled = agent.post("/sign-out/confirm", &[("decision", "cancel")]).await;
        assert_eq!(cancelled.location().as_deref(), Some("/account"));
        assert!(is_signed_in(&app, &portal, &mut agent).await);
        // Even after yes the visitor stays here.
        let reply = agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        assert_eq!(reply.location().as_deref(), Some("/sign-out/done"));
        assert!(agent.follow(reply).await.text().contains("您已安全退出"));
        assert!(!is_signed_in(&app, &portal, &mut agent).await);
    }
}

on_both! {
    // Section 3: an address that is not registered, byte by byte, ends nothing and leads nowhere.
    async fn a_wrong_address_or_client_is_an_error(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let other = Portal::register(&app, "other").await;
        let mut agent = signed_in(&app).await;
        let hint = hint(&portal, &mut agent).await;
        for uri in [
            "https://hall.example/?foo=bar", "https://evil.example/", "https://hall.example",
            "https://other.example/",
        ] {
            let reply = agent.get(&path(&[("id_token_hint", &hint), ("post_logout_redirect_uri", uri)])).await;
            assert_page(&reply, "post_logout_redirect_uri is not registered");
        }
        let reply = agent.get(&path(&[("id_token_hint", &hint), ("client_id", &other.id)])).await;
        assert_page(&reply, "client_id differs");
        let twice = path(&[("id_token_hint", &hint), ("state", "1"), ("state", "2")]);
        assert_page(&agent.get(&twice).await, "repeated");
        assert_page(&agent.get("/sign-out?state=%ff").await, "UTF-8");
        assert!(is_signed_in(&app, &portal, &mut agent).await);
    }
}

on_both! {
    // The hint of another session: of another account, or of the same one elsewhere.
    async fn another_sessions_hint_needs_a_yes(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut other = signed_in(&app).await;
        let foreign = hint(&portal, &mut other).await;
        let mut agent = signed_in(&app).await;
        let params = [
            ("id_token_hint", foreign.as_str()), ("post_logout_redirect_uri", "https://hall.example/"), ("state", "s&1"),
        ];
        let reply = agent.get(&path(&params)).await;
        assert!(reply.text().contains("确定退出登录吗？"), "{}", reply.text());
        assert!(reply.header("content-security-policy").contains("form-action 'self' https://hall.example;"));
        assert!(is_signed_in(&app, &portal, &mut agent).await && is_signed_in(&app, &portal, &mut other).await);
        // The hint is good, so whoever says yes goes back to the portal; its own session was not this one.
        let hidden = |name: &str| reply.attribute(&format!("main form [name={name}]"), "value").unwrap();
        let back = [hidden("id_token_hint"), hidden("post_logout_redirect_uri"), hidden("state")];
        let form = |address: &str, decision: &'static str| {
            vec![
                ("id_token_hint", back[0].clone()), ("post_logout_redirect_uri", address.to_owned()),
                ("state", back[2].clone()), ("decision", decision.to_owned()),
            ]
        };
        let post = async |agent: &mut Agent, form: Vec<(&'static str, String)>| {
            let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            agent.post("/sign-out/confirm", &form).await
        };
        let stays = post(&mut agent, form(&back[1], "cancel")).await;
        assert_eq!(stays.location().as_deref(), Some("/account"));
        let elsewhere = post(&mut agent, form("https://evil.example/", "sign_out")).await;
        assert_eq!((elsewhere.status.as_u16(), elsewhere.location()), (400, None), "{}", elsewhere.text());
        assert!(is_signed_in(&app, &portal, &mut agent).await);
        let gone = post(&mut agent, form(&back[1], "sign_out")).await;
        assert_eq!(gone.location().as_deref(), Some("https://hall.example/?state=s%261"));
        assert!(!is_signed_in(&app, &portal, &mut agent).await && is_signed_in(&app, &portal, &mut other).await);
        // Nobody is sent anywhere by a form without a hint of ours.
        let mut last = signed_in(&app).await;
        let made_up = vec![
            ("id_token_hint", "a.b.c".to_owned()), ("post_logout_redirect_uri", back[1].clone()),
            ("decision", "sign_out".to_owned()),
        ];
        assert_eq!(post(&mut last, made_up).await.location().as_deref(), Some("/sign-out/done"));
    }
}

on_both! {
    // Section 2: POST as well. It crosses sites, so the browser sends no Lax cookie with it.
    async fn a_posted_request_works_without_cookies(app: TestApp) {
        let told = json!({ "backchannel_logout_uri": "https://hall.example/logout" });
        let portal = Portal::register_with(&app, "hall", told).await;
        let mut agent = signed_in(&app).await;
        let hint = hint(&portal, &mut agent).await;
        let post = |form: &[(&str, &str)]| {
            let request = agent.request(Method::POST, "/sign-out").header("origin", "https://hall.example");
            request.header("sec-fetch-site", "cross-site").form(form)
        };
        let back = ("post_logout_redirect_uri", "https://hall.example/");
        let with_hint = post(&[("id_token_hint", &hint), back, ("state", "s")]);
        let without = post(&[("client_id", "hall")]);
        // Without a hint nobody may be told that they are signed out: the page must see the cookie first.
        let reply = Agent::new(&app.base).send(without).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let asked = agent.get(&reply.location().unwrap()).await;
        assert!(asked.text().contains("确定退出登录吗？") && asked.text().contains("测试门户hall"));
        assert!(is_signed_in(&app, &portal, &mut agent).await);
        let reply = Agent::new(&app.base).send(with_hint).await;
        assert_eq!(reply.location().as_deref(), Some("https://hall.example/?state=s"));
        assert!(!is_signed_in(&app, &portal, &mut agent).await);
        // The browser's cookie may by now be that of another session, which this request has not ended.
        assert!(!reply.header("set-cookie").contains("__Host-session"), "{}", reply.header("set-cookie"));
    }
}

on_both! {
    // A GET would have brought the cookie: an ID token from somebody's log ends nothing.
    async fn a_hint_without_the_browser_ends_nothing(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let hint = hint(&portal, &mut agent).await;
        let mut stranger = agent.stranger();
        assert_eq!(stranger.get(&path(&[("id_token_hint", &hint)])).await.status, 200);
        assert!(is_signed_in(&app, &portal, &mut agent).await);
    }
}

on_both! {
    // Back-Channel and Front-Channel Logout section 2.1: `sid` is for those who are told of endings. The others' ID tokens
    // say nothing of the session to anybody but us.
    async fn who_hears_of_no_ending_is_not_told_the_session(app: TestApp) {
        let plain = Portal::register(&app, "plain").await;
        for (id, member) in [("back", "backchannel_logout_uri"), ("front", "frontchannel_logout_uri")] {
            let told = Portal::register_with(&app, id, json!({ member: format!("https://{id}.example/logout") })).await;
            let token = claims(&hint(&told, &mut signed_in(&app).await).await);
            assert!(token["sid"].is_string() && token.get("jti").is_none(), "{token}");
        }
        let mut agent = signed_in(&app).await;
        let (first, second) = (hint(&plain, &mut agent).await, hint(&plain, &mut agent).await);
        let ids = [&first, &second].map(|token| {
            let token = claims(token);
            assert!(token.get("sid").is_none(), "{token}");
            text(&token, "jti")
        });
        assert_ne!(ids[0], ids[1], "each has an id of its own");
        // A POST across sites is asked again by GET, which brings the cookie; then it ends this session and no other.
        let back = ("post_logout_redirect_uri", "https://plain.example/");
        let form = [("id_token_hint", second.as_str()), back, ("state", "a b")];
        let request = agent.request(Method::POST, "/sign-out").header("origin", "https://plain.example");
        let reply = agent.stranger().send(request.header("sec-fetch-site", "cross-site").form(&form)).await;
        let again = reply.location().unwrap();
        assert!(reply.status == 303 && again.starts_with("/sign-out?"), "{} {again}", reply.status);
        assert!(is_signed_in(&app, &plain, &mut agent).await);
        let mut elsewhere = signed_in(&app).await;
        assert!(elsewhere.get(&again).await.text().contains("确定退出登录吗？"), "another session's hint");
        assert!(is_signed_in(&app, &plain, &mut elsewhere).await);
        let reply = agent.get(&again).await;
        assert_eq!(reply.location().as_deref(), Some("https://plain.example/?state=a+b"));
        assert!(!is_signed_in(&app, &plain, &mut agent).await);
    }
}

on_both! {
    // Core section 3.1.2.1: a portal may encrypt the token that it shows again to a key of ours.
    async fn a_hint_may_be_encrypted_to_us(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let plain = hint(&portal, &mut agent).await;
        for (alg, inside, is_ours) in [
            ("RSA-OAEP-256", plain.as_str(), true), ("ECDH-ES", &plain, true), ("ECDH-ES", "x.y.z", false),
        ] {
            let sealed = encrypt(&published(&app, alg).await, "A256GCM", &json!({}), inside);
            let reply = agent.get(&portal.authorize_path(&[("id_token_hint", &sealed), ("prompt", "none")])).await;
            if is_ours {
                assert!(reply.query("code").is_some(), "{:?}", reply.location());
            } else {
                assert_error_redirect(&app, &portal, &reply, "invalid_request");
            }
        }
        let sealed = encrypt(&published(&app, "ECDH-ES").await, "A128GCM", &json!({}), &plain);
        let params = [("id_token_hint", sealed.as_str()), ("post_logout_redirect_uri", "https://hall.example/")];
        assert_eq!(agent.get(&path(&params)).await.location().as_deref(), Some("https://hall.example/"));
        assert!(!is_signed_in(&app, &portal, &mut agent).await);
    }
}

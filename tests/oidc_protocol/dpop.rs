//! DPoP (RFC 9449) at the token and PAR endpoints: which proofs are good, and what they bind.

use super::*;
use crate::support::dpop::DpopKey;

const OFFLINE: [(&str, &str); 1] = [("scope", "openid offline_access")];
const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

async fn introspect(portal: &Portal, agent: &mut Agent, token: &str) -> Value {
    portal.post(agent, "/introspect", &[("token", token)]).await.json()
}

/// Redeems a code with this proof.
async fn redeem(portal: &Portal, agent: &mut Agent, code: &str, proof: Option<&str>) -> Reply {
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &portal.redirect_uri),
        ("code_verifier", crate::support::portal::VERIFIER),
    ];
    let headers: Vec<_> = proof.iter().map(|proof| ("dpop", *proof)).collect();
    portal.post_with(agent, "/token", &params, &headers).await
}

async fn refresh(
    portal: &Portal,
    agent: &mut Agent,
    token: &str,
    key: Option<(&DpopKey, &TestApp)>,
) -> Reply {
    let params = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let proof = key.map(|(key, app)| key.at_token(app));
    let headers: Vec<_> = proof.iter().map(|proof| ("dpop", proof.as_str())).collect();
    portal.post_with(agent, "/token", &params, &headers).await
}

on_both! {
    // Section 4.3, point by point.
    async fn a_proof_is_checked_whole(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let (key, other, rsa) = (DpopKey::new(), DpopKey::new(), DpopKey::of("RS256"));
        let now = app.clock.now().seconds();
        let none = json!({});
        for (header, claims) in [
            (json!({"typ": null}), json!({})), (json!({"typ": "JWT"}), json!({})),
            (json!({"typ": "dpop"}), json!({})), (json!({"typ": "at+jwt"}), json!({})),
            (json!({"alg": null}), json!({})), (json!({"alg": "none"}), json!({})),
            (json!({"alg": "HS256"}), json!({})), (json!({"alg": "PS256"}), json!({})),
            (json!({"jwk": null}), json!({})),
            (json!({"jwk": "key"}), json!({})),
            (json!({"jwk": key.private()}), json!({})),
            (json!({"jwk": other.public()}), json!({})),
            (json!({"jwk": rsa.public()}), json!({})),
            (json!({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}), json!({})),
            (json!({"jwk": null, "jku": "https://keys.example/"}), json!({})),
            (json!({}), json!({"jti": null})), (json!({}), json!({"jti": ""})),
            (json!({}), json!({"jti": 1})), (json!({}), json!({"jti": "x".repeat(257)})),
            (json!({}), json!({"htm": null})),
            (json!({}), json!({"htm": "GET"})),
            (json!({}), json!({"htm": "post"})),
            (json!({}), json!({"htu": null})),
            (json!({}), json!({"htu": app.base})),
            (json!({}), json!({"htu": "/token"})),
            (json!({}), json!({"htu": format!("{}/Token", app.base)})),
            (json!({}), json!({"htu": format!("{}/token/", app.base)})),
            (json!({}), json!({"htu": format!("{}%2Ftoken", app.base)})),
            (json!({}), json!({"htu": format!("{}/token%", app.base)})),
            (json!({}), json!({"htu": "https://other.example/token"})),
            (json!({}), json!({"htu": format!("{}/token", app.base.replace("http:", "https:"))})),
            (json!({}), json!({"iat": null})),
            (json!({}), json!({"iat": "now"})),
            (json!({}), json!({"iat": now - 3600})),
            (json!({}), json!({"iat": now + 3600})),
            (json!({}), json!({"iat": -1e300})),
            (json!({}), json!({"exp": now - 120})),
            (json!({}), json!({"nbf": now + 120})),
            (json!({}), json!({"nbf": now.to_string()})),
            (json!({}), json!({"exp": (now + 60).to_string()})),
        ] {
            let proof = key.proof(&app, &header, &claims);
            let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &proof)]).await;
            println!("{header} {claims}");
            assert_refused(&reply, 400, "invalid_dpop_proof");
        }
        let good = key.proof(&app, &none, &none);
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
        for garbage in [
            "x".to_owned(), "a.b.c".to_owned(), signed.to_owned(), format!("{signed}."),
            format!("{signed}.{flipped}{}", &signature[1..]), format!("{good}.x"),
            rsa.proof(&app, &none, &none),
        ] {
            let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &garbage)]).await;
            assert_refused(&reply, 400, "invalid_dpop_proof");
        }
        // Point 1: one header.
        let two = [("dpop", good.as_str()), ("dpop", &key.at_token(&app))];
        assert_refused(&portal.post_with(&mut agent, "/token", &OWN, &two).await, 400, "invalid_dpop_proof");
    }
}

on_both! {
    async fn a_good_proof_may_look_in_many_ways(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let now = app.clock.now().seconds();
        let key = DpopKey::new();
        let mut described = key.public();
        described["kid"] = json!("1");
        described["use"] = json!("sig");
        let port = app.base.rsplit(':').next().unwrap();
        for (header, claims) in [
            (json!({}), json!({})),
            (json!({"jwk": described}), json!({})),
            (json!({}), json!({"iat": now - 10})),
            (json!({}), json!({"iat": now + 10})),
            (json!({}), json!({"iat": now as f64 + 0.5})),
            (json!({}), json!({"nbf": now - 10, "exp": now + 60, "extra": {"a": [1]}})),
            // Point 9: compared after normalisation, without query and fragment.
            (json!({}), json!({"htu": format!("HTTP://LOCALHOST:{port}/token?a=b#c")})),
            (json!({}), json!({"htu": format!("{}/x/../token", app.base)})),
            (json!({}), json!({"htu": format!("{}/%74%6Fken", app.base)})),
        ] {
            let proof = key.proof(&app, &header, &claims);
            let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &proof)]).await;
            assert_eq!(reply.status, 200, "{header} {claims}: {}", reply.body);
            assert_eq!(reply.json()["token_type"], "DPoP");
            assert_eq!(reply.header("dpop-nonce"), "", "not where none is demanded");
        }
        for alg in ["PS256", "EdDSA"] {
            let key = DpopKey::of(alg);
            let proof = key.at_token(&app);
            let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &proof)]).await;
            let told = introspect(&portal, &mut agent, &text(&reply.json(), "access_token")).await;
            // RFC 9449 section 6.2.
            assert_eq!((&told["cnf"]["jkt"], &told["token_type"]), (&json!(key.thumbprint()), &json!("DPoP")));
        }
        // Without a proof nothing changes.
        let reply = portal.token(&mut agent, &OWN).await.json();
        assert_eq!(reply["token_type"], "Bearer");
        assert_eq!(introspect(&portal, &mut agent, &text(&reply, "access_token")).await.get("cnf"), None);
    }
}

on_both! {
    // Section 11.1: a proof is used once, whichever instance sees it.
    async fn a_proof_is_used_once(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let second = app.second_instance().await;
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let proof = key.proof(&app, &json!({}), &json!({"jti": "one"}));
        assert_eq!(portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &proof)]).await.status, 200);
        assert_refused(
            &portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &proof)]).await, 400, "invalid_dpop_proof",
        );
        let mut there = Agent::new(&second.base);
        let reply = portal.post_with(&mut there, "/token", &OWN, &[("dpop", &proof)]).await;
        assert_refused(&reply, 400, "invalid_dpop_proof");
        // The jti of one key is not that of another.
        let proof = other.proof(&app, &json!({}), &json!({"jti": "one"}));
        assert_eq!(portal.post_with(&mut there, "/token", &OWN, &[("dpop", &proof)]).await.status, 200);
    }
}

on_both! {
    // Section 10: the code is bound to the key that the request names, or that proves itself at PAR.
    async fn a_code_is_bound_to_the_key_that_asked(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let thumbprint = key.thumbprint();
        let bound = [("dpop_jkt", thumbprint.as_str())];
        for proof in [None, Some(other.at_token(&app))] {
            let code = portal.code(&mut agent, &bound).await;
            assert_refused(&redeem(&portal, &mut agent, &code, proof.as_deref()).await, 400, "invalid_grant");
        }
        let code = portal.code(&mut agent, &bound).await;
        let reply = redeem(&portal, &mut agent, &code, Some(&key.at_token(&app))).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["token_type"]), (200, &json!("DPoP")), "{}", reply.body);
        // Section 10.1: at PAR the proof itself says it.
        let params = portal.authorize_params(&[]);
        let params: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let push = |proof: String, more: Vec<(&'static str, String)>| {
            let mut params: Vec<(String, String)> =
                params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            params.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
            (proof, params)
        };
        let at_par = json!({"htu": format!("{}/par", app.base)});
        let (proof, form) = push(key.proof(&app, &json!({}), &at_par), vec![("dpop_jkt", other.thumbprint())]);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reply = portal.post_with(&mut agent, "/par", &form, &[("dpop", &proof)]).await;
        assert_refused(&reply, 400, "invalid_dpop_proof");
        let wrong_place = portal.post_with(&mut agent, "/par", &params, &[("dpop", &key.at_token(&app))]).await;
        assert_refused(&wrong_place, 400, "invalid_dpop_proof");
        for (redeems, status) in [(&other, 400), (&key, 200)] {
            let proof = key.proof(&app, &json!({}), &at_par);
            let pushed = portal.post_with(&mut agent, "/par", &params, &[("dpop", &proof)]).await;
            assert_eq!(pushed.status, 201, "{}", pushed.body);
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("client_id", "hall"), ("request_uri", &text(&pushed.json(), "request_uri"))])
                .finish();
            let code = agent.get(&format!("/authorize?{query}")).await.query("code").expect("a code");
            let reply = redeem(&portal, &mut agent, &code, Some(&redeems.at_token(&app))).await;
            assert_eq!(reply.status, status, "{}", reply.body);
        }
    }
}

on_both! {
    // Section 5: a public client's refresh token is bound to its key.
    async fn a_public_clients_refresh_token_is_bound(app: TestApp) {
        let portal = public_portal(&app, "app").await;
        let mut agent = signed_in(&app).await;
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let code = portal.code(&mut agent, &OFFLINE).await;
        let first = redeem(&portal, &mut agent, &code, Some(&key.at_token(&app))).await.json();
        let token = text(&first, "refresh_token");
        for wrong in [None, Some((&other, &app))] {
            assert_refused(&refresh(&portal, &mut agent, &token, wrong).await, 400, "invalid_grant");
        }
        let second = refresh(&portal, &mut agent, &token, Some((&key, &app))).await;
        assert_eq!(second.status, 200, "a stranger's try harms nobody: {}", second.body);
        let token = text(&second.json(), "refresh_token");
        assert_refused(&refresh(&portal, &mut agent, &token, None).await, 400, "invalid_grant");
        assert_eq!(refresh(&portal, &mut agent, &token, Some((&key, &app))).await.status, 200);
    }
}

on_both! {
    // FAPI 2.0 section 5.3.2.1: a confidential client may change its key, and must have one.
    async fn a_confidential_client_may_change_its_key(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"dpop_bound_access_tokens": true})).await;
        let mut agent = signed_in(&app).await;
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let code = portal.code(&mut agent, &OFFLINE).await;
        assert_refused(&redeem(&portal, &mut agent, &code, None).await, 400, "invalid_request");
        assert_refused(&portal.token(&mut agent, &OWN).await, 400, "invalid_request");
        let first = redeem(&portal, &mut agent, &code, Some(&key.at_token(&app))).await;
        assert_eq!(first.status, 200, "what lacked its proof has not touched the code: {}", first.body);
        let token = text(&first.json(), "refresh_token");
        assert_refused(&refresh(&portal, &mut agent, &token, None).await, 400, "invalid_request");
        let second = refresh(&portal, &mut agent, &token, Some((&other, &app))).await;
        assert_eq!(second.status, 200, "{}", second.body);
        let told = introspect(&portal, &mut agent, &text(&second.json(), "access_token")).await;
        assert_eq!(told["cnf"]["jkt"], other.thumbprint());
        // One that may do without does not lose its proof on the way.
        let free = Portal::register(&app, "free").await;
        let code = free.code(&mut agent, &OFFLINE).await;
        let first = redeem(&free, &mut agent, &code, Some(&key.at_token(&app))).await.json();
        let token = text(&first, "refresh_token");
        assert_refused(&refresh(&free, &mut agent, &token, None).await, 400, "invalid_grant");
        assert_eq!(refresh(&free, &mut agent, &token, Some((&other, &app))).await.status, 200);
    }
}

on_both! {
    |config| config.tokens.dpop_nonce = true;
    // Sections 8 and 9: a nonce of ours in each proof, the same at all instances.
    async fn nonces_are_demanded_by_configuration(app: TestApp) {
        app.begin_a_nonces_window();
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let key = DpopKey::new();
        let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &key.at_token(&app))]).await;
        assert_refused(&reply, 400, "use_dpop_nonce");
        let nonce = reply.header("dpop-nonce").to_owned();
        let with = |nonce: &str, iat: i64| key.proof(&app, &json!({}), &json!({"nonce": nonce, "iat": iat}));
        let now = app.clock.now().seconds();
        let good = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &with(&nonce, now))]).await;
        assert_eq!((good.status.as_u16(), good.header("dpop-nonce")), (200, nonce.as_str()));
        // Section 11.1: the nonce says when, so that the client's clock need not.
        let late = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &with(&nonce, now - 3600))]).await;
        assert_eq!(late.status, 200, "{}", late.body);
        for wrong in ["", "made-up"] {
            let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &with(wrong, now))]).await;
            assert_refused(&reply, 400, "use_dpop_nonce");
            assert_eq!(reply.header("dpop-nonce"), nonce);
        }
        let second = app.second_instance().await;
        let mut there = Agent::new(&second.base);
        let reply = portal.post_with(&mut there, "/token", &OWN, &[("dpop", &with(&nonce, now))]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        // At the resource, too.
        let (code, proof) = (portal.code(&mut agent, &[]).await, with(&nonce, now));
        let access = text(&redeem(&portal, &mut agent, &code, Some(&proof)).await.json(), "access_token");
        let request = agent.request(reqwest::Method::GET, "/userinfo").header("authorization", format!("DPoP {access}"));
        let reply = agent.stranger().send(request.header("dpop", key.at_userinfo(&app, &access))).await;
        assert_refused(&reply, 401, "use_dpop_nonce");
        let told = (reply.header("dpop-nonce"), reply.header("www-authenticate"));
        assert!(told.0 == nonce && told.1.starts_with("DPoP realm="), "{told:?}");
        app.advance_seconds(601);
        let reply = portal.post_with(&mut agent, "/token", &OWN, &[("dpop", &with(&nonce, now + 601))]).await;
        assert_refused(&reply, 400, "use_dpop_nonce");
        assert_ne!(reply.header("dpop-nonce"), nonce);
    }
}

//! Answers that reach the wrong place: codes across clients and browsers, and providers mixed up (RFC 9700 sections 4.4
//! and 4.5).

use reqwest::Method;
use serde_json::json;

use super::{assert_error_page, assert_oauth_error};
use crate::support::portal::{VERIFIER, claims};
use crate::support::{Agent, Portal, TestApp};

async fn person(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
    assert_eq!(agent.sign_in("/sign-in/personal", &fields).await.status, 303);
    agent
}

on_both! {
    // A code is for one client, one address and one browser's verifier.
    async fn a_stolen_code_buys_nothing_elsewhere(app: TestApp) {
        let hall = Portal::register(&app, "hall").await;
        let uris = json!({"redirect_uris": ["https://other.example/first", "https://other.example/second"]});
        let other = Portal::register_with(&app, "other", uris).await;
        let mut victim = person(&app).await;
        let mut thief = Agent::new(&app.base);
        thief.sign_in_legal_entity().await;
        let code = hall.code(&mut victim, &[]).await;
        let refused = |reply| assert_oauth_error(&reply, 400, "invalid_grant", "a stolen code");
        refused(other.redeem(&mut thief, &code).await);
        let named = [
            ("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &hall.redirect_uri),
            ("code_verifier", VERIFIER), ("client_id", "hall"),
        ];
        let reply = other.token(&mut thief, &named).await;
        assert_oauth_error(&reply, 400, "invalid_request", "another's name");
        let bare = thief.request(Method::POST, "/token").form(&named);
        assert_oauth_error(&thief.send(bare).await, 401, "invalid_client", "only a name");
        assert_eq!(hall.redeem(&mut victim, &code).await.status, 200, "whose it is can still use it");
        // One guess at the verifier, and it is gone.
        let code = hall.code(&mut victim, &[]).await;
        refused(hall.redeem_with(&mut thief, &code, "a-verifier-that-the-thief-made-up-by-himself-42").await);
        refused(hall.redeem(&mut victim, &code).await);
        // At another address of the same client.
        let code = other.code(&mut victim, &[("redirect_uri", "https://other.example/second")]).await;
        refused(other.redeem(&mut thief, &code).await);
    }
}

on_both! {
    // Code injection: the attacker's own code in the victim's browser. The portal's verifier and nonce tell.
    async fn an_injected_code_does_not_fit_the_browser(app: TestApp) {
        let hall = Portal::register(&app, "hall").await;
        let mut thief = Agent::new(&app.base);
        thief.sign_in_legal_entity().await;
        let own = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636 appendix B
        let code = hall.code(&mut thief, &[("code_challenge", own), ("nonce", "thief")]).await;
        let mut victim = person(&app).await;
        let reply = hall.redeem(&mut victim, &code).await;
        assert_oauth_error(&reply, 400, "invalid_grant", "the victim's verifier");
        let plain = [("code_challenge", ""), ("code_challenge_method", ""), ("nonce", "thief")];
        let code = hall.code(&mut thief, &plain).await;
        let reply = hall.redeem(&mut victim, &code).await;
        assert_oauth_error(&reply, 400, "invalid_grant", "a verifier without a challenge");
        let code = hall.code(&mut thief, &plain).await;
        let tokens = hall.redeem_with(&mut victim, &code, "").await.json();
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], "thief", "the portal sees whose it is");
    }
}

on_both! {
    // What waits for one browser is not answered in another, whoever is signed in there.
    async fn a_request_that_waits_is_nobody_elses(app: TestApp) {
        let shop = Portal::register_with(&app, "shop", json!({"first_party": false})).await;
        let mut thief = Agent::new(&app.base);
        thief.sign_in_legal_entity().await;
        let asked = thief.get(&shop.authorize_path(&[])).await.location().unwrap();
        let mut victim = person(&app).await;
        for path in [asked.clone(), asked.replace("/authorize/consent", "/authorize/resume")] {
            assert_error_page(&victim.get(&path).await, 400, &path);
        }
        let page = thief.get(&asked).await;
        let sid = page.attribute("input[name=sid]", "value").unwrap();
        for fields in [[("decision", "allow"), ("sid", &*sid)], [("decision", "deny"), ("sid", "")]] {
            assert_error_page(&victim.post(&asked, &fields).await, 400, "another browser's consent");
        }
        // A sign-in page that carries it signs the victim in, and leads no further.
        let mut fresh = Agent::new(&app.base);
        let page = asked.replace("/authorize/consent", "/sign-in/personal");
        let reply = fresh.sign_in(&page, &[("account", "liying2026"), ("password", "Jlrs2026")]).await;
        let reply = fresh.follow(reply).await;
        assert!(reply.location().is_none_or(|to| !to.contains("shop.example")), "{:?}", reply.location());
        let allowed = thief.post(&asked, &[("decision", "allow"), ("sid", &sid)]).await;
        assert!(allowed.query("code").is_some(), "it still waits where it belongs");
    }
}

on_both! {
    // Mix-up (RFC 9207): each answer says whose it is, good or bad, in whichever mode.
    async fn every_answer_names_its_provider(app: TestApp) {
        let types = json!({"response_types": ["code", "id_token", "code id_token"]});
        let hall = Portal::register_with(&app, "hall", types).await;
        let mut agent = person(&app).await;
        let issuer: String = url::form_urlencoded::byte_serialize(app.base.as_bytes()).collect();
        for response_type in ["code", "id_token", "code id_token", "token"] {
            for mode in ["", "query", "fragment", "form_post", "jwt", "form_post.jwt", "nonsense"] {
                for prompt in ["", "none", "none login"] {
                    let changes = [("response_type", response_type), ("response_mode", mode), ("prompt", prompt)];
                    let reply = agent.get(&hall.authorize_path(&changes)).await;
                    let jwt = reply.attribute("input[name=response]", "value").or_else(|| {
                        let place = reply.location()?;
                        Some(place.split("response=").nth(1)?.split('&').next()?.to_owned())
                    });
                    if let Some(jwt) = jwt {
                        assert_eq!(claims(&jwt)["iss"], app.base, "{changes:?}");
                    } else if let Some(place) = reply.location() {
                        assert_eq!(place.matches(&format!("iss={issuer}")).count(), 1, "{changes:?} {place}");
                    } else {
                        let told = reply.attribute("form input[name=iss]", "value");
                        assert_eq!(told.as_deref(), Some(&*app.base), "{changes:?} {}", reply.text());
                    }
                }
            }
        }
    }
}

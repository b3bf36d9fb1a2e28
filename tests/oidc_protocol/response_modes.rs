//! `response_type` and `response_mode`: OAuth 2.0 Multiple Response Types, Form Post Response Mode, OpenID Connect Core
//! sections 3.2 and 3.3. Everything in the fragment, or in a form, or in the query, and nothing anywhere else.

use sha2::{Digest, Sha256};

use super::*;

const FRAGMENT: (&str, &str) = ("response_mode", "fragment");
const FORM: (&str, &str) = ("response_mode", "form_post");

async fn hybrid(app: &TestApp) -> Portal {
    let types = json!({"response_types": ["code", "id_token", "code id_token"], "id_token_signed_response_alg": "ES256"});
    Portal::register_with(app, "hall", types).await
}

/// The parameters in a redirect's fragment; nothing may stand in its query.
#[track_caller]
pub fn fragment(reply: &Reply) -> Value {
    let location = reply.location().unwrap_or_else(|| panic!("{}", reply.text()));
    let url = url::Url::parse(&location).unwrap();
    assert_eq!(url.query(), None, "{location}");
    pairs(url.fragment().unwrap_or_default())
}

pub fn pairs(encoded: &str) -> Value {
    let pairs = url::form_urlencoded::parse(encoded.as_bytes());
    Value::Object(pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect())
}

/// The fields of a page that posts itself to the portal.
#[track_caller]
pub fn posted(portal: &Portal, reply: &Reply) -> Value {
    assert_eq!((reply.status.as_u16(), reply.location()), (200, None), "{}", reply.text());
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-frame-options"), "DENY");
    let origin = url::Url::parse(&portal.redirect_uri).unwrap().origin().ascii_serialization();
    let policy = reply.header("content-security-policy");
    assert!(
        policy.contains(&format!("form-action 'self' {origin};")),
        "opened for that portal alone: {policy}"
    );
    assert_eq!(reply.attribute("form", "action").as_deref(), Some(&*portal.redirect_uri));
    assert_eq!(reply.attribute("form", "method").as_deref(), Some("post"));
    assert_eq!(reply.text_of("form button[type=submit]"), "继续", "works without a script");
    assert!(reply.attribute("script[src*='form_post.js']", "src").is_some());
    assert!(!reply.has("script:not([src])"), "no inline script");
    let document = scraper::Html::parse_document(&reply.body);
    let hidden = scraper::Selector::parse("form input[type=hidden]").unwrap();
    let inputs = document.select(&hidden);
    let value = |input: scraper::ElementRef<'_>| {
        let attribute = |name| input.value().attr(name).unwrap().to_owned();
        (attribute("name"), json!(attribute("value")))
    };
    Value::Object(inputs.map(value).collect())
}

fn left_half(text: &str) -> String {
    base64url(&Sha256::digest(text)[..16])
}

on_both! {
    async fn a_code_comes_in_query_fragment_or_form(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let state = "吉 林+%2B&=#?/\"'<>~".to_owned() + &"x".repeat(128);
        let with = |mode| [mode, ("state", state.as_str())];
        let reply = agent.get(&portal.authorize_path(&with(("response_mode", "query")))).await;
        assert_eq!(reply.query("state").as_deref(), Some(&*state));
        let code = reply.query("code").unwrap();
        assert_eq!(portal.redeem(&mut agent, &code).await.status, 200);
        let answer = fragment(&agent.get(&portal.authorize_path(&with(FRAGMENT))).await);
        assert_eq!(members(&answer), ["code", "iss", "state"]);
        assert_eq!((&answer["state"], &answer["iss"]), (&json!(state), &json!(app.base)));
        assert_eq!(portal.redeem(&mut agent, &text(&answer, "code")).await.status, 200);
        let answer = posted(&portal, &agent.get(&portal.authorize_path(&with(FORM))).await);
        assert_eq!(members(&answer), ["code", "iss", "state"]);
        assert_eq!((&answer["state"], &answer["iss"]), (&json!(state), &json!(app.base)));
        assert_eq!(portal.redeem(&mut agent, &text(&answer, "code")).await.status, 200);
    }
}

on_both! {
    // Form Post Response Mode section 2: after the sign-in and after the consent, too.
    async fn the_form_comes_whichever_page_was_last(app: TestApp) {
        let portal = Portal::register_with(&app, "shop", json!({"first_party": false})).await;
        let mut agent = Agent::new(&app.base);
        let asked = agent.get(&portal.authorize_path(&[FORM])).await;
        let page = sign_in_at(&mut agent, &asked).await;
        let action = page.attribute("form[action^='/authorize/consent']", "action").unwrap();
        let sid = page.attribute("input[name=sid]", "value").unwrap();
        let reply = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
        let answer = posted(&portal, &reply);
        assert_eq!(portal.redeem(&mut agent, &text(&answer, "code")).await.status, 200);
        let asked = agent.get(&portal.authorize_path(&[FORM, ("prompt", "login")])).await;
        let answer = posted(&portal, &sign_in_at(&mut agent, &asked).await);
        assert_eq!(portal.redeem(&mut agent, &text(&answer, "code")).await.status, 200);
    }
}

on_both! {
    // Core sections 3.1.2.6, 3.2.2.6, 3.3.2.6: an error goes where the answer would have gone.
    async fn errors_come_in_the_mode_that_was_asked_for(app: TestApp) {
        let portal = hybrid(&app).await;
        let mut agent = Agent::new(&app.base);
        let none = ("prompt", "none");
        let check = |answer: &Value, code: &str| {
            assert_eq!(members(answer), ["error", "error_description", "iss", "state"]);
            assert_eq!((&answer["error"], &answer["state"]), (&json!(code), &json!("state-1")));
            assert_eq!(answer["iss"], app.base);
            assert_well_described(&text(answer, "error_description"));
        };
        let reply = agent.get(&portal.authorize_path(&[none, FRAGMENT])).await;
        check(&fragment(&reply), "login_required");
        let reply = agent.get(&portal.authorize_path(&[none, FORM])).await;
        check(&posted(&portal, &reply), "login_required");
        for response_type in ["id_token", "code id_token", "id_token code"] {
            let reply = agent.get(&portal.authorize_path(&[none, ("response_type", response_type)])).await;
            check(&fragment(&reply), "login_required");
        }
        for (changes, code) in [
            (&[("response_type", "token")][..], "unsupported_response_type"),
            (&[("response_type", "code token")], "unsupported_response_type"),
            (&[("response_type", "code token"), ("response_mode", "query")], "unsupported_response_type"),
            // Core sections 3.2.2.1 and 3.3.2.11.
            (&[("response_type", "id_token"), ("nonce", "")], "invalid_request"),
            (&[("response_type", "code id_token"), ("nonce", "")], "invalid_request"),
            // Multiple Response Types section 3: never an ID token in a query.
            (&[("response_type", "id_token"), ("response_mode", "query")], "invalid_request"),
            (&[("response_type", "code id_token"), ("response_mode", "query.jwt")], "invalid_request"),
        ] {
            check(&fragment(&agent.get(&portal.authorize_path(changes)).await), code);
        }
        let reply = agent.get(&portal.authorize_path(&[("response_type", ""), FORM])).await;
        check(&posted(&portal, &reply), "invalid_request");
        let reply = agent.get(&portal.authorize_path(&[("scope", "nothing"), FORM])).await;
        check(&posted(&portal, &reply), "invalid_scope");
        // Whatever the mode, an address that is not registered gets nothing.
        let reply = agent.get(&portal.authorize_path(&[("redirect_uri", "https://evil.example/"), FORM])).await;
        assert_page(&reply, "redirect_uri is not registered");
    }
}

on_both! {
    // Core section 3.3.2.11: bound to the code (c_hash) and to the state (s_hash).
    async fn code_and_id_token_together(app: TestApp) {
        let portal = hybrid(&app).await;
        let mut agent = signed_in(&app).await;
        let both = ("response_type", "id_token code");
        let answer = fragment(&agent.get(&portal.authorize_path(&[both])).await);
        assert_eq!(members(&answer), ["code", "id_token", "iss", "state"]);
        let code = text(&answer, "code");
        let (header, first) = verified(&app, &text(&answer, "id_token")).await;
        assert_eq!((&header["alg"], &first["aud"]), (&json!("ES256"), &json!("hall")));
        assert_eq!(first["nonce"], "nonce-1");
        assert_eq!(first["c_hash"], left_half(&code));
        assert_eq!(first["s_hash"], left_half("state-1"));
        assert_eq!(first.get("at_hash"), None, "no access token comes with it");
        assert!(first.get("name").is_none(), "userinfo tells that");
        let tokens = portal.redeem(&mut agent, &code).await.json();
        let second = claims(&text(&tokens, "id_token"));
        for claim in ["iss", "sub", "nonce", "sid", "auth_time"] {
            assert_eq!(first[claim], second[claim], "{claim}");
        }
        // PKCE holds as always.
        let answer = fragment(&agent.get(&portal.authorize_path(&[both])).await);
        let refused = portal.redeem_with(&mut agent, &text(&answer, "code"), "").await;
        assert_refused(&refused, 400, "invalid_grant");
        let answer = posted(&portal, &agent.get(&portal.authorize_path(&[both, FORM, ("state", "")])).await);
        assert_eq!(members(&answer), ["code", "id_token", "iss"]);
        assert_eq!(claims(&text(&answer, "id_token")).get("s_hash"), None);
    }
}

on_both! {
    // Core sections 3.2 and 5.4: alone, it holds the claims of its scopes; nothing can be redeemed.
    async fn an_id_token_alone(app: TestApp) {
        let portal = hybrid(&app).await;
        let mut agent = signed_in(&app).await;
        let alone = [("response_type", "id_token"), ("scope", "openid profile phone id_document offline_access")];
        let answer = fragment(&agent.get(&portal.authorize_path(&alone)).await);
        assert_eq!(members(&answer), ["id_token", "iss", "state"]);
        let (_, token) = verified(&app, &text(&answer, "id_token")).await;
        assert_eq!((&token["name"], &token["phone_number"]), (&json!("李颖"), &json!("+8619400000003")));
        assert!(token.get("id_document").is_none(), "never in an ID token");
        assert!(token.get("c_hash").is_none() && token.get("at_hash").is_none(), "{token}");
        let silent = [("response_type", "id_token"), ("prompt", "none"), ("id_token_hint", &*text(&answer, "id_token"))];
        assert!(fragment(&agent.get(&portal.authorize_path(&silent)).await)["id_token"].is_string());
    }
}

on_both! {
    // OpenID Connect Registration section 2: only what was registered.
    async fn a_type_that_is_not_registered_is_refused(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"response_types": ["code id_token"]})).await;
        let code_only = Portal::register(&app, "plain").await;
        let mut agent = signed_in(&app).await;
        let reply = agent.get(&portal.authorize_path(&[])).await;
        assert_error_redirect(&app, &portal, &reply, "unsupported_response_type");
        for response_type in ["id_token", "code id_token"] {
            let reply = agent.get(&code_only.authorize_path(&[("response_type", response_type)])).await;
            assert_eq!(fragment(&reply)["error"], "unsupported_response_type", "{response_type}");
        }
    }
}

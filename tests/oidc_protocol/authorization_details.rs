//! Rich authorization requests: RFC 9396.

use super::par::{push, pushed, visit};
use super::*;
use crate::support::sql;
use idp::config::{Config, DetailsMemberConfig, DetailsTypeConfig};

fn filings(config: &mut Config) {
    let member = |name: &str, title: &str, required| DetailsMemberConfig {
        name: name.to_owned(),
        title: title.to_owned(),
        required,
    };
    let details = |name: &str, title: &str, members| DetailsTypeConfig {
        r#type: name.to_owned(),
        title: title.to_owned(),
        members,
    };
    config.protocol.authorization_details_types = vec![
        details(
            "tax_filing",
            "办理一次纳税申报",
            vec![
                member("period", "所属期", true),
                member("amount", "金额", false),
                member("taxes", "税种", false),
            ],
        ),
        details("seal", "使用电子印章", Vec::new()),
    ];
}

const FILING: &str = r#"[{"type":"tax_filing","period":"2026年第三季度","amount":{"currency":"CNY","value":"1280.00"},"taxes":["增值税"]}]"#;

async fn portal(app: &TestApp, id: &str, first_party: bool) -> Portal {
    let changes = json!({"first_party": first_party, "authorization_details_types": ["tax_filing"]});
    Portal::register_with(app, id, changes).await
}

on_both! {
    filings;
    async fn the_visitor_agrees_to_what_the_page_says(app: TestApp) {
        let portal = portal(&app, "shop", false).await;
        let mut agent = signed_in(&app).await;
        let details = ("authorization_details", FILING);
        for _ in 0..2 {
            // Agreed to each time: they say what is done this once.
            let asked = agent.get(&portal.authorize_path(&[details])).await;
            let page = agent.follow(asked).await;
            for words in ["办理一次纳税申报", "所属期", "2026年第三季度", "金额", "currency CNY，value 1280.00", "增值税"] {
                assert!(page.text().contains(words), "{words}: {}", page.text());
            }
            let action = page.attribute("form[action^='/authorize/consent']", "action").unwrap();
            let sid = page.attribute("input[name=sid]", "value").unwrap();
            let reply = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
            assert!(reply.query("code").is_some());
        }
        let kept = sql::text(&app, "SELECT authorization_details FROM grants LIMIT 1").await;
        assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), serde_json::from_str::<Value>(FILING).unwrap());
        let reply = agent.get(&portal.authorize_path(&[details, ("prompt", "none")])).await;
        assert_error_redirect(&app, &portal, &reply, "consent_required");
        assert!(agent.get(&portal.authorize_path(&[])).await.query("code").is_some(), "without them nothing is new");
    }
}

on_both! {
    filings;
    async fn what_is_not_understood_is_refused(app: TestApp) {
        let portal = portal(&app, "hall", true).await;
        let mut agent = signed_in(&app).await;
        let long = format!(r#"[{{"type":"tax_filing","period":"{}"}}]"#, "长".repeat(2000));
        let many = format!("[{}]", [r#"{"type":"tax_filing","period":"1"}"#; 11].join(","));
        for wrong in [
            "nonsense", "{}", "[]", "[1]", "[[]]", r#"{"type":"tax_filing","period":"1"}"#, r#"[{"period":"1"}]"#,
            r#"[{"type":7,"period":"1"}]"#, r#"[{"type":"unknown"}]"#,
            // Known, but not to this client.
            r#"[{"type":"seal"}]"#,
            // A member missing, unknown, empty, or deeper than a page can say.
            r#"[{"type":"tax_filing"}]"#, r#"[{"type":"tax_filing","period":"1","actions":["all"]}]"#,
            r#"[{"type":"tax_filing","period":""}]"#, r#"[{"type":"tax_filing","period":null}]"#,
            r#"[{"type":"tax_filing","period":"1\u0007"}]"#, r#"[{"type":"tax_filing","period":[["1"]]}]"#,
            r#"[{"type":"tax_filing","period":"1"},{"type":"seal"}]"#, &long, &many,
        ] {
            let changes = [("authorization_details", wrong)];
            let reply = agent.get(&portal.authorize_path(&changes)).await;
            assert_error_redirect(&app, &portal, &reply, "invalid_authorization_details");
            assert_refused(&push(&portal, &mut agent, &changes).await, 400, "invalid_authorization_details");
        }
        let undeclared = Portal::register(&app, "plain").await;
        let reply = agent.get(&undeclared.authorize_path(&[("authorization_details", FILING)])).await;
        assert_error_redirect(&app, &undeclared, &reply, "invalid_authorization_details");
    }
}

on_both! {
    filings;
    async fn they_are_pushed_and_published(app: TestApp) {
        let portal = portal(&app, "hall", true).await;
        let mut agent = signed_in(&app).await;
        let request_uri = pushed(&portal, &mut agent, &[("authorization_details", FILING)]).await;
        assert!(agent.get(&visit(&portal, &request_uri)).await.query("code").is_some());
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM grants WHERE authorization_details LIKE '%2026%'").await, 1);
        // RFC 9396 section 10.
        let document = agent.get("/.well-known/openid-configuration").await.json();
        assert_eq!(document["authorization_details_types_supported"], json!(["tax_filing", "seal"]));
    }
}

const OTHER: &str = r#"[{"type":"tax_filing","period":"2026年第四季度"}]"#;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

on_both! {
    filings;
    // Section 6: a token is good for what its request names again of what was agreed to, and for no more.
    async fn a_token_may_be_for_less_never_for_more(app: TestApp) {
        let portal = portal(&app, "hall", true).await;
        let mut agent = signed_in(&app).await;
        let both = Value::Array([parsed(FILING), parsed(OTHER)].iter().flat_map(|one| one.as_array().unwrap().clone()).collect());
        let all = both.to_string();
        let ask = [("authorization_details", all.as_str()), ("scope", "openid offline_access")];
        let redeem = async |agent: &mut Agent, code: &str, details: &[(&str, &str)]| {
            let params = [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &portal.redirect_uri),
                ("code_verifier", crate::support::portal::VERIFIER),
            ];
            portal.token(agent, &[&params, details].concat()).await
        };
        let introspected = async |agent: &mut Agent, tokens: &Value| {
            let token = text(tokens, "access_token");
            portal.post(agent, "/introspect", &[("token", &token)]).await.json()["authorization_details"].clone()
        };
        let code = portal.code(&mut agent, &ask).await;
        let tokens = redeem(&mut agent, &code, &[("authorization_details", OTHER)]).await.json();
        assert_eq!(tokens["authorization_details"], parsed(OTHER));
        assert_eq!(introspected(&mut agent, &tokens).await, parsed(OTHER));
        // The grant is for all of it: each refresh chooses anew.
        let refresh = text(&tokens, "refresh_token");
        for (named, told) in [(None, both.clone()), (Some(FILING), parsed(FILING)), (Some(all.as_str()), both.clone())] {
            let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            params.extend(named.map(|named| ("authorization_details", named)));
            let tokens = portal.token(&mut agent, &params).await.json();
            assert_eq!(tokens["authorization_details"], told, "{tokens}");
            assert_eq!(introspected(&mut agent, &tokens).await, told);
        }
        for wrong in [r#"[{"type":"tax_filing","period":"2027"}]"#, r#"[{"type":"seal"}]"#, "[]", "x"] {
            let details = ("authorization_details", wrong);
            let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), details];
            assert_refused(&portal.token(&mut agent, &params).await, 400, "invalid_authorization_details");
            let code = portal.code(&mut agent, &ask).await;
            assert_refused(&redeem(&mut agent, &code, &[details]).await, 400, "invalid_authorization_details");
            assert_refused(&redeem(&mut agent, &code, &[]).await, 400, "invalid_grant");
        }
        // Where nothing was agreed to, nothing can be named.
        let code = portal.code(&mut agent, &[]).await;
        let reply = redeem(&mut agent, &code, &[("authorization_details", FILING)]).await;
        assert_refused(&reply, 400, "invalid_authorization_details");
    }
}

on_both! {
    filings;
    // A back end for itself: of the types that it registered.
    async fn a_back_end_names_its_own(app: TestApp) {
        let portal = portal(&app, "hall", true).await;
        let plain = Portal::register(&app, "plain").await;
        let mut agent = Agent::new(&app.base);
        let own = |details: &'static str| [("grant_type", "client_credentials"), ("authorization_details", details)];
        let tokens = portal.token(&mut agent, &own(FILING)).await.json();
        assert_eq!(tokens["authorization_details"], parsed(FILING));
        let token = text(&tokens, "access_token");
        let told = portal.post(&mut agent, "/introspect", &[("token", &token)]).await.json();
        assert_eq!((&told["authorization_details"], &told["sub"]), (&parsed(FILING), &json!("hall")));
        for wrong in [r#"[{"type":"seal"}]"#, r#"[{"type":"tax_filing"}]"#, "{}"] {
            assert_refused(&portal.token(&mut agent, &own(wrong)).await, 400, "invalid_authorization_details");
        }
        assert_refused(&plain.token(&mut agent, &own(FILING)).await, 400, "invalid_authorization_details");
    }
}

on_both! {
    filings;
    // Nobody has said that a client that registered itself may do this: it asks an account, and grants itself nothing.
    async fn who_registered_itself_grants_itself_nothing(app: TestApp) {
        let changes = json!({"self_registered": true, "first_party": false, "authorization_details_types": ["tax_filing"]});
        let stranger = Portal::register_with(&app, "stranger", changes).await;
        let mut agent = signed_in(&app).await;
        let own = [("grant_type", "client_credentials"), ("authorization_details", FILING)];
        assert_refused(&stranger.token(&mut agent, &own).await, 400, "invalid_authorization_details");
        assert_eq!(stranger.token(&mut agent, &own[..1]).await.status, 200, "without them it is as ever");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM access_tokens WHERE authorization_details IS NOT NULL").await, 0);
        let asked = agent.get(&stranger.authorize_path(&[("authorization_details", FILING)])).await;
        let page = agent.follow(asked).await;
        assert!(page.text().contains("2026年第三季度") && page.has("form[action^='/authorize/consent']"), "{}", page.text());
    }
}

on_both! {
    filings;
    // A terminal asks as a portal does, and the visitor reads what for.
    async fn a_device_asks_for_them_too(app: TestApp) {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let changes = json!({
            "token_endpoint_auth_method": "none", "grant_types": [grant], "redirect_uris": [],
            "authorization_details_types": ["tax_filing"], "client_uri": "https://terminal.example/about",
            "policy_uri": "https://terminal.example/privacy", "logo_uri": "https://terminal.example/logo.png",
        });
        let terminal = Portal::register_with(&app, "terminal", changes).await;
        let mut agent = signed_in(&app).await;
        let wrong = [("authorization_details", r#"[{"type":"seal"}]"#)];
        let reply = terminal.post(&mut agent, "/device_authorization", &wrong).await;
        assert_refused(&reply, 400, "invalid_authorization_details");
        let asked = [("authorization_details", FILING)];
        let begun = terminal.post(&mut agent, "/device_authorization", &asked).await.json();
        let entered = agent.post("/device", &[("user_code", &text(&begun, "user_code"))]).await;
        let page = agent.follow(entered).await;
        for words in ["办理一次纳税申报", "2026年第三季度", "官方网站", "隐私政策"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        assert!(!page.text().contains("服务条款"), "it registered none");
        assert_eq!(page.attribute("img.portal-logo", "src").as_deref(), Some("https://terminal.example/logo.png"));
        assert!(page.header("content-security-policy").contains("https://terminal.example"));
        let action = page.attribute("form[action^='/device/confirm']", "action").unwrap();
        let sid = page.attribute("[name=sid]", "value").unwrap();
        agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
        let params = [("grant_type", grant), ("device_code", &*text(&begun, "device_code"))];
        let tokens = terminal.token(&mut agent, &params).await.json();
        assert_eq!(tokens["authorization_details"], parsed(FILING), "{tokens}");
        // The account's owner sees what for, and can take it back.
        let listed = agent.get("/account/portals").await.text();
        assert!(listed.contains("办理一次纳税申报（所属期：2026年第三季度，金额："), "{listed}");
    }
}

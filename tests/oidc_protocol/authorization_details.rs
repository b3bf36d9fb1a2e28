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

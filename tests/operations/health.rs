//! `/healthz`, `/readyz` and `/metrics`, on a listener of their own.

use reqwest::Method;

use crate::support::{Agent, Portal, TestApp};

async fn metrics(app: &TestApp) -> String {
    let reply = Agent::new(&app.base).get(&format!("{}/metrics", app.operations)).await;
    assert_eq!(reply.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    reply.body
}

/// A sample's value; 0 if there is none yet.
fn value(metrics: &str, sample: &str) -> f64 {
    let line = metrics.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == sample));
    line.map_or(0.0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

/// OpenMetrics 1.0, roughly: described families, then their samples, then the end.
fn assert_open_metrics(text: &str) {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut family = "";
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ');
            assert!(["HELP", "TYPE", "UNIT"].contains(&words.next().unwrap()), "{line}");
            family = words.next().unwrap();
            assert!(words.next().is_some(), "{line}");
            continue;
        }
        let (name, number) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with(family) && name.starts_with("idp_"), "{line} is not of {family}");
        assert!(number.parse::<f64>().is_ok_and(|number| number >= 0.0), "{line}");
        if let Some((_, labels)) = name.split_once('{') {
            let labels = labels.strip_suffix('}').unwrap();
            assert!(labels.split("\",").all(|label| label.contains("=\"")), "{line}");
        }
    }
}

on_both! {
    async fn metrics_count_what_happens(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let portal = Portal::register(&app, "hall").await;
        assert_open_metrics(&metrics(&app).await);
        let wrong = agent.sign_in("/sign-in/legal-entity", &[("account", "nobody2026"), ("password", "Wrong2026")]).await;
        assert_eq!(wrong.status, 422);
        let missing = agent.sign_in("/sign-in/legal-entity", &[("account", "xinyue0221"), ("password", "Jlrs2026")]).await;
        assert!(missing.text().contains("请输入验证码"));
        app.advance_seconds(31 * 60);
        agent.sign_in_legal_entity().await;
        portal.tokens(&mut agent, &[]).await;
        agent.get("/nowhere/19400000003?x=19400000003").await;
        let text = metrics(&app).await;
        assert_open_metrics(&text);
        for (sample, expected) in [
            (r#"idp_sign_ins_total{account_type="legal_entity",outcome="signed_in"}"#, 1.0),
            (r#"idp_sign_ins_total{account_type="legal_entity",outcome="wrong"}"#, 1.0),
            (r#"idp_sign_ins_total{account_type="legal_entity",outcome="captcha"}"#, 1.0),
            (r#"idp_token_responses_total{grant_type="authorization_code"}"#, 1.0),
            (r#"idp_http_requests_total{route="/token",method="POST",status="200"}"#, 1.0),
            (r#"idp_http_requests_total{route="unmatched",method="GET",status="404"}"#, 1.0),
            (r#"idp_http_request_seconds_count{route="/token"}"#, 1.0),
        ] {
            assert_eq!(value(&text, sample), expected, "{sample}\n{text}");
        }
        for personal in ["19400000003", "xinyue0221", "nobody2026", "liying2026"] {
            assert!(!text.contains(personal), "{personal}");
        }
    }
}

on_both! {
    async fn strangers_do_not_fill_the_metrics(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let before = metrics(&app).await.lines().count();
        for number in 0..60 {
            for path in [format!("/made-up-{number}"), format!("/assets/{number}/x"), format!("/captcha/{number}/proof")] {
                agent.get(&path).await;
            }
            let method = Method::from_bytes(format!("MADEUP{number}").as_bytes()).unwrap();
            let request = agent.request(method, "/help");
            agent.send(request).await;
        }
        let text = metrics(&app).await;
        assert!(!text.to_lowercase().contains("made"), "{text}");
        assert!(text.lines().count() < before + 100, "{} lines, before {before}", text.lines().count());
    }
}

on_both! {
    async fn operations_and_pages_keep_apart(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for path in ["/healthz", "/readyz"] {
            let reply = agent.get(&format!("{}{path}", app.operations)).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "ok"), "{path}");
        }
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_eq!(agent.get(path).await.status, 404, "{path} is not public");
            let request = agent.request(Method::POST, &format!("{}{path}", app.operations));
            assert_eq!(agent.send(request).await.status, 405);
        }
        for path in ["/", "/sign-in/personal", "/token", "/jwks.json", "/assets/x/site.css"] {
            assert_eq!(agent.get(&format!("{}{path}", app.operations)).await.status, 404, "{path}");
        }
    }
}

on_both! {
    async fn every_answer_names_its_request(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let mut seen = std::collections::BTreeSet::new();
        for path in ["/help", "/help", "/nowhere", "/token", "/userinfo", "/jwks.json", "/sign-in", "/authorize", "/assets/x/y"] {
            // What a client claims is not taken over: it would end up in our log.
            let request = agent.request(Method::GET, path).header("x-request-id", "made-up");
            let id = agent.send(request).await.header("x-request-id").to_owned();
            assert_eq!(id.len(), 22, "{path}: {id}");
            assert!(seen.insert(id), "{path}");
        }
    }
}

//! Resource indicators: RFC 8707 at the authorization endpoint and with PAR.

use super::par::{pushed, visit};
use super::*;
use crate::support::sql;
use idp::config::{Config, ResourceConfig};

const REPORTS: &str = "https://api.example/reports";
const FILES: &str = "urn:example:files";
const TAXES: &str = "https://api.example/taxes";

fn three(config: &mut Config) {
    let resource = |uri: &str, title: &str, clients: &[&str]| ResourceConfig {
        uri: uri.to_owned(),
        title: title.to_owned(),
        clients: clients.iter().map(|client| (*client).to_owned()).collect(),
        exchanged_by: Vec::new(),
        served_by: Vec::new(),
    };
    config.protocol.resources = vec![
        resource(REPORTS, "统计报表接口", &[]),
        resource(FILES, "电子材料库", &[]),
        resource(TAXES, "纳税申报接口", &["tax"]),
    ];
}

/// What the newest grant was made for.
async fn granted(app: &TestApp) -> String {
    let newest = "SELECT COALESCE(resources, '-') FROM grants ORDER BY created_at DESC, resources LIMIT 1";
    app.advance_seconds(1);
    sql::text(app, newest).await
}

on_both! {
    three;
    async fn known_resources_are_granted_and_no_others(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        portal.code(&mut agent, &[]).await;
        assert_eq!(granted(&app).await, "-");
        // RFC 8707 section 2: the only parameter that may be repeated.
        let two = format!("{}&resource={FILES}&resource={REPORTS}", portal.authorize_path(&[("resource", REPORTS)]));
        assert!(agent.get(&two).await.query("code").is_some());
        assert_eq!(granted(&app).await, format!("{REPORTS} {FILES}"));
        let mut params = portal.authorize_params(&[("resource", FILES)]);
        params.push(("resource".to_owned(), REPORTS.to_owned()));
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request_uri = text(&portal.post(&mut agent, "/par", &params).await.json(), "request_uri");
        assert!(agent.get(&visit(&portal, &request_uri)).await.query("code").is_some());
        assert_eq!(granted(&app).await, format!("{FILES} {REPORTS}"));
        for wrong in [
            "https://api.example/reports/", "https://api.example/Reports", "https://api.example/reports?x",
            "https://api.example/reports#x", "https://API.example/reports", "reports", "https://unknown.example/", TAXES,
        ] {
            let reply = agent.get(&portal.authorize_path(&[("resource", wrong)])).await;
            assert_error_redirect(&app, &portal, &reply, "invalid_target");
            let mixed = format!("{}&resource={wrong}", portal.authorize_path(&[("resource", REPORTS)]));
            let mixed = mixed.replace('#', "%23");
            assert_error_redirect(&app, &portal, &agent.get(&mixed).await, "invalid_target");
        }
        // One that is for named clients.
        let tax = Portal::register(&app, "tax").await;
        let request_uri = pushed(&tax, &mut agent, &[("resource", TAXES)]).await;
        assert!(agent.get(&visit(&tax, &request_uri)).await.query("code").is_some());
        assert_eq!(granted(&app).await, TAXES);
    }
}

on_both! {
    three;
    async fn the_visitor_is_told_of_them(app: TestApp) {
        let portal = Portal::register_with(&app, "shop", json!({"first_party": false})).await;
        let mut agent = signed_in(&app).await;
        let asked = agent.get(&portal.authorize_path(&[("resource", REPORTS)])).await;
        let page = agent.follow(asked).await;
        assert!(page.text().contains("以您的身份访问统计报表接口"), "{}", page.text());
        assert!(!page.text().contains("电子材料库"));
    }
}

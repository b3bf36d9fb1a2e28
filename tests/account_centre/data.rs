//! 导出数据: everything that is kept of an account, for its owner.

use super::*;
use crate::support::{Portal, profile, sql};

on_both! {
    async fn everything_is_in_the_export(app: TestApp) {
        profile::give(&app, &serde_json::json!({ "nickname": "小颖" })).await;
        let mut agent = person(&app).await;
        Portal::register(&app, "visited").await.tokens(&mut agent, &[]).await;
        let reply = agent.post("/account/data", &[("password", PASSWORD)]).await;
        assert_eq!(reply.header("content-disposition"), "attachment; filename=\"account.json\"");
        assert!(reply.header("cache-control").contains("no-store"));
        let data = reply.json();
        assert_eq!(data["account"]["name"], "李颖");
        assert_eq!(data["account"]["profile"]["nickname"], "小颖");
        assert_eq!(data["account"]["document"]["number"], "220102199001010009");
        assert_eq!(data["portals"][0]["client_id"], "visited");
        assert_eq!(data["events"].as_array().unwrap().iter().filter(|event| event["event"] == "sign_in").count(), 1);
        assert!(data["sessions"][0]["since"].as_str().unwrap().ends_with("+08:00"));
        // A card without end gets one for systems that need one.
        let index = sql::text(&app, "SELECT account_id FROM persons").await;
        let sealed = app.app.vault.seal("persons.document_validity", &index, "2016-01-01/").unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_postgres = app.app.config.database.url.starts_with("postgres");
        let bytes = if is_postgres { format!("'\\x{hex}'") } else { format!("x'{hex}'") };
        sql::execute(&app, &format!("UPDATE persons SET document_validity = {bytes}")).await;
        let data = agent.post("/account/data", &[("password", PASSWORD)]).await.json();
        let validity = serde_json::json!({ "start": "2016-01-01", "end": "9999-12-31" });
        assert_eq!(data["account"]["document_validity"], validity);
        for mut agent in [unit(&app).await, operator(&app, "xinyue0221", "15400000002").await] {
            let data = agent.post("/account/data", &[("password", PASSWORD)]).await.json();
            assert!(data["account"]["account_type"].is_string());
        }
    }
}

on_both! {
    async fn the_password_is_asked_for(app: TestApp) {
        let mut agent = person(&app).await;
        for (password, message) in [("", "请输入登录密码"), ("Wrong2026", "密码错误")] {
            let reply = agent.post("/account/data", &[("password", password)]).await;
            assert_eq!(error(&reply, "password"), message);
        }
    }
}

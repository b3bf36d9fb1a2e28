//! The log of a day in which every secret and every piece of personal data passed by holds none of them.

use serde_json::Value;

use super::binary::Home;
use crate::support::{Agent, Portal};

const PASSWORD: &str = "Mima-2026-x";

/// Markers that are found nowhere else.
const MARKERS: [&str; 13] = [
    PASSWORD,
    "Falsch-2026",
    "李欣悦",
    "lixinyue99",
    "19400000081",
    "22010219880325000X",
    "state-marker-1",
    "nonce-marker-1",
    "hint-marker-1",
    "query-marker-1",
    "body-marker-1",
    "hall-marker-secret",
    "header-marker-1",
];

#[tokio::test]
async fn hold_no_personal_data_and_no_secrets() {
    let home = Home::new();
    let person = [
        "account",
        "add",
        "person",
        "--login-name",
        "lixinyue99",
        "--name",
        "李欣悦",
        "--id-number",
        "22010219880325000X",
        "--phone",
        "19400000081",
    ];
    assert!(home.with_password(&person, PASSWORD).status.success());
    let file = home.folder.join("portal.json");
    let metadata = r#"{ "client_name": "网厅", "redirect_uris": ["https://hall.example/callback"],
        "post_logout_redirect_uris": ["https://hall.example/"], "backchannel_logout_uri": "http://127.0.0.1:1/x?query-marker-1",
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile phone id_document offline_access", "first_party": true }"#;
    std::fs::write(&file, metadata).unwrap();
    let added = home.succeed(&["client", "add", "--id", "hall", "--file", file.to_str().unwrap()]);
    let secret = added.lines().nth(1).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    let mut running = home.serve("http", &[("IDP_OPERATIONS__LOG_LEVEL", "info,idp=trace")]);

    let redirect_uri = "https://hall.example/callback".to_owned();
    let portal = Portal { id: "hall".to_owned(), secret: Some(secret.clone()), redirect_uri };
    let mut secrets = vec![secret];
    let mut agent = Agent::new(&running.base);
    let scope = ("scope", "openid profile phone id_document offline_access");
    let asked = agent
        .get(&portal.authorize_path(&[
            scope,
            ("state", "state-marker-1"),
            ("nonce", "nonce-marker-1"),
            ("login_hint", "hint-marker-1"),
        ]))
        .await;
    let page = asked.location().unwrap();
    secrets.push(asked.query("request").unwrap());
    for (account, password) in [("19400000081", "Falsch-2026"), ("22010219880325000X", PASSWORD)] {
        let reply = agent
            .post(&page, &[("account", account), ("password", password), ("captcha_answer", "body-marker-1")])
            .await;
        if password == PASSWORD {
            assert_eq!(reply.status, 303, "{}", reply.text());
            let back = agent.follow(reply).await;
            let code = back.query("code").unwrap();
            let tokens = portal.redeem(&mut agent, &code).await.json();
            let told = |name: &str| tokens[name].as_str().unwrap().to_owned();
            assert_eq!(
                portal.userinfo(&agent, &told("access_token")).await.json()["phone_number"],
                "+8619400000081"
            );
            let refresh = told("refresh_token");
            let again = portal
                .token(&mut agent, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)])
                .await;
            assert_eq!(again.status, 200, "{}", again.body);
            portal.redeem(&mut agent, &code).await; // a replay, which is worth a warning
            portal.post(&mut agent, "/introspect", &[("token", &refresh)]).await;
            portal.post(&mut agent, "/revoke", &[("token", &refresh)]).await;
            let hint = told("id_token");
            secrets.extend([code, refresh, hint.clone(), told("access_token")]);
            secrets.extend(agent.cookies.values().cloned());
            let left = agent.get(&format!("/sign-out?id_token_hint={hint}&state=state-marker-1")).await;
            assert_eq!(left.status, 200);
        }
    }
    // Mistakes of every kind.
    for path in [
        "/nowhere?query-marker-1",
        "/authorize?client_id=query-marker-1",
        "/sign-out?id_token_hint=query-marker-1",
        "/query-marker-1",
    ] {
        agent.get(path).await;
    }
    for path in ["/token", "/introspect", "/sign-in/personal", "/authorize", "/userinfo"] {
        let request = agent
            .request(reqwest::Method::POST, path)
            .header("authorization", "Basic aGFsbDpoYWxsLW1hcmtlci1zZWNyZXQ=") // hall:hall-marker-secret
            .header("user-agent", "header-marker-1")
            .header("cookie", "__Host-session=header-marker-1")
            .form(&[("grant_type", "body-marker-1"), ("token", "body-marker-1"), ("token", "twice")]);
        agent.send(request).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(700)).await; // the notice that can't be delivered
    assert!(running.terminate(), "SIGTERM is no failure");

    let log = running.log();
    for marker in MARKERS.into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(
            !log.contains(marker),
            "{marker} is in the log: {:?}",
            log.lines().find(|line| line.contains(marker))
        );
    }
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.len() + 1, log.lines().count(), "everything but the first greeting is JSON: {log}");
    let answered = lines.iter().filter(|line| line["message"] == "answered");
    let mut routes = Vec::new();
    for line in answered {
        assert_eq!(line["span"]["request_id"].as_str().map(str::len), Some(22), "{line}");
        assert!(
            line["status"].is_u64() && line["micros"].is_u64() && line["timestamp"].is_string(),
            "{line}"
        );
        routes.push(line["span"]["route"].as_str().unwrap().to_owned());
    }
    for route in ["/authorize", "/sign-in/personal", "/token", "/userinfo", "/sign-out", "unmatched"] {
        assert!(routes.iter().any(|logged| logged == route), "{route}: {routes:?}");
    }
    assert!(log.contains("an authorization code was used twice"), "what is suspicious is said: {log}");
}

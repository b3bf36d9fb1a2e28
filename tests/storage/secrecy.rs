//! Nothing personal and nothing that opens a door lies in the database in clear.

use serde_json::json;
use sqlx::Row;

use crate::support::qr::{self, Screen};
use crate::support::{Agent, Portal, TestApp, profile, sql};

/// Every byte of every row: of SQLite the files themselves, of PostgreSQL the rows as text, where BYTEA is hexadecimal.
async fn dump(app: &TestApp) -> Vec<u8> {
    if app.app.config.database.url.starts_with("sqlite:") {
        let mut bytes = Vec::new();
        for entry in std::fs::read_dir(&app.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                bytes.extend(std::fs::read(path).unwrap());
            }
        }
        return bytes;
    }
    let mut bytes = Vec::new();
    for table in
        sql::rows(app, "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'").await
    {
        let table: String = table.get(0);
        for row in sql::rows(app, &format!("SELECT CAST(t AS TEXT) FROM {table} t")).await {
            bytes.extend(row.get::<String, _>(0).into_bytes());
        }
    }
    bytes
}

fn holds(dump: &[u8], needle: &[u8]) -> bool {
    let hex: Vec<u8> = needle.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    dump.windows(needle.len()).any(|window| window == needle)
        || dump.windows(hex.len()).any(|window| window == hex)
}

on_both! {
    async fn names_numbers_and_secrets_are_nowhere_in_clear(app: TestApp) {
        let changes = json!({ "backchannel_logout_uri": "https://hall.invalid/logout" });
        let portal = Portal::register_with(&app, "hall", changes).await;
        let mut agent = Agent::new(&app.base);
        let mut secrets = vec![("client secret", portal.secret.clone().unwrap())];

        profile::give(&app, &json!({ "email": "secret-address@people.example" })).await;
        secrets.push(("e-mail address", "secret-address".to_owned()));

        let screen = Screen::open(&app).await;
        qr::scan(&mut qr::person(&app).await, &screen.code()).await;
        secrets.extend([("QR ticket", screen.ticket()), ("QR code", screen.code())]);

        // A request that waits, with a hint; failures under every name; a captcha that is out.
        let hints = [("login_hint", "19400000003"), ("state", "state-kept-1")];
        let asked = agent.get(&portal.authorize_path(&hints)).await;
        secrets.push(("request id", asked.query("request").unwrap()));
        let hint = Agent::new(&app.base).get(&portal.authorize_path(&[("login_hint", "220102199001010009")])).await;
        assert!(hint.location().is_some());
        let mut stranger = Agent::new(&app.base);
        for (page, fields) in [
            ("/sign-in/personal", [("account", "19400000003"), ("operator", "")]),
            ("/sign-in/personal", [("account", "220102199001010009"), ("operator", "")]),
            ("/sign-in/personal", [("account", "15412345678"), ("operator", "")]),
            ("/sign-in/operator", [("unit", "xinyue0221"), ("operator", "220302200002290002")]),
        ] {
            let failed = stranger.post(page, &[&fields[..], &[("password", "Wrong-Password-1")]].concat()).await;
            assert_eq!(failed.status, 422);
        }
        let page = stranger.get("/sign-in/personal").await;
        secrets.push(("captcha id", page.attribute("[name=captcha_id]", "value").unwrap()));

        // A portal's whole day.
        app.advance_seconds(31 * 60);
        let unit = [("unit", "xinyue0221"), ("operator", "19400000001"), ("password", "Jlrs2026")];
        assert_eq!(agent.sign_in("/sign-in/operator", &unit).await.status, 303);
        let scope = ("scope", "openid profile phone legal_entity legal_representative operator id_document offline_access");
        let claims = ("claims", r#"{"userinfo":{"phone_number":{"value":"+8619400000001"}}}"#);
        let spare = portal.code(&mut agent, &[scope, ("nonce", "nonce-kept-1")]).await;
        let code = portal.code(&mut agent, &[scope, claims]).await;
        let tokens = portal.redeem(&mut agent, &code).await.json();
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        let userinfo = portal.userinfo(&agent, &access).await.json();
        assert!(userinfo.to_string().contains("220302200002290002"), "the portal may know it: {userinfo}");
        secrets.extend([("spare code", spare), ("code", code), ("access token", access)]);
        for name in ["refresh_token", "id_token"] {
            secrets.push((name, tokens[name].as_str().unwrap().to_owned()));
        }
        for name in ["__Host-session", "__Host-visitor"] {
            secrets.push((name, agent.cookies[name].clone()));
        }
        // Another account at the same browser: a notice for the portal waits in the outbox.
        assert_eq!(agent.sign_in("/sign-in/personal", &[("account", "liying2026"), ("password", "Jlrs2026")]).await.status, 303);
        secrets.push(("second session", agent.cookies["__Host-session"].clone()));

        let dump = dump(&app).await;
        assert!(holds(&dump, "长春欣悦信息技术有限公司（演示）".as_bytes()), "a unit's name is public: the dump is one");
        for person in ["王颖", "赵敏", "李颖", "张伟", "刘洋"] {
            assert!(!holds(&dump, person.as_bytes()), "{person}");
        }
        for number in [
            "15400007850", "19400000033", "19400000003", "19400000001", "15400000002", "15412345678", "220102199912310002",
            "220103190002280006", "220102199001010009", "220302200002290002", "222401199912310004",
        ] {
            assert!(!holds(&dump, number.as_bytes()), "{number}");
        }
        for password in ["Jlrs2026", "Wrong-Password-1"] {
            assert!(!holds(&dump, password.as_bytes()), "{password}");
        }
        for (what, secret) in secrets {
            assert!(!holds(&dump, secret.as_bytes()), "{what}");
        }
    }
}

on_both! {
    async fn a_sealed_value_that_was_moved_does_not_open(app: TestApp) {
        // Whoever can write to the database can't show one person's number as another's.
        sql::execute(&app, "UPDATE operators SET document = (SELECT document FROM persons WHERE login_name = 'liying2026')").await;
        let mut agent = Agent::new(&app.base);
        let fields = [("unit", "xinyue0221"), ("operator", "19400000001"), ("password", "Jlrs2026")];
        assert_eq!(agent.sign_in("/sign-in/operator", &fields).await.status, 303);
        let page = agent.get("/account").await;
        assert_eq!(page.status, 500);
        assert!(page.text().contains("系统出现故障") && !page.body.contains("operators.document"), "{}", page.text());
    }
}

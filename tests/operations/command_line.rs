//! The `idp` command: helpful, and strict about what would be unsafe.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use super::binary::Home;
use crate::support::Agent;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    let names = lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_command_helps_with_examples() {
    let home = Home::new();
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = Vec::new();
    while let Some(command) = waiting.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = home.succeed(&arguments);
        let examples = help.split_once("Examples:\n").map(|(_, examples)| examples).unwrap_or_default();
        assert!(examples.contains("idp "), "{command:?}:\n{help}");
        for name in subcommands(&help) {
            waiting.push([command.clone(), vec![name]].concat());
        }
        seen.push(command.join(" "));
    }
    for expected in
        ["serve", "migrate", "check-config", "demo", "keys rotate", "client add", "account add operator"]
    {
        assert!(seen.iter().any(|command| command == expected), "{expected} is not among {seen:?}");
    }
    assert!(std::fs::read_dir(&home.folder).unwrap().next().is_none(), "asking for help makes no files");
    let nothing = home.run(&[]);
    assert!(!nothing.status.success() && said(&nothing).contains("Examples:"), "{}", said(&nothing));
    assert!(home.succeed(&["--version"]).starts_with("idp "));
}

#[test]
fn a_configuration_that_cannot_be_used_is_named_by_its_key() {
    let home = Home::new();
    let file = home.folder.join("idp.toml");
    let path = file.to_str().unwrap();
    for (text, key) in [
        ("issuer = \"http://id.example.gov.cn\"", "issuer"),
        ("issuer = \"https://id.example.gov.cn/\"", "issuer"),
        ("[database]\nurl = \"mysql://h\"", "database.url"),
        ("[database]\nmax_connections = 0", "database.max_connections"),
        ("[database]\nmax_connections = \"many\"", "database.max_connections"),
        ("[tokens]\ncode_seconds = 6000", "tokens.code_seconds"),
        ("[tokens]\ncode_secs = 60", "code_secs"),
        ("[operations]\nlog_format = \"xml\"", "operations.log_format"),
        ("[sign_in]\ntries = 0", "sign_in"),
        ("[accounts]\nmin_age = 15", "accounts.min_age: must be 16, 17 or 18"),
        ("[session]\nidle_minutes = -1", "session.idle_minutes"),
        ("[keys]\npublish_ahead_seconds = 1", "keys.publish_ahead_seconds"),
        ("[tls]\ncertificate = \"a.pem\"", "tls"),
        ("colour = \"red\"", "colour"),
        ("issuer = ", "idp.toml"),
    ] {
        std::fs::write(&file, text).unwrap();
        let told = home.fail(&["--config", path, "check-config"]);
        assert!(told.starts_with("idp: ") && told.contains(key), "{text}: {told}");
    }
    std::fs::write(&file, "issuer = \"https://id.example.gov.cn\"").unwrap();
    assert!(home.succeed(&["--config", path, "check-config"]).contains("https://id.example.gov.cn"));
    assert!(home.fail(&["--config", "missing.toml", "check-config"]).contains("missing.toml"));
    assert!(
        !home.folder.join("keys").exists() && !home.folder.join("data").exists(),
        "checking makes nothing"
    );
    // The example shows every key, and can be used as it is.
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../idp/config.example.toml");
    home.succeed(&["--config", example, "check-config"]);
}

#[test]
fn an_insecure_issuer_is_not_served() {
    let home = Home::new();
    let output = home.command(&["serve"]).env("IDP_ISSUER", "http://id.example.gov.cn").output().unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("issuer: must be https"), "{}", said(&output));
    for (name, value, key) in [
        ("IDP_LISTEN", "nonsense", "listen"),
        ("IDP_OPERATIONS__LISTEN", "256.0.0.1:1", "operations.listen"),
        ("IDP_PASSWORD__ARGON2_MEMORY_KIB", "1", "password.argon2"),
        ("IDP_DATABASE__URL", "sqlite:///proc/nowhere/idp.db", "database.url"),
    ] {
        let output = home.command(&["serve"]).env(name, value).output().unwrap();
        assert!(!output.status.success() && said(&output).contains(key), "{name}: {}", said(&output));
    }
}

#[test]
fn key_files_that_others_can_read_stop_it() {
    let home = Home::new();
    home.succeed(&["client", "list"]);
    let keys = home.folder.join("keys");
    for entry in std::fs::read_dir(&keys).unwrap() {
        let path = entry.unwrap().path();
        let mode = |bits| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(bits)).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        for unsafe_mode in [0o644, 0o640, 0o604] {
            mode(unsafe_mode);
            let told = home.fail(&["serve"]);
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(told.contains(name) && told.contains("chmod 600"), "{unsafe_mode:o}: {told}");
        }
        mode(0o600);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let told = home.fail(&["serve"]);
        assert!(told.contains("keys/"), "a damaged file is named: {told}");
        std::fs::write(&path, whole).unwrap();
    }
    home.succeed(&["client", "list"]);
}

#[test]
fn portals_are_added_listed_and_disabled() {
    let home = Home::new();
    let file = home.folder.join("portal.json");
    let path = file.to_str().unwrap();
    let metadata = r#"{ "client_name": "网厅", "redirect_uris": ["https://portal.example/callback"],
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"], "scope": "openid" }"#;
    std::fs::write(&file, metadata).unwrap();
    let added = home.succeed(&["client", "add", "--id", "hall", "--file", path]);
    assert!(added.contains("client_id: hall\nclient_secret: "), "{added}");
    assert!(
        home.fail(&["client", "add", "--id", "hall", "--file", path]).contains("hall is registered already")
    );
    let invented = home.succeed(&["client", "add", "--file", path]);
    assert!(invented.starts_with("client_id: c"), "{invented}");
    let secret = added.lines().nth(1).unwrap().split_whitespace().nth(1).unwrap();
    assert_eq!(secret.len(), 43);
    let list = home.succeed(&["client", "list"]);
    assert!(list.contains("hall  网厅") && !list.contains(secret) && !list.contains("disabled"), "{list}");
    home.succeed(&["client", "disable", "hall"]);
    assert!(home.succeed(&["client", "list"]).contains("disabled"));
    for again in ["hall", "nobody"] {
        assert!(home.fail(&["client", "disable", again]).contains(again));
    }
    for (wrong, named) in [
        (metadata.replace("https://portal", "http://portal"), "redirect_uris"),
        (metadata.replace("\"scope\"", "\"scop\""), "scop"),
        (metadata.replace("authorization_code", "password"), "password"),
        ("{".to_owned(), "portal.json"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        let told = home.fail(&["client", "add", "--id", "wrong", "--file", path]);
        assert!(told.contains(named), "{told}");
    }
    assert!(!home.succeed(&["client", "list"]).contains("wrong"));
}

#[test]
fn keys_are_listed_rotated_and_pruned() {
    let home = Home::new();
    let list = home.succeed(&["keys", "list"]);
    assert_eq!(list.lines().count(), 6, "{list}");
    assert!(
        ["ES256", "PS256", "RS256", "EdDSA", "RSA-OAEP-256", "ECDH-ES"].iter().all(|alg| list.contains(alg))
            && list.matches("signs now").count() == 4
            && list.matches("is encrypted to now").count() == 2,
        "{list}"
    );
    for (made, alg) in (7..).zip(["es256", "rsa-oaep-256", "ecdh-es"]) {
        let rotated = home.succeed(&["keys", "rotate", "--alg", alg]);
        let kid = rotated.split_whitespace().next().unwrap().to_owned();
        let list = home.succeed(&["keys", "list"]);
        assert_eq!(list.lines().count(), made, "{list}");
        assert!(list.lines().any(|line| line.starts_with(&kid) && !line.contains(" now")), "{list}");
    }
    home.succeed(&["keys", "rotate", "--now"]);
    let list = home.succeed(&["keys", "list"]);
    assert_eq!((list.lines().count(), list.matches("signs now").count()), (15, 4), "{list}");
    assert_eq!(list.matches("is encrypted to now").count(), 2, "{list}");
    assert_eq!(home.succeed(&["keys", "prune"]).trim(), "0 keys deleted", "their tokens may still be alive");
    for entry in std::fs::read_dir(home.folder.join("keys")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test]
async fn accounts_are_added_sign_in_and_are_disabled() {
    let home = Home::new();
    let unit = [
        "account",
        "add",
        "legal-entity",
        "--login-name",
        "Test_Qiye_1",
        "--credit-code",
        "91220101TEXT00041Y",
        "--name",
        "测试公司",
    ];
    for weak in ["short1", "12345678", "long-enough-but-far-too-long-1"] {
        let refused = home.with_password(&unit, weak);
        assert!(!refused.status.success() && !said(&refused).contains(weak), "{}", said(&refused));
    }
    let added = home.with_password(&unit, "Mima-2026");
    assert!(added.status.success(), "{}", said(&added));
    let again = home.with_password(&unit, "Mima-2026");
    assert!(said(&again).contains("is taken") && !again.status.success(), "{}", said(&again));
    let operator = [
        "account",
        "add",
        "operator",
        "--unit",
        "test_qiye_1",
        "--name",
        "张三",
        "--id-number",
        "22010219880317000X",
        "--phone",
        "19400000071",
    ];
    assert!(home.with_password(&operator, "Mima-2027").status.success());
    let person =
        ["account", "add", "person", "--login-name", "zhaoliu26", "--name", "赵六", "--phone", "19400000072"];
    assert!(home.with_password(&person, "Mima-2028").status.success());
    for (arguments, why) in [
        (
            [
                "account",
                "add",
                "legal-entity",
                "--login-name",
                "x",
                "--credit-code",
                "91220101TEXT00017E",
                "--name",
                "某公司",
            ],
            "字母开头",
        ),
        (
            [
                "account",
                "add",
                "legal-entity",
                "--login-name",
                "another1",
                "--credit-code",
                "91220101TEXT000171",
                "--name",
                "某公司",
            ],
            "统一社会信用代码",
        ),
    ] {
        let refused = home.with_password(&arguments, "Mima-2026");
        assert!(!refused.status.success() && said(&refused).contains(why), "{}", said(&refused));
    }
    let running = home.serve("http", &[]);
    let sign_in = async |page: &str, fields: &[(&str, &str)]| {
        let mut agent = Agent::new(&running.base);
        let status = agent.post(page, fields).await.status.as_u16();
        (status, agent)
    };
    let as_unit = [("account", "TEST_QIYE_1"), ("password", "Mima-2026")];
    let as_operator =
        [("unit", "91220101TEXT00041Y"), ("operator", "22010219880317000x"), ("password", "Mima-2027")];
    let as_person = [("account", "19400000072"), ("password", "Mima-2028")];
    let (status, mut unit_agent) = sign_in("/sign-in/legal-entity", &as_unit).await;
    assert_eq!(status, 303);
    let (status, mut operator_agent) = sign_in("/sign-in/operator", &as_operator).await;
    assert_eq!(status, 303);
    assert_eq!(sign_in("/sign-in/personal", &as_person).await.0, 303);
    // Disabling works beside the running server, at once.
    assert!(home.succeed(&["account", "disable", "--unit", "test_qiye_1"]).contains("2 accounts disabled"));
    assert_eq!(unit_agent.get("/account").await.status, 303);
    assert_eq!(operator_agent.get("/account").await.status, 303);
    assert_eq!(sign_in("/sign-in/legal-entity", &as_unit).await.0, 422);
    assert_eq!(sign_in("/sign-in/operator", &as_operator).await.0, 422);
    assert_eq!(sign_in("/sign-in/personal", &as_person).await.0, 303);
    home.succeed(&["account", "disable", "--person", "zhaoliu26"]);
    assert_eq!(sign_in("/sign-in/personal", &as_person).await.0, 422);
    assert!(home.fail(&["account", "disable", "--person", "nobody"]).contains("no such account"));
    assert!(!home.run(&["account", "disable"]).status.success());
}

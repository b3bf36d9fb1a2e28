//! `idp account profile …`: the standard claims of a person.

use super::binary::Home;

#[test]
fn an_administrator_sets_and_shows_them() {
    let home = Home::new();
    let person =
        ["account", "add", "person", "--login-name", "zhaoliu26", "--name", "赵六", "--phone", "19400000072"];
    assert!(home.with_password(&person, "Mima-2028").status.success());
    let unit = [
        "account",
        "add",
        "legal-entity",
        "--login-name",
        "test_unit_1",
        "--credit-code",
        "91220101TEXT00017E",
    ];
    assert!(home.with_password(&[&unit[..], &["--name", "某公司"]].concat(), "Mima-2026").status.success());

    let set = ["account", "profile", "set", "--person", "zhaoliu26"];
    let show = ["account", "profile", "show", "--person", "19400000072"];
    assert_eq!(home.succeed(&show).trim(), "{}", "nobody has any by themselves");
    let claims = r#"{"nickname":"小六","email":"zhaoliu@people.example"}"#;
    assert!(home.with_password(&set, claims).status.success());
    let shown = home.succeed(&show);
    assert!(shown.contains("小六") && shown.contains("\"email_verified\": false"), "{shown}");

    for (wrong, why) in [
        (r#"{"picture":"http://a.example"}"#, "https://"),
        (r#"{"name":"赵六"}"#, "unknown field `name`"),
        (r#"{"birthdate":"1990-02-30"}"#, "YYYY-MM-DD"),
        ("nonsense", "expected"),
    ] {
        let refused = home.with_password(&set, wrong);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(why), "{wrong}: {said}");
        assert_eq!(home.succeed(&show), shown, "nothing has changed");
    }
    for nobody in ["nobody", "test_unit_1"] {
        let refused = home.fail(&["account", "profile", "show", "--person", nobody]);
        assert!(refused.contains("no such account"), "{refused}");
    }
    assert!(home.with_password(&set, "{}").status.success());
    assert_eq!(home.succeed(&show).trim(), "{}");
}

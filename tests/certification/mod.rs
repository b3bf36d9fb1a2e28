//! `modules.txt` says which tests try what the OpenID Foundation's modules check; here they are looked for, so that a test
//! that goes leaves a mark.

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The duties of a server are numbered.
const DUTIES: u32 = 45;

/// The table's lines, by section.
fn table() -> BTreeMap<String, Vec<(String, String)>> {
    let mut sections: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut section = String::new();
    for line in include_str!("modules.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(named) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            named.clone_into(&mut section);
            continue;
        }
        let (name, tried) =
            line.split_once(": ").unwrap_or_else(|| panic!("neither section nor line: {line}"));
        sections.entry(section.clone()).or_default().push((name.to_owned(), tried.to_owned()));
    }
    sections
}

/// Whether `a::b::name` is a test that is run: in tests/a/b.rs or tests/a/b/mod.rs.
fn exists(test: &str) -> bool {
    let Some((module, function)) = test.rsplit_once("::") else { return false };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = module.replace("::", "/");
    let files = [format!("{path}.rs"), format!("{path}/mod.rs")];
    let text = files.iter().find_map(|file| std::fs::read_to_string(folder.join(file)).ok());
    text.is_some_and(|text| has_test(&text, function))
}

/// Whether a source has a test of that name: no helper, and none that is ignored. What stands above it without an empty
/// line between says so.
fn has_test(source: &str, name: &str) -> bool {
    let declared = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let declares = |line: &&str| line.trim_start_matches("async ").starts_with(&declared);
    let Some(at) = lines.iter().position(declares) else { return false };
    let above: Vec<&str> = lines[..at].iter().rev().copied().take_while(|line| !line.is_empty()).collect();
    let marks =
        |line: &&str| *line == "on_both! {" || *line == "#[test]" || line.starts_with("#[tokio::test");
    above.iter().any(marks) && !above.iter().any(|line| line.starts_with("#[ignore"))
}

#[test]
fn every_test_that_the_table_names_exists() {
    let mut wrong = Vec::new();
    for (section, lines) in table() {
        let mut names = BTreeSet::new();
        for (name, tried) in &lines {
            assert!(names.insert(name), "{section}: {name} stands there twice");
            let (tests, reason) = match tried.split_once("not applicable: ") {
                Some((tests, reason)) => (tests.trim_end_matches("; "), Some(reason)),
                None => (tried.as_str(), None),
            };
            assert!(reason.is_none_or(|reason| reason.len() > 10), "{section}: {name} needs a reason");
            if !(tests.is_empty() && reason.is_some()) {
                let missing = tests.split(", ").filter(|test| !exists(test));
                wrong.extend(missing.map(|test| format!("{name}: {test}")));
            }
        }
    }
    assert!(wrong.is_empty(), "no such tests:\n{}", wrong.join("\n"));
}

#[test]
fn every_plan_and_duty_has_its_lines() {
    let table = table();
    for (plans, modules) in [
        ("always checked, whatever the module", 13),
        ("oidcc-basic-certification-test-plan, oidcc-formpost-basic-certification-test-plan", 38),
        ("oidcc-config-certification-test-plan", 1),
        ("oidcc-3rdparty-init-login-certification-test-plan", 2),
        ("oidcc-rp-initiated-logout-certification-test-plan", 11),
        ("oidcc-backchannel-rp-initiated-logout-certification-test-plan", 2),
        ("oidcc-frontchannel-rp-initiated-logout-certification-test-plan", 2),
        ("oidcc-dynamic-certification-test-plan", 23),
        ("fapi2-security-profile-final-test-plan, fapi2-message-signing-final-test-plan", 73),
    ] {
        assert_eq!(table.get(plans).map(Vec::len), Some(modules), "{plans}");
    }
    let number = |name: &str| name.split_once(". ").unwrap().0.parse::<u32>().unwrap();
    let duties: Vec<u32> = table["duties"].iter().map(|(name, _)| number(name)).collect();
    assert_eq!(duties, (1..=DUTIES).collect::<Vec<_>>());
}

#[test]
fn a_test_that_does_not_exist_is_noticed() {
    assert!(exists("certification::a_test_that_does_not_exist_is_noticed"));
    assert!(exists("oidc_protocol::dynamic_registration::registration_can_be_off"));
    for made_up in ["certification::made_up", "nowhere::made_up", "made_up", "oidc_protocol::token::a_code"] {
        assert!(!exists(made_up), "{made_up}");
    }
}

#[test]
fn what_is_not_run_is_no_test() {
    for (marks, is_test) in [
        ("#[test]", true),
        ("#[tokio::test(flavor = \"multi_thread\")]", true),
        ("on_both! {\n    |config| config.trusted_proxies = 1;\n    // Why.", true),
        ("/// A helper.", false),
        ("#[test]\n#[ignore = \"slow\"]", false),
        ("#[test]\nfn other() {}\n", false),
    ] {
        assert_eq!(
            has_test(&format!("{marks}\n    async fn name(app: TestApp) {{\n"), "name"),
            is_test,
            "{marks}"
        );
    }
}

//! The house rules, held by reading the source tree. `idp/docs/architecture.md` says why they are what they are.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Source, is_word, read, root, string_after, under, words};

/// From the ground up: a floor imports from those below it only, and rooms on one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["domain"],
    &["config"],
    &["platform"],
    &["store"],
    &["app"],
    &["guard"],
    &["web"],
    &[
        "account_centre",
        "admin",
        "appeals",
        "oidc",
        "operations",
        "recovery",
        "registration",
        "scan",
        "sign_in",
        "sign_out",
        "site",
    ],
    &[TOP[0], TOP[1], TOP[2], TOP[3], TOP[4], TOP[5]],
];
/// What holds the product together; here the rooms do know each other.
const TOP: [&str; 6] = ["cli", "demo", "janitor", "main", "router", "server"];

/// So many lines one reading holds.
const MOST_LINES: usize = 300;
/// Files that are longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

fn floor(room: &str) -> usize {
    let found = FLOORS.iter().position(|rooms| rooms.contains(&room));
    found.unwrap_or_else(|| panic!("{room} is on no floor: name it in FLOORS"))
}

/// `sign_in` of `idp/src/sign_in/shared.rs` and of `idp/src/sign_in.rs`.
fn room(path: &str) -> &str {
    let inside = path.strip_prefix("idp/src/").unwrap();
    inside.split('/').next().unwrap().trim_end_matches(".rs")
}

#[test]
fn imports_lead_downward() {
    let mut wrong = Vec::new();
    for file in under("idp/src").iter().filter(|file| file.path != "idp/src/lib.rs") {
        let here = room(&file.path);
        for other in file.rooms_it_knows() {
            let allowed =
                other == here || floor(&other) < floor(here) || TOP.contains(&here) && TOP.contains(&&*other);
            if !allowed {
                wrong.push(format!("{} uses crate::{other}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sql_is_in_the_store_only() {
    const SQL: &[&str] = &[
        "\"SELECT ",
        "\"INSERT ",
        "\"UPDATE ",
        "\"DELETE ",
        "\"CREATE ",
        "\"PRAGMA ",
        "sqlx::query",
        "sqlx::raw_sql",
    ];
    let files = [under("idp/src"), under("relying-party-demo/src")].concat();
    nowhere(&files, SQL, |file| file.path.starts_with("idp/src/store/"));
}

#[test]
fn time_comes_from_the_clock() {
    const CLOCKS: &[&str] = &["Utc::now", "Local::now", "SystemTime::now"];
    let files = [under("idp/src"), under("relying-party-demo/src")].concat();
    nowhere(&files, CLOCKS, |file| file.path == "idp/src/platform/clock.rs");
}

#[test]
fn nothing_panics_on_purpose() {
    const PANICS: &[&str] =
        &[".unwrap()", ".expect(", ".unwrap_err()", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];
    let files = [under("idp/src"), under("relying-party-demo/src")].concat();
    nowhere(&files, PANICS, |_| false);
}

/// None of `texts` stands in the files' code, except where `#[expect(…, reason = …)]` says why.
fn nowhere(files: &[Source], texts: &[&str], but_in: impl Fn(&Source) -> bool) {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !but_in(file)) {
        for (number, line) in file.code.lines().enumerate() {
            if texts.iter().any(|text| line.contains(text)) && !file.is_excused(number) {
                found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn oxide_auth_is_met_in_one_place() {
    let elsewhere: Vec<_> = under("idp/src")
        .into_iter()
        .filter(|file| file.code.contains("oxide_auth") && !file.path.starts_with("idp/src/oidc/oxide"))
        .map(|file| file.path)
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

/// `templates/sign_in/own_account.html` is the page of one file under `idp/src/sign_in`.
#[test]
fn every_template_is_the_page_of_one_file() {
    let users = pages_of("idp/src");
    let mut wrong = Vec::new();
    for template in source::files("templates", "html") {
        let name = template.strip_prefix("templates/").unwrap();
        if name == "layout.html" || name.starts_with("components/") {
            continue;
        }
        let users = users.get(name).map(Vec::as_slice).unwrap_or_default();
        // The pages without a folder are every page's: web/ shows them.
        let folder = name.split_once('/').map_or("web", |(folder, _)| folder);
        if users.len() != 1 || !users[0].starts_with(&format!("idp/src/{folder}/")) {
            wrong.push(format!("{name} is used by {users:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_template_of_the_portals_is_used_once() {
    let users = pages_of("relying-party-demo/src");
    let templates = source::files("relying-party-demo/templates", "html");
    let texts: Vec<String> = templates.iter().map(|path| read(path)).collect();
    for template in &templates {
        let name = template.strip_prefix("relying-party-demo/templates/").unwrap();
        let is_frame = texts.iter().any(|text| text.contains(&format!("\"{name}\"")));
        let pages = users.get(name).map_or(0, Vec::len);
        assert!(pages == 1 || pages == 0 && is_frame, "{name}: {:?}", users.get(name));
    }
}

/// Which files have a page with this template.
fn pages_of(folder: &str) -> BTreeMap<String, Vec<String>> {
    let mut users = BTreeMap::<String, Vec<String>>::new();
    for file in under(folder) {
        for name in string_after(&file.code, "#[template(path = ") {
            users.entry(name).or_default().push(file.path.clone());
        }
    }
    users
}

fn routes() -> Vec<String> {
    let router = under("idp/src").into_iter().find(|file| file.path == "idp/src/router.rs").unwrap();
    string_after(&router.code, ".route(")
}

#[test]
fn every_route_is_there_once() {
    let routes = routes();
    assert!(routes.len() > 30, "{routes:?}");
    let once: BTreeSet<_> = routes.iter().collect();
    assert_eq!(once.len(), routes.len(), "{routes:?}");
}

/// The paths in `web/urls.rs` and those written out in templates.
#[test]
fn every_link_has_a_route() {
    let routes = routes();
    let mut links = Vec::new();
    for line in read("idp/src/web/urls.rs").lines().filter(|line| line.starts_with("pub const ")) {
        links.extend(string_after(line, "&str = "));
    }
    assert!(links.len() > 8, "{links:?}");
    for template in source::files("templates", "html") {
        let text = read(&template);
        for attribute in ["href=", "action=", "data-refresh-url=", "data-check="] {
            links.extend(string_after(&text, attribute).into_iter().filter(|link| link.starts_with('/')));
        }
    }
    links.retain(|link| !routes.contains(link));
    assert!(links.is_empty(), "no route for {links:?}");
}

#[test]
fn the_readme_knows_where_everything_is() {
    let readme = read("README.md");
    let (_, table) = readme.split_once("\n## Where is …?\n").expect("the README says where everything is");
    let table = table.split("\n## ").next().unwrap_or_default();
    let mut paths = Vec::new();
    for row in table.lines().filter(|line| line.starts_with('|')) {
        let second = row.split('|').nth(2).unwrap_or_default();
        paths.extend(second.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(paths.len() > 10, "{paths:?}");
    paths.retain(|path| path.starts_with('/') || !root().join(path).exists());
    assert!(paths.is_empty(), "the README names what is not there: {paths:?}");
}

#[test]
fn no_file_is_longer_than_one_reading() {
    let mut files = Vec::new();
    for folder in ["idp/src", "relying-party-demo/src", "tests"] {
        files.extend(source::files(folder, "rs"));
    }
    let long: Vec<_> = files
        .into_iter()
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, path)| *lines > MOST_LINES && !LONGER.iter().any(|(longer, _)| longer == path))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
    for (path, reason) in LONGER {
        assert!(read(path).lines().count() > MOST_LINES, "{path} is no longer an exception ({reason})");
    }
}

/// One text for SQLite and PostgreSQL.
#[test]
fn migrations_use_what_both_databases_read() {
    const NOT: &[&str] = &[
        "AUTOINCREMENT",
        "AUTO_INCREMENT",
        "BIGSERIAL",
        "BLOB",
        "BOOLEAN",
        "BOOL",
        "DATE",
        "DATETIME",
        "IDENTITY",
        "JSON",
        "JSONB",
        "NOW",
        "NUMERIC",
        "REAL",
        "SERIAL",
        "TIMESTAMP",
        "TIMESTAMPTZ",
        "UUID",
        "VARCHAR",
    ];
    let files = source::files("migrations", "sql");
    assert!(!files.is_empty());
    for path in files {
        let text: String = read(&path)
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default().to_owned() + "\n")
            .collect();
        for word in words(&text) {
            assert!(!NOT.contains(&&*word.to_uppercase()), "{path} uses {word}");
        }
        assert!(!text.contains("DROP "), "{path}: the previous release must run on the new schema");
    }
}

/// The rules above hold nothing if they read nothing.
#[test]
fn the_reader_reads() {
    let file = Source::of(
        "idp/src/x.rs".to_owned(),
        "use crate::{store, web::{self, urls}};\nuse crate::app::App; // crate::no\n/// crate::no\nfn f() { crate::guard::g() }\n#[cfg(test)]\nmod tests { use crate::no; }\n",
    );
    let known: Vec<_> = file.rooms_it_knows().into_iter().collect();
    assert_eq!(known, ["app", "guard", "store", "web"]);
    assert_eq!(string_after("a(\"x\") a(\n  \"y\")", "a("), ["x", "y"]);
    assert!(is_word('_') && !is_word(':'));
    assert!(under("idp/src").len() > 80);
}

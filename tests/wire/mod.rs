//! The wire, letter by letter: status, headers and body of each kind of exchange, as `snapshots/` has them. Portals'
//! programmers see the same, so whatever changes there is to be looked at.
//!
//! `INSTA_UPDATE=always cargo test -p tests wire` accepts what has changed; read `git diff tests/wire` before you commit it.

mod authorization;
mod endings;
mod fapi;
mod metadata;
mod record;
mod registration;
mod terminals;
mod tokens;

use record::Record;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Agent, Portal, Reply, TestApp};

/// A browser at which the demo's person is signed in.
async fn signed_in(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
    let reply = agent.sign_in("/sign-in/personal", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

/// A member that must be text.
fn text(reply: &Reply, name: &str) -> String {
    reply.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", reply.body)).to_owned()
}

/// A request of a portal's program with its own client authentication.
fn call(agent: &Agent, portal: &Portal, path: &str, params: &[(&str, &str)]) -> RequestBuilder {
    let mut params = params.to_vec();
    let mut request = agent.request(Method::POST, path);
    match &portal.secret {
        Some(secret) => request = request.basic_auth(&portal.id, Some(secret)),
        None => params.push(("client_id", &portal.id)),
    }
    request.form(&params)
}

/// Each snapshot is compared by some test.
#[test]
fn no_snapshot_is_left_over() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("wire");
    let tests: String = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("snapshots")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".snap").unwrap_or_else(|| panic!("{name} waits to be looked at"));
        assert!(tests.contains(&format!(".matches(\"{name}\")")), "{name} belongs to no test");
        count += 1;
    }
    assert!(count > 10, "{count} snapshots");
}

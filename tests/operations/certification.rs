//! The configuration for a run of the conformance suite starts the program, and its clients are registered.

use std::process::Command;

use reqwest::Certificate;
use serde_json::Value;

use super::binary::{Home, program};
use crate::support::site;

#[tokio::test]
async fn the_configuration_for_a_certification_run_serves() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no node, so the configuration for a certification run is not tried.");
        return;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/certification");
    let config = format!("{folder}/idp.toml");
    let (certificate, key) = site::certificate();
    let settings = [
        ("IDP_CONFIG", config.as_str()),
        ("IDP_ISSUER", "https://localhost"),
        ("IDP_TLS__CERTIFICATE", certificate.to_str().unwrap()),
        ("IDP_TLS__KEY", key.to_str().unwrap()),
        ("IDP_FETCH__CA", certificate.to_str().unwrap()),
    ];
    let home = Home::new();
    let mut setup = Command::new("node");
    setup.arg(format!("{folder}/setup.mjs")).args(["--issuer", "https://localhost", "--idp"]).arg(program());
    let environment: Vec<_> = home
        .command(&[])
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
        .collect();
    for (name, value) in environment {
        if let Some(value) = value {
            setup.env(name, value);
        }
    }
    let made = setup.envs(settings).current_dir(&home.folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let suite: Value = serde_json::from_slice(&made.stdout).unwrap();
    let running = home.serve("https", &settings);
    let root = Certificate::from_pem(&std::fs::read(&certificate).unwrap()).unwrap();
    let client = reqwest::Client::builder().add_root_certificate(root).no_proxy().build().unwrap();
    let discovery =
        client.get(format!("{}/.well-known/openid-configuration", running.base)).send().await.unwrap();
    let discovery: Value = serde_json::from_str(&discovery.text().await.unwrap()).unwrap();
    for (name, value) in discovery.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().unwrap().starts_with("https://localhost/"), "{name}: {value}");
        }
    }
    assert!(discovery["id_token_signing_alg_values_supported"].as_array().unwrap().contains(&"RS256".into()));
    // Each client of the suite proves who it is.
    for name in ["client", "client2"] {
        let registered = &suite["oidcc"][name];
        let text = |member: &str| registered[member].as_str().unwrap();
        let request = client.post(format!("{}/introspect", running.base));
        let request = request.basic_auth(text("client_id"), Some(text("client_secret")));
        assert_eq!(request.form(&[("token", "x")]).send().await.unwrap().status(), 200, "{name}");
    }
    assert_eq!(suite["fapi2"]["client"]["jwks"]["keys"][0]["alg"], "ES256");
    let listed = home.command(&["client", "list"]).envs(settings).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for id in ["oidf-basic", "oidf-basic-2", "oidf-post", "oidf-fapi", "oidf-fapi-2"] {
        assert!(listed.lines().any(|line| line.starts_with(&format!("{id} "))), "{id}: {listed}");
    }
}

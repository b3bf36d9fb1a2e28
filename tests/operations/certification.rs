//! The configuration for a run of the conformance suite starts the program, and its clients are registered.

use std::process::Command;

use reqwest::Certificate;
use serde_json::{Value, json};

use super::binary::{Home, program};
use crate::support::{client_key, site};

/// OpenID Connect Core section 5.1.
const STANDARD_CLAIMS: [&str; 20] = [
    "sub",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
];

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
    // What the suite warns of unless it is told: see idp/docs/certification.md.
    for plan in ["oidcc", "fapi2", "fapi2_message_signing"] {
        let server = &suite[plan]["server"];
        assert_eq!(
            server["allow_unexpected_metadata_fields"],
            json!(["verified_claims_supported"]),
            "{plan}"
        );
        assert_eq!(server["discoveryUrl"], "https://localhost/.well-known/openid-configuration");
    }
    let claims = discovery["claims_supported"].as_array().unwrap();
    let shown = home
        .command(&["account", "profile", "show", "--person", "certification"])
        .envs(settings)
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    // Core section 5.1: with name, telephone and the like, the user has every claim that discovery promises.
    let others = ["sub", "name", "preferred_username", "updated_at", "phone_number", "phone_number_verified"];
    for claim in STANDARD_CLAIMS {
        assert!(claims.contains(&claim.into()), "{claim} is not supported");
        assert!(others.contains(&claim) || shown.get(claim).is_some(), "the user has no {claim}");
    }
    // Each client of the suite proves who it is.
    let oidcc = &suite["oidcc"];
    let changed = |module: &str| &oidcc["override"][module]["client"];
    let clients = [
        &oidcc["client"],
        &oidcc["client2"],
        changed("oidcc-backchannel-rp-initiated-logout"),
        changed("oidcc-frontchannel-rp-initiated-logout"),
    ];
    for registered in clients {
        let text = |member: &str| registered[member].as_str().unwrap();
        let request = client.post(format!("{}/introspect", running.base));
        let request = request.basic_auth(text("client_id"), Some(text("client_secret")));
        assert_eq!(request.form(&[("token", "x")]).send().await.unwrap().status(), 200, "{registered}");
    }
    let posted = ["client_id", "client_secret"]
        .map(|name| (name, oidcc["client_secret_post"][name].as_str().unwrap()));
    let request =
        client.post(format!("{}/introspect", running.base)).form(&[&posted[..], &[("token", "x")]].concat());
    assert_eq!(request.send().await.unwrap().status(), 200);

    let listed = home.command(&["client", "list"]).envs(settings).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for plan in ["fapi2", "fapi2_message_signing"] {
        let plan = &suite[plan];
        assert_eq!(plan["resource"]["resourceUrl"], "https://localhost/userinfo");
        // Whoever refuses must be asked, so that module has clients that have agreed to nothing.
        let refusing = &plan["override"]["fapi2-security-profile-final-user-rejects-authentication"];
        assert!(refusing["browser"].to_string().contains("deny"));
        let mut ids = Vec::new();
        for (member, alg) in [("client", "PS256"), ("client2", "ES256")] {
            for registered in [&plan[member], &refusing[member]] {
                assert_eq!(registered["scope"], "openid offline_access");
                assert_eq!(registered["jwks"]["keys"][0]["alg"], alg);
                let id = registered["client_id"].as_str().unwrap();
                assert!(listed.lines().any(|line| line.starts_with(&format!("{id} "))), "{id}: {listed}");
                assert_eq!(pushes(&client, &running.base, registered).await, (401, 400), "{id}");
                ids.push(id);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4, "each has a name of its own: {ids:?}");
        // The first of two visits to the same request stops where it arrives.
        let twice =
            "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds";
        let first = &plan["override"][twice]["browser"][0];
        assert_eq!((&first["match-limit"], &first["tasks"]), (&json!(1), &json!([])));
    }
}

/// What the provider answers to a request that the client pushes: without an assertion, and with one but without PKCE.
async fn pushes(client: &reqwest::Client, base: &str, registered: &Value) -> (u16, u16) {
    let id = registered["client_id"].as_str().unwrap();
    let jwk =
        josekit::jwk::Jwk::from_map(registered["jwks"]["keys"][0].as_object().unwrap().clone()).unwrap();
    let now = idp::platform::clock::Clock::default().now().seconds();
    let claims =
        json!({ "iss": id, "sub": id, "aud": "https://localhost", "jti": id, "iat": now, "exp": now + 60 });
    let header = json!({ "typ": "JWT", "kid": registered["jwks"]["keys"][0]["kid"] });
    let signer: Box<dyn josekit::jws::JwsSigner> = match jwk.algorithm() {
        Some("PS256") => Box::new(josekit::jws::PS256.signer_from_jwk(&jwk).unwrap()),
        _ => Box::new(josekit::jws::ES256.signer_from_jwk(&jwk).unwrap()),
    };
    let assertion = client_key::sign(&*signer, &header, &json!({}), &claims);
    let push = async |form: &[(&str, &str)]| {
        client.post(format!("{base}/par")).form(form).send().await.unwrap().status().as_u16()
    };
    let bearer = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let request = [("client_id", id), ("response_type", "code"), ("scope", "openid")];
    let with = [&request[..], &[bearer, ("client_assertion", &assertion)]].concat();
    (push(&request).await, push(&with).await)
}

//! The listener of the product itself that asks clients for certificates (RFC 8705).

use std::time::Duration;

use reqwest::{Certificate as Root, Client, Identity};
use serde_json::{Value, json};

use super::binary::Home;
use super::tls::certify;
use crate::support::certificates::{Certificate, certificates};
use crate::support::free_port;

fn client(root: &Root, certificate: Option<&Certificate>) -> Client {
    // Each request a connection of its own: the certificate belongs to the connection.
    let builder = Client::builder().add_root_certificate(root.clone()).no_proxy().pool_max_idle_per_host(0);
    let builder = match certificate {
        Some(one) => {
            builder.identity(Identity::from_pkcs8_pem(one.pem.as_bytes(), one.key.as_bytes()).unwrap())
        }
        None => builder,
    };
    builder.timeout(Duration::from_secs(20)).build().unwrap()
}

#[tokio::test]
async fn a_listener_of_its_own_asks_for_them() {
    let made = certificates();
    let home = Home::new();
    let (certificate, key) = certify(&home);
    let port = free_port();
    let (listen, url) = (format!("127.0.0.1:{port}"), format!("https://localhost:{port}"));
    let settings = [
        ("IDP_ISSUER", "https://localhost"),
        ("IDP_TLS__CERTIFICATE", certificate.as_str()),
        ("IDP_TLS__KEY", key.as_str()),
        ("IDP_CLIENT_CERTIFICATES__LISTEN", listen.as_str()),
        ("IDP_CLIENT_CERTIFICATES__URL", url.as_str()),
        ("IDP_CLIENT_CERTIFICATES__AUTHORITIES", made.authority.to_str().unwrap()),
    ];
    let metadata = json!({
        "client_name": "网厅", "redirect_uris": [], "grant_types": ["client_credentials"], "scope": "reports",
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "hall.example",
        "tls_client_certificate_bound_access_tokens": true,
    });
    let file = home.folder.join("client.json");
    std::fs::write(&file, metadata.to_string()).unwrap();
    let mut add = home.command(&["client", "add", "--id", "hall", "--file"]);
    let added = add.arg(&file).envs(settings).output().unwrap();
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let running = home.serve("https", &settings);
    let root = Root::from_pem(&std::fs::read(&certificate).unwrap()).unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", "hall")];
    let ask = async |certificate: Option<&Certificate>, base: &str, header: Option<String>| {
        let request = client(&root, certificate).post(format!("{base}/token")).form(&form);
        let request = match header {
            Some(header) => request.header("client-cert", header),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
    };
    let (status, answer) = ask(Some(&made.hall), &url, None).await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")), "{answer}");
    for wrong in [None, Some(&made.imposter), Some(&made.other)] {
        let (status, answer) = ask(wrong, &url, None).await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
    }
    // A header is worth nothing here, and the other listener asks nobody.
    let (status, _) = ask(None, &url, Some(made.hall.header())).await;
    assert_eq!(status, 401);
    let (status, _) = ask(Some(&made.hall), &running.base, None).await;
    assert_eq!(status, 401);
    // Section 5: where to go is in the metadata; browsers are sent to the other addresses.
    let metadata = client(&root, None).get(format!("{}/.well-known/openid-configuration", running.base));
    let document = metadata.send().await.unwrap().text().await.unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
    assert!(aliases.contains_key("token_endpoint") && !aliases.contains_key("authorization_endpoint"));
    for (name, alias) in aliases {
        let path = document[name].as_str().unwrap().strip_prefix("https://localhost").unwrap();
        assert_eq!(*alias, format!("{url}{path}"), "{name}");
        let request = client(&root, Some(&made.hall)).post(alias.as_str().unwrap()).form(&form);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let answer = response.text().await.unwrap();
        // The same endpoints, and the certificate is seen there: only userinfo asks for a token, too.
        let is_refused = answer.contains("invalid_client") || [404, 405].contains(&status) || status >= 500;
        assert!(!is_refused && (status == 401) == (name == "userinfo_endpoint"), "{name}: {status} {answer}");
    }
}

#[test]
fn authorities_that_are_none_are_named() {
    let home = Home::new();
    let (certificate, key) = certify(&home);
    for authorities in ["missing.pem", key.as_str()] {
        let output = home
            .command(&["serve"])
            .env("IDP_TLS__CERTIFICATE", &certificate)
            .env("IDP_TLS__KEY", &key)
            .env("IDP_CLIENT_CERTIFICATES__LISTEN", "127.0.0.1:0")
            .env("IDP_CLIENT_CERTIFICATES__URL", "https://localhost")
            .env("IDP_CLIENT_CERTIFICATES__AUTHORITIES", authorities)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains("client_certificates.authorities"), "{told}");
    }
}

//! TLS without a proxy.

use std::process::{Command, Stdio};

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Certificate, Client, StatusCode, Version};

use super::binary::{Home, Running};

/// A certificate for localhost that nobody has signed but itself.
pub(super) fn certify(home: &Home) -> (String, String) {
    let path = |name: &str| home.folder.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", &key, "-out", &certificate])
        .stderr(Stdio::null())
        .status()
        .expect("the openssl program");
    assert!(made.success());
    (certificate, key)
}

/// Whether a handshake of this kind succeeds.
fn handshake(running: &Running, kind: &[&str]) -> bool {
    says(running, kind, "BEGIN CERTIFICATE")
}

/// Whether it succeeds, and openssl's report of it contains this.
fn says(running: &Running, kind: &[&str], wanted: &str) -> bool {
    let address = running.base.trim_start_matches("https://");
    let output = Command::new("openssl")
        .args(["s_client", "-connect", address, "-cipher", "ALL:@SECLEVEL=0"])
        .args(kind)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    output.status.success() && String::from_utf8_lossy(&output.stdout).contains(wanted)
}

#[tokio::test]
async fn is_built_in_and_modern() {
    let home = Home::new();
    let (certificate, key) = certify(&home);
    let settings = [
        ("IDP_ISSUER", "https://localhost"),
        ("IDP_TLS__CERTIFICATE", certificate.as_str()),
        ("IDP_TLS__KEY", key.as_str()),
    ];
    let running = home.serve("https", &settings);
    let root = Certificate::from_pem(&std::fs::read(&certificate).unwrap()).unwrap();
    let client = Client::builder().add_root_certificate(root).no_proxy().build().unwrap();
    let help = client.get(format!("{}/help", running.base)).send().await.unwrap();
    assert_eq!(help.status(), StatusCode::OK);
    assert_eq!(help.version(), Version::HTTP_11);
    assert_eq!(help.headers()["strict-transport-security"], "max-age=31536000");
    let metadata =
        client.get(format!("{}/.well-known/openid-configuration", running.base)).send().await.unwrap();
    assert!(metadata.text().await.unwrap().contains("\"issuer\":\"https://localhost\""));
    for (kind, wanted) in [("-tls1_3", true), ("-tls1_2", true), ("-tls1_1", false), ("-tls1", false)] {
        assert_eq!(handshake(&running, &[kind]), wanted, "{kind}");
    }
    // The certificate is of an elliptic curve, so `…-RSA-…` could not be negotiated anyway: the others say it all.
    for (suite, wanted) in [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", true),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", true),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", true),
        ("ECDHE-ECDSA-AES128-SHA", false),
        ("ECDHE-ECDSA-AES256-SHA384", false),
        ("ECDHE-ECDSA-AES128-CCM", false),
    ] {
        assert_eq!(handshake(&running, &["-tls1_2", "-cipher", suite]), wanted, "{suite}");
    }
    // A stream of events can leave a connection of HTTP/1.1 only; others are not turned away.
    for (offered, taken) in [("h2,http/1.1", "http/1.1"), ("http/1.1", "http/1.1"), ("h2", "h2")] {
        assert!(says(&running, &["-alpn", offered], &format!("ALPN protocol: {taken}")), "{offered}");
    }
    waits(&running, &client).await;
    let plain = Client::builder().no_proxy().build().unwrap();
    let insecure = running.base.replace("https://", "http://");
    assert!(plain.get(format!("{insecure}/help")).send().await.is_err(), "nothing is served in clear");
}

/// A stream of events over TLS, where the connection is not plain.
async fn waits(running: &Running, client: &Client) {
    let page = client.get(format!("{}/sign-in/qr", running.base)).send().await.unwrap();
    let cookies: Vec<String> = page
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned())
        .collect();
    let page = page.text().await.unwrap();
    let (_, path) = page.split_once("data-events=\"").expect("a code");
    let (path, _) = path.split_once('"').unwrap();
    let request = client.get(format!("{}{path}", running.base)).header(COOKIE, cookies.join("; "));
    let mut events = request.send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let first = events.chunk().await.unwrap().expect("an event");
    assert!(String::from_utf8_lossy(&first).contains("waiting"));
}

#[test]
fn files_that_do_not_fit_are_named() {
    let home = Home::new();
    let (certificate, key) = certify(&home);
    let other = Home::new();
    let (_, foreign_key) = certify(&other);
    for (certificate, key, named) in [
        ("missing.pem", key.as_str(), "tls.certificate"),
        (certificate.as_str(), "missing.pem", "tls.key"),
        (certificate.as_str(), foreign_key.as_str(), "tls.key"),
        (key.as_str(), key.as_str(), "tls.certificate"),
    ] {
        let output = home
            .command(&["serve"])
            .env("IDP_TLS__CERTIFICATE", certificate)
            .env("IDP_TLS__KEY", key)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(named), "{certificate} {key}: {told}");
    }
}

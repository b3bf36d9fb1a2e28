//! Certificates as a trusted proxy passes them (PEM, base64 of DER), and names to compare them with. Input: the header's
//! value, then a name.

#![no_main]

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fuzz::lines;
use idp::config::ClientCertificatesConfig;
use idp::platform::client_certificate::{ClientCertificate, ClientCertificates};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TRUSTED: LazyLock<ClientCertificates> = LazyLock::new(|| {
    let header = Some("client-cert".to_owned());
    let proxies = vec!["127.0.0.1".parse().unwrap()];
    ClientCertificates::open(&ClientCertificatesConfig { header, proxies, ..Default::default() }).unwrap()
});

fn passed(value: &str, peer: &str) -> Option<ClientCertificate> {
    let headers =
        HeaderMap::from_iter([("client-cert".parse().unwrap(), HeaderValue::from_str(value).ok()?)]);
    TRUSTED.passed_by_proxy(peer.parse().unwrap(), &headers)
}

fuzz_target!(|data: &[u8]| {
    let Some([value, name]) = lines(data) else { return };
    let Some(certificate) = passed(value, "127.0.0.1") else { return };
    assert!(passed(value, "192.0.2.1").is_none(), "nobody else is believed");
    let again = passed(&format!(":{}:", STANDARD.encode(certificate.der())), "127.0.0.1").unwrap();
    assert_eq!((again.der(), again.thumbprint()), (certificate.der(), certificate.thumbprint()));
    assert_eq!(certificate.thumbprint().len(), 43);
    assert!(!TRUSTED.is_signed_by_authority(&certificate), "no authority is configured");
    let has = [
        certificate.has_subject(name),
        certificate.has_dns_name(name),
        certificate.has_uri(name),
        certificate.has_email(name),
        certificate.has_address(name),
    ];
    assert!(!name.is_empty() || !has[0]);
    assert!(!has[4] || name.parse::<std::net::IpAddr>().is_ok());
});

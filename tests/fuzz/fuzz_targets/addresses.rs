//! Where visitors may be sent: addresses of clients that registration takes, and paths of our own. Input: a registered
//! address, and what a request names.

#![no_main]

use axum::http::HeaderValue;
use fuzz::{lines, metadata};
use idp::domain::client::Client;
use idp::web::return_to::ReturnTo;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Some([registered, named]) = lines(data) else { return };
    stays_here(named);
    for kind in ["web", "native"] {
        let metadata = metadata(&json!({
            "redirect_uris": [registered], "application_type": kind, "response_types": ["code"],
            "logo_uri": null, "sector": null,
        }));
        if metadata.check().is_err() {
            continue;
        }
        is_safe(registered, kind);
        let client = Client::new("c".to_owned(), None, metadata);
        assert!(!client.sector().is_empty());
        assert!(client.may_return_to(registered));
        if client.may_return_to(named) && named != registered {
            is_loopback(registered, named);
        }
    }
});

/// A browser that follows it stays at our site.
fn stays_here(text: &str) {
    let path = ReturnTo::parse(text);
    assert!(HeaderValue::from_str(path.as_str()).is_ok());
    let here = Url::parse("https://id.example/sign-in/personal").unwrap();
    assert_eq!(here.join(path.as_str()).unwrap().origin(), here.origin(), "{path:?}");
    assert_eq!(ReturnTo::parse(path.as_str()), path);
}

/// It can stand in a Location header and, its origin, in a Content-Security-Policy; no page is reached in clear.
fn is_safe(uri: &str, kind: &str) {
    assert!(HeaderValue::from_str(uri).is_ok());
    let url = Url::parse(uri).unwrap();
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
    match url.scheme() {
        "https" => (),
        "http" => assert!(matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))),
        other => assert!(kind == "native" && other.contains('.')),
    }
    let origin = url.origin().ascii_serialization();
    let apart = |char: char| char.is_whitespace() || matches!(char, ';' | ',' | '\'' | '"' | '*');
    assert!(!origin.contains(apart), "{origin} is more than one source in a policy");
}

/// Only the port differs.
fn is_loopback(registered: &str, named: &str) {
    let mut urls = [registered, named].map(|uri| Url::parse(uri).unwrap());
    for url in &mut urls {
        assert_eq!(url.scheme(), "http");
        assert!(matches!(url.host_str(), Some("127.0.0.1" | "[::1]")), "{url}");
        url.set_port(None).unwrap();
    }
    assert_eq!(urls[0], urls[1]);
    assert!(HeaderValue::from_str(named).is_ok());
}

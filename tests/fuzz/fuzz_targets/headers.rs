//! What programs and browsers say of themselves: cookies, addresses, user agents, tokens. Input: a header a line.

#![no_main]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Method, Request, header};
use fuzz::{Provider, is_plain};
use idp::domain::user_agent;
use idp::oidc::at_resource;
use idp::web::{Visitor, cookies};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: { Provider::get(); }, |data: &[u8]| {
    let provider = Provider::get();
    let mut request = Request::builder().method(Method::POST).uri("/userinfo").body(Body::empty()).unwrap();
    for line in data.split(|byte| *byte == b'\n').take(50) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(halves.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(halves.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            request.headers_mut().append(name, value);
        }
    }
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    let (parts, body) = request.into_parts();
    for name in [cookies::SESSION, cookies::VISITOR, cookies::DISPLAY, cookies::SIGN_IN] {
        assert!(cookies::read(&parts.headers, name).is_none_or(|value| !value.contains(';')));
    }

    let visitor = Visitor::new(&parts, &provider.app);
    let caller = &visitor.caller;
    let is_network =
        |text: &str| text.strip_suffix("/64").is_some_and(|text| text.parse::<Ipv6Addr>().is_ok());
    assert!(caller.address.parse::<Ipv4Addr>().is_ok() || is_network(&caller.address), "{}", caller.address);
    assert!(caller.user_agent.chars().count() <= 200 && is_plain(&caller.user_agent.replace('\t', " ")));
    assert!(visitor.session_token.as_ref().is_none_or(|token| token.len() == 43));
    assert_eq!(caller.device_hash.len(), 32);
    for (switch, to) in [('l', true), ('l', false), ('c', true)] {
        let state = visitor.switched_display(switch, to);
        assert!(state.starts_with('x') && state.len() <= 3 && state.contains(switch) == to);
    }
    assert!(!user_agent::words(&caller.user_agent).is_empty());
    assert!(user_agent::browser(&caller.user_agent).is_none_or(|name| name.chars().count() < 20));
    assert!(parts.headers.get_all(header::COOKIE).iter().count() <= 50);

    let request = Request::from_parts(parts, body);
    let token = provider.wait(at_resource::token_of(&provider.app, request));
    assert!(token.is_err(), "there is no token");
});

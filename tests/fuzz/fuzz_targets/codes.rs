//! Codes that are scanned or typed: tickets of 扫码登录, and those of devices (RFC 8628).

#![no_main]

use idp::guard::qr::{Code, TicketId};
use idp::oidc::device::user_code::UserCode;
use libfuzzer_sys::fuzz_target;
use url::Url;

const ISSUER: &str = "https://id.example";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(code) = Code::parse(ISSUER, text) {
        let address = code.address(ISSUER);
        assert_eq!(Code::parse(ISSUER, &address).as_ref(), Some(&code));
        assert_eq!(Code::parse(ISSUER, code.as_str()).as_ref(), Some(&code));
        let url = Url::parse(&address).unwrap();
        assert_eq!((url.origin().ascii_serialization(), url.as_str()), (ISSUER.to_owned(), &*address));
        assert_eq!(Code::parse("https://other.example", &address), None);
    }
    if let Some(ticket) = TicketId::parse(text) {
        assert_eq!(ticket.as_str(), text);
        assert_ne!(ticket.code().as_str(), text);
    }
    if let Some(code) = UserCode::parse(text) {
        let shown = code.to_string();
        assert_eq!(shown.len(), 9);
        assert_eq!(UserCode::parse(&shown).as_ref(), Some(&code));
        assert_eq!(UserCode::parse(&shown.to_lowercase().replace('-', "")), Some(code));
    }
});

//! What people and units are called, and the passwords that they choose: a text, whatever it means to be.

#![no_main]

use fuzz::is_plain;
use idp::domain::login_name::LoginName;
use idp::domain::mask;
use idp::domain::normalize::{normalize, normalize_code};
use idp::domain::password::{PasswordPolicy, known_tail};
use idp::domain::person_name::PersonName;
use idp::domain::unit_name::UnitName;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let once = normalize(text);
    assert_eq!(normalize(&once), once);
    let once = normalize_code(text);
    assert_eq!(normalize_code(&once), once);

    if let Ok(name) = PersonName::parse(text) {
        assert_eq!(PersonName::parse(name.as_str()).as_ref(), Ok(&name));
        assert!((2..=60).contains(&name.as_str().chars().count()));
        can_be_shown(name.as_str());
        assert!(name.masked().starts_with('*') && name.masked() != name.as_str());
        assert!(!name.key().is_empty());
    }
    if let Ok(name) = UnitName::parse(text) {
        assert_eq!(UnitName::parse(name.as_str()).as_ref(), Ok(&name));
        can_be_shown(name.as_str());
        assert!(!name.key().contains(char::is_whitespace));
    }
    if let Ok(name) = LoginName::parse(text) {
        assert_eq!(LoginName::parse(name.as_str()).as_ref(), Ok(&name));
        assert_eq!(LoginName::parse(&name.key()).unwrap().key(), name.key());
        assert!((6..=20).contains(&name.as_str().len()));
    }
    for masked in [mask::name(text), mask::phone(text), mask::document_number(text)] {
        assert_eq!(masked.chars().count(), text.chars().count());
        assert!(text.is_empty() || masked.contains('*'));
    }
    assert!(text.trim().ends_with(known_tail(text)));
    for policy in [PasswordPolicy::MANUAL_REGISTRATION, PasswordPolicy::DJBH] {
        if policy.check(text, &["xinyue0221"]).is_ok() {
            assert!(policy.fits(text) && text.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(policy.check(text, &[text]).is_err(), "nothing may be its own password");
        }
    }
});

/// On a page, in a message, in a token: as what it is, in the order in which it is read.
fn can_be_shown(name: &str) {
    let marks = |char: char| matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '<' | '>');
    assert!(is_plain(name) && !name.contains(marks), "{name:?}");
    assert_eq!(name.trim(), name);
}

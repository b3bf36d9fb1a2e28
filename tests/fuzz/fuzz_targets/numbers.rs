//! Numbers with a check character, and telephones: whatever is taken is read again, and a slip of the pen is noticed.
//! Input: what is typed; then where the slip is, and the character that stands there by mistake.

#![no_main]

use std::sync::LazyLock;

use chrono::NaiveDate;
use fuzz::lines;
use idp::domain::credit_code::CreditCode;
use idp::domain::entity_type::EntityType;
use idp::domain::identity_document::{DocumentType, IdentityDocument};
use idp::domain::phone::Phone;
use idp::domain::resident_id::ResidentId;
use libfuzzer_sys::fuzz_target;

static TODAY: LazyLock<NaiveDate> = LazyLock::new(|| NaiveDate::from_ymd_opt(2026, 11, 15).unwrap());

/// The number with one of its characters replaced.
fn slip(number: &str, at: &str, by: &str) -> Option<String> {
    let at: usize = at.parse().ok()?;
    let mut chars: Vec<char> = number.chars().collect();
    *chars.get_mut(at)? = by.chars().next()?;
    Some(chars.into_iter().collect())
}

fuzz_target!(|data: &[u8]| {
    let Some([typed, at, by]) = lines(data) else { return };
    if let Ok(code) = CreditCode::parse(typed) {
        assert!(CreditCode::looks_like(typed) && code.as_str().len() == 18);
        assert_eq!(CreditCode::parse(code.as_str()).as_ref(), Ok(&code));
        assert_eq!(CreditCode::parse(&code.as_str().to_lowercase()).as_ref(), Ok(&code));
        if let Some(wrong) = slip(code.as_str(), at, by) {
            assert!(
                CreditCode::parse(&wrong).is_ok_and(|read| read == code)
                    || CreditCode::parse(&wrong).is_err()
            );
        }
        let _ = code.inner_check_holds();
        assert!(code.suits(code.default_entity_type()) && !code.conflicts_with(code.default_entity_type()));
        assert!(EntityType::ALL.iter().all(|chosen| !(code.suits(*chosen) && code.conflicts_with(*chosen))));
    }
    if let Ok(id) = ResidentId::parse(typed, *TODAY) {
        assert_eq!(ResidentId::parse(id.as_str(), *TODAY).as_ref(), Ok(&id));
        assert!(id.birth_date() <= *TODAY && id.age_on(*TODAY) <= 127);
        if let Some(wrong) = slip(id.as_str(), at, by) {
            let read = ResidentId::parse(&wrong, *TODAY);
            assert!(read.is_err() || read.is_ok_and(|read| read == id));
        }
        let _ = (id.is_male(), id.county_is_known());
        let document = IdentityDocument::parse(DocumentType::ResidentId, typed, *TODAY).unwrap();
        assert_eq!((document.number(), document.birth_date()), (id.as_str(), Some(id.birth_date())));
    }
    if let Ok(phone) = Phone::parse(typed) {
        assert!(phone.as_str().len() == 11 && phone.as_str().starts_with('1'));
        assert_eq!(Phone::parse(phone.as_str()).as_ref(), Ok(&phone));
        assert_eq!(Phone::parse(&phone.e164()).as_ref(), Ok(&phone));
        assert_eq!(phone.masked().matches('*').count(), 4);
    }
});

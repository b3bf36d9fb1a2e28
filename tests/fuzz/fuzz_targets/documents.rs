//! Identity documents as a form brings them (type, number, term, first and last day, and what was confirmed): what
//! is taken is valid today, and is read again from what is stored.

#![no_main]

use std::sync::LazyLock;

use chrono::NaiveDate;
use fuzz::{is_plain, lines};
use idp::domain::date;
use idp::domain::identity_document::{DocumentType, IdentityDocument, key};
use idp::domain::validity::Validity;
use idp::web::Errors;
use idp::web::document::DocumentFields;
use libfuzzer_sys::fuzz_target;

static TODAY: LazyLock<NaiveDate> = LazyLock::new(|| NaiveDate::from_ymd_opt(2026, 11, 15).unwrap());

fuzz_target!(|data: &[u8]| {
    let Some([document_type, document_number, term, valid_from, valid_to, confirmed]) =
        lines(data).map(|lines: [&str; 6]| lines.map(str::to_owned))
    else {
        return;
    };
    for text in [&valid_from, &valid_to] {
        if let Some(day) = date::parse(text) {
            assert_eq!(date::parse(&day.to_string()), Some(day));
        }
        if let Some(validity) = Validity::from_text(text) {
            assert_eq!(Validity::from_text(&validity.to_text()), Some(validity));
        }
    }
    let fields = DocumentFields { document_type, document_number, term, valid_from, valid_to, confirmed };
    let mut errors = Errors::none();
    let Some(read) = fields.read("本人", 16, *TODAY, &mut errors) else { return assert!(errors.any()) };
    assert!(!errors.any() || errors.only_warnings());
    let (document, validity) = (&read.document, &read.validity);
    let kind = document.document_type();
    assert_eq!(DocumentType::from_code(&fields.document_type), Some(kind));
    assert!((5..=20).contains(&document.number().len()));
    assert!(document.number().bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()));
    let again = IdentityDocument::parse(kind, document.number(), *TODAY).unwrap();
    assert_eq!((again.number(), again.key()), (document.number(), key(kind, document.number())));
    assert!(document.age_on(*TODAY).is_none_or(|age| (16..=127).contains(&age)));
    assert!(document.masked().chars().filter(|char| *char != '*').count() <= 4);
    assert!(is_plain(&document.key()));

    assert!(validity.holds_on(*TODAY));
    assert!(validity.start() <= *TODAY && validity.exported_end() >= *TODAY);
    assert!(
        document
            .birth_date()
            .is_none_or(|birth| kind != DocumentType::ResidentId || birth < validity.start())
    );
    assert_eq!(Validity::from_text(&validity.to_text()).as_ref(), Some(validity));
});

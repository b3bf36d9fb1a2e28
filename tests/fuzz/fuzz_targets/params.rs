//! Queries and form bodies: read as the URL standard says, and written so that they are read the same again.

#![no_main]

use idp::web::params::Params;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(params) = Params::parse(data) else { return };
    let pairs = params.clone().into_pairs();
    let standard: Vec<(String, String)> = url::form_urlencoded::parse(data).into_owned().collect();
    assert_eq!(pairs, standard);
    assert!(!pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')));
    assert_eq!(Params::parse(params.encoded().as_bytes()).as_ref(), Ok(&params));
    for (name, _) in pairs.iter().take(20) {
        let values: Vec<&str> =
            pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
        assert_eq!(params.is_repeated(name), values.len() > 1);
        assert_eq!(params.get(name), values.first().copied().filter(|value| !value.is_empty()));
        assert_eq!(params.all(name).len(), values.iter().filter(|value| !value.is_empty()).count());
        assert!(params.repeated().is_some() || values.len() == 1);
        assert!(params.repeated_but(&[name]) != Some(name));
        assert_eq!(params.clone().without(&[name]).get(name), None);
    }
});

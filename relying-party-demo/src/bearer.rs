//! `Authorization: Bearer …`, by which a program shows that it may ask.

use axum::http::{HeaderMap, header};
use idp::platform::random;
use subtle::ConstantTimeEq as _;

/// Whether the request carries this token. Where none was set, nothing is right.
pub fn shows(headers: &HeaderMap, token: &str) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, given)| given.trim());
    // Digests are equally long, so that the time tells nothing of the token's length either.
    !token.is_empty() && bool::from(random::hash(given).ct_eq(&random::hash(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str, token: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
        shows(&headers, token)
    }

    #[test]
    fn only_the_token_itself_is_right() {
        assert!(asked("Bearer secret", "secret"));
        assert!(asked("bearer secret", "secret"));
        for wrong in
            ["Bearer Secret", "Bearer secre", "Bearer secrets", "Bearer", "Basic secret", "secret", ""]
        {
            assert!(!asked(wrong, "secret"), "{wrong}");
        }
        assert!(!shows(&HeaderMap::new(), "secret"));
    }

    #[test]
    fn no_token_is_not_an_empty_one() {
        assert!(!asked("Bearer ", ""));
        assert!(!shows(&HeaderMap::new(), ""));
    }
}

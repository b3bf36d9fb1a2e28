//! Times in a JWT (RFC 7519 section 2, NumericDate).

use serde_json::{Map, Value};

/// The member is there and is no number: it must not count as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

/// In whole seconds; `None` where the member is missing.
///
/// # Errors
/// Where it is something else than a number.
pub fn read(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, NotANumber> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(|seconds| Some(seconds as i64)).ok_or(NotANumber),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_number_is_not_missing() {
        let claims = json!({ "exp": 1.9, "iat": 7, "nbf": "7", "other": null });
        let claims = claims.as_object().expect("an object");
        assert_eq!(read(claims, "exp"), Ok(Some(1)));
        assert_eq!(read(claims, "iat"), Ok(Some(7)));
        assert_eq!(read(claims, "jti"), Ok(None));
        assert_eq!(read(claims, "nbf"), Err(NotANumber));
        assert_eq!(read(claims, "other"), Err(NotANumber));
    }
}

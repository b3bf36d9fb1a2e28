//! `client_secret_basic` and `client_secret_post` (RFC 6749 section 2.3.1). Secrets are random, so SHA-256 keeps them.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::domain::client::Client;
use crate::oidc::error::{Code, OAuthError};
use crate::platform::random;
use crate::web::params::Params;

/// The client id and secret of an `Authorization: Basic` header, form-decoded.
///
/// # Errors
/// `invalid_client` when the header is there but can't be read, `invalid_request` when it is there twice.
pub fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let Some(value) = authorization(headers)? else { return Ok(None) };
    let unreadable = OAuthError::new(Code::InvalidClient, "the Authorization header can't be read");
    let decoded = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then_some(())?;
        let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some((form_decode(id)?, form_decode(secret)?))
    };
    decoded().map(Some).ok_or(unreadable)
}

/// The one `Authorization` header: of two, another program on the way might have read the other (RFC 9110 section 5.3).
///
/// # Errors
/// `invalid_request` where there are more.
pub fn authorization(headers: &HeaderMap) -> Result<Option<&HeaderValue>, OAuthError> {
    let mut sent = headers.get_all(header::AUTHORIZATION).into_iter();
    let first = sent.next();
    if sent.next().is_some() {
        return Err(OAuthError::new(Code::InvalidRequest, "more than one Authorization header"));
    }
    Ok(first)
}

fn form_decode(text: &str) -> Option<String> {
    let encoded = format!("v={}", text.replace('&', "%26"));
    Some(Params::parse(encoded.as_bytes()).ok()?.get("v").unwrap_or_default().to_owned())
}

pub fn matches(client: &Client, secret: &str) -> bool {
    client.secret_hash.as_ref().is_some_and(|hash| bool::from(random::hash(secret).ct_eq(hash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(plain: &str) -> Result<Option<(String, String)>, OAuthError> {
        let mut headers = HeaderMap::new();
        let value = format!("bAsIc {}", STANDARD.encode(plain));
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(value).unwrap());
        basic(&headers)
    }

    #[test]
    fn id_and_secret_are_form_encoded_before_base64() {
        let pair = |id: &str, secret: &str| Ok(Some((id.to_owned(), secret.to_owned())));
        assert_eq!(read("a:b"), pair("a", "b"));
        assert_eq!(read("a%3Ab:c%2Bd+e%26"), pair("a:b", "c+d e&"));
        assert_eq!(read("a:b:c&d"), pair("a", "b:c&d"));
        assert_eq!(read("a:"), pair("a", ""));
        assert!(read("no colon").is_err() && read("%ff:x").is_err());
    }
}

//! The four cookies. All are `__Host-` (RFC 6265bis section 4.1.3): this host only, secure, whole site.

use axum::http::{HeaderMap, HeaderValue, header};

/// Who is signed in. Lax, since portals send their visitors here from other sites.
pub const SESSION: &str = "__Host-session";
/// Which browser this is: ties an authorization request to it, and tells a known device.
pub const VISITOR: &str = "__Host-visitor";
/// 大字版 and 高对比度.
pub const DISPLAY: &str = "__Host-display";

/// How this browser's visitor wants to sign in.
pub const SIGN_IN: &str = "__Host-sign-in";

const YEAR: u32 = 365 * 24 * 3600;

/// The value of a cookie, if the browser sent it.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Until the browser closes; the store decides how long it is worth anything.
pub fn set_for_session(headers: &mut HeaderMap, name: &str, value: &str) {
    append(headers, format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"));
}

pub fn set_for_long(headers: &mut HeaderMap, name: &str, value: &str) {
    append(headers, format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={YEAR}"));
}

pub fn remove(headers: &mut HeaderMap, name: &str) {
    append(headers, format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
}

fn append(headers: &mut HeaderMap, cookie: String) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a__Host-session=x; __Host-session2=y"));
        assert_eq!(read(&headers, SESSION), None);
        headers.append(header::COOKIE, HeaderValue::from_static("b=1;  __Host-session=z"));
        assert_eq!(read(&headers, SESSION), Some("z"));
    }
}

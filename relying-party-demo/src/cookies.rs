//! Cookies: one names the browser while it signs in, and one a portal names its session there.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::relying_party::RelyingParty;

#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    /// Whether browsers reach us by https: then `Secure`, and the prefix that ties a cookie to
    /// this very host.
    pub secure: bool,
}

/// Binds pending sign-ins to the browser that began them.
pub const BROWSER: &str = "portal-browser";
/// The `state` of a sign-out that the provider is asked for.
pub const SIGN_OUT: &str = "portal-sign-out";

pub fn session(party: RelyingParty) -> String {
    format!("portal-{}", party.client_id())
}

impl Cookies {
    pub fn read<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let name = self.full_name(name);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// `value` is one of our own random ids: nothing in it needs quoting.
    pub fn set(&self, headers: &mut HeaderMap, name: &str, value: &str) {
        self.append(headers, format!("{}={value}", self.full_name(name)));
    }

    pub fn remove(&self, headers: &mut HeaderMap, name: &str) {
        self.append(headers, format!("{}=; Max-Age=0", self.full_name(name)));
    }

    fn append(&self, headers: &mut HeaderMap, pair: String) {
        let secure = if self.secure { "; Secure" } else { "" };
        if let Ok(line) = HeaderValue::try_from(format!("{pair}; Path=/; HttpOnly; SameSite=Lax{secure}")) {
            headers.append(header::SET_COOKIE, line);
        }
    }

    fn full_name(&self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_https_cookies_are_bound_to_the_host() {
        let mut headers = HeaderMap::new();
        Cookies { secure: true }.set(&mut headers, BROWSER, "abc");
        assert_eq!(
            headers[header::SET_COOKIE],
            "__Host-portal-browser=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn reads_one_of_several() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("x=1; portal-hall=abc"));
        headers.append(header::COOKIE, HeaderValue::from_static("portal-hallway=def"));
        let cookies = Cookies { secure: false };
        assert_eq!(cookies.read(&headers, &session(RelyingParty::Hall)), Some("abc"));
        assert_eq!(cookies.read(&headers, "portal"), None);
    }
}

//! What a code's picture says: an address at our provider, or something else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

/// How many random bytes are behind a code.
const BYTES: usize = 32;

/// The secret of a sign-in page's code: the part of its address behind `/scan/`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// Why a text is no code of our provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOurs {
    /// No web address at all.
    NoAddress,
    /// Another site's address; the host, for the visitor to see.
    Elsewhere(String),
    /// Our provider's address, but not of a sign-in page's code.
    NoCode,
}

impl Code {
    /// Reads `{issuer}/scan/{code}`. Nothing is asked of anybody: a foreign address is only looked at.
    ///
    /// # Errors
    /// What else it is.
    pub fn read(text: &str, issuer: &Url) -> Result<Self, NotOurs> {
        let url = Url::parse(text.trim()).map_err(|_| NotOurs::NoAddress)?;
        let host = match (url.scheme(), url.host_str()) {
            ("http" | "https", Some(host)) => host,
            _ => return Err(NotOurs::NoAddress),
        };
        if url.origin() != issuer.origin() {
            return Err(NotOurs::Elsewhere(host.to_owned()));
        }
        let folder = format!("{}/scan/", issuer.path().trim_end_matches('/'));
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let code = url.path().strip_prefix(&folder).filter(|_| is_plain).ok_or(NotOurs::NoCode)?;
        match URL_SAFE_NO_PAD.decode(code) {
            Ok(bytes) if bytes.len() == BYTES => Ok(Self(code.to_owned())),
            _ => Err(NotOurs::NoCode),
        }
    }

    pub fn secret(&self) -> &str {
        &self.0
    }
}

/// The code stays out of logs.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

impl NotOurs {
    /// For the visitor.
    pub fn message(&self) -> String {
        match self {
            Self::NoAddress => "这不是登录二维码。请扫描统一身份认证登录页面上的二维码。".to_owned(),
            Self::Elsewhere(host) => {
                let shown: String = host.chars().take(60).collect();
                format!("这不是统一身份认证平台的二维码，它指向 {shown}。为保护您的账号，没有打开。")
            }
            Self::NoCode => "这不是登录二维码，或内容不完整。请重新扫描登录页面上的二维码。".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";

    fn read(text: &str) -> Result<String, NotOurs> {
        read_at("https://id.example", text)
    }

    fn read_at(issuer: &str, text: &str) -> Result<String, NotOurs> {
        Code::read(text, &Url::parse(issuer).unwrap()).map(|code| code.secret().to_owned())
    }

    #[test]
    fn our_providers_address_has_a_code() {
        let address = format!("https://id.example/scan/{SECRET}");
        for text in
            [address.clone(), format!(" {address}\n"), address.replace("id.example", "ID.example:443")]
        {
            assert_eq!(read(&text).as_deref(), Ok(SECRET), "{text}");
        }
        let under_a_path = format!("https://gov.example/id/scan/{SECRET}");
        assert_eq!(read_at("https://gov.example/id/", &under_a_path).as_deref(), Ok(SECRET));
        assert_eq!(read_at("https://gov.example", &under_a_path), Err(NotOurs::NoCode));
    }

    #[test]
    fn other_sites_are_told_by_their_host() {
        for (text, host) in [
            (format!("https://id.example.evil.test/scan/{SECRET}"), "id.example.evil.test"),
            (format!("https://id.example@evil.test/scan/{SECRET}"), "evil.test"),
            (format!("https://evil.test/?https://id.example/scan/{SECRET}"), "evil.test"),
            (format!("https://id.example./scan/{SECRET}"), "id.example."),
            (format!("https://id.example:8443/scan/{SECRET}"), "id.example"),
            (format!("http://id.example/scan/{SECRET}"), "id.example"),
            ("https://іd.example/scan/x".to_owned(), "xn--d-evb.example"),
        ] {
            assert_eq!(read(&text), Err(NotOurs::Elsewhere(host.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in
            ["", "你好", "WIFI:S:home;;", "javascript:alert(1)", "tel:10086", "//id.example/scan/x", SECRET]
        {
            assert_eq!(read(text), Err(NotOurs::NoAddress), "{text}");
        }
        for path in [
            String::new(),
            "/scan/".to_owned(),
            "/scan/short".to_owned(),
            format!("/scan/{SECRET}A"),
            format!("/scan/{SECRET}/"),
            format!("/scan/{SECRET}?a=b"),
            format!("/scan/{SECRET}#x"),
            format!("/scan/../{SECRET}"),
            format!("/other/{SECRET}"),
            format!("/scan/{}", SECRET.replace('-', "+")),
        ] {
            assert_eq!(read(&format!("https://id.example{path}")), Err(NotOurs::NoCode), "{path}");
        }
        assert_eq!(read(&format!("https://a:b@id.example/scan/{SECRET}")), Err(NotOurs::NoCode));
    }

    #[test]
    fn a_long_foreign_host_is_cut() {
        let message = NotOurs::Elsewhere("x".repeat(300)).message();
        assert!(message.chars().count() < 120, "{message}");
    }
}

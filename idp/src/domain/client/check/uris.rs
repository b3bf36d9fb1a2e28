//! The URIs of a registration. Each is kept as the text that was registered: it becomes a Location header, a link or a
//! request, while a URL parser would mend much of what is wrong with it.

use url::Url;

use super::{Checked, MOST_URIS, Wrong, refuse_if};
use crate::domain::client::{ClientMetadata, ResponseType};

const LONGEST: usize = 2000;

impl ClientMetadata {
    pub(super) fn check_uris(&self) -> Checked {
        for (member, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
            ("request_uris", self.request_uris.as_ref().unwrap_or(&Vec::new())),
        ] {
            refuse_if(uris.len() > MOST_URIS, member, "must be 50 at most")?;
        }
        for uri in &self.redirect_uris {
            of("redirect_uris", uri, self.return_address(uri))?;
            // OpenID Connect Registration section 2, on clients that get tokens by way of the browser.
            let by_browser = self.response_types.iter().any(|one| ResponseType::has_id_token(*one));
            let wrong = by_browser && !self.is_native() && !uri.starts_with("https://");
            refuse_if(wrong, "redirect_uris", "must be https where an ID token comes by way of the browser")?;
            let local = by_browser && !self.is_native() && host(uri).is_some_and(|host| is_loopback(&host));
            refuse_if(
                local,
                "redirect_uris",
                "must not be on localhost where an ID token comes by way of the browser",
            )?;
        }
        for uri in &self.post_logout_redirect_uris {
            of("post_logout_redirect_uris", uri, self.return_address(uri))?;
        }
        for (member, uri) in [
            ("logo_uri", &self.logo_uri),
            ("client_uri", &self.client_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
            ("jwks_uri", &self.jwks_uri),
            ("sector_identifier_uri", &self.sector_identifier_uri),
            ("initiate_login_uri", &self.initiate_login_uri),
        ] {
            if let Some(uri) = uri {
                of(member, uri, https(uri))?;
            }
        }
        for uri in self.request_uris.iter().flatten() {
            // Its fragment is the hash of what is there (OpenID Connect Core section 6.2).
            let place = uri.split('#').next().unwrap_or_default();
            of("request_uris", uri, https(place).and(characters(uri)))?;
        }
        if let Some(uri) = &self.backchannel_logout_uri {
            of("backchannel_logout_uri", uri, web(uri))?;
        }
        if let Some(uri) = &self.frontchannel_logout_uri {
            of("frontchannel_logout_uri", uri, web(uri))?;
            // OpenID Connect Front-Channel Logout section 2.
            let known = self.redirect_uris.iter().any(|redirect| origin(redirect) == origin(uri));
            refuse_if(!known, "frontchannel_logout_uri", "must have the origin of one of redirect_uris")?;
        }
        Ok(())
    }

    /// Where a visitor may be sent.
    fn return_address(&self, uri: &str) -> Result<(), &'static str> {
        let (scheme, _) = uri.split_once(':').ok_or("is not an absolute URI")?;
        match scheme {
            "https" | "http" => web(uri),
            // A native app's own scheme is its reversed domain name (RFC 8252 section 7.1).
            other if self.is_native() && other.contains('.') => absolute(uri).map(drop),
            _ if self.is_native() => Err("must be https or a reversed-domain scheme"),
            _ => Err("must be https (an app's own scheme needs application_type native)"),
        }
    }
}

fn of(member: &str, uri: &str, checked: Result<(), &'static str>) -> Checked {
    checked.map_err(|why| Wrong::new(member, format!("{uri}: {why}")))
}

/// https, or http on this very machine.
fn web(uri: &str) -> Result<(), &'static str> {
    let url = absolute(uri)?;
    has_host(&url)?;
    match url.scheme() {
        "https" | "http" if !uri.contains("://") => Err("must have // before its host"),
        "https" => Ok(()),
        "http" if url.host_str().is_some_and(is_loopback) => Ok(()),
        _ => Err("must be https (http only on localhost)"),
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn https(uri: &str) -> Result<(), &'static str> {
    has_host(&absolute(uri)?)?;
    if uri.starts_with("https://") { Ok(()) } else { Err("must be https") }
}

fn absolute(uri: &str) -> Result<Url, &'static str> {
    characters(uri)?;
    let url = Url::parse(uri).map_err(|_| "is not an absolute URI")?;
    if url.fragment().is_some() {
        return Err("must have no fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user");
    }
    Ok(url)
}

/// One that is a single source in a Content-Security-Policy, where our pages name it: URL parsers let more pass.
fn has_host(url: &Url) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    let host = url.host_str().unwrap_or_default();
    if host.bytes().all(allowed) {
        Ok(())
    } else {
        Err("must have a host of letters, digits, hyphens and dots")
    }
}

fn characters(uri: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>');
    if !uri.bytes().all(allowed) {
        return Err("must be ASCII without blanks, quotes, angle brackets and backslashes (RFC 3986)");
    }
    if uri.len() > LONGEST { Err("must be 2000 characters at most") } else { Ok(()) }
}

fn origin(uri: &str) -> Option<String> {
    Url::parse(uri)
        .ok()
        .map(|url| url.origin())
        .filter(url::Origin::is_tuple)
        .map(|one| one.ascii_serialization())
}

pub(super) fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

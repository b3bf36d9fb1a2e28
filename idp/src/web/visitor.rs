//! The visitor of a page: which browser, who is signed in there, and how they are answered.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use url::Url;

use super::headers::{FormTarget, FrameSources, ImageSource};
use super::page::{Frame, render};
use super::{cookies, error};
use crate::app::App;
use crate::guard::Caller;
use crate::guard::sessions::{self, Session};
use crate::platform::random;

pub struct Visitor {
    app: App,
    pub caller: Caller,
    /// The session cookie, whatever it is worth.
    pub session_token: Option<String>,
    /// Set if the browser had none.
    new_device: Option<String>,
    large_type: bool,
    high_contrast: bool,
    /// Has chosen the password rather than the code.
    pub prefers_password: bool,
    /// Is at a telephone, as far as the browser says.
    pub is_mobile: bool,
    here: String,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::new(parts, app))
    }
}

impl Visitor {
    pub fn new(parts: &Parts, app: &App) -> Self {
        let headers = &parts.headers;
        let cookie = |name| cookies::read(headers, name).filter(|value| value.len() == 43).map(str::to_owned);
        let known = cookie(cookies::VISITOR);
        let new_device = known.is_none().then(random::token);
        let device = known.or_else(|| new_device.clone()).unwrap_or_default();
        let display = cookies::read(headers, cookies::DISPLAY).unwrap_or_default();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self {
            app: app.clone(),
            caller: Caller {
                address: address(headers, peer, app.config.trusted_proxies),
                user_agent: text(headers, header::USER_AGENT, 200),
                device_hash: random::hash(&device),
            },
            session_token: cookie(cookies::SESSION),
            new_device,
            large_type: display.contains('l'),
            high_contrast: display.contains('c'),
            prefers_password: cookies::read(headers, cookies::SIGN_IN) == Some("password"),
            is_mobile: text(headers, header::USER_AGENT, 200).contains("Mobile"),
            here: parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned(),
        }
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self) -> anyhow::Result<Option<Session>> {
        match &self.session_token {
            Some(token) => sessions::current(&self.app, token).await,
            None => Ok(None),
        }
    }

    /// Who is signed in, if that is still whom a page asked, by the `sid` in its form: another tab may have signed in
    /// somebody else meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_asked(&self, sid: &str) -> anyhow::Result<Option<Session>> {
        Ok(self.session().await?.filter(|session| session.sid == sid))
    }

    pub fn frame(&self) -> Frame<'_> {
        Frame {
            site: &self.app.config.site,
            lang: "zh-CN",
            large_type: self.large_type,
            high_contrast: self.high_contrast,
            here: self.here.clone(),
        }
    }

    /// The letters of the display cookie with one of them set or taken away.
    pub fn switched_display(&self, switch: char, to: bool) -> String {
        let on = |letter, is: bool| {
            let is = if letter == switch { to } else { is };
            if is { String::from(letter) } else { String::new() }
        };
        format!("x{}{}", on('l', self.large_type), on('c', self.high_contrast))
    }

    /// Shows a page.
    ///
    /// # Errors
    /// When the template fails.
    pub fn show(&self, page: &impl Template) -> error::Result<Response> {
        Ok(self.remember_browser(render(page)?))
    }

    /// Shows a form again, with what is wrong with it.
    ///
    /// # Errors
    /// When the template fails.
    pub fn show_refused(&self, page: &impl Template) -> error::Result<Response> {
        let mut response = self.show(page)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    }

    /// Sends the browser elsewhere with GET, also after a POST (303, never 307).
    pub fn go(&self, url: &str) -> Response {
        self.remember_browser(Redirect::to(url).into_response())
    }

    /// Lets the page's form lead to a portal: browsers apply `form-action` to redirects too.
    #[must_use]
    pub fn allow_form_to(mut response: Response, origin: Option<String>) -> Response {
        if let Some(origin) = origin {
            response.extensions_mut().insert(FormTarget(origin));
        }
        response
    }

    /// Lets the page show a portal's picture.
    #[must_use]
    pub fn allow_image_from(mut response: Response, origin: Option<String>) -> Response {
        if let Some(origin) = origin {
            response.extensions_mut().insert(ImageSource(origin));
        }
        response
    }

    /// Lets the page load portals' addresses in frames.
    #[must_use]
    pub fn allow_frames_of(mut response: Response, origins: Vec<String>) -> Response {
        response.extensions_mut().insert(FrameSources(origins));
        response
    }

    fn remember_browser(&self, mut response: Response) -> Response {
        if let Some(device) = &self.new_device {
            cookies::set_for_long(response.headers_mut(), cookies::VISITOR, device);
        }
        response
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName, most: usize) -> String {
    let text = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    text.chars().take(most).collect()
}

/// The visitor's address: the connection's, or what `proxies` trusted proxies say of it. An IPv6 /64 counts as one.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, proxies: usize) -> String {
    let forwarded = || {
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        hops.len().checked_sub(proxies).and_then(|at| hops.get(at)?.parse().ok())
    };
    let address = if proxies == 0 { peer } else { forwarded().or(peer) };
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}

/// What `form-action` must allow for a form that ends at the portal: an origin, or an app's own scheme.
pub fn form_target(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.origin() {
        origin @ url::Origin::Tuple(..) => Some(origin.ascii_serialization()),
        url::Origin::Opaque(_) => Some(format!("{}:", url.scheme())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_say_who_asks() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 192.0.2.7, 192.0.2.8"));
        let peer = Some(IpAddr::from([192, 0, 2, 9]));
        assert_eq!(address(&headers, peer, 0), "192.0.2.9");
        assert_eq!(address(&headers, peer, 1), "192.0.2.8");
        assert_eq!(address(&headers, peer, 2), "192.0.2.7");
        assert_eq!(address(&headers, peer, 9), "192.0.2.9");
        headers.insert("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(address(&headers, peer, 1), "192.0.2.9");
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let peer = |text: &str| Some(text.parse().unwrap());
        let of = |text: &str| address(&HeaderMap::new(), peer(text), 0);
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.9"), "192.0.2.9");
    }
}

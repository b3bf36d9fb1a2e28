//! Requests to addresses that clients name: key sets, request objects, sector identifiers, notices of logout. Whoever
//! may register a client chooses them, so they must not reach anything that the provider's network keeps inside.

mod public_address;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Response};
use tokio::sync::Semaphore;
use url::{Host, Url};

use self::public_address::is_public;
use crate::config::FetchConfig;

/// From the first packet to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// No key set, sector file or request object is larger.
const LARGEST: usize = 64 * 1024;
/// So many requests at once; others wait, as long as for an answer.
const AT_ONCE: usize = 16;
/// Of them so many to one host, so that a slow one does not hold up all others.
const AT_ONE_HOST: usize = 2;

/// Why there is no document. What a client is told of it is the same for every host that is kept inside, whether it
/// exists or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("the address is no https URL")]
    NotHttps,
    #[error("the host cannot be reached")]
    Unreachable,
    #[error("it answered with status {0}")]
    Status(u16),
    #[error("its content type is not the expected one")]
    ContentType,
    #[error("its answer is too large")]
    TooLarge,
    #[error("too many requests are under way")]
    Busy,
}

pub struct Fetcher {
    /// Connects to public addresses only.
    guarded: Client,
    /// For the hosts that the administrator listed.
    trusted: Client,
    allow: Vec<String>,
    places: Semaphore,
    /// Requests under way, by host.
    under_way: Mutex<HashMap<String, usize>>,
}

/// A request under way to a host.
struct Visit<'a> {
    fetcher: &'a Fetcher,
    host: String,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut under_way = self.fetcher.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.host);
            }
        }
    }
}

impl Fetcher {
    /// # Errors
    /// When `fetch.ca` can't be read.
    pub fn new(config: &FetchConfig) -> anyhow::Result<Self> {
        let mut trusted = builder();
        if let Some(path) = &config.ca {
            let unreadable = || format!("fetch.ca: cannot read {}", path.display());
            let pem = std::fs::read(path).with_context(unreadable)?;
            for certificate in reqwest::Certificate::from_pem_bundle(&pem).with_context(unreadable)? {
                trusted = trusted.add_root_certificate(certificate);
            }
        }
        Ok(Self {
            guarded: builder()
                .dns_resolver(Arc::new(PublicOnly))
                .build()
                .context("the guarded HTTP client")?,
            trusted: trusted.build().context("fetch: the HTTP client")?,
            allow: config.allow.iter().map(|host| host.to_ascii_lowercase()).collect(),
            places: Semaphore::new(AT_ONCE),
            under_way: Mutex::default(),
        })
    }

    /// The document at `url`, if its media type is one of `media_types` (any, if there are none).
    ///
    /// # Errors
    /// Says why there is none, for the client's engineer.
    pub async fn get(&self, url: &str, media_types: &[&str]) -> Result<Vec<u8>, FetchError> {
        let (client, url) = self.route(url)?;
        let _visit = self.visit(&url)?;
        let accept = if media_types.is_empty() { "*/*".to_owned() } else { media_types.join(", ") };
        let request = client.get(url).header("accept", accept);
        self.patiently(async {
            let mut response = accepted(request.send().await)?;
            let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
            let media_type = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
            if !media_types.is_empty() && !media_types.iter().any(|one| one.eq_ignore_ascii_case(media_type))
            {
                return Err(FetchError::ContentType);
            }
            let mut document = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Unreachable)? {
                if document.len() + chunk.len() > LARGEST {
                    return Err(FetchError::TooLarge);
                }
                document.extend_from_slice(&chunk);
            }
            Ok(document)
        })
        .await
    }

    /// Posts a form; content with any status of 2xx.
    ///
    /// # Errors
    /// Says why it did not arrive.
    pub async fn post_form(&self, url: &str, form: String) -> Result<(), FetchError> {
        let (client, url) = self.route(url)?;
        let _visit = self.visit(&url)?;
        let request = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        self.patiently(async { accepted(request.send().await).map(drop) }).await
    }

    /// Which connection a URL may use.
    fn route(&self, url: &str) -> Result<(&Client, Url), FetchError> {
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "https").ok_or(FetchError::NotHttps)?;
        if self.is_trusted(&url) {
            return Ok((&self.trusted, url));
        }
        // A literal address never reaches the resolver.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::NotHttps),
        };
        if literal.is_some_and(|address| !is_public(address)) {
            return Err(FetchError::Unreachable);
        }
        Ok((&self.guarded, url))
    }

    fn visit(&self, url: &Url) -> Result<Visit<'_>, FetchError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(host.clone()).or_default();
        if *count >= AT_ONE_HOST && !self.is_trusted(url) {
            return Err(FetchError::Busy);
        }
        *count += 1;
        drop(under_way);
        Ok(Visit { fetcher: self, host })
    }

    /// Whether this is an https address of a host that the administrator listed.
    pub fn trusts(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url.scheme() == "https" && self.is_trusted(&url))
    }

    fn is_trusted(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
        self.allow.iter().any(|allowed| allowed == host || *allowed == with_port)
    }

    async fn patiently<T>(&self, work: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
        let place = tokio::time::timeout(PATIENCE, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(FetchError::Busy) };
        tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(FetchError::Unreachable))
    }
}

/// No proxy: it would resolve the name itself, and connect to whatever it finds.
fn builder() -> ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .https_only(true)
        .timeout(PATIENCE)
}

fn accepted(answer: reqwest::Result<Response>) -> Result<Response, FetchError> {
    let response = answer.map_err(|error| {
        tracing::debug!(error = format!("{:#}", anyhow::Error::new(error.without_url())), "not fetched");
        FetchError::Unreachable
    })?;
    let status = response.status();
    if status.is_success() { Ok(response) } else { Err(FetchError::Status(status.as_u16())) }
}

/// Gives public addresses only. The connection is made to what comes from here and to nothing else, so that a name
/// whose answers change (DNS rebinding) gains nothing.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetcher(allow: &[&str]) -> Fetcher {
        let allow = allow.iter().map(|host| (*host).to_owned()).collect();
        Fetcher::new(&FetchConfig { allow, ca: None }).unwrap()
    }

    #[tokio::test]
    async fn nothing_inside_is_asked() {
        // Whatever spelling of loopback, private and metadata addresses; a listener would be reached at once.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let fetcher = fetcher(&["portal.example:8443"]);
        for host in [
            "127.0.0.1",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "127.1",
            "0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::]",
            "%31%32%37.0.0.1",
            "127.0.0.1%2e",
        ] {
            let url = format!("https://{host}:{port}/");
            assert!(fetcher.get(&url, &[]).await.is_err(), "{url}");
            assert!(fetcher.post_form(&url, String::new()).await.is_err(), "{url}");
        }
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
    }

    #[test]
    fn only_https_is_asked_and_only_listed_hosts_are_trusted() {
        let fetcher = fetcher(&["Portal.example:8443", "intranet.example"]);
        for url in [
            "http://portal.example:8443/",
            "ftp://portal.example/",
            "file:///etc/passwd",
            "",
            "//x",
            "https:",
        ] {
            assert_eq!(fetcher.route(url).err(), Some(FetchError::NotHttps), "{url}");
        }
        let trusted = |url: &str| fetcher.is_trusted(&Url::parse(url).unwrap());
        for url in
            ["https://portal.example:8443/a", "https://intranet.example", "https://intranet.example:1/"]
        {
            assert!(trusted(url), "{url}");
        }
        for url in
            ["https://portal.example", "https://a.intranet.example", "https://intranet.example.evil.example"]
        {
            assert!(!trusted(url), "{url}");
        }
        for url in ["https://10.0.0.1/", "https://[fd00::1]/", "https://169.254.169.254/latest/meta-data"] {
            assert_eq!(fetcher.route(url).err(), Some(FetchError::Unreachable), "{url}");
        }
    }
}

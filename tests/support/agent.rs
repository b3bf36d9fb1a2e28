//! A visitor's browser without a screen: keeps cookies, follows nothing by itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex};

use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use scraper::{Html, Selector};
use serde_json::Value;
use tokio::runtime::{self, Handle};

pub struct Agent {
    pub base: String,
    pub cookies: BTreeMap<String, String>,
    /// What a proxy says of where this browser is (`X-Forwarded-For`); counts where `trusted_proxies` is set.
    pub address: Option<String>,
    client: Client,
}

/// One client a runtime (that is: a test), since each loads the system's certificates. It keeps connections, but no
/// cookies.
fn client() -> Client {
    static CLIENTS: LazyLock<Mutex<HashMap<runtime::Id, Client>>> = LazyLock::new(Mutex::default);
    let mut clients = CLIENTS.lock().unwrap();
    let build = || Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    clients.entry(Handle::current().id()).or_insert_with(build).clone()
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Agent {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), cookies: BTreeMap::new(), address: None, client: client() }
    }

    /// A browser behind a proxy, at this address.
    pub fn at(base: &str, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..Self::new(base) }
    }

    /// Somebody else at the same site.
    pub fn stranger(&self) -> Self {
        Self::new(&self.base)
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    /// A form of the site's own page, as a browser sends it.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self.request(Method::POST, path).form(fields).header("sec-fetch-site", "same-origin");
        self.send(request).await
    }

    /// A request to shape further; send it with [`Agent::send`]. `path` may be a whole URL.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.request(method, url)
    }

    /// For requests that do not go by [`Agent::send`].
    pub fn cookie_header(&self) -> String {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    pub async fn send(&mut self, request: RequestBuilder) -> Reply {
        let request =
            if self.cookies.is_empty() { request } else { request.header(COOKIE, self.cookie_header()) };
        let request = match &self.address {
            Some(address) => request.header("x-forwarded-for", address),
            None => request,
        };
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Reply {
            status: response.status(),
            headers: response.headers().clone(),
            body: String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap(),
        }
    }

    /// Follows redirects inside the site; gives the first reply that stays, or leads elsewhere.
    pub async fn follow(&mut self, mut reply: Reply) -> Reply {
        while let Some(location) = reply.location() {
            if location.starts_with("http") && !location.starts_with(&self.base) {
                break;
            }
            reply = self.get(&location).await;
        }
        reply
    }

    /// Signs in on a sign-in page; gives the reply to the form. `page` is path and query. Who is asked as whom to go
    /// on stays who they are.
    pub async fn sign_in(&mut self, page: &str, fields: &[(&str, &str)]) -> Reply {
        if !self.cookies.contains_key("__Host-visitor") {
            self.get(page).await;
        }
        let reply = self.post(page, fields).await;
        match reply.location() {
            Some(choose) if choose.starts_with("/sign-in/choose-identity") => {
                let asked = self.get(&choose).await;
                let Some(account) = asked.attribute("[name=account][checked]", "value") else { return asked };
                self.post(&choose, &[("account", &account)]).await
            }
            _ => reply,
        }
    }

    /// Signs the demo's legal entity in, and checks that it worked.
    pub async fn sign_in_legal_entity(&mut self) {
        let reply = self
            .sign_in("/sign-in/legal-entity", &[("account", "xinyue0221"), ("password", "Jlrs2026")])
            .await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
}

impl Reply {
    pub fn location(&self) -> Option<String> {
        Some(self.headers.get("location")?.to_str().unwrap().to_owned())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// What the page says, without markup.
    pub fn text(&self) -> String {
        Html::parse_document(&self.body).root_element().text().collect::<Vec<_>>().join(" ")
    }

    /// What the first element that matches says; empty if there is none.
    pub fn text_of(&self, selector: &str) -> String {
        let document = Html::parse_document(&self.body);
        let found = document.select(&Selector::parse(selector).unwrap()).next();
        found.map(|element| element.text().collect::<String>().trim().to_owned()).unwrap_or_default()
    }

    /// An attribute of the first element that matches.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let selector = Selector::parse(selector).unwrap();
        let document = Html::parse_document(&self.body);
        Some(document.select(&selector).next()?.value().attr(name)?.to_owned())
    }

    pub fn has(&self, selector: &str) -> bool {
        Html::parse_document(&self.body).select(&Selector::parse(selector).unwrap()).next().is_some()
    }

    /// What the page's links say, and where they lead.
    pub fn links(&self) -> Vec<(String, String)> {
        let document = Html::parse_document(&self.body);
        let selector = Selector::parse("a[href]").unwrap();
        let links = document.select(&selector).map(|link| {
            (link.text().collect::<String>().trim().to_owned(), link.attr("href").unwrap().to_owned())
        });
        links.collect()
    }

    /// A parameter of the redirect's query.
    pub fn query(&self, name: &str) -> Option<String> {
        let location = self.location()?;
        let base = url::Url::parse("http://localhost").unwrap();
        let url = base.join(&location).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

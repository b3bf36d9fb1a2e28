//! Writes down what goes over the wire, with names for whatever differs from run to run.

use insta::Settings;
use reqwest::{Request, RequestBuilder};
use scraper::{Html, Selector};
use serde_json::{Map, Value, json};
use url::form_urlencoded::byte_serialize;

use crate::support::portal::{claims, jose_header};
use crate::support::{Agent, Reply, TestApp};

/// Members and parameters whose values are random. One that comes back is the same name, another one has a number.
const RANDOM: &[&str] = &[
    "access_token",
    "at_hash",
    "c_hash",
    "client_id",
    "client_secret",
    "code",
    "device_code",
    "id",
    "id_token",
    "jti",
    "kid",
    "logout_token",
    "n",
    "refresh_token",
    "registration_access_token",
    "request",
    "request_uri",
    "response",
    "s_hash",
    "sid",
    "sub",
    "user_code",
    "x",
    "y",
];
/// Shorter ones are no secrets but names.
const RANDOM_FROM: usize = 9;
/// Whatever is a time is later than this (2001).
const TIMES_FROM: i64 = 1_000_000_000;
/// How exact a time, or what is left of one, is written down: the machine may be slow.
const SECONDS: i64 = 30;
/// Not ours, or not worth its line.
const UNTOLD: &[&str] = &["content-length", "date"];

/// What went over the wire so far.
pub struct Record<'a> {
    app: &'a TestApp,
    /// What is replaced, by what.
    names: Vec<(String, String)>,
    text: String,
}

impl<'a> Record<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        let mut record = Self { app, names: Vec::new(), text: String::new() };
        record.name(&app.base, "issuer");
        record
    }

    /// Gives a value its name.
    pub fn name(&mut self, value: &str, name: &str) {
        if self.names.iter().any(|(known, _)| known == value) {
            return;
        }
        let taken = self
            .names
            .iter()
            .filter(|(_, known)| known.trim_matches(['<', '>']).split(' ').next() == Some(name));
        let name = match taken.count() {
            0 => format!("<{name}>"),
            others => format!("<{name} {}>", others + 1),
        };
        let encoded: String = byte_serialize(value.as_bytes()).collect();
        if encoded != value {
            self.names.push((encoded, name.clone()));
        }
        self.names.push((value.to_owned(), name));
    }

    /// Sends a request of a browser with a session, or of a program; notes both directions.
    pub async fn send(&mut self, agent: &mut Agent, title: &str, request: RequestBuilder) -> Reply {
        let sent = request.try_clone().unwrap().build().unwrap();
        let reply = agent.send(request).await;
        self.title(title);
        self.request(&sent);
        self.reply(&reply);
        reply
    }

    /// The same for a page: of its body only what matches.
    pub async fn page(&mut self, agent: &mut Agent, title: &str, path: &str, selectors: &[&str]) -> Reply {
        let request = agent.request(reqwest::Method::GET, path);
        let reply = self.send(agent, title, request).await;
        for selector in selectors {
            let document = Html::parse_document(&reply.body);
            for element in document.select(&Selector::parse(selector).unwrap()) {
                for field in
                    element.select(&Selector::parse("input[name]").unwrap()).map(|field| field.value())
                {
                    self.learn(field.attr("name").unwrap(), field.attr("value").unwrap_or_default());
                }
                let html: Vec<String> = element.html().lines().map(|line| line.trim().to_owned()).collect();
                self.line(&html.join("\n"));
            }
        }
        reply
    }

    /// A request that came to a portal's own site.
    pub fn received(&mut self, title: &str, head: &str, body: &str) {
        self.title(title);
        self.line(head);
        self.form(body);
    }

    /// A token of ours, opened.
    pub fn jwt(&mut self, title: &str, jwt: &str) {
        self.text.push('\n');
        self.line(&format!("{title}, opened"));
        for part in [jose_header(jwt), claims(jwt)] {
            self.learn_from(&part);
            self.json(&part);
        }
    }

    /// Compares everything with `snapshots/<name>.snap`.
    pub fn matches(mut self, name: &str) {
        self.names.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        for (value, name) in &self.names {
            self.text = self.text.replace(value, name);
        }
        let mut settings = Settings::clone_current();
        settings.set_snapshot_path("snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description("INSTA_UPDATE=always cargo test -p tests wire accepts what has changed");
        settings.bind(|| insta::assert_snapshot!(name, self.text));
    }

    fn title(&mut self, title: &str) {
        let start = if self.text.is_empty() { "" } else { "\n\n" };
        self.text.push_str(&format!("{start}# {title}\n\n"));
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn request(&mut self, request: &Request) {
        let url = request.url();
        self.line(&format!("{} {}", request.method(), url.path()));
        self.parameters(url.query(), "  ?");
        for (name, value) in request.headers() {
            let value = value.to_str().unwrap();
            match name.as_str() {
                "authorization" => {
                    let (scheme, secret) = value.split_once(' ').unwrap();
                    if scheme == "Basic" {
                        self.name(secret, "id:secret in base64");
                    } else {
                        self.learn("access_token", secret);
                    }
                }
                "dpop" => self.name(value, "proof"),
                _ => (),
            }
            self.line(&format!("{name}: {value}"));
        }
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let body = String::from_utf8(body.to_vec()).unwrap();
        match serde_json::from_str::<Value>(&body) {
            Ok(body) => self.json(&body),
            Err(_) => self.form(&body),
        }
        self.text.push('\n');
    }

    fn reply(&mut self, reply: &Reply) {
        self.line(&reply.status.to_string());
        let mut headers: Vec<(&str, &str)> =
            reply.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        for (name, value) in headers.into_iter().filter(|(name, _)| !UNTOLD.contains(name)) {
            match name {
                "x-request-id" => self.line("x-request-id: <22 characters>"),
                "location" => self.location(value),
                "set-cookie" => {
                    let (cookie, attributes) = value.split_once(';').unwrap();
                    let (cookie, _) = cookie.split_once('=').unwrap();
                    self.line(&format!("set-cookie: {cookie}=<…>;{attributes}"));
                }
                _ => {
                    if name == "dpop-nonce" {
                        self.name(value, "nonce");
                    }
                    self.line(&format!("{name}: {value}"));
                }
            }
        }
        let kind = reply.header("content-type");
        if kind.contains("json") {
            let mut body = reply.json();
            if let Some(keys) = body.get_mut("keys").and_then(Value::as_array_mut) {
                // Theirs is the order of their random names.
                keys.sort_by_key(|key| key["alg"].to_string());
            }
            self.learn_from(&body);
            self.json(&body);
        } else if kind.contains("jwt") {
            self.jwt("the body", &reply.body);
        } else if !kind.starts_with("text/html") && !reply.body.is_empty() {
            self.line(&reply.body);
        }
    }

    /// A redirect, a parameter a line.
    fn location(&mut self, location: &str) {
        let (address, fragment) = location.split_once('#').map_or((location, None), |(a, f)| (a, Some(f)));
        let (address, query) = address.split_once('?').map_or((address, None), |(a, q)| (a, Some(q)));
        self.line(&format!("location: {address}"));
        self.parameters(query, "  ?");
        self.parameters(fragment, "  #");
    }

    /// As they stand in a URL, the first with its sign.
    fn parameters(&mut self, encoded: Option<&str>, sign: &str) {
        let Some(encoded) = encoded else { return };
        for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()).into_owned() {
            self.learn(&name, &value);
        }
        let sign = std::iter::once(sign).chain(std::iter::repeat("  &"));
        for (pair, sign) in encoded.split('&').zip(sign) {
            self.line(&format!("{sign}{pair}"));
        }
    }

    fn form(&mut self, encoded: &str) {
        for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()).into_owned() {
            self.learn(&name, &value);
            self.line(&format!("{name}={value}"));
        }
    }

    fn json(&mut self, value: &Value) {
        let told = serde_json::to_string_pretty(&self.timed(value)).unwrap();
        self.line(&told.replace("\"<time", "<time").replace("time>\"", ">"));
    }

    /// Times as what they are from now.
    fn timed(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let timed = |(name, value): (&String, &Value)| match value.as_i64() {
                    Some(left) if name == "expires_in" => (name.clone(), json!(rounded(left))),
                    _ => (name.clone(), self.timed(value)),
                };
                Value::Object(members.iter().map(timed).collect::<Map<_, _>>())
            }
            Value::Array(values) => values.iter().map(|value| self.timed(value)).collect(),
            Value::Number(number) if number.as_i64().is_some_and(|number| number > TIMES_FROM) => {
                let from_now = number.as_i64().unwrap() - self.app.clock.now().seconds();
                json!(format!("<time{:+}time>", rounded(from_now)))
            }
            other => other.clone(),
        }
    }

    fn learn_from(&mut self, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::String(value) => self.learn(name, value),
                Value::Array(values) => values.iter().for_each(|value| self.learn_from(value)),
                other => self.learn_from(other),
            }
        }
    }

    fn learn(&mut self, name: &str, value: &str) {
        if RANDOM.contains(&name) && value.len() >= RANDOM_FROM {
            let value = value.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap_or(value);
            self.name(value, name);
        }
    }
}

fn rounded(seconds: i64) -> i64 {
    (seconds + SECONDS / 2).div_euclid(SECONDS) * SECONDS
}

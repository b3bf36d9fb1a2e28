//! 扫码登录: the screen that shows a code, and the telephones that scan it.

use idp::guard::qr::TicketId;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Agent, Portal, Reply, TestApp};

pub const PASSWORD: &str = "Jlrs2026";

/// A browser that shows a code.
pub struct Screen {
    pub agent: Agent,
    pub page: Reply,
}

impl Screen {
    /// One for nobody in particular.
    pub async fn open(app: &TestApp) -> Self {
        Self::open_at(Agent::new(&app.base), "/sign-in/qr").await
    }

    pub async fn open_at(mut agent: Agent, path: &str) -> Self {
        let page = agent.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        Self { agent, page }
    }

    pub fn ticket(&self) -> String {
        self.page.attribute("[name=ticket]", "value").expect("a ticket")
    }

    /// What the picture leads to.
    pub fn code(&self) -> String {
        TicketId::parse(&self.ticket()).unwrap().code().as_str().to_owned()
    }

    /// How the ticket stands.
    pub async fn state(&mut self) -> Value {
        let path = self.page.attribute("[data-qr]", "data-state-url").unwrap();
        let reply = self.agent.get(&path).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        reply.json()
    }

    pub async fn view(&mut self) -> String {
        self.state().await["state"].as_str().unwrap().to_owned()
    }

    /// The number that it shows once the code is scanned.
    pub async fn number(&mut self) -> u8 {
        let state = self.state().await;
        state["number"].as_u64().unwrap_or_else(|| panic!("no number: {state}")).try_into().unwrap()
    }

    /// Comes in, as its script does when it hears that the telephone has confirmed.
    pub async fn finish(&mut self) -> Reply {
        let action = self.page.attribute("[data-qr-finish]", "action").unwrap();
        let ticket = self.ticket();
        self.agent.post(&action, &[("ticket", &ticket)]).await
    }
}

/// A telephone's browser, at which somebody has signed in with their password.
pub async fn phone_of(app: &TestApp, page: &str, fields: &[(&str, &str)]) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [fields, &[("password", PASSWORD)]].concat();
    let reply = agent.sign_in(page, &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

pub async fn person(app: &TestApp) -> Agent {
    phone_of(app, "/sign-in/personal", &[("account", "liying2026")]).await
}

pub async fn unit(app: &TestApp) -> Agent {
    phone_of(app, "/sign-in/legal-entity", &[("account", "xinyue0221")]).await
}

/// Opens the picture's address as a camera does.
pub async fn scan(phone: &mut Agent, code: &str) -> Reply {
    let request = phone.request(Method::GET, &format!("/scan/{code}")).header("sec-fetch-site", "none");
    phone.send(request).await
}

/// Answers the telephone's page, with its first identity.
pub async fn answer(phone: &mut Agent, code: &str, page: &Reply, number: u8, action: &str) -> Reply {
    let identity = page.attribute("[name=identity]", "value").unwrap_or_default();
    let number = number.to_string();
    let fields = [("action", action), ("number", number.as_str()), ("identity", identity.as_str())];
    let reply = phone.post(&format!("/scan/{code}"), &fields).await;
    if reply.status == 303 { phone.follow(reply).await } else { reply }
}

/// Scans and confirms; gives the last page.
pub async fn confirm(phone: &mut Agent, screen: &mut Screen) -> Reply {
    let code = screen.code();
    let page = scan(phone, &code).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let number = screen.number().await;
    answer(phone, &code, &page, number, "confirm").await
}

/// One of the numbers that the telephone offers, but not the right one.
pub fn wrong_number(page: &Reply, right: u8) -> u8 {
    let selector = scraper::Selector::parse("[name=number]").unwrap();
    let document = scraper::Html::parse_document(&page.body);
    let offered = document.select(&selector).filter_map(|input| input.value().attr("value")?.parse().ok());
    let offered: Vec<u8> = offered.collect();
    assert!(offered.len() == 3 && offered.contains(&right), "{offered:?} {right}");
    offered.into_iter().find(|number| *number != right).unwrap()
}

/// An app on a telephone: a public client with the scope of its own.
pub struct PhoneApp {
    pub agent: Agent,
    pub token: String,
}

impl PhoneApp {
    pub async fn register(app: &TestApp) -> Portal {
        let changes = json!({
            "client_name": "吉事办", "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile qr_sign_in offline_access",
        });
        Portal::register_with(app, "phone-app", changes).await
    }

    /// The app, after `agent` has signed in and let it sign in elsewhere.
    pub async fn of(portal: &Portal, mut agent: Agent) -> Self {
        let tokens = portal.tokens(&mut agent, &[("scope", "openid qr_sign_in")]).await;
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        Self { agent, token }
    }

    pub async fn get(&self, path: &str) -> Reply {
        let request = self.agent.request(Method::GET, path).bearer_auth(&self.token);
        self.agent.stranger().send(request).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = self.agent.request(Method::POST, path).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        self.agent.stranger().send(request).await
    }

    pub async fn scan(&self, code: &str) -> Reply {
        self.post("/scan/api/scan", &json!({ "code": code })).await
    }

    /// Confirms as the first identity that the scan has offered.
    pub async fn confirm(&self, code: &str, scanned: &Value, number: u8) -> Reply {
        let identity = &scanned["identities"][0]["id"];
        let body = json!({ "code": code, "number": number, "identity": identity });
        self.post("/scan/api/confirm", &body).await
    }
}

/// RFC 9470 section 3: the token is good, and the sign-in behind it is not good enough.
#[track_caller]
pub fn assert_step_up(reply: &Reply, error: &str, scheme: &str, max_age: u32) {
    assert_refused(reply, 401, error);
    let challenge = reply.header("www-authenticate");
    let expected = format!("{scheme} realm=\"idp\", error=\"insufficient_user_authentication\", ");
    assert!(challenge.starts_with(&expected), "{challenge}");
    assert!(challenge.ends_with(&format!(", max_age=\"{max_age}\"")), "{challenge}");
}

/// What a refusal of the app's half says.
#[track_caller]
pub fn assert_refused(reply: &Reply, status: u16, error: &str) {
    let body = reply.json();
    assert_eq!((reply.status.as_u16(), body["error"].as_str()), (status, Some(error)), "{body}");
    assert!(body["message"].as_str().is_some_and(|message| !message.is_ascii()), "{body}");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-type"), "application/json");
}

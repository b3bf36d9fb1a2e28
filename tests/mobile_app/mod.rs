//! 四 扫码登录 with the app's stand-in: a computer at the hall's sign-in page, a telephone with 办事通, and between them
//! nothing but the picture of the code.

mod journeys;
mod refusals;

use idp::config::OpensWith;
use image::{GrayImage, ImageFormat};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use url::Url;

use crate::support::{Agent, Demo, Engine, Reply, picture};

/// One test on both databases, with the whole demonstration.
macro_rules! on_both_with_portals {
    ($($(#[$meta:meta])* async fn $name:ident($demo:ident: Demo) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($demo: Demo) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(demo_with_codes(Engine::Sqlite).await.expect("SQLite is always there")).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(demo) = demo_with_codes(Engine::Postgres).await {
                    run(demo).await;
                }
            }
        }
    )+};
}
use on_both_with_portals;

/// Its sign-in page opens with the code.
async fn demo_with_codes(engine: Engine) -> Option<Demo> {
    Demo::start_with(engine, |config| config.sign_in.opens_with = OpensWith::Qr).await.unwrap()
}

/// A browser that goes wherever redirects lead, from portal to provider and back.
struct Visitor {
    agent: Agent,
    at: Url,
    page: Reply,
}

impl Visitor {
    async fn at(demo: &Demo, portal_path: &str) -> Self {
        let url = Url::parse(&demo.portal(portal_path)).unwrap();
        let mut agent = Agent::new(&demo.provider.base);
        let page = agent.get(url.as_str()).await;
        let mut visitor = Self { agent, at: url, page };
        visitor.go_on().await;
        visitor
    }

    async fn go_on(&mut self) {
        while let Some(location) = self.page.location() {
            self.at = self.at.join(&location).unwrap();
            self.page = self.agent.get(self.at.as_str()).await;
        }
    }

    async fn go(&mut self, path: &str) {
        self.at = self.at.join(path).unwrap();
        self.page = self.agent.get(self.at.as_str()).await;
        self.go_on().await;
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        self.at = self.at.join(path).unwrap();
        self.page = self.agent.post(self.at.as_str(), fields).await;
        self.go_on().await;
    }
}

/// The browser at the desk: the hall's sign-in page with a code.
struct Desk {
    visitor: Visitor,
    state_url: String,
}

impl Desk {
    async fn open(demo: &Demo) -> Self {
        Self::of(Visitor::at(demo, "/hall/login").await)
    }

    /// The hall wants a sign-in that is made now, whatever is known of the browser.
    async fn open_anew(demo: &Demo) -> Self {
        let mut visitor = Visitor::at(demo, "/hall/login?again=1").await;
        let code = format!("/sign-in/qr?{}", visitor.at.query().unwrap());
        visitor.go(&code).await;
        Self::of(visitor)
    }

    fn of(visitor: Visitor) -> Self {
        assert_eq!(visitor.at.path(), "/sign-in/qr", "{}", visitor.page.text());
        let state_url = visitor.page.attribute("[data-qr]", "data-state-url").unwrap();
        Self { visitor, state_url }
    }

    /// As it is on the screen.
    async fn code(&mut self) -> GrayImage {
        let source = self.visitor.page.attribute("[data-qr-picture]", "src").unwrap();
        picture::pixels(&self.visitor.agent.get(&source).await.body)
    }

    async fn state(&mut self) -> Value {
        self.visitor.agent.get(&self.state_url).await.json()
    }

    async fn number(&mut self) -> String {
        self.state().await["number"].as_u64().expect("the number shows once the code is scanned").to_string()
    }

    /// What the page's script does, or its visitor.
    async fn finish(&mut self) {
        let form = self.visitor.page.attribute("[data-qr-finish]", "action").unwrap();
        let ticket = self.visitor.page.attribute("[data-qr-finish] [name=ticket]", "value").unwrap();
        self.visitor.post(&form, &[("ticket", &ticket)]).await;
    }
}

const PERSON: [(&str, &str); 2] = [("account", "liying2026"), ("password", "Jlrs2026")];

/// The telephone: the app, signed in as the demo's person, who also acts for units.
struct Phone(Visitor);

impl Phone {
    async fn signed_in(demo: &Demo) -> Self {
        Self::signed_in_as(demo, &PERSON).await
    }

    async fn signed_in_as(demo: &Demo, fields: &[(&str, &str)]) -> Self {
        Self::signed_in_at(demo, "/sign-in/personal", fields).await
    }

    async fn signed_in_at(demo: &Demo, page: &str, fields: &[(&str, &str)]) -> Self {
        let mut phone = Self(Visitor::at(demo, "/app/login").await);
        phone.sign_in(demo, page, fields).await;
        phone
    }

    /// At the provider's page, where the app has led.
    async fn sign_in(&mut self, demo: &Demo, page: &str, fields: &[(&str, &str)]) {
        let visitor = &mut self.0;
        assert!(visitor.at.path().starts_with("/sign-in/"), "{}", visitor.at);
        let page = format!("{page}?{}", visitor.at.query().unwrap());
        visitor.page = visitor.agent.sign_in(&page, fields).await;
        visitor.go_on().await;
        assert_eq!(visitor.at.as_str(), demo.portal("/app"), "{}", visitor.page.text());
    }

    async fn upload(&mut self, picture: &GrayImage, format: ImageFormat) {
        let part =
            Part::bytes(picture::packed(picture, format)).file_name("code").mime_str("image/png").unwrap();
        let url = self.0.at.join("/app/scan/picture").unwrap();
        let request = self.0.agent.request(Method::POST, url.as_str());
        self.0.page = self.0.agent.send(request.multipart(Form::new().part("picture", part))).await;
        self.0.at = url;
        self.0.go_on().await;
    }

    async fn scan(&mut self, picture: &GrayImage) {
        self.upload(picture, ImageFormat::Png).await;
        assert_eq!(self.page().text_of("h1"), "确认登录", "{}", self.page().text());
    }

    /// The identity with this text in its label.
    fn identity(&self, text: &str) -> String {
        let document = scraper::Html::parse_document(&self.page().body);
        let label = scraper::Selector::parse(".identities label").unwrap();
        let input = scraper::Selector::parse("input").unwrap();
        let labels: Vec<_> = document.select(&label).collect();
        let found = labels.iter().find(|label| label.text().collect::<String>().contains(text));
        let found = found.unwrap_or_else(|| panic!("no {text}: {}", self.page().text()));
        found.select(&input).next().unwrap().value().attr("value").unwrap().to_owned()
    }

    async fn confirm(&mut self, number: &str, identity: &str) {
        let form = self.page().attribute("main form", "action").unwrap();
        self.0.post(&form, &[("number", number), ("identity", identity)]).await;
    }

    async fn cancel(&mut self) {
        let form = self.page().attribute("[formaction]", "formaction").unwrap();
        self.0.post(&form, &[]).await;
    }

    fn page(&self) -> &Reply {
        &self.0.page
    }
}

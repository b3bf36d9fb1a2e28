//! Browsers that wait: events as they happen.

use std::time::{Duration, Instant};

use reqwest::header::COOKIE;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::qr::{self, Screen, answer, scan};
use crate::support::{Agent, Engine, TestApp};

/// An open stream of events.
pub(super) struct Events {
    response: reqwest::Response,
    read: String,
}

impl Events {
    pub(super) async fn open(screen: &Screen) -> Self {
        let path = screen.page.attribute("[data-qr]", "data-events").unwrap();
        Self::open_at(&screen.agent, &path).await
    }

    async fn open_at(agent: &Agent, path: &str) -> Self {
        let request = agent.request(reqwest::Method::GET, path).header(COOKIE, agent.cookie_header());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
        Self { response, read: String::new() }
    }

    /// The next event; `None` once the stream has ended.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let patience = Instant::now();
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let data = event.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap());
                self.read = rest.to_owned();
                if data.is_some() {
                    return data;
                }
                continue;
            }
            assert!(patience.elapsed() < Duration::from_secs(10), "no event");
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await;
            self.read += std::str::from_utf8(&chunk.expect("an event").unwrap()?).unwrap();
        }
    }

    pub(super) async fn state(&mut self) -> String {
        self.next().await.expect("an event")["state"].as_str().unwrap().to_owned()
    }
}

on_both! {
    async fn every_stage_is_an_event(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut events = Events::open(&screen).await;
        let first = events.next().await.unwrap();
        assert_eq!(first["state"], "waiting");
        assert!((110..=120).contains(&first["expires_in"].as_i64().unwrap()), "{first}");
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let scanned = events.next().await.unwrap();
        assert_eq!((&scanned["state"], &scanned["name"]), (&"scanned".into(), &"*颖".into()));
        // Who comes late hears how it stands.
        let mut late = Events::open(&screen).await;
        assert_eq!(late.next().await.unwrap()["number"], scanned["number"]);
        let number = screen.number().await;
        answer(&mut phone, &code, &page, number, "confirm").await;
        for events in [&mut events, &mut late] {
            assert_eq!(events.state().await, "confirmed");
            assert_eq!(events.next().await, None, "nothing is left to say");
        }
    }
}

on_both! {
    async fn the_three_bad_ends_are_three_events(app: TestApp) {
        let mut phone = qr::person(&app).await;
        for (action, end) in [("cancel", "cancelled"), ("confirm", "wrong_number")] {
            let mut screen = Screen::open(&app).await;
            let mut events = Events::open(&screen).await;
            let code = screen.code();
            let page = scan(&mut phone, &code).await;
            let wrong = qr::wrong_number(&page, screen.number().await);
            answer(&mut phone, &code, &page, wrong, action).await;
            assert_eq!([events.state().await, events.state().await], ["waiting", "scanned"]);
            assert_eq!((events.state().await.as_str(), events.next().await), (end, None));
        }
        let screen = Screen::open(&app).await;
        let mut events = Events::open(&screen).await;
        assert_eq!(events.state().await, "waiting");
        app.advance_seconds(121);
        assert_eq!((events.state().await.as_str(), events.next().await), ("expired", None));
    }
}

on_both! {
    async fn a_new_code_takes_the_place_of_an_old_one(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let renew = screen.page.attribute("[data-qr]", "data-renew").unwrap();
        let next = screen.agent.post(&renew, &[]).await;
        assert_eq!(next.status, 200);
        let next = next.json();
        assert_ne!(next["ticket"], screen.ticket());
        let picture = screen.agent.get(next["picture"].as_str().unwrap()).await;
        assert_eq!(picture.header("content-type"), "image/svg+xml");
        let state = screen.agent.get(next["state"].as_str().unwrap()).await.json();
        assert_eq!(state["state"], "waiting");
        let mut events = Events::open_at(&screen.agent, next["events"].as_str().unwrap()).await;
        assert_eq!(events.state().await, "waiting");
    }
}

on_both! {
    |config| (config.trusted_proxies, config.sign_in.address_codes) = (1, 3);
    // Nobody fills the store with codes; whoever sits behind the same address may still type a password.
    async fn codes_of_one_address_are_limited(app: TestApp) {
        let screen = Screen::open_at(Agent::at(&app.base, "192.0.2.1"), "/sign-in/qr").await;
        let renew = screen.page.attribute("[data-qr]", "data-renew").unwrap();
        let mut agent = Agent::at(&app.base, "192.0.2.1");
        // Not a visit: a page elsewhere that asks in somebody's name, or in a frame. It counts for nothing.
        for place in ["empty", "iframe", "image"] {
            let request = agent.request(reqwest::Method::GET, "/sign-in/qr").header("sec-fetch-dest", place);
            assert_eq!(agent.send(request).await.status, 403, "{place}");
        }
        for _ in 0..2 {
            assert_eq!(agent.post(&renew, &[]).await.status, 200);
        }
        let refused = agent.post(&renew, &[]).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "600"));
        assert_eq!(refused.json()["error"], "too_many_attempts");
        assert!(refused.json()["message"].as_str().unwrap().contains("过于频繁"), "{}", refused.body);
        let page = Agent::at(&app.base, "192.0.2.1").get("/sign-in/qr?request=waits").await;
        assert_eq!((page.status.as_u16(), page.header("retry-after")), (429, "600"));
        assert!(page.text().contains("操作过于频繁") && page.text().contains("密码登录"), "{}", page.text());
        let way_out = page.attribute("a.button", "href").unwrap();
        assert_eq!(way_out, "/sign-in/password?request=waits");
        let reply = agent.get(&way_out).await;
        assert_eq!(agent.follow(reply).await.status, 200);
        // A code that is shown already is looked at as often as one likes.
        let mut screen = screen;
        for _ in 0..5 {
            assert_eq!(screen.view().await, "waiting");
        }
        Screen::open_at(Agent::at(&app.base, "192.0.2.2"), "/sign-in/qr").await;
        app.advance_seconds(600);
        Screen::open_at(Agent::at(&app.base, "192.0.2.1"), "/sign-in/qr").await;
    }
}

/// Opens a stream of events on a connection of its own, up to its first event; gives what was read.
async fn wait_on(connection: &mut TcpStream, app: &TestApp, version: &str) -> Vec<u8> {
    let screen = Screen::open(app).await;
    let path = screen.page.attribute("[data-qr]", "data-events").unwrap();
    let (host, cookies) = (app.base.trim_start_matches("http://"), screen.agent.cookie_header());
    let request = format!("GET {path} {version}\r\nhost: {host}\r\ncookie: {cookies}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while !read.windows(7).any(|bytes| bytes == b"waiting") {
        assert!(connection.read_buf(&mut read).await.unwrap() > 0);
    }
    read
}

/// A stream is answered outside of hyper: with the same headers as every page, and nothing comes after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_the_last_answer_of_its_connection() {
    let app = TestApp::start_with(Engine::Sqlite, |_| ()).await.unwrap();
    let host = app.base.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).await.unwrap();
    let help = format!("GET /help HTTP/1.1\r\nhost: {host}\r\n\r\n");
    connection.write_all(help.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while !read.trim_ascii_end().ends_with(b"</html>") {
        assert!(connection.read_buf(&mut read).await.unwrap() > 0);
    }
    let mut read = wait_on(&mut connection, &app, "HTTP/1.1").await;
    connection.write_all(help.as_bytes()).await.unwrap();
    app.advance_seconds(121);
    connection.read_to_end(&mut read).await.unwrap();
    let read = String::from_utf8(read).unwrap();
    let (head, body) = read.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "HTTP/1.1 200 OK");
    lines.sort_unstable();
    for name in ["connection: close", "cache-control: no-store", "content-type: text/event-stream"] {
        assert_eq!(lines.iter().filter(|line| **line == name).count(), 1, "{head}");
    }
    for name in ["date: ", "content-security-policy: ", "x-content-type-options: ", "referrer-policy: "] {
        assert_eq!(lines.iter().filter(|line| line.starts_with(name)).count(), 1, "{head}");
    }
    assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
    let events: Vec<&str> = body.split_terminator("\n\n").collect();
    assert!(events.len() == 2 && events[0].contains("waiting") && events[1].contains("expired"), "{body}");
}

/// Whoever sends on and on where nobody listens is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_no_place_to_talk() {
    let app = TestApp::start_with(Engine::Sqlite, |_| ()).await.unwrap();
    let mut connection = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    wait_on(&mut connection, &app, "HTTP/1.0").await;
    let talking = async { while connection.write_all(&[b'x'; 4096]).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), talking).await.expect("the other side is gone");
}

/// An instance that stops does not wait for those who wait: they go to the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_stops_lets_them_go() {
    let app = TestApp::start_with(Engine::Sqlite, |_| ()).await.unwrap();
    let screen = Screen::open(&app).await;
    let mut events = Events::open(&screen).await;
    assert_eq!(events.state().await, "waiting");
    let began = Instant::now();
    app.stop().await;
    assert_eq!(events.next().await, None);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

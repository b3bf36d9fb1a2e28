//! Browsers that wait for a telephone, as far as the provider can tell.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use reqwest::{Client, Response};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A browser that shows a code and waits.
pub struct Waiter {
    pub cookie: String,
    pub ticket: String,
    events: Response,
    /// Of the events, what nobody has asked for.
    heard: String,
}

/// Opens the page and listens, as many times over.
pub async fn arrive(http: &Client, base: &str, count: usize) -> Result<Vec<Waiter>> {
    let at_once = Arc::new(Semaphore::new(32));
    let mut arriving = JoinSet::new();
    for _ in 0..count {
        let (http, base, at_once) = (http.clone(), base.to_owned(), Arc::clone(&at_once));
        arriving.spawn(async move {
            let _permit = at_once.acquire().await?;
            Waiter::arrive(&http, &base).await
        });
    }
    let mut waiting = Vec::new();
    while let Some(waiter) = arriving.join_next().await {
        waiting.push(waiter??);
    }
    Ok(waiting)
}

impl Waiter {
    async fn arrive(http: &Client, base: &str) -> Result<Self> {
        let get = |path: &str| http.get(format!("{base}{path}")).header("sec-fetch-site", "none");
        let page = get("/sign-in/qr").send().await?;
        let cookie = page.headers().get(SET_COOKIE).context("a visitor's cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let page = page.text().await?;
        let ticket = page.split_once("name=\"ticket\" value=\"").and_then(|(_, rest)| rest.split('"').next());
        let ticket = ticket.context("a ticket")?.to_owned();
        let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0";
        let events = get(&format!("/sign-in/qr/events?ticket={ticket}")).header(COOKIE, &cookie);
        let events = events.header(USER_AGENT, agent).send().await?;
        let mut waiter = Self { cookie, ticket, events, heard: String::new() };
        ensure!(waiter.next().await?.contains("\"waiting\""), "it does not wait");
        Ok(waiter)
    }

    /// The next event's data.
    pub async fn next(&mut self) -> Result<String> {
        loop {
            while let Some((line, rest)) = self.heard.split_once('\n') {
                let data = line.strip_prefix("data: ").map(str::to_owned);
                self.heard = rest.to_owned();
                if let Some(data) = data {
                    return Ok(data);
                }
            }
            let more = self.events.chunk().await?.context("the stream has ended")?;
            self.heard.push_str(std::str::from_utf8(&more)?);
        }
    }
}

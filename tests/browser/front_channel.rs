//! Front-channel logout as a browser does it: the portal's frame is loaded, nothing blocks it, and the way goes on, with
//! scripts and without.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use serde_json::json;

use super::*;
use crate::support::{Agent, Portal};

type Told = Arc<Mutex<Vec<String>>>;

async fn told(State(told): State<Told>, uri: Uri) -> &'static str {
    told.lock().unwrap().push(uri.query().unwrap_or_default().to_owned());
    "good-bye"
}

/// A portal's own site; gives its origin.
async fn site(notices: Told) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://localhost:{}", listener.local_addr()?.port());
    let router = Router::new()
        .route("/callback", get(|| async { "back" }))
        .route("/out", get(|| async { "out" }))
        .route("/bye", get(told))
        .with_state(notices);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(base)
}

async fn leaves(browser: Browser) -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let notices = Told::default();
    let base = site(notices.clone()).await?;
    let changes = json!({
        "redirect_uris": [format!("{base}/callback")], "post_logout_redirect_uris": [format!("{base}/out")],
        "frontchannel_logout_uri": format!("{base}/bye"),
    });
    let portal = Portal::register_with(&demo.provider, "framed", changes).await;
    sign_in_directly(&demo, &browser, Who::Person).await?;
    browser.goto(&demo.provider(&portal.authorize_path(&[]))).await?;
    let back = wait_for_path(&browser, "/callback").await?;
    let code = back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    let reply = portal.redeem(&mut Agent::new(&demo.provider.base), &code.unwrap_or_default()).await;
    ensure!(reply.status == 200, "{}", reply.body);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", reply.json()["id_token"].as_str().unwrap_or_default())
        .append_pair("post_logout_redirect_uri", &format!("{base}/out"))
        .append_pair("state", "x")
        .finish();
    browser.goto(&demo.provider(&format!("/sign-out?{query}"))).await?;
    let out = wait_for_path(&browser, "/out").await?;
    ensure!(out.query() == Some("state=x"), "{out}");
    let told = notices.lock().unwrap().clone();
    ensure!(told.len() == 1 && told[0].starts_with("iss=http") && told[0].contains("&sid="), "{told:?}");
    browser.goto(&demo.provider("/account")).await?;
    ensure!(browser.current_url().await?.path().starts_with("/sign-in"), "signed out");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_portal_is_told_and_the_way_goes_on() -> Result<()> {
    leaves(Browser::open(Viewport::Desktop).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_too() -> Result<()> {
    leaves(Browser::open_without_javascript(Viewport::Desktop).await?).await
}

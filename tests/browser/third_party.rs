//! Third-party-initiated login (OpenID Connect Core section 4): 授权管理 leads to a portal, and the portal starts a sign-in
//! with us by itself.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::json;

use super::*;
use crate::support::site::serve;
use crate::support::{Agent, Portal};

type Told = Query<HashMap<String, String>>;

/// What the portal knows from its own configuration, and nobody's link can change.
struct Known {
    issuer: String,
    portal: Portal,
}

type Site = Arc<OnceLock<Known>>;

/// The portal's login initiation endpoint.
async fn start(State(site): State<Site>, Query(told): Told) -> Response {
    let known = site.get().unwrap();
    let own = known.portal.redirect_uri.trim_end_matches("callback");
    let target = told.get("target_link_uri").filter(|target| target.starts_with(own));
    let (Some(target), true) = (target, told.get("iss") == Some(&known.issuer)) else {
        return (StatusCode::BAD_REQUEST, format!("from whom? {told:?}")).into_response();
    };
    let hint = told.get("login_hint").map_or("", String::as_str);
    let asked = known.portal.authorize_path(&[("state", target), ("login_hint", hint)]);
    Redirect::to(&format!("{}{asked}", known.issuer)).into_response()
}

async fn callback(State(site): State<Site>, Query(told): Told) -> Response {
    let known = site.get().unwrap();
    let reply = known.portal.redeem(&mut Agent::new(&known.issuer), &told["code"]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    Redirect::to(&told["state"]).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_of_ours_signs_the_visitor_in_at_the_portal() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    let site = Site::default();
    let routes = Router::new().route("/start", get(start)).route("/callback", get(callback));
    let base = serve(routes.route("/cases", get(|| async { "my cases" })).with_state(site.clone()));
    let start = format!("{base}/start?login_hint=liying2026&target_link_uri={base}/cases");
    let changes = json!({ "redirect_uris": [format!("{base}/callback")], "initiate_login_uri": start });
    let portal = Portal::register_with(&demo.provider, "cases", changes).await;
    let mut visited = Agent::new(&demo.provider.base);
    let fields = [("account", "liying2026"), ("password", PASSWORD)];
    visited.sign_in("/sign-in/personal", &fields).await;
    portal.tokens(&mut visited, &[]).await;
    site.set(Known { issuer: demo.provider.base.clone(), portal }).ok().unwrap();
    sign_in_directly(&demo, &browser, Who::Person).await?;
    browser.goto(&demo.provider("/account/portals")).await?;
    let link = browser.run("return document.querySelector('td a').href").await?;
    browser.follow("td a").await?;
    wait_for_path(&browser, "/cases").await?;
    ensure!(browser.text("body").await? == "my cases");
    // The same link, and nobody is signed in any more: the portal's hint comes back to our form.
    browser.client.delete_all_cookies().await?;
    browser.goto(&demo.provider("/")).await?;
    browser.client.delete_all_cookies().await?;
    browser.goto(link.as_str().unwrap_or_default()).await?;
    wait_for_path(&browser, "/sign-in/personal").await?;
    ensure!(browser.value("#account").await? == "liying2026");
    // A link of somebody else's starts nothing.
    browser.goto(&format!("{start}&iss=https%3A%2F%2Fevil.example")).await?;
    ensure!(browser.text("body").await?.starts_with("from whom?"));
    Ok(())
}

//! The page that tells portals of a sign-out by way of the browser.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::json;

use super::Walk;
use crate::support::{Agent, Portal};

impl Walk<'_> {
    /// The page goes on as soon as the portals' frames have loaded. Here the way on is answered with 204, so the browser
    /// stays, and the page can be looked at.
    pub(super) async fn telling_portals(&mut self) -> Result<()> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://localhost:{}", listener.local_addr()?.port());
        let told =
            get(async || axum::response::Html("<!doctype html><html lang=zh-CN><title>再见</title><p>再见"));
        let router = Router::new()
            .route("/callback", get(async || "back"))
            .route("/out", get(async || StatusCode::NO_CONTENT))
            .route("/bye", told);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let changes = json!({
            "client_name": "长春示例门户", "redirect_uris": [format!("{base}/callback")],
            "post_logout_redirect_uris": [format!("{base}/out")], "frontchannel_logout_uri": format!("{base}/bye"),
        });
        let portal = Portal::register_with(&self.demo.provider, "framed", changes).await;
        self.browser.goto(&self.demo.provider(&portal.authorize_path(&[]))).await?;
        let back = super::wait_for_path(&self.browser, "/callback").await?;
        let code = back.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
        let tokens = portal.redeem(&mut Agent::new(&self.demo.provider.base), &code).await.json();
        let hint = tokens["id_token"].as_str().context("an ID token")?;
        let path = format!("/sign-out?id_token_hint={hint}&post_logout_redirect_uri={base}/out");
        self.provider("sign-out-telling-portals", &path).await?;
        ensure!(
            self.browser.current_url().await?.path() == "/sign-out",
            "it was this page that was looked at"
        );
        ensure!(self.browser.has("iframe[src*='/bye?iss=']").await?);
        Ok(())
    }
}

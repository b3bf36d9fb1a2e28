//! 授权管理 leads to the portals that start a sign-in by themselves (OpenID Connect Core section 4).

use serde_json::json;
use url::Url;

use super::*;
use crate::support::Portal;

on_both! {
    async fn a_link_says_who_sends_the_visitor(app: TestApp) {
        let start = "https://cases.example/start?target_link_uri=https%3A%2F%2Fcases.example%2Fmine%3Fa%3Db&login_hint=a%26b";
        let portal = Portal::register_with(&app, "cases", json!({ "initiate_login_uri": start })).await;
        let quiet = Portal::register(&app, "quiet").await;
        let mut agent = person(&app).await;
        portal.tokens(&mut agent, &[]).await;
        quiet.tokens(&mut agent, &[]).await;
        let page = agent.get("/account/portals").await;
        assert!(page.text().contains("测试门户quiet"), "{}", page.text());
        let document = scraper::Html::parse_document(&page.body);
        let links = scraper::Selector::parse("td a").unwrap();
        let links: Vec<_> = document.select(&links).map(|link| link.value().attr("href").unwrap()).collect();
        let [link] = links[..] else { panic!("one link, of the portal that registered one: {links:?}") };
        // What was registered stays as it was; iss is added, once.
        assert!(link.starts_with(start), "{link}");
        let told: Vec<(String, String)> = Url::parse(link).unwrap().query_pairs().into_owned().collect();
        let expected = [
            ("target_link_uri", "https://cases.example/mine?a=b"), ("login_hint", "a&b"), ("iss", &app.base),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        // What the portal makes of it: a request with its hint, for whoever is signed in, and for whoever is not.
        let asked = portal.authorize_path(&[("login_hint", "a&b")]);
        assert!(agent.get(&asked).await.query("code").is_some());
        let mut stranger = agent.stranger();
        let sent = stranger.get(&asked).await;
        let page = stranger.follow(sent).await;
        assert_eq!(page.attribute("#account", "value").as_deref(), Some("a&b"));
    }
}

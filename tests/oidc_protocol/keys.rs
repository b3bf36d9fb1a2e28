//! Signing keys change without anybody noticing: published first, used later, kept until their last token has expired
//! (OpenID Connect Core section 10.1.1).

use idp::domain::signing_alg::SigningAlg;
use idp::domain::timestamp::Span;

use super::*;

async fn published(app: &TestApp) -> Vec<String> {
    let set = Agent::new(&app.base).get("/jwks.json").await.json();
    set["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect()
}

on_both! {
    async fn a_new_key_is_published_first_and_signs_later(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let before = text(&portal.tokens(&mut agent, &[]).await, "id_token");
        let old = text(&jose_header(&before), "kid");
        let next = app.app.keys.rotate(SigningAlg::ES256, app.clock.now() + Span::seconds(900)).unwrap();
        assert!(published(&app).await.contains(&next), "at once");
        let meanwhile = text(&portal.tokens(&mut agent, &[]).await, "id_token");
        assert_eq!(text(&jose_header(&meanwhile), "kid"), old);
        app.advance_seconds(890);
        let meanwhile = text(&portal.tokens(&mut agent, &[]).await, "id_token");
        assert_eq!(text(&jose_header(&meanwhile), "kid"), old);
        app.advance_seconds(11);
        let after = text(&portal.tokens(&mut agent, &[]).await, "id_token");
        assert_eq!(text(&jose_header(&after), "kid"), next);
        verified(&app, &after).await;
        // Until the old key's last token has expired, portals can check it.
        app.advance_seconds(600);
        verified(&app, &meanwhile).await;
        let kids = published(&app).await;
        assert!(kids.contains(&old) && kids.contains(&next));
        app.advance_seconds(301);
        let kids = published(&app).await;
        assert!(!kids.contains(&old) && kids.contains(&next), "{kids:?}");
        // Core section 3.1.2.1: as a hint even the old token is still good.
        let hinted = [("id_token_hint", before.as_str()), ("prompt", "none")];
        assert!(!portal.code(&mut agent, &hinted).await.is_empty());
    }
}

on_both! {
    // Two instances, one folder: the second publishes what the first has made before anybody signs with it.
    async fn another_instance_notices(app: TestApp) {
        let second = app.second_instance().await;
        let next = app.app.keys.rotate(SigningAlg::RS256, app.clock.now() + Span::seconds(900)).unwrap();
        second.app.keys.reload().unwrap();
        let port = |base: &str| base.rsplit_once(':').unwrap().1.to_owned();
        assert_ne!(port(&second.base), port(&app.base));
        assert!(published(&second).await.contains(&next));
    }
}

//! `sub` (OpenID Connect Core section 8): stable, pairwise by sector, or public.

use super::*;

async fn subject(portal: &Portal, agent: &mut Agent) -> String {
    let tokens = portal.tokens(agent, &[]).await;
    let sub = text(&claims(&text(&tokens, "id_token")), "sub");
    let userinfo = portal.userinfo(agent, &text(&tokens, "access_token")).await.json();
    assert_eq!(userinfo["sub"], sub, "Core section 5.3.2");
    sub
}

on_both! {
    async fn pairwise_differs_by_sector_and_public_does_not(app: TestApp) {
        let hall = Portal::register(&app, "hall").await;
        let shop = Portal::register(&app, "shop").await;
        let same = json!({"redirect_uris": ["https://hall.example/another"]});
        let same_host = Portal::register_with(&app, "hall2", same).await;
        let same_sector = Portal::register_with(&app, "desk", json!({"sector": "hall.example"})).await;
        let public = json!({"subject_type": "public"});
        let open1 = Portal::register_with(&app, "open1", public.clone()).await;
        let open2 = Portal::register_with(&app, "open2", public).await;
        let mut agent = signed_in(&app).await;
        let sub = subject(&hall, &mut agent).await;
        assert_ne!(sub, subject(&shop, &mut agent).await);
        assert_eq!(sub, subject(&same_host, &mut agent).await);
        assert_eq!(sub, subject(&same_sector, &mut agent).await);
        let known = subject(&open1, &mut agent).await;
        assert_eq!(known, subject(&open2, &mut agent).await);
        assert_ne!(known, sub);
        // The same tomorrow and elsewhere, and nobody else's.
        let mut other = Agent::new(&app.base);
        other.sign_in_legal_entity().await;
        assert_ne!(sub, subject(&hall, &mut other).await);
        let mut again = signed_in(&app).await;
        assert_eq!(sub, subject(&hall, &mut again).await);
        for sub in [&sub, &known] {
            assert!((1..=255).contains(&sub.len()) && sub.bytes().all(|byte| byte.is_ascii_graphic()), "{sub}");
            assert!(!sub.contains("liying") && !sub.contains("2201021990"), "nothing personal in it");
        }
    }
}

//! Back-channel logout at its edges: at the very moment of an ending, and at the end of everybody's patience.

use std::collections::BTreeSet;
use std::time::Duration;

use idp::guard::logout_notices::LOGOUT_NOTICE;
use idp::store::outbox::{self, Waiting};

use super::back_channel::{Receiver, logout_token};
use super::response_modes::fragment;
use super::*;

on_both! {
    // Whoever redeems a code, or gets an ID token by the browser, at the moment of the sign-out is refused or told of it.
    async fn nobody_is_left_out_at_the_moment_of_the_ending(app: TestApp) {
        let mut agents = Vec::new();
        let receivers = [Receiver::default(), Receiver::default()];
        let hall = receivers[0].portal(&app, "hall", json!({})).await;
        let shop = receivers[1].portal(&app, "shop", json!({"response_types": ["code", "id_token"]})).await;
        for _ in 0..6 {
            agents.push(signed_in(&app).await);
        }
        let mut expected = [BTreeSet::new(), BTreeSet::new()];
        for mut agent in agents {
            let code = hall.code(&mut agent, &[("scope", "openid offline_access")]).await;
            let (mut program, mut other) = (Agent::new(&app.base), Agent::new(&app.base));
            other.cookies = agent.cookies.clone();
            let by_browser = shop.authorize_path(&[("response_type", "id_token"), ("prompt", "none")]);
            let (redeemed, sent, ended) = tokio::join!(
                hall.redeem(&mut program, &code),
                other.get(&by_browser),
                agent.post("/sign-out/confirm", &[("decision", "sign_out")]),
            );
            assert_eq!(ended.status, 303, "{}", ended.text());
            if redeemed.status == 200 {
                expected[0].insert(text(&claims(&text(&redeemed.json(), "id_token")), "sid"));
            } else {
                assert_refused(&redeemed, 400, "invalid_grant");
            }
            let sent = fragment(&sent);
            match sent["id_token"].as_str() {
                Some(token) => drop(expected[1].insert(text(&claims(token), "sid"))),
                None => assert_eq!(sent["error"], "login_required"),
            }
        }
        for (receiver, expected) in receivers.iter().zip(expected) {
            let told = receiver.wait(expected.len()).await;
            let told = told.iter().map(|notice| text(&claims(&logout_token(notice)), "sid")).collect();
            assert_eq!(expected, told);
        }
    }
}

/// What waits, once it is as it should be.
async fn waiting(app: &TestApp, is_so: impl Fn(&[Waiting]) -> bool) {
    for _ in 0..400 {
        if is_so(&outbox::waiting(&app.app.store, LOGOUT_NOTICE, 10).await.unwrap()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", outbox::waiting(&app.app.store, LOGOUT_NOTICE, 10).await.unwrap());
}

on_both! {
    // A portal that is away for hours is still told, and one that never comes back is given up after a day.
    async fn a_portal_is_tried_for_a_day(app: TestApp) {
        let receiver = Receiver::default();
        *receiver.failures_left.lock().unwrap() = 1000;
        let portal = receiver.portal(&app, "hall", json!({})).await;
        let mut agent = signed_in(&app).await;
        portal.tokens(&mut agent, &[]).await;
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        // Each time only once it is noted that the try before has failed: what is due is counted from there.
        let failed = |times: i64| {
            move |all: &[Waiting]| all.len() == 1 && all[0].attempts >= times && all[0].last_error.is_some()
        };
        waiting(&app, failed(1)).await;
        app.advance_seconds(23 * 3600);
        receiver.wait(2).await;
        waiting(&app, |all| all.len() == 1 && all[0].attempts >= 2 && all[0].due_at > app.clock.now().millis()).await;
        app.advance_seconds(2 * 3600);
        receiver.wait(3).await;
        waiting(&app, <[Waiting]>::is_empty).await;
    }
}

//! A request object with a `jti` is pushed once, at whatever instance; by the browser it may come again (decisions/0027).

use super::par::visit;
use super::request_objects::{by_value, object, signing};
use super::*;

async fn push(portal: &Portal, agent: &mut Agent, jws: &str) -> Reply {
    portal.post(agent, "/par", &[("client_id", &portal.id), ("request", jws)]).await
}

on_both! {
    async fn a_pushed_object_is_used_once_everywhere(app: TestApp) {
        let second = app.second_instance().await;
        let key = ClientKey::new();
        let portal = signing(&app, "hall", &key, json!({})).await;
        let strict = signing(&app, "strict", &key, json!({})).await;
        let mut agent = Agent::new(&app.base);
        let mut elsewhere = Agent::new(&second.base);
        for portal in [&portal, &strict] {
            let jws = key.sign(&object(&app, portal, &json!({"jti": "the-same"})));
            let reply = push(portal, &mut agent, &jws).await;
            assert_eq!(reply.status, 201, "another client's jti is another: {}", reply.body);
            for agent in [&mut agent, &mut elsewhere] {
                let again = push(portal, agent, &jws).await;
                assert_refused(&again, 400, "invalid_request_object");
                assert!(text(&again.json(), "error_description").contains("jti"), "{}", again.body);
            }
            // It is the jti that counts, not the text.
            let other = key.sign(&object(&app, portal, &json!({"jti": "the-same", "state": "other"})));
            assert_refused(&push(portal, &mut elsewhere, &other).await, 400, "invalid_request_object");
            // What was pushed may be visited until it is answered.
            let mut visitor = Agent::new(&app.base);
            let request_uri = text(&reply.json(), "request_uri");
            for _ in 0..2 {
                asks_to_sign_in(&visitor.get(&visit(portal, &request_uri)).await);
            }
            let mut visitor = signed_in(&app).await;
            assert!(visitor.get(&visit(portal, &request_uri)).await.query("code").is_some());
        }
        // Of many at once one is taken.
        let jws = key.sign(&object(&app, &portal, &json!({})));
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..8 {
            let base = if number % 2 == 0 { app.base.clone() } else { second.base.clone() };
            let (jws, secret) = (jws.clone(), portal.secret.clone());
            tries.spawn(async move {
                let mut agent = Agent::new(&base);
                let form = [("request", jws)];
                let request = agent.request(reqwest::Method::POST, "/par").form(&form).basic_auth("hall", secret);
                agent.send(request).await.status.as_u16()
            });
        }
        let mut statuses = tries.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 400, 400, 400, 400, 400, 400, 400]);
    }
}

on_both! {
    async fn what_is_refused_uses_nothing_up(app: TestApp) {
        let key = ClientKey::new();
        let portal = signing(&app, "hall", &key, json!({})).await;
        let mut agent = Agent::new(&app.base);
        let of = |changes: Value| {
            let mut claims = object(&app, &portal, &changes);
            claims["jti"] = json!("one");
            key.sign(&claims)
        };
        assert_refused(&push(&portal, &mut agent, &of(json!({"scope": "nothing"}))).await, 400, "invalid_scope");
        assert_refused(&push(&portal, &mut agent, &of(json!({"iss": "other"}))).await, 400, "invalid_request_object");
        let forged = ClientKey::new().sign(&object(&app, &portal, &json!({"jti": "one"})));
        assert_refused(&push(&portal, &mut agent, &forged).await, 400, "invalid_request_object");
        assert_eq!(push(&portal, &mut agent, &of(json!({}))).await.status, 201);
        // RFC 7519 section 4.1.7: a text.
        for jti in [json!(7), json!(""), json!(["a"]), json!({})] {
            let jws = key.sign(&object(&app, &portal, &json!({"jti": jti})));
            assert_refused(&push(&portal, &mut agent, &jws).await, 400, "invalid_request_object");
        }
        // Without one there is nothing to know it by.
        let jws = key.sign(&object(&app, &portal, &json!({"jti": null})));
        for _ in 0..2 {
            assert_eq!(push(&portal, &mut agent, &jws).await.status, 201);
        }
    }
}

on_both! {
    // A time that is far away, or none, is no fault and no overflow, and does not let it come again.
    async fn it_counts_as_long_as_the_object_is_good(app: TestApp) {
        let key = ClientKey::new();
        let portal = signing(&app, "hall", &key, json!({})).await;
        let mut agent = Agent::new(&app.base);
        let now = app.clock.now().seconds();
        let mut pushed = Vec::new();
        for changes in [
            json!({"exp": now + 3500}), json!({"exp": now + 20 * 3600, "nbf": null}), json!({"exp": null, "nbf": null}),
            json!({"exp": 1e300, "nbf": null}), json!({"exp": i64::MAX, "nbf": null}),
        ] {
            pushed.push(key.sign(&object(&app, &portal, &changes)));
            assert_eq!(push(&portal, &mut agent, pushed.last().unwrap()).await.status, 201, "{changes}");
        }
        app.advance_seconds(3490);
        idp::janitor::sweep(&app.app).await.unwrap();
        for jws in &pushed {
            let again = push(&portal, &mut agent, jws).await;
            assert_refused(&again, 400, "invalid_request_object");
            assert!(text(&again.json(), "error_description").contains("jti"), "{}", again.body);
        }
    }
}

on_both! {
    // Who goes back or reloads is answered as if the parameters had come in the open: again.
    async fn by_the_browser_it_may_come_again(app: TestApp) {
        let key = ClientKey::new();
        for id in ["hall", "strict"] {
            let portal = signing(&app, id, &key, json!({})).await;
            let path = by_value(&portal, &key.sign(&object(&app, &portal, &json!({}))));
            let mut agent = Agent::new(&app.base);
            let asked = agent.get(&path).await;
            asks_to_sign_in(&asked);
            asks_to_sign_in(&agent.get(&path).await);
            let first = sign_in_at(&mut agent, &asked).await.query("code").unwrap();
            let second = agent.get(&path).await.query("code").unwrap();
            assert_ne!(first, second);
            assert_eq!(portal.redeem(&mut agent, &second).await.status, 200);
            // Until it ends, as it says itself.
            app.advance_seconds(301);
            assert_page(&agent.get(&path).await, "has expired");
        }
    }
}

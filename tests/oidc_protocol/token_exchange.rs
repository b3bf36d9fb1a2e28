//! Token exchange (RFC 8693): a portal's back end swaps its user's access token for one for another resource.

use super::jwt_access_tokens::{REPORTS, TAXES, with_resources};
use super::*;
use crate::support::dpop::DpopKey;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

async fn exchanging(app: &TestApp, id: &str) -> Portal {
    let grants = ["authorization_code", "refresh_token", "client_credentials", GRANT];
    Portal::register_with(app, id, json!({"grant_types": grants})).await
}

/// A good request for `TAXES`; later pairs replace earlier ones, an empty value removes.
async fn exchange(portal: &Portal, agent: &mut Agent, token: &str, changes: &[(&str, &str)]) -> Reply {
    let mut params = vec![
        ("grant_type", GRANT),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("resource", TAXES),
    ];
    for (name, value) in changes {
        params.retain(|(key, _)| key != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    portal.token(agent, &params).await
}

on_both! {
    with_resources;
    async fn a_back_end_acts_for_its_user_elsewhere(app: TestApp) {
        let portal = exchanging(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid profile")]).await;
        let subject = text(&tokens, "access_token");
        app.advance_seconds(400);
        let reply = exchange(&portal, &mut agent, &subject, &[("scope", "profile")]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.header("cache-control"), "no-store");
        // Section 2.2.1.
        let answer = reply.json();
        let expected = ["access_token", "expires_in", "issued_token_type", "scope", "token_type"];
        assert_eq!(members(&answer), expected);
        assert_eq!((&answer["issued_token_type"], &answer["token_type"]), (&json!(ACCESS_TOKEN), &json!("Bearer")));
        // No longer than the subject token lives.
        let left = answer["expires_in"].as_i64().unwrap();
        assert!((190..=200).contains(&left) && answer["scope"] == "profile", "{answer}");
        let access = text(&answer, "access_token");
        let (header, told) = verified(&app, &access).await;
        assert_eq!((&header["typ"], &told["aud"]), (&json!("at+jwt"), &json!(TAXES)));
        // Section 4.1: the same account, and who acts for it.
        assert_eq!(told["sub"], claims(&text(&tokens, "id_token"))["sub"]);
        assert_eq!((&told["act"], &told["client_id"]), (&json!({"sub": "hall"}), &json!("hall")));
        assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), left);
        let asked = portal.post(&mut agent, "/introspect", &[("token", &access)]).await.json();
        assert_eq!((&asked["act"], &asked["aud"]), (&json!({"sub": "hall"}), &json!([TAXES])));
        // By `audience`, with a JWT as the subject token, the whole scope, bound to a key.
        let jwt = text(&portal.tokens(&mut agent, &[("resource", REPORTS)]).await, "access_token");
        let params = [
            ("grant_type", GRANT), ("subject_token", jwt.as_str()), ("subject_token_type", JWT), ("audience", TAXES),
            ("requested_token_type", ACCESS_TOKEN),
        ];
        let key = DpopKey::new();
        let reply = portal.post_with(&mut agent, "/token", &params, &[("dpop", &key.at_token(&app))]).await;
        assert_eq!(reply.json()["token_type"], "DPoP", "{}", reply.body);
        let as_jwt = exchange(&portal, &mut agent, &jwt, &[("requested_token_type", JWT)]).await.json();
        assert_eq!(as_jwt["issued_token_type"], JWT, "{as_jwt}");
        let exchanged = text(&reply.json(), "access_token");
        assert_eq!(claims(&exchanged)["cnf"]["jkt"], key.thumbprint());
        assert_eq!(claims(&exchanged)["scope"], claims(&jwt)["scope"]);
        // It is in the account's history, and ends with what it came from.
        let events = crate::support::sql::number(
            &app, "SELECT COUNT(*) FROM audit_log WHERE event = 'token_exchange' AND client_id = 'hall'",
        );
        assert_eq!(events.await, 3);
        agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        for token in [&access, &exchanged] {
            let asked = portal.post(&mut agent, "/introspect", &[("token", token)]).await;
            assert_eq!(asked.json(), json!({"active": false}));
        }
    }
}

on_both! {
    with_resources;
    async fn nothing_more_comes_of_it(app: TestApp) {
        let portal = exchanging(&app, "hall").await;
        let other = exchanging(&app, "other").await;
        let without = Portal::register(&app, "without").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid profile offline_access")]).await;
        let subject = text(&tokens, "access_token");
        let id_token = text(&tokens, "id_token");
        for (changes, error) in [
            (&[("subject_token", "")][..], "invalid_request"),
            (&[("subject_token", "made-up")], "invalid_request"),
            (&[("subject_token", &id_token)], "invalid_request"),
            (&[("subject_token", &id_token), ("subject_token_type", JWT)], "invalid_request"),
            (&[("subject_token", &text(&tokens, "refresh_token"))], "invalid_request"),
            (&[("subject_token_type", "")], "invalid_request"),
            (&[("subject_token_type", JWT)], "invalid_request"),
            (&[("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token")], "invalid_request"),
            (&[("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")], "invalid_request"),
            (&[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")], "invalid_request"),
            (&[("requested_token_type", "urn:ietf:params:oauth:token-type:id_token")], "invalid_request"),
            (&[("actor_token", &subject), ("actor_token_type", ACCESS_TOKEN)], "invalid_request"),
            (&[("actor_token_type", ACCESS_TOKEN)], "invalid_request"),
            (&[("resource", "")], "invalid_request"),
            (&[("resource", REPORTS)], "invalid_target"),
            (&[("resource", "https://other.example")], "invalid_target"),
            (&[("audience", REPORTS)], "invalid_target"),
            (&[("scope", "openid phone")], "invalid_scope"),
            (&[("scope", "reports")], "invalid_scope"),
            (&[("scope", "openid  profile")], "invalid_scope"),
            (&[("authorization_details", "[{}]")], "invalid_authorization_details"),
        ] {
            println!("{changes:?}");
            assert_refused(&exchange(&portal, &mut agent, &subject, changes).await, 400, error);
        }
        // A token of another client's, whoever has it; a client that may not act there; one without the grant.
        assert_refused(&exchange(&other, &mut agent, &subject, &[]).await, 400, "invalid_target");
        let theirs = text(&other.tokens(&mut agent, &[]).await, "access_token");
        assert_refused(&exchange(&portal, &mut agent, &theirs, &[]).await, 400, "invalid_request");
        assert_refused(&exchange(&other, &mut agent, &theirs, &[]).await, 400, "invalid_target");
        let own = text(&without.tokens(&mut agent, &[]).await, "access_token");
        assert_refused(&exchange(&without, &mut agent, &own, &[]).await, 400, "unauthorized_client");
        // A back end's own token speaks of nobody.
        let robot = portal.token(&mut agent, &[("grant_type", "client_credentials")]).await.json();
        let reply = exchange(&portal, &mut agent, &text(&robot, "access_token"), &[]).await;
        assert_refused(&reply, 400, "invalid_request");
        // What was exchanged is not exchanged again.
        let exchanged = exchange(&portal, &mut agent, &subject, &[]).await.json();
        let reply = exchange(&portal, &mut agent, &text(&exchanged, "access_token"), &[]).await;
        assert_refused(&reply, 400, "invalid_request");
        app.advance_seconds(601);
        assert_refused(&exchange(&portal, &mut agent, &subject, &[]).await, 400, "invalid_request");
    }
}

on_both! {
    with_resources;
    // Whoever stole a bound token can't launder it.
    async fn a_bound_token_stays_bound(app: TestApp) {
        let portal = exchanging(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let key = DpopKey::new();
        let code = portal.code(&mut agent, &[]).await;
        let params = [
            ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", &portal.redirect_uri),
            ("code_verifier", crate::support::portal::VERIFIER),
        ];
        let tokens = portal.post_with(&mut agent, "/token", &params, &[("dpop", &key.at_token(&app))]).await.json();
        let reply = exchange(&portal, &mut agent, &text(&tokens, "access_token"), &[]).await;
        // Section 2.2.2: not invalid_grant.
        assert_refused(&reply, 400, "invalid_request");
    }
}

on_both! {
    with_resources;
    // RFC 7009 section 2.1: what was made of a token goes with it.
    async fn a_revoked_token_takes_along_what_it_was_exchanged_for(app: TestApp) {
        let portal = exchanging(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let subjects = [portal.tokens(&mut agent, &[]).await, portal.tokens(&mut agent, &[]).await];
        let [first, second] = subjects.map(|tokens| text(&tokens, "access_token"));
        let of_first = text(&exchange(&portal, &mut agent, &first, &[]).await.json(), "access_token");
        let of_second = text(&exchange(&portal, &mut agent, &second, &[]).await.json(), "access_token");
        assert_eq!(portal.post(&mut agent, "/revoke", &[("token", &first)]).await.status, 200);
        for (token, active) in [(&first, false), (&of_first, false), (&second, true), (&of_second, true)] {
            let told = portal.post(&mut agent, "/introspect", &[("token", token)]).await.json();
            assert_eq!(told["active"], active, "{told}");
        }
    }
}

on_both! {
    with_resources;
    // A token that is revoked while it is exchanged is not exchanged: nothing made of it outlives it.
    async fn a_token_that_is_revoked_meanwhile_is_not_exchanged(app: TestApp) {
        let portal = exchanging(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let first = text(&tokens, "access_token");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*text(&tokens, "refresh_token"))];
        let second = text(&portal.token(&mut agent, &refresh).await.json(), "access_token");
        let third = text(&portal.token(&mut agent, &refresh).await.json(), "access_token");
        for (token, revocation) in [
            (&first, "UPDATE grants SET access_hash = NULL"),
            (&second, "DELETE FROM access_tokens WHERE exchanged_from IS NULL AND hash = $1"),
            (&third, "UPDATE grants SET revoked_at = 1"),
        ] {
            // The revocation's transaction, open while the token is looked at.
            let mut tx = app.app.store.begin().await.unwrap();
            let query = sqlx::query(revocation);
            let query = match revocation.contains("$1") {
                true => query.bind(idp::platform::random::hash(token)),
                false => query,
            };
            assert_eq!(query.execute(&mut *tx).await.unwrap().rows_affected(), 1, "{revocation}");
            let mut other = Agent::new(&app.base);
            let revoked = async {
                // So that the exchange has come as far as it can.
                for _ in 0..20 {
                    other.get("/jwks.json").await;
                }
                tx.commit().await.unwrap();
            };
            let (reply, ()) = tokio::join!(exchange(&portal, &mut agent, token, &[]), revoked);
            assert_refused(&reply, 400, "invalid_request");
            let exchanged = "SELECT COUNT(*) FROM access_tokens WHERE exchanged_from IS NOT NULL";
            assert_eq!(crate::support::sql::number(&app, exchanged).await, 0, "{revocation}");
        }
    }
}

on_both! {
    with_resources;
    // Whoever can't prove who they are would act in anybody's name: registration refuses it, and rows from before get nothing.
    async fn a_public_client_exchanges_nothing(app: TestApp) {
        let portal = exchanging(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let token = text(&portal.tokens(&mut agent, &[]).await, "access_token");
        crate::support::sql::execute(
            &app, "UPDATE clients SET metadata = REPLACE(metadata, 'client_secret_basic', 'none') WHERE id = 'hall'",
        )
        .await;
        app.app.clients.forget("hall");
        let public = Portal { secret: None, ..portal };
        assert_refused(&exchange(&public, &mut agent, &token, &[]).await, 400, "unauthorized_client");
    }
}

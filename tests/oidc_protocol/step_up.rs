//! Step-up as a request asks for it: what a client registered for every request (OpenID Connect Registration section
//! 2), and what one request says (Core sections 3.1.2.1 and 5.5.1.1, RFC 9470 section 4).

use super::*;
use crate::support::sql;

const LOW: &str = "urn:jl-uia:loa:1";
const HIGH: &str = "urn:jl-uia:loa:2";

fn id_token(tokens: &Value) -> Value {
    claims(tokens["id_token"].as_str().unwrap())
}

on_both! {
    async fn a_registered_max_age_is_kept_unless_the_request_has_its_own(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"default_max_age": 60, "require_auth_time": true})).await;
        let mut agent = signed_in(&app).await;
        let first = id_token(&portal.tokens(&mut agent, &[]).await);
        assert!(first["auth_time"].is_i64());
        app.advance_seconds(61);
        let asked = agent.get(&portal.authorize_path(&[])).await;
        asks_to_sign_in(&asked);
        let silent = agent.get(&portal.authorize_path(&[("prompt", "none")])).await;
        assert_error_redirect(&app, &portal, &silent, "login_required");
        let own = id_token(&portal.tokens(&mut agent, &[("max_age", "600")]).await);
        assert_eq!(own["auth_time"], first["auth_time"]);
        let reply = sign_in_at(&mut agent, &asked).await;
        let tokens = portal.redeem(&mut agent, &reply.query("code").unwrap()).await.json();
        assert!(id_token(&tokens)["auth_time"].as_i64() > first["auth_time"].as_i64());
    }
}

on_both! {
    async fn registered_classes_are_wanted_unless_the_request_has_its_own(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({"default_acr_values": [LOW]})).await;
        let mut agent = signed_in(&app).await;
        assert_eq!(id_token(&portal.tokens(&mut agent, &[]).await)["acr"], LOW);
        assert_eq!(id_token(&portal.tokens(&mut agent, &[("acr_values", HIGH)]).await)["acr"], HIGH);
    }
}

on_both! {
    // RFC 9470 section 5: a class that nobody can reach here is an error where it is essential, and never invented.
    async fn a_class_out_of_reach_is_never_claimed(app: TestApp) {
        sql::execute(&app, "UPDATE accounts SET assurance = 1").await;
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        assert_eq!(id_token(&portal.tokens(&mut agent, &[("acr_values", HIGH)]).await)["acr"], LOW);
        for wanted in [json!({"essential": true, "value": HIGH}), json!({"essential": true, "values": [HIGH, "other"]})] {
            let asked = json!({"id_token": {"acr": wanted}}).to_string();
            let reply = agent.get(&portal.authorize_path(&[("claims", &asked)])).await;
            assert_error_redirect(&app, &portal, &reply, "unmet_authentication_requirements");
        }
        // What is no class at all is out of reach, too.
        let odd = json!({"id_token": {"acr": {"essential": true, "values": [2, {"level": 2}]}}}).to_string();
        let reply = agent.get(&portal.authorize_path(&[("claims", &odd)])).await;
        assert_error_redirect(&app, &portal, &reply, "unmet_authentication_requirements");
        let either = json!({"id_token": {"acr": {"essential": true, "values": [HIGH, LOW]}}}).to_string();
        assert_eq!(id_token(&portal.tokens(&mut agent, &[("claims", &either)]).await)["acr"], LOW);
        let bare = json!({"id_token": {"acr": {"essential": true}}}).to_string();
        assert_eq!(id_token(&portal.tokens(&mut agent, &[("claims", &bare)]).await)["acr"], LOW);
    }
}

on_both! {
    // Core section 5.5.1.1 speaks of the ID token. Userinfo has no acr, and what it has not is no error (section 5.5.1).
    async fn what_is_asked_of_userinfo_demands_no_class(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let out_of_reach = json!({"essential": true, "values": ["urn:jl-uia:loa:4"]});
        for (asked, told) in [
            (json!({"userinfo": {"acr": out_of_reach}}), HIGH),
            (json!({"userinfo": {"acr": out_of_reach}, "id_token": {"acr": {"value": LOW}}}), LOW),
            // Nor does it make essential what the ID token shall have if it can.
            (json!({"userinfo": {"acr": {"essential": true}}, "id_token": {"acr": {"value": "urn:jl-uia:loa:4"}}}), HIGH),
        ] {
            let tokens = portal.tokens(&mut agent, &[("claims", &asked.to_string())]).await;
            assert_eq!(id_token(&tokens)["acr"], told, "{asked}");
            let userinfo = portal.userinfo(&agent, &text(&tokens, "access_token")).await.json();
            assert!(userinfo.get("acr").is_none(), "{userinfo}");
        }
    }
}

on_both! {
    // Core section 5.5.1.1: the claims parameter says it, too, and says it more precisely than acr_values.
    async fn a_wanted_value_is_preferred(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let wanted = json!({"id_token": {"acr": {"value": LOW}, "auth_time": {"essential": true}}}).to_string();
        let told = id_token(&portal.tokens(&mut agent, &[("claims", &wanted), ("acr_values", HIGH)]).await);
        assert_eq!(told["acr"], LOW);
        assert!(told["auth_time"].is_i64());
    }
}

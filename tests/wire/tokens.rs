//! Tokens: how they are got, shown, asked about and revoked, and how all of that is refused.

use super::*;
use crate::support::portal::VERIFIER;

fn redeem<'a>(portal: &'a Portal, code: &'a str) -> [(&'a str, &'a str); 4] {
    let redirect_uri = portal.redirect_uri.as_str();
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

on_both! {
    async fn the_code_flow_and_what_follows_it(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let mut record = Record::new(&app);
        let scope = "openid profile phone offline_access";
        let request = agent.request(Method::GET, &portal.authorize_path(&[("scope", scope)]));
        let reply = record.send(&mut agent, "The authorization response", request).await;
        let code = reply.query("code").unwrap();
        let mut program = Agent::new(&app.base);
        let request = call(&program, &portal, "/token", &redeem(&portal, &code));
        let tokens = record.send(&mut program, "The token response", request).await;
        record.jwt("The ID token", &text(&tokens, "id_token"));
        let access = text(&tokens, "access_token");
        let request = program.request(Method::GET, "/userinfo").bearer_auth(&access);
        record.send(&mut program, "Userinfo", request).await;
        let request = call(&program, &portal, "/introspect", &[("token", &access)]);
        record.send(&mut program, "Introspection of an access token", request).await;
        let refresh = text(&tokens, "refresh_token");
        let request = call(&program, &portal, "/introspect", &[("token", &refresh)]);
        record.send(&mut program, "Introspection of a refresh token", request).await;
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let request = call(&program, &portal, "/token", &again);
        let refreshed = record.send(&mut program, "A refresh", request).await;
        record.jwt("Its ID token", &text(&refreshed, "id_token"));
        let request = call(&program, &portal, "/revoke", &[("token", &refresh)]);
        record.send(&mut program, "Revocation", request).await;
        let request = program.request(Method::GET, "/userinfo").bearer_auth(&access);
        record.send(&mut program, "Userinfo with what was revoked", request).await;
        let request = call(&program, &portal, "/introspect", &[("token", &access)]);
        record.send(&mut program, "Introspection of what was revoked", request).await;
        record.matches("code_flow");
    }
}

on_both! {
    async fn refusals(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut record = Record::new(&app);
        let mut program = Agent::new(&app.base);
        let request = program.request(Method::POST, "/token").basic_auth("hall", Some("wrong"));
        let request = request.form(&[("grant_type", "client_credentials")]);
        record.send(&mut program, "invalid_client", request).await;
        for (title, params) in [
            ("invalid_request", &[][..]),
            ("unsupported_grant_type", &[("grant_type", "password")]),
            ("unauthorized_client", &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")]),
            ("invalid_grant", &redeem(&portal, "made-up")),
            ("invalid_scope", &[("grant_type", "client_credentials"), ("scope", "unknown")]),
            ("invalid_target", &[("grant_type", "client_credentials"), ("resource", "urn:unknown")]),
        ] {
            let request = call(&program, &portal, "/token", params);
            record.send(&mut program, title, request).await;
        }
        let request = program.request(Method::GET, "/userinfo");
        record.send(&mut program, "Userinfo without a token", request).await;
        let request = program.request(Method::GET, "/userinfo").bearer_auth("made-up");
        record.send(&mut program, "invalid_token", request).await;
        let own = call(&program, &portal, "/token", &[("grant_type", "client_credentials"), ("scope", "reports")]);
        let own = record.send(&mut program, "A token of the client's own", own).await;
        let request = program.request(Method::GET, "/userinfo").bearer_auth(text(&own, "access_token"));
        record.send(&mut program, "insufficient_scope", request).await;
        let request = call(&program, &portal, "/revoke", &[("token", "x"), ("token_type_hint", "unknown")]);
        record.send(&mut program, "Revocation of what is no token", request).await;
        let other = Portal::register(&app, "other").await;
        let request = call(&program, &other, "/revoke", &[("token", &text(&own, "access_token"))]);
        record.send(&mut program, "Revocation of another client's token", request).await;
        let request = call(&program, &portal, "/introspect", &[]);
        record.send(&mut program, "Introspection of nothing", request).await;
        record.matches("refusals");
    }
}

on_both! {
    async fn what_is_not_the_usual_form(app: TestApp) {
        let changes = json!({"userinfo_signed_response_alg": "ES256", "id_token_signed_response_alg": "EdDSA"});
        let portal = Portal::register_with(&app, "hall", changes).await;
        let mut agent = signed_in(&app).await;
        let mut record = Record::new(&app);
        let mut program = Agent::new(&app.base);
        let asked = json!({"userinfo": {"verified_claims": {
            "verification": {"trust_framework": null, "assurance_level": null}, "claims": {"name": null},
        }}});
        let code = portal.code(&mut agent, &[("scope", "openid"), ("claims", &asked.to_string())]).await;
        let request = call(&program, &portal, "/token", &redeem(&portal, &code));
        let tokens = record.send(&mut program, "A token response", request).await;
        record.jwt("An ID token by EdDSA", &text(&tokens, "id_token"));
        let request = program.request(Method::GET, "/userinfo").bearer_auth(text(&tokens, "access_token"));
        record.send(&mut program, "Signed userinfo with verified claims", request).await;
        let request = program.request(Method::POST, "/token").header("content-type", "application/json").body("{}");
        record.send(&mut program, "A body that is no form", request).await;
        let request = call(&program, &portal, "/token", &[("grant_type", "client_credentials"), ("grant_type", "x")]);
        record.send(&mut program, "A parameter twice", request).await;
        record.matches("other_forms");
    }
}

//! RFC 7592: a client and its own registration.

use reqwest::Method;

use super::*;

async fn manage(app: &TestApp, method: Method, registered: &Value, body: Option<&Value>) -> Reply {
    let agent = Agent::new(&app.base);
    let request = agent.request(method, &text(registered, "registration_client_uri"));
    let mut request = request.bearer_auth(text(registered, "registration_access_token"));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    agent.stranger().send(request).await
}

on_both! {
    // RFC 7592 sections 2.1 and 2.2.
    async fn a_client_reads_and_replaces_its_registration(app: TestApp) {
        let mut metadata = least();
        metadata["initiate_login_uri"] = json!("https://new.example/login");
        metadata["logo_uri"] = json!("https://new.example/logo.png");
        let told = registered(&app, &metadata).await;
        let read = manage(&app, Method::GET, &told, None).await;
        assert_eq!((read.status.as_u16(), read.header("cache-control")), (200, "no-store"));
        let mut expected = told.clone();
        expected.as_object_mut().unwrap().retain(|name, _| !name.starts_with("client_secret"));
        assert_eq!(read.json(), expected, "all but the secret, of which only a hash is kept");
        // Replaced as a whole: what is left out is gone.
        let mut changed = json!({
            "client_id": told["client_id"], "client_name": "新名称", "redirect_uris": [CALLBACK, "https://new.example/b"],
            "client_secret": told["client_secret"], "first_party": true,
        });
        let reply = manage(&app, Method::PUT, &told, Some(&changed)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let now = reply.json();
        assert_eq!((&now["client_name"], now.get("logo_uri"), now.get("client_secret")), (&json!("新名称"), None, None));
        let mut agent = signed_in(&app).await;
        let mut portal = portal(&told);
        portal.redirect_uri = "https://new.example/b".to_owned();
        let asked = agent.get(&portal.authorize_path(&[("scope", "openid")])).await;
        assert!(asked.location().unwrap().starts_with("/authorize/consent"), "still nobody's first party");
        // From a public client back to one with a secret: a new one.
        for (method, has_secret) in [("none", false), ("client_secret_post", true), ("client_secret_basic", false)] {
            changed["token_endpoint_auth_method"] = json!(method);
            changed.as_object_mut().unwrap().remove("client_secret");
            let now = manage(&app, Method::PUT, &told, Some(&changed)).await.json();
            assert_eq!(now.get("client_secret").is_some(), has_secret, "{method}: {now}");
        }
        for (member, value) in [
            ("client_id", json!("another")), ("client_id", Value::Null), ("client_secret", json!("wrong")),
            ("registration_access_token", told["registration_access_token"].clone()),
            ("registration_client_uri", told["registration_client_uri"].clone()),
            ("client_secret_expires_at", json!(0)), ("client_id_issued_at", json!(0)),
            ("tos_uri", json!("http://new.example/")),
        ] {
            let mut wrong = changed.clone();
            wrong[member] = value;
            refused(&manage(&app, Method::PUT, &told, Some(&wrong)).await, "invalid_client_metadata", member);
        }
        // It is pairwise: public subjects from now on would be other ones for the same people.
        changed["redirect_uris"] = json!([CALLBACK, "https://elsewhere.example/"]);
        let reply = manage(&app, Method::PUT, &told, Some(&changed)).await;
        refused(&reply, "invalid_client_metadata", "sector_identifier_uri");
    }
}

on_both! {
    |config| config.registration.scopes.push("reports".to_owned());
    // RFC 7592 sections 2.3 and 3: only with its own token, and then for good.
    async fn a_client_that_is_deleted_takes_its_tokens_with_it(app: TestApp) {
        let grants = json!(["authorization_code", "refresh_token", "client_credentials"]);
        let told = registered(&app, &json!({ "redirect_uris": [CALLBACK], "grant_types": grants })).await;
        let other = registered(&app, &least()).await;
        let mut foreign = told.clone();
        foreign["registration_access_token"] = other["registration_access_token"].clone();
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let reply = manage(&app, method.clone(), &foreign, Some(&least())).await;
            assert_refused(&reply, 401, "invalid_token");
            let agent = Agent::new(&app.base);
            let without = agent.request(method, &text(&told, "registration_client_uri"));
            assert_refused(&agent.stranger().send(without).await, 401, "invalid_token");
        }
        let portal = portal(&told);
        let mut agent = signed_in(&app).await;
        let offline = [("scope", "openid offline_access"), ("prompt", "consent")];
        let code = agreed(&mut agent, &portal, &offline).await;
        let tokens = portal.redeem(&mut agent, &code).await.json();
        let own = portal.token(&mut agent, &[("grant_type", "client_credentials"), ("scope", "reports")]).await;
        assert_eq!(own.status, 200, "{}", own.body);
        assert_eq!(manage(&app, Method::DELETE, &told, None).await.status, 204);
        assert_refused(&portal.userinfo(&agent, &text(&tokens, "access_token")).await, 401, "invalid_token");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*text(&tokens, "refresh_token"))];
        assert_refused(&portal.token(&mut agent, &refresh).await, 401, "invalid_client");
        assert_page(&agent.get(&portal.authorize_path(&[])).await, "client_id");
        assert_refused(&manage(&app, Method::GET, &told, None).await, 401, "invalid_token");
        assert_refused(&manage(&app, Method::DELETE, &told, None).await, 401, "invalid_token");
        for sql in [
            "SELECT COUNT(*) FROM grants WHERE revoked_at IS NULL", "SELECT COUNT(*) FROM access_tokens",
        ] {
            assert_eq!(sql::number(&app, sql).await, 0, "{sql}");
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM clients").await, 1, "the other one");
    }
}

on_both! {
    // Whoever deletes a client while it is changed has deleted it.
    async fn a_change_brings_no_deleted_client_back(app: TestApp) {
        for _ in 0..8 {
            let told = registered(&app, &least()).await;
            let mut changed = least();
            changed["client_id"] = told["client_id"].clone();
            let (put, delete) = tokio::join!(
                manage(&app, Method::PUT, &told, Some(&changed)), manage(&app, Method::DELETE, &told, None),
            );
            assert!([200, 401].contains(&put.status.as_u16()), "{} {}", put.status, put.body);
            assert_eq!(delete.status, 204);
            assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM clients").await, 0);
        }
        // The moment between looking and writing, by hand.
        let told = registered(&app, &least()).await;
        let id = text(&told, "client_id");
        let row = idp::store::clients::find(&app.app.store, &id).await.unwrap().unwrap();
        assert_eq!(manage(&app, Method::DELETE, &told, None).await.status, 204);
        let mut tx = app.app.store.begin().await.unwrap();
        assert!(!idp::store::clients::replace_registered(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM clients").await, 0);
    }
}

on_both! {
    // What only this provider knows: its classes and its types of details.
    async fn what_is_not_supported_can_not_be_registered(app: TestApp) {
        let token = initial_token(&app, 1).await;
        for (member, value) in [
            ("default_acr_values", json!(["urn:jl-uia:loa:2", "urn:other"])),
            ("authorization_details_types", json!(["payment"])),
            ("software_id", json!("")),
            ("software_version", json!("x".repeat(101))),
            ("software_id", json!(7)),
        ] {
            let mut metadata = least();
            metadata[member] = value;
            refused(&register(&app, &token, &metadata).await, "invalid_client_metadata", member);
        }
        let mut metadata = least();
        metadata["default_acr_values"] = json!(["urn:jl-uia:loa:2"]);
        metadata["software_id"] = json!("4NRB1-0XZABZI9E6-5SM3R");
        let reply = register(&app, &token, &metadata).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
    }
}

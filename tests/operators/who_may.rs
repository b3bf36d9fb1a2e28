//! Who may manage whom, and what 验证信息 stands before.

use super::*;

on_both! {
    async fn others_are_told_that_it_is_not_for_them(app: TestApp) {
        let victim = id_of(&app, MANAGER_PHONE).await;
        let mut nobody = Agent::new(&app.base);
        let mut operator = operator(&app, OPERATOR_PHONE, PASSWORD).await;
        let mut person = Agent::new(&app.base);
        let fields = [("account", "liying2026"), ("password", PASSWORD)];
        assert_eq!(person.sign_in("/sign-in/personal", &fields).await.status, 303);
        let pages = [LIST, VERIFY, ADD, &of(&victim, "edit"), &of(&victim, "remove"), &of(&victim, "password")];
        let actions = ["freeze", "unfreeze", "confirm", "remove", "edit", "password"].map(|action| of(&victim, action));
        let posts: Vec<&str> = actions.iter().map(String::as_str).chain([LIST, VERIFY, ADD]).collect();
        for agent in [&mut operator, &mut person] {
            for page in pages {
                let reply = agent.get(page).await;
                assert_eq!(reply.status, 403, "{page}");
                assert!(reply.text().contains("只有法人账号和具有管理权限的经办人可以管理经办人"), "{page}");
            }
            for path in &posts {
                assert_eq!(agent.post(path, &[]).await.status, 403, "{path}");
            }
        }
        for page in pages {
            assert_eq!(nobody.get(page).await.location().as_deref(), Some("/sign-in"), "{page}");
        }
        for path in &posts {
            assert_eq!(nobody.post(path, &[]).await.location().as_deref(), Some("/sign-in"), "{path}");
        }
        // Other sites' forms are refused, and links do nothing.
        let mut agent = unit(&app).await;
        let request = agent.request(reqwest::Method::POST, &of(&victim, "freeze")).header("sec-fetch-site", "cross-site");
        assert_eq!(agent.send(request.form(&[("back", "")])).await.status, 403);
        assert_eq!(agent.get(&of(&victim, "freeze")).await.status, 405);
        self::operator(&app, MANAGER_PHONE, PASSWORD).await;
    }
}

on_both! {
    async fn nobody_manages_themselves(app: TestApp) {
        let mut agent = manager(&app).await;
        let own = id_of(&app, MANAGER_PHONE).await;
        for (action, title) in [
            ("remove", "不能删除自己"), ("freeze", "不能冻结自己"), ("unfreeze", "不能解冻自己"), ("edit", "不能编辑自己"),
            ("password", "不能重置自己的密码"),
        ] {
            let reply = agent.post(&of(&own, action), &form("", &[])).await;
            assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (403, title.to_owned()));
        }
        for action in ["remove", "edit", "password"] {
            assert_eq!(agent.get(&of(&own, action)).await.status, 403);
        }
        let list = agent.get(LIST).await;
        assert!(!list.body.contains(&own), "no buttons for oneself");
        assert!(list.text().contains("本人"));
        assert!(is_signed_in(&mut agent).await);
    }
}

on_both! {
    async fn another_units_operators_do_not_exist(app: TestApp) {
        let foreign = sql::text(&app, "SELECT account_id FROM operators WHERE legal_entity_id =
            (SELECT account_id FROM legal_entities WHERE credit_code = '92220102TEXT00033F')").await;
        let mut agent = unit(&app).await;
        for id in [foreign.as_str(), "nobody", "%00"] {
            for action in ["edit", "remove", "password"] {
                assert_eq!(agent.get(&of(id, action)).await.status, 404, "{id} {action}");
            }
        }
        for action in ["edit", "remove", "password", "freeze", "unfreeze", "confirm"] {
            assert_eq!(agent.post(&of(&foreign, action), &form("", &[])).await.status, 404, "{action}");
        }
        let untouched = format!("SELECT COUNT(*) FROM operators WHERE account_id = '{foreign}' AND removed_at IS NULL
            AND frozen_at IS NULL AND confirmed_at = added_at");
        assert_eq!(sql::number(&app, &untouched).await, 1);
    }
}

on_both! {
    async fn nobody_gives_more_than_they_have(app: TestApp) {
        let own = id_of(&app, MANAGER_PHONE).await;
        let mut chief = unit(&app).await;
        let limited = [("validity", "until"), ("valid_to", "2099-06-30"), ("may_manage", "yes")];
        assert_eq!(chief.post(&of(&own, "edit"), &limited).await.status, 303);
        let mut agent = manager(&app).await;
        let page = agent.get(ADD).await;
        assert_eq!(page.attribute("#valid_to", "value").as_deref(), Some("2099-06-30"), "as much as they have");
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        let message = "有效时间不能超过您本人的有效时间（2099-06-30）";
        let reply = agent.post(ADD, &form(&token, &[])).await;
        assert_eq!((reply.status.as_u16(), error(&reply, "validity")), (422, message.to_owned()));
        let later = [("validity", "until"), ("valid_to", "2099-07-01")];
        assert_eq!(error(&agent.post(ADD, &form(&token, &later)).await, "valid_to"), message);
        let same = [("validity", "until"), ("valid_to", "2099-06-30"), ("may_manage", "yes")];
        let reply = agent.post(ADD, &form(&token, &same)).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        // What may be managed may be made less, but not more.
        let other = id_of(&app, OPERATOR_PHONE).await;
        let less = [("validity", "until"), ("valid_to", "2099-05-01"), ("may_manage", "no")];
        assert_eq!(chief.post(&of(&other, "edit"), &less).await.status, 303);
        let keep = [("validity", "long_term"), ("may_manage", "no"), ("department", "另一部")];
        assert_eq!(error(&agent.post(&of(&other, "edit"), &keep).await, "validity"), message);
        let lesser = [("validity", "until"), ("valid_to", "2099-04-01"), ("may_manage", "no")];
        assert_eq!(agent.post(&of(&other, "edit"), &lesser).await.status, 303);
        // The right itself may be given on, and works at once.
        let mut added = operator(&app, NEW_PHONE, NEW_PASSWORD).await;
        assert_eq!(added.get(LIST).await.status, 200);
        // And is gone at once.
        let added_id = id_of(&app, NEW_PHONE).await;
        let plain = [("validity", "until"), ("valid_to", "2099-06-30"), ("may_manage", "no")];
        assert_eq!(chief.post(&of(&added_id, "edit"), &plain).await.status, 303);
        assert_eq!(added.get(LIST).await.status, 403);
        assert!(is_signed_in(&mut added).await);
    }
}

on_both! {
    async fn verification_holds_for_half_an_hour_of_one_session(app: TestApp) {
        let id = id_of(&app, OPERATOR_PHONE).await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        for path in [ADD.to_owned(), of(&id, "edit"), of(&id, "password"), of(&id, "remove")] {
            let asked = agent.get(&path).await.location().unwrap();
            assert!(asked.starts_with(&format!("{VERIFY}?next=")), "{asked}");
        }
        let passwords = [("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
        assert!(agent.post(&of(&id, "password"), &passwords).await.location().unwrap().starts_with(VERIFY));
        // What can't be undone asks as well.
        let asked = agent.post(&of(&id, "remove"), &[]).await.location().unwrap();
        assert_eq!((asked, count(&app).await), (format!("{VERIFY}?next=%2Faccount%2Foperators%2F{id}%2Fremove"), 2));
        // Protection needs none, taking it back does.
        assert_eq!(agent.post(&of(&id, "freeze"), &[("back", "status=active")]).await.location().as_deref(),
            Some("/account/operators?done=frozen&status=active"));
        let asked = agent.post(&of(&id, "unfreeze"), &[]).await.location().unwrap();
        assert!(asked.starts_with(VERIFY), "{asked}");
        let wrong = agent.post(VERIFY, &[("phone_code", "000000")]).await;
        assert_eq!((wrong.status.as_u16(), error(&wrong, "phone_code")), (422, "验证码已失效，请重新获取".to_owned()));
        verify(&app, &mut agent, UNIT_PHONE).await;
        assert_eq!(agent.get(ADD).await.status, 200);
        assert_eq!(agent.post(&of(&id, "unfreeze"), &[]).await.location().as_deref(), Some("/account/operators?done=unfrozen"));
        // Another session of the same account has proved nothing.
        let mut other = Agent::new(&app.base);
        other.sign_in_legal_entity().await;
        assert_eq!(other.get(ADD).await.status, 303);
        // What was typed is kept when the half hour ends in the middle of a form.
        for _ in 0..2 {
            app.advance_seconds(16 * 60);
            assert!(is_signed_in(&mut agent).await);
        }
        let late = agent.post(ADD, &form("", &[])).await;
        assert_eq!(late.status, 422);
        assert!(late.text_of("#error-summary").contains("验证信息已失效"));
        assert_eq!(late.attribute("#name", "value").as_deref(), Some("陈静"));
        assert!(late.has("a[href^='/account/operators/verify'][target=_blank]"));
        let late = agent.post(&of(&id, "edit"), &[("department", "新部门"), ("validity", "long_term"), ("may_manage", "no")]).await;
        assert_eq!((late.status.as_u16(), late.attribute("#department", "value").as_deref()), (422, Some("新部门")));
    }
}

on_both! {
    async fn verification_leads_only_to_pages_of_this_chapter(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        for next in ["https://evil.example", "//evil.example", "/account", "/account/operatorsx", "/account/operators/../../x",
            "/account/operators/verify?next=x", ""] {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let page = agent.get(&format!("{VERIFY}?{query}")).await;
            assert_eq!(page.attribute("[name=next]", "value").as_deref(), Some(LIST), "{next}");
        }
    }
}

//! Each kind of account has its own pages, masked.

use super::*;

on_both! {
    async fn each_kind_sees_its_own_tabs(app: TestApp) {
        let tabs = |reply: &Reply| reply.text_of(".console__main .tabs").split_whitespace().collect::<Vec<_>>().join(" ");
        let more = "登录记录 登录设备 授权管理 数据与注销";
        let centre = unit(&app).await.get("/account").await;
        assert_eq!(tabs(&centre), format!("企业信息 法人信息 拓展信息 密码修改 我的经办人 {more}"));
        let centre = person(&app).await.get("/account").await;
        assert_eq!(tabs(&centre), format!("个人信息 密码修改 {more}"));
        let centre = operator(&app, "xinyue0221", "19400000001").await.get("/account").await;
        assert_eq!(tabs(&centre), format!("经办人信息 密码修改 我的经办人 {more}"));
        let centre = operator(&app, "xinyue0221", "15400000002").await.get("/account").await;
        assert_eq!(tabs(&centre), format!("经办人信息 密码修改 {more}"));
    }
}

on_both! {
    async fn nothing_is_shown_in_full(app: TestApp) {
        let mut agent = unit(&app).await;
        for path in ["/account", "/account/representative", "/account/phone", "/account/entity-change"] {
            let reply = agent.get(path).await;
            assert_eq!(reply.status, 200, "{path}");
            assert!(reply.text().contains("*颖，您好！") && reply.text().contains("154****7850"), "{path}");
            for hidden in ["王颖", UNIT_PHONE, "220102199912310002"] {
                assert!(!reply.body.contains(hidden), "{path} shows {hidden}");
            }
        }
    }
}

on_both! {
    async fn who_is_not_signed_in_goes_to_sign_in(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for path in ["", "/representative", "/details", "/phone", "/new-phone", "/entity-change", "/password", "/history",
            "/sessions", "/portals", "/data", "/close", "/operators"] {
            let reply = agent.get(&format!("/account{path}")).await;
            assert_eq!(reply.location().as_deref(), Some("/sign-in"), "{path}");
        }
        for path in ["/details", "/phone", "/new-phone", "/entity-change", "/password", "/sessions", "/data", "/close"] {
            let reply = agent.post(&format!("/account{path}"), &[("password", PASSWORD), ("understood", "yes")]).await;
            assert_eq!(reply.location().as_deref(), Some("/sign-in"), "{path}");
        }
    }
}

on_both! {
    async fn pages_of_units_are_for_units(app: TestApp) {
        let mut agent = person(&app).await;
        for path in ["representative", "details", "entity-change"] {
            let reply = agent.get(&format!("/account/{path}")).await;
            assert_eq!(reply.location().as_deref(), Some("/account"), "{path}");
        }
        let reply = agent.post("/account/entity-change", &[("password", PASSWORD)]).await;
        assert_eq!(reply.location().as_deref(), Some("/account"));
    }
}

on_both! {
    async fn further_information_is_kept_and_checked(app: TestApp) {
        let mut agent = unit(&app).await;
        let wrong = [("email", "nobody"), ("postal_code", "13"), ("address", "长春市示例路1号")];
        let reply = agent.post("/account/details", &wrong).await;
        assert_eq!(error(&reply, "email"), "电子邮箱格式不正确");
        assert_eq!(error(&reply, "postal_code"), "邮政编码应为6位数字");
        assert_eq!(reply.attribute("#address", "value").unwrap(), "长春市示例路1号");
        let right = [("email", "office@example.com"), ("postal_code", "１３００００")];
        let reply = agent.post("/account/details", &right).await;
        assert!(agent.follow(reply).await.text().contains("保存成功"));
        let reply = agent.get("/account/details").await;
        assert_eq!(reply.attribute("#postal_code", "value").unwrap(), "130000");
        // What was there before is kept; what stays the same is no change.
        agent.post("/account/details", &right).await;
        agent.post("/account/details", &[("email", "new@example.com")]).await;
        let data = agent.post("/account/data", &[("password", PASSWORD)]).await.json();
        let changes: Vec<_> = data["changes"].as_array().unwrap().iter().filter(|change| change["kind"] == "details").collect();
        let emails: Vec<_> = changes.iter().map(|change| (&change["before"]["email"], &change["after"]["email"])).collect();
        assert_eq!(emails.len(), 2);
        assert!(emails.contains(&(&"office@example.com".into(), &"new@example.com".into())), "{emails:?}");
        assert!(agent.get("/account/history").await.text().contains("修改拓展信息"));
    }
}

on_both! {
    async fn who_was_signed_in_comes_back_to_the_page(app: TestApp) {
        let mut agent = person(&app).await;
        app.advance_seconds(24 * 3600);
        let reply = agent.get("/account/history?before=1.x").await;
        let sign_in = reply.location().unwrap();
        assert!(sign_in.starts_with("/sign-in?request="), "{sign_in}");
        let page = agent.follow(reply).await;
        assert!(page.text().contains("登录超时，请重新登录"), "{}", page.text());
        let action = page.attribute("form.form", "action").unwrap();
        let reply = agent.sign_in(&action, &[("account", "liying2026"), ("password", PASSWORD)]).await;
        let finish = agent.get(&reply.location().unwrap()).await;
        assert_eq!(finish.location().as_deref(), Some("/account/history?before=1.x"));
        // A form's own address may be no page.
        app.advance_seconds(24 * 3600);
        let reply = agent.post("/account/sessions", &[("others", "all")]).await;
        let page = agent.follow(reply).await;
        assert!(page.text().contains("登录超时，请重新登录"));
        let action = page.attribute("form.form", "action").unwrap();
        let reply = agent.sign_in(&action, &[("account", "liying2026"), ("password", PASSWORD)]).await;
        let finish = agent.get(&reply.location().unwrap()).await;
        assert_eq!(finish.location().as_deref(), Some("/account"));
    }
}

on_both! {
    async fn pages_below_a_tab_lead_back_to_it(app: TestApp) {
        let mut agent = unit(&app).await;
        for (path, tab, href, heading) in [
            ("/account/operators/verify", "我的经办人", "/account/operators", "验证信息"),
            ("/account/close", "数据与注销", "/account/data", "注销账号"),
        ] {
            let page = agent.get(path).await;
            assert_eq!(page.text_of(".tabs [aria-current]"), tab);
            assert!(page.has(&format!(".crumbs a[href='{href}']")), "{}", page.text_of(".crumbs"));
            assert_eq!((page.text_of(".crumbs [aria-current]"), page.text_of("h1")), (heading.to_owned(), heading.to_owned()));
            assert!(page.text_of("title").starts_with(heading));
        }
        let page = agent.get("/account/entity-change").await;
        assert_eq!(page.text_of(".crumbs [aria-current]"), "企业法定代表人变更");
    }
}

on_both! {
    async fn the_notice_of_appeals_leads_back_where_one_came_from(app: TestApp) {
        assert!(Agent::new(&app.base).get("/appeals").await.has("main a.button[href='/sign-in']"));
        assert!(unit(&app).await.get("/appeals").await.has("main a.button[href='/account']"));
    }
}

on_both! {
    async fn only_what_did_it_says_that_it_was_done(app: TestApp) {
        let mut agent = unit(&app).await;
        for (path, said, without) in [
            ("/account?done=phone", "手机号码修改成功", "/account"),
            ("/account/representative?done=changed", "变更成功", "/account/representative"),
            ("/account/sessions?done=others", "其他设备已全部退出登录", "/account/sessions"),
            ("/account/operators?done=removed&status=frozen", "删除成功", "/account/operators?status=frozen"),
            ("/account/ended?kind=person&what=closed", "账号已注销", "/account/ended?kind=person"),
        ] {
            for (site, is_ours) in [("same-origin", true), ("cross-site", false), ("same-site", false), ("none", false)] {
                let request = agent.request(reqwest::Method::GET, path).header("sec-fetch-site", site);
                let reply = agent.send(request).await;
                let led = reply.location();
                let shown = agent.follow(reply).await;
                assert_eq!((shown.status.as_u16(), shown.text().contains(said)), (200, is_ours), "{path} {site}");
                assert_eq!(led.as_deref(), (!is_ours).then_some(without), "{path} {site}");
            }
        }
    }
}

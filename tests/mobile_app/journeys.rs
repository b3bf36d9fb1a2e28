use super::*;

on_both_with_portals! {
    async fn a_code_on_the_screen_is_scanned_and_the_browser_is_in_the_hall(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let code = desk.code().await;
        let address = picture::texts(&code);
        assert_eq!(address.len(), 1);
        assert!(address[0].starts_with(&demo.provider("/scan/")), "{address:?}");
        assert_eq!(desk.state().await["state"], "waiting");

        let mut phone = Phone::signed_in(&demo).await;
        assert!(phone.page().text().contains("李颖"), "{}", phone.page().text());
        phone.scan(&code).await;
        let asked = phone.page().text();
        assert!(asked.contains("吉林智慧人社网上办事大厅"), "{asked}");
        assert!(!phone.page().body.contains(&address[0]), "the code is not told on");
        let state = desk.state().await;
        assert_eq!((&state["state"], &state["name"]), (&"scanned".into(), &"*颖".into()));

        let number = desk.number().await;
        let identity = phone.identity("个人");
        phone.confirm(&number, &identity).await;
        assert_eq!(phone.page().text_of("h1"), "已确认登录", "{}", phone.page().text());
        assert_eq!(desk.state().await["state"], "confirmed");
        desk.finish().await;
        assert_eq!(desk.visitor.at.as_str(), demo.portal("/hall"), "{}", desk.visitor.page.text());
        assert!(desk.visitor.page.text_of(".identity").contains("李颖"));
    }

    async fn a_unit_is_chosen_on_the_telephone(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let mut phone = Phone::signed_in(&demo).await;
        let home = phone.page().text();
        assert!(home.contains("扫码登录时可选的身份"), "{home}");
        // Smaller, and as JPEG: as a messenger would pass a screenshot on.
        let code = desk.code().await;
        let smaller = image::imageops::thumbnail(&code, code.width() / 2, code.height() / 2);
        phone.upload(&smaller, ImageFormat::Jpeg).await;
        let number = desk.number().await;
        let identity = phone.identity("经办人");
        phone.confirm(&number, &identity).await;
        assert!(phone.page().text().contains("经办人"), "{}", phone.page().text());
        desk.finish().await;
        let hall = desk.visitor.page.text_of(".identity");
        assert!(hall.contains("经办人"), "{hall}");
    }

    /// 9: a unit by its own account, and who acts for one by theirs.
    async fn a_unit_and_an_operator_scan_as_themselves(demo: Demo) {
        for (page, fields, kind, acting) in [
            ("/sign-in/legal-entity", &[("account", "xinyue0221"), ("password", "Jlrs2026")][..], "法人", "企业账号"),
            (
                "/sign-in/operator",
                &[("unit", "xinyue0221"), ("operator", "15400000002"), ("password", "Jlrs2026")][..],
                "经办人",
                "经办人",
            ),
        ] {
            let mut desk = Desk::open(&demo).await;
            let mut phone = Phone::signed_in_at(&demo, page, fields).await;
            phone.scan(&desk.code().await).await;
            let number = desk.number().await;
            let identity = phone.identity(kind);
            phone.confirm(&number, &identity).await;
            assert_eq!(phone.page().text_of("h1"), "已确认登录", "{}", phone.page().text());
            desk.finish().await;
            let hall = desk.visitor.page.text_of(".identity");
            assert!(hall.contains(acting), "{hall}");
        }
    }

    /// `prompt=login`: the app signs in anew, and then it may.
    async fn a_service_that_wants_a_fresh_sign_in_gets_one(demo: Demo) {
        let mut phone = Phone::signed_in(&demo).await;
        demo.provider.advance_seconds(60);
        let mut desk = Desk { visitor: Visitor::at(&demo, "/hall/login?again=1").await, state_url: String::new() };
        let at = format!("/sign-in/qr?{}", desk.visitor.at.query().unwrap());
        desk.visitor.go(&at).await;
        desk.state_url = desk.visitor.page.attribute("[data-qr]", "data-state-url").unwrap();
        let code = desk.code().await;
        phone.upload(&code, ImageFormat::Png).await;
        assert_eq!(phone.page().text_of("h1"), "请重新登录");
        let anew = phone.page().attribute(".actions a", "href").unwrap();
        phone.0.go(&anew).await;
        let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
        let page = format!("/sign-in/personal?{}", phone.0.at.query().unwrap());
        phone.0.page = phone.0.agent.sign_in(&page, &fields).await;
        phone.0.go_on().await;
        phone.scan(&code).await;
        let (number, identity) = (desk.number().await, phone.identity("个人"));
        phone.confirm(&number, &identity).await;
        desk.finish().await;
        assert_eq!(desk.visitor.at.as_str(), demo.portal("/hall"), "{}", desk.visitor.page.text());
    }

    async fn who_cancels_stays_outside(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let mut phone = Phone::signed_in(&demo).await;
        phone.scan(&desk.code().await).await;
        phone.cancel().await;
        assert_eq!(phone.page().text_of("h1"), "您已取消登录");
        assert_eq!(desk.state().await["state"], "cancelled");
        desk.finish().await;
        assert_ne!(desk.visitor.at.as_str(), demo.portal("/hall"));
    }

    /// Signed out at the provider, by another portal: the app hears of it, and gives its tokens back.
    async fn a_sign_out_elsewhere_reaches_the_app(demo: Demo) {
        let mut phone = Phone::signed_in(&demo).await;
        phone.0.at = Url::parse(&demo.portal("/hall")).unwrap();
        phone.0.go("/hall/login").await;
        assert_eq!(phone.0.at.path(), "/hall");
        phone.0.post("/hall/logout", &[]).await;
        assert_eq!(phone.0.at.path(), "/hall/signed-out");
        idp::janitor::send_outbox(&demo.provider.app).await.unwrap();
        let grants = "SELECT COUNT(*) FROM grants WHERE client_id = 'mobile-app' AND revoked_at IS NULL";
        for _ in 0..100 {
            if crate::support::sql::number(&demo.provider, grants).await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(crate::support::sql::number(&demo.provider, grants).await, 0);
        phone.0.go("/app").await;
        assert!(phone.page().has("a[href='/app/login']"), "{}", phone.page().text());
    }

    /// The app's sign-in outlives its access token, and ends with the refresh token.
    async fn the_app_stays_signed_in_until_it_signs_out(demo: Demo) {
        let mut phone = Phone::signed_in(&demo).await;
        demo.provider.advance_seconds(3 * 3600);
        let mut desk = Desk::open(&demo).await;
        phone.scan(&desk.code().await).await;
        let grants = "SELECT COUNT(*) FROM grants WHERE client_id = 'mobile-app' AND revoked_at IS NULL";
        assert_eq!(crate::support::sql::number(&demo.provider, grants).await, 1);
        phone.0.at = Url::parse(&demo.portal("/app")).unwrap();
        phone.0.post("/app/logout", &[]).await;
        assert_eq!(crate::support::sql::number(&demo.provider, grants).await, 0);
        phone.0.at = Url::parse(&demo.portal("/app")).unwrap();
        phone.0.go("/app").await;
        assert!(phone.page().has("a[href='/app/login']"), "{}", phone.page().text());
    }
}

//! 四 扫码登录: the code on a screen, the telephone's page, the app's JSON.

mod again;
mod api;
mod crowd;
mod device;
mod fresh;
mod live;
mod races;
mod refusals;
mod step_up;

use crate::support::portal::claims;
use crate::support::qr::{self, Screen, answer, confirm, scan};
use crate::support::{Agent, Portal, sql};

on_both! {
    async fn a_person_confirms_and_the_browser_is_at_the_portal(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut desk = Agent::new(&app.base);
        let asked = desk.get(&portal.authorize_path(&[])).await.location().unwrap();
        let asked = asked.replace("/sign-in/personal", "/sign-in/qr");
        let mut screen = Screen::open_at(desk, &asked).await;
        assert!(screen.page.text().contains("登录后将前往： 测试门户hall"), "{}", screen.page.text());
        let policy = screen.page.header("content-security-policy").to_owned();
        assert!(policy.contains("form-action 'self' https://hall.example;"), "{policy}");
        assert_eq!(screen.state().await["state"], "waiting");

        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let said = page.text();
        for wanted in ["测试门户hall", "与本手机在同一网络", "请选择电脑上显示的数字", "个人", "*颖"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        let seen = screen.state().await;
        assert_eq!((&seen["state"], &seen["name"]), (&"scanned".into(), &"*颖".into()), "{seen}");
        assert!(seen["expires_in"].as_i64().unwrap() > 120, "it lives longer once it is scanned: {seen}");

        let number = screen.number().await;
        let done = answer(&mut phone, &code, &page, number, "confirm").await;
        assert_eq!(done.text_of("h1"), "已确认登录");
        assert_eq!(screen.view().await, "confirmed");
        let come_in = screen.finish().await;
        assert_eq!(come_in.status, 303, "{}", come_in.text());
        let back = screen.agent.follow(come_in).await;
        let tokens = portal.redeem(&mut screen.agent, &back.query("code").expect("a code")).await.json();
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(id_token["amr"], serde_json::json!(["mca"]));
        assert_eq!(id_token["acr"], "urn:jl-uia:loa:2", "one device is no second one");
        let userinfo = portal.userinfo(&screen.agent, tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!((&userinfo["account_type"], &userinfo["name"]), (&"natural_person".into(), &"李颖".into()));
        assert_eq!(phone.get("/account").await.status, 200, "the telephone stays signed in");
    }
}

on_both! {
    async fn a_unit_and_an_operator_confirm_too(app: TestApp) {
        for (page, fields, kind, name) in [
            ("/sign-in/legal-entity", &[("account", "xinyue0221")][..], "法人", "*颖"),
            ("/sign-in/operator", &[("unit", "xinyue0221"), ("operator", "15400000002")][..], "经办人", "*洋"),
        ] {
            let mut screen = Screen::open(&app).await;
            let mut phone = qr::phone_of(&app, page, fields).await;
            let shown = scan(&mut phone, &screen.code()).await;
            assert!(shown.text().contains("长春欣悦信息技术有限公司") && shown.text().contains(kind), "{}", shown.text());
            assert!(shown.text().contains("吉林省统一身份认证平台"), "no portal waits: the account itself is opened");
            assert_eq!(screen.state().await["name"], name);
            let number = screen.number().await;
            assert_eq!(answer(&mut phone, &screen.code(), &shown, number, "confirm").await.status, 200);
            let come_in = screen.finish().await;
            assert_eq!(screen.agent.follow(come_in).await.status, 200);
            assert_eq!(screen.agent.get("/account").await.status, 200);
        }
    }
}

on_both! {
    // Who may act for a unit says on the telephone as whom the browser goes on.
    async fn a_person_lets_the_browser_in_as_an_operator(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let document = scraper::Html::parse_document(&page.body);
        let selector = scraper::Selector::parse("[name=identity]").unwrap();
        let ids: Vec<_> = document.select(&selector).filter_map(|input| input.value().attr("value")).map(str::to_owned).collect();
        assert_eq!(ids.len(), 2, "{}", page.text());
        let number = screen.number().await.to_string();
        let fields = [("action", "confirm"), ("number", number.as_str()), ("identity", ids[1].as_str())];
        let done = phone.post(&format!("/scan/{code}"), &fields).await;
        assert_eq!(done.location(), Some(format!("/scan/{code}")), "{}", done.text());
        let come_in = screen.finish().await;
        screen.agent.follow(come_in).await;
        let account = screen.agent.get("/account").await;
        assert!(account.text().contains("经办人"), "{}", account.text());
        let holder = sql::number(&app, "SELECT COUNT(*) FROM sessions WHERE amr = 'mca' AND holder_id IS NOT NULL").await;
        assert_eq!(holder, 1, "it rests on the person");
        // What ends the person ends it too.
        let person = sql::text(&app, "SELECT holder_id FROM sessions WHERE amr = 'mca'").await;
        idp::guard::sessions::disable_account(&app.app, &person).await.unwrap();
        assert_eq!(screen.agent.get("/account").await.status, 303);
    }
}

on_both! {
    async fn who_is_not_signed_in_signs_in_first_and_comes_back(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let code = screen.code();
        let mut phone = Agent::new(&app.base);
        let sent = scan(&mut phone, &code).await;
        let page = sent.location().unwrap();
        assert!(page.starts_with("/sign-in?request="), "{page}");
        assert_eq!(screen.view().await, "waiting", "nothing has happened yet");
        let page = phone.get(&page).await.location().unwrap();
        assert!(page.starts_with("/sign-in/personal?request="), "{page}");
        let form = phone.get(&page).await;
        assert!(!form.has(".corner"), "nobody scans the screen in their hand");
        let signed_in = phone.sign_in(&page, &[("account", "liying2026"), ("password", qr::PASSWORD)]).await;
        let back = phone.get(&signed_in.location().unwrap()).await;
        assert_eq!(back.location(), Some(format!("/scan/{code}?by_camera=1")));
        let request = phone.request(reqwest::Method::GET, &back.location().unwrap()).header("sec-fetch-site", "same-origin");
        let shown = phone.send(request).await;
        assert_eq!(shown.text_of("h1"), "确认登录");
        let number = screen.number().await;
        assert_eq!(answer(&mut phone, &code, &shown, number, "confirm").await.text_of("h1"), "已确认登录");
        assert_eq!(screen.finish().await.status, 303);
        // The request that waited was no portal's.
        let request = page.split_once('?').unwrap().1;
        assert_eq!(phone.get(&format!("/authorize/resume?{request}")).await.status, 400);
    }
}

on_both! {
    // To be sent to somebody's code by a link tells them nothing of who has followed it.
    async fn another_site_scans_nothing(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let code = screen.code();
        let mut phone = qr::person(&app).await;
        for site in [Some("cross-site"), Some("same-site"), None] {
            let mut request = phone.request(reqwest::Method::GET, &format!("/scan/{code}"));
            if let Some(site) = site {
                request = request.header("sec-fetch-site", site);
            }
            let page = phone.send(request).await;
            assert_eq!((page.status.as_u16(), page.text_of("h1")), (200, "扫码登录".to_owned()), "{site:?}");
            assert_eq!(screen.view().await, "waiting", "{site:?}");
        }
        // Nor does a browser that only looks ahead.
        let ahead = phone.request(reqwest::Method::GET, &format!("/scan/{code}"));
        let ahead = ahead.header("sec-fetch-site", "none").header("sec-purpose", "prefetch;prerender");
        assert_eq!(phone.send(ahead).await.text_of("h1"), "扫码登录");
        assert_eq!(screen.view().await, "waiting");
        let scanned = phone.post(&format!("/scan/{code}"), &[("action", "open")]).await;
        assert_eq!(screen.view().await, "scanned");
        assert_eq!(phone.follow(scanned).await.text_of("h1"), "确认登录");
    }
}

on_both! {
    // Both devices are in the account's history, and a browser that it has not met before is told of.
    async fn both_devices_are_on_record(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let come_in = screen.finish().await;
        screen.agent.follow(come_in).await;
        let history = screen.agent.get("/account/history").await.text();
        for wanted in ["扫描登录二维码", "确认扫码登录", "手机扫码", "登录设备："] {
            assert!(history.contains(wanted), "{wanted}: {history}");
        }
        let message = app.last_text("19400000003").await.expect("a notice");
        assert!(message.contains("在新设备上扫码登录"), "{message}");
        // The same browser again is known by then.
        let mut again = Screen::open_at(screen.agent, "/sign-in/qr").await;
        assert_eq!(confirm(&mut phone, &mut again).await.status, 200);
        assert_eq!(again.finish().await.status, 303);
        idp::janitor::send_outbox(&app.app).await.unwrap();
        let notices = app.app.sms.sent().iter().filter(|sent| sent.text.contains("新设备")).count();
        assert_eq!(notices, 1);
    }
}

on_both! {
    // The way round by the sign-in makes no camera of another site's link.
    async fn another_site_scans_nothing_after_a_sign_in_either(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let code = screen.code();
        let mut phone = Agent::new(&app.base);
        let linked = phone.request(reqwest::Method::GET, &format!("/scan/{code}?by_camera=1"));
        let page = phone.send(linked.header("sec-fetch-site", "cross-site")).await.location().unwrap();
        let page = phone.get(&page).await.location().unwrap();
        assert!(phone.get(&page).await.text().contains("登录后回到扫码确认"));
        let signed_in = phone.sign_in(&page, &[("account", "liying2026"), ("password", qr::PASSWORD)]).await;
        let back = phone.get(&signed_in.location().unwrap()).await.location().unwrap();
        assert_eq!(back, format!("/scan/{code}"));
        let back = phone.request(reqwest::Method::GET, &back).header("sec-fetch-site", "same-origin");
        assert_eq!(phone.send(back).await.text_of("h1"), "扫码登录", "it asks first");
        assert_eq!(screen.view().await, "waiting");
    }
}

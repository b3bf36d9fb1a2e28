//! Sent twice, loaded again, answered too late: what was right stays right, and nothing else becomes so.

use idp::guard::Caller;
use idp::guard::qr::TicketId;
use idp::guard::qr::browser::{self, Refusal};
use idp::guard::sessions;
use idp::platform::random;
use serde_json::json;

use crate::support::qr::{self, PhoneApp, Screen, answer, assert_refused, confirm, scan, wrong_number};
use crate::support::{Agent, Portal, Reply, sql};

/// The telephone's form as it is sent, without going where the answer leads.
async fn send(phone: &mut Agent, code: &str, page: &Reply, number: u8, action: &str) -> Reply {
    let identity = page.attribute("[name=identity]", "value").unwrap();
    let number = number.to_string();
    let fields = [("action", action), ("number", number.as_str()), ("identity", identity.as_str())];
    phone.post(&format!("/scan/{code}"), &fields).await
}

on_both! {
    async fn a_confirmation_that_comes_twice_is_right_twice(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let number = screen.number().await;
        for _ in 0..2 {
            let sent = send(&mut phone, &code, &page, number, "confirm").await;
            assert_eq!(sent.location(), Some(format!("/scan/{code}")), "{}", sent.text());
            assert_eq!(phone.follow(sent).await.text_of("h1"), "已确认登录");
        }
        // Another answer is another one.
        let other = send(&mut phone, &code, &page, wrong_number(&page, number), "confirm").await;
        assert_eq!((other.status.as_u16(), other.text_of("h1")), (409, "二维码已使用".to_owned()));
        let other = send(&mut phone, &code, &page, number, "cancel").await;
        assert_eq!((other.status.as_u16(), other.text_of("h1")), (409, "二维码已使用".to_owned()));
        assert_eq!(screen.view().await, "confirmed");
        assert_eq!(screen.finish().await.status, 303);
        // Loaded again, from wherever, and sent once more.
        assert_eq!(phone.get(&format!("/scan/{code}")).await.text_of("h1"), "已确认登录");
        assert_eq!(scan(&mut phone, &code).await.text_of("h1"), "已确认登录");
        assert_eq!(answer(&mut phone, &code, &page, number, "confirm").await.text_of("h1"), "已确认登录");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'qr_confirmed'").await, 1);
        // To anybody else it is used, the same account at another telephone included.
        for other in [&mut qr::person(&app).await, &mut qr::unit(&app).await] {
            let reply = answer(other, &code, &page, number, "confirm").await;
            assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (409, "二维码已使用".to_owned()));
        }
    }
}

on_both! {
    async fn the_warning_and_the_end_come_again_too(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let wrong = wrong_number(&page, screen.number().await);
        for _ in 0..2 {
            let reply = send(&mut phone, &code, &page, wrong, "confirm").await;
            assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (422, "数字不一致".to_owned()));
            assert!(reply.text().contains("请不要扫描别人发来的二维码"), "{}", reply.text());
        }
        assert!(scan(&mut phone, &code).await.text().contains("请不要扫描别人发来的二维码"));
        let screen = Screen::open(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        for _ in 0..2 {
            let sent = send(&mut phone, &code, &page, 10, "cancel").await;
            assert_eq!(phone.follow(sent).await.text_of("h1"), "已取消登录");
        }
    }
}

on_both! {
    // By script and by hand, or because the first answer was lost.
    async fn a_browser_that_is_in_already_goes_on(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut desk = Agent::new(&app.base);
        let asked = desk.get(&portal.authorize_path(&[])).await.location().unwrap();
        let request = asked.split_once('?').unwrap().1.to_owned();
        let mut screen = Screen::open_at(desk, &format!("/sign-in/qr?{request}")).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let before = screen.agent.cookies.clone();
        for _ in 0..2 {
            assert_eq!(screen.finish().await.location(), Some(format!("/sign-in/finish?{request}")));
        }
        let again = screen.page.attribute("[data-qr]", "data-again").unwrap();
        let back = screen.agent.get(&again).await;
        assert_eq!(back.location(), Some(format!("/sign-in/finish?{request}")));
        let back = screen.agent.get(&format!("/sign-in/qr/finish?{request}")).await;
        assert_eq!(back.location(), Some(format!("/sign-in/qr?{request}")), "where a form was sent is no page");
        // Who has the ticket and the browser's cookie, but did not come in, does not come in so.
        screen.agent.cookies = before;
        let refused = screen.finish().await;
        assert_eq!(refused.status, 422);
        assert!(refused.text_of("#error-summary p").contains("该二维码已使用"), "{}", refused.text());
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM sessions WHERE amr = 'mca'").await, 1);
    }
}

on_both! {
    // What the telephone was told is what the browser goes on to.
    async fn a_code_is_good_for_the_request_it_was_opened_for(app: TestApp) {
        let (hall, other) = (Portal::register(&app, "hall").await, Portal::register(&app, "other").await);
        let mut desk = Agent::new(&app.base);
        let mut requests = Vec::new();
        for portal in [&hall, &other] {
            let asked = desk.get(&portal.authorize_path(&[])).await.location().unwrap();
            requests.push(asked.split_once('?').unwrap().1.to_owned());
        }
        let mut screen = Screen::open_at(desk, &format!("/sign-in/qr?{}", requests[0])).await;
        let mut phone = qr::person(&app).await;
        let shown = scan(&mut phone, &screen.code()).await;
        assert!(shown.text().contains("测试门户hall"), "{}", shown.text());
        let number = screen.number().await;
        assert_eq!(answer(&mut phone, &screen.code(), &shown, number, "confirm").await.status, 200);
        let ticket = screen.ticket();
        for elsewhere in [format!("/sign-in/qr/finish?{}", requests[1]), "/sign-in/qr/finish".to_owned()] {
            let refused = screen.agent.post(&elsewhere, &[("ticket", &ticket)]).await;
            assert_eq!(refused.status, 422);
            assert!(refused.text_of("#error-summary p").contains("不是为本次登录生成的"), "{}", refused.text());
            assert_eq!(screen.agent.get("/account").await.status, 303, "nobody has come in");
        }
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        assert!(back.location().is_some_and(|url| url.starts_with("https://hall.example")), "{:?}", back.location());
    }
}

on_both! {
    // Its owner has ended it elsewhere after the request had begun: nothing is added to what is over.
    async fn a_session_that_has_just_ended_is_not_lifted(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut desk = qr::person(&app).await;
        let asked = desk.get(&portal.authorize_path(&[("acr_values", "urn:jl-uia:loa:3")])).await;
        let page = asked.location().unwrap();
        let mut screen = Screen::open_at(desk, &page).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let cookie = |name: &str| screen.agent.cookies[name].clone();
        let (visitor, token) = (cookie("__Host-visitor"), cookie("__Host-session"));
        let session = sessions::current(&app.app, &token).await.unwrap();
        phone.post("/account/sessions", &[("others", "all")]).await;
        let caller = Caller {
            address: "127.0.0.1".to_owned(),
            user_agent: String::new(),
            device_hash: random::hash(&visitor),
        };
        let ticket = TicketId::parse(&screen.ticket()).unwrap();
        let request = page.split_once("request=").unwrap().1;
        let here = (Some(token.as_str()), session.as_ref());
        let come_in = browser::finish(&app.app, &caller, here, &ticket, Some(request)).await.unwrap();
        assert_eq!(come_in, Err(Refusal::AnotherSession));
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM sessions WHERE amr LIKE '%mca%'").await, 0);
    }
}

on_both! {
    // 登录设备: what was to outlive the session ends too, where its owner ends the device.
    async fn an_app_on_a_device_that_was_ended_scans_nothing(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let mut agent = qr::person(&app).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid qr_sign_in offline_access")]).await;
        let phone = PhoneApp { agent: agent.stranger(), token: tokens["access_token"].as_str().unwrap().to_owned() };
        let mut screen = Screen::open(&app).await;
        let scanned = phone.scan(&screen.code()).await.json();
        let number = screen.number().await;
        let mut owner = qr::person(&app).await;
        owner.post("/account/sessions", &[("others", "all")]).await;
        assert_refused(&phone.confirm(&screen.code(), &scanned, number).await, 401, "invalid_token");
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let reply = portal.token(&mut agent, &fields).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!("invalid_grant")));
        assert_eq!(screen.view().await, "scanned");
    }
}

on_both! {
    // Frozen, removed or ended between the scan and the confirmation.
    async fn an_identity_that_ended_meanwhile_is_not_confirmed(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        let mut screen = Screen::open(&app).await;
        let scanned = phone.scan(&screen.code()).await.json();
        let operator = &scanned["identities"][1];
        assert_eq!(operator["account_type"], "operator");
        sql::execute(&app, "UPDATE operators SET valid_until = 1").await;
        let number = screen.number().await;
        let body = json!({ "code": screen.code(), "number": number, "identity": operator["id"] });
        assert_refused(&phone.post("/scan/api/confirm", &body).await, 403, "identity_not_allowed");
        assert_eq!(screen.view().await, "scanned", "and another identity is still good");
        assert_eq!(phone.confirm(&screen.code(), &scanned, number).await.status, 200);
        assert_eq!(screen.finish().await.status, 303);
    }
}

on_both! {
    // Another site's form decides nothing about a code that was scanned.
    async fn another_sites_form_leaves_it_scanned(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let number = screen.number().await.to_string();
        let identity = page.attribute("[name=identity]", "value").unwrap();
        for action in ["confirm", "cancel"] {
            let form = [("action", action), ("number", number.as_str()), ("identity", identity.as_str())];
            let request = phone.request(reqwest::Method::POST, &format!("/scan/{code}")).form(&form);
            let request = request.header("sec-fetch-site", "cross-site").header("origin", "https://evil.example");
            assert_eq!(phone.send(request).await.status, 403, "{action}");
            assert_eq!(screen.view().await, "scanned");
        }
    }
}

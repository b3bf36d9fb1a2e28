//! What does not let a browser in, each with its own answer.

use crate::support::Agent;
use crate::support::qr::{self, PhoneApp, Screen, answer, assert_step_up, confirm, scan, wrong_number};

on_both! {
    async fn another_number_ends_it(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let number = screen.number().await;
        // Nothing chosen is nothing wrong.
        let identity = page.attribute("[name=identity]", "value").unwrap();
        for nothing in ["", "7", "100", "x"] {
            let fields = [("action", "confirm"), ("number", nothing), ("identity", identity.as_str())];
            let again = phone.post(&format!("/scan/{code}"), &fields).await;
            assert_eq!((again.status.as_u16(), again.text_of("#number-error")), (422, "错误：请选择电脑上显示的数字".to_owned()), "{nothing}");
        }
        assert_eq!(screen.view().await, "scanned");
        let reply = answer(&mut phone, &code, &page, wrong_number(&page, number), "confirm").await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (422, "数字不一致".to_owned()));
        assert!(reply.text().contains("请不要扫描别人发来的二维码"), "{}", reply.text());
        assert_eq!(screen.view().await, "wrong_number");
        // The right one comes too late.
        let reply = answer(&mut phone, &code, &page, number, "confirm").await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (422, "数字不一致".to_owned()));
        let refused = screen.finish().await;
        assert_eq!(refused.status, 422);
        assert!(refused.text_of("#error-summary p").contains("数字与网页不一致"), "{}", refused.text());
        assert_eq!(screen.agent.get("/account").await.status, 303);
    }
}

on_both! {
    async fn a_picture_of_the_code_has_no_number(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        assert_eq!(screen.page.text_of("[data-qr-number]"), "");
        assert!(screen.page.has("[data-qr-when=scanned][hidden]"));
        assert!(screen.state().await.get("number").is_none());
        let mut phone = qr::person(&app).await;
        scan(&mut phone, &screen.code()).await;
        assert!(screen.state().await["number"].is_u64());
    }
}

on_both! {
    async fn a_cancelled_one_is_over(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let number = screen.number().await;
        let cancelled = answer(&mut phone, &code, &page, number, "cancel").await;
        assert_eq!(cancelled.text_of("h1"), "已取消登录");
        assert!(cancelled.has(".card__sign:not(.card__sign--bad)"), "as the visitor wanted it");
        assert_eq!(screen.view().await, "cancelled");
        let reply = answer(&mut phone, &code, &page, number, "confirm").await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (410, "登录已取消".to_owned()));
        assert!(screen.finish().await.text_of("#error-summary p").contains("您已取消登录"));
    }
}

on_both! {
    async fn time_runs_out_at_every_stage(app: TestApp) {
        // Not scanned within two minutes.
        let mut screen = Screen::open(&app).await;
        app.advance_seconds(105);
        assert_eq!(screen.view().await, "waiting");
        app.advance_seconds(15);
        assert_eq!(screen.view().await, "expired");
        let mut phone = qr::person(&app).await;
        let reply = scan(&mut phone, &screen.code()).await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (410, "二维码已失效".to_owned()));
        assert!(screen.finish().await.text_of("#error-summary p").contains("二维码已失效"));
        // Scanned in the last moment: a minute more, and no longer.
        let mut screen = Screen::open(&app).await;
        app.advance_seconds(105);
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let number = screen.number().await;
        app.advance_seconds(50);
        assert_eq!(screen.view().await, "scanned");
        app.advance_seconds(25);
        assert_eq!(screen.view().await, "expired");
        let reply = answer(&mut phone, &code, &page, number, "confirm").await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (410, "二维码已失效".to_owned()));
        // Confirmed, but the browser has gone for too long.
        let mut screen = Screen::open(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        app.advance_seconds(61);
        assert_eq!(screen.view().await, "expired");
        assert!(screen.finish().await.text_of("#error-summary p").contains("二维码已失效"));
        // Long after that nobody knows it any more.
        app.advance_seconds(700);
        idp::janitor::sweep(&app.app).await.unwrap();
        assert_eq!(screen.view().await, "unknown");
        assert_eq!(scan(&mut qr::person(&app).await, &code).await.text_of("h1"), "二维码无效");
    }
}

on_both! {
    async fn what_was_made_up_is_unknown(app: TestApp) {
        let mut phone = qr::person(&app).await;
        for code in ["x".to_owned(), "A".repeat(43), "A".repeat(44), "%E4%BA%8C".to_owned(), "a%00".to_owned()] {
            for agent in [&mut phone, &mut Agent::new(&app.base)] {
                let reply = scan(agent, &code).await;
                assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (404, "二维码无效".to_owned()), "{code}");
                let reply = agent.post(&format!("/scan/{code}"), &[("action", "confirm")]).await;
                assert!([401, 404].contains(&reply.status.as_u16()), "{code} {}", reply.status);
            }
        }
        let mut screen = Screen::open(&app).await;
        for ticket in ["", "x", &"A".repeat(43)] {
            let reply = screen.agent.post("/sign-in/qr/finish", &[("ticket", ticket)]).await;
            assert_eq!(reply.status, 422, "{ticket}");
        }
        let early = screen.finish().await;
        assert!(early.text_of("#error-summary p").contains("尚未在手机上确认"), "{}", early.text());
        assert_eq!(screen.view().await, "waiting", "and it is still good");
    }
}

on_both! {
    async fn a_telephone_that_signed_out_meanwhile_confirms_nothing(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let number = screen.number().await;
        let before = phone.cookies.clone();
        phone.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        phone.cookies = before;
        let reply = answer(&mut phone, &code, &page, number, "confirm").await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (401, "登录状态已失效".to_owned()));
        assert_eq!(screen.view().await, "scanned");
        // Nor does the same account in a new session: it is another telephone by now.
        let mut again = qr::person(&app).await;
        let reply = answer(&mut again, &code, &page, number, "confirm").await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (409, "二维码已被扫描".to_owned()));
        // And one that signs out right after takes its word back.
        let mut screen = Screen::open(&app).await;
        assert_eq!(confirm(&mut again, &mut screen).await.status, 200);
        again.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let refused = screen.finish().await;
        assert!(refused.text_of("#error-summary p").contains("手机上的账号已退出登录"), "{}", refused.text());
        assert_eq!(screen.agent.get("/account").await.status, 303);
    }
}

on_both! {
    async fn an_account_that_was_disabled_lets_nobody_in(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let id = crate::support::sql::text(&app, "SELECT account_id FROM qr_tickets WHERE stage = 'confirmed'").await;
        idp::guard::sessions::disable_account(&app.app, &id).await.unwrap();
        assert_eq!(screen.finish().await.status, 422);
        assert_eq!(screen.agent.get("/account").await.status, 303);
    }
}

on_both! {
    // Without a script: links and forms do it all.
    async fn without_javascript(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        let again = screen.page.attribute("[data-qr]", "data-state-url").unwrap().replace("/state?", "?");
        assert!(screen.page.body.contains(&again.replace('&', "&amp;")), "a link to see how it stands");
        let code = screen.code();
        let shown = scan(&mut phone, &code).await;
        let page = screen.agent.get(&again).await;
        assert!(page.text().contains("扫描成功，请在手机上确认登录") && page.text().contains("*颖"), "{}", page.text());
        let number: u8 = page.text_of("[data-qr-number]").parse().unwrap();
        assert!(!page.has("[data-qr-when=scanned][hidden]"));
        answer(&mut phone, &code, &shown, number, "confirm").await;
        let page = screen.agent.get(&again).await;
        assert!(page.has("[data-qr-finish]:not([hidden]) button"), "{}", page.text());
        let come_in = screen.agent.post("/sign-in/qr/finish", &[("ticket", &screen.page.attribute("[name=ticket]", "value").unwrap())]).await;
        assert_eq!(come_in.status, 303);
        assert_eq!(screen.agent.follow(come_in).await.status, 200);
        // Whoever is in goes on; to anybody else at that browser what is over says so, and offers a new one.
        assert_eq!(screen.agent.get(&again).await.location().as_deref(), Some("/sign-in/finish"));
        screen.agent.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let page = screen.agent.get(&again).await;
        assert!(page.text().contains("该二维码已使用") && page.has("a.qr__refresh:not([hidden])[href='/sign-in/qr']"), "{}", page.text());
    }
}

on_both! {
    // Else one stolen device would make the second that proves it (RFC 8176 `mca` stands for two).
    async fn who_came_in_by_a_scan_lets_nobody_in(app: TestApp) {
        let mut first = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        confirm(&mut phone, &mut first).await;
        assert_eq!(first.finish().await.status, 303);
        let second = Screen::open(&app).await;
        let refused = scan(&mut first.agent, &second.code()).await;
        assert_eq!((refused.status.as_u16(), refused.text_of("h1")), (403, "请先用密码登录".to_owned()), "{}", refused.text());
        let portal = PhoneApp::register(&app).await;
        let program = PhoneApp::of(&portal, first.agent).await;
        assert_step_up(&program.scan(&second.code()).await, "password_first", "Bearer", 0);
        assert_eq!(scan(&mut phone, &second.code()).await.status, 200);
    }
}

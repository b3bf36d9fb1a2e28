//! Everything at once: one telephone, one confirmation, one browser.

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::qr::{self, PhoneApp, Screen, confirm, scan};
use crate::support::{Agent, sql};

on_both! {
    async fn of_many_telephones_one_has_the_ticket(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let code = screen.code();
        let mut phones = Vec::new();
        for number in 0..6 {
            phones.push(if number % 2 == 0 { qr::person(&app).await } else { qr::unit(&app).await });
        }
        let mut scans = JoinSet::new();
        for mut phone in phones {
            let code = code.clone();
            scans.spawn(async move { scan(&mut phone, &code).await });
        }
        let replies = scans.join_all().await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        assert!(replies.iter().all(|reply| reply.status == 200 || reply.text_of("h1") == "二维码已被扫描"));
        assert_eq!(screen.view().await, "scanned");
    }
}

on_both! {
    async fn of_many_confirmations_one_counts(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        let mut screen = Screen::open(&app).await;
        let scanned = phone.scan(&screen.code()).await.json();
        let number = screen.number().await;
        let body = json!({ "code": screen.code(), "number": number, "identity": scanned["identities"][0]["id"] });
        let mut confirmations = JoinSet::new();
        for _ in 0..20 {
            let (token, body, base) = (phone.token.clone(), body.clone(), app.base.clone());
            confirmations.spawn(async move {
                let phone = PhoneApp { agent: Agent::new(&base), token };
                phone.post("/scan/api/confirm", &body).await
            });
        }
        let replies = confirmations.join_all().await;
        assert!(replies.iter().all(|reply| reply.status == 200), "the same answer, and so the same reply");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'qr_confirmed'").await, 1);
    }
}

on_both! {
    // All three numbers at once: whichever comes first decides, and only the right one ever lets in.
    async fn to_try_all_numbers_is_to_try_one(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        for _ in 0..5 {
            let mut screen = Screen::open(&app).await;
            let scanned = phone.scan(&screen.code()).await.json();
            let mut tries = JoinSet::new();
            for number in scanned["numbers"].as_array().unwrap() {
                let body = json!({ "code": screen.code(), "number": number, "identity": scanned["identities"][0]["id"] });
                let (token, base) = (phone.token.clone(), app.base.clone());
                tries.spawn(async move {
                    PhoneApp { agent: Agent::new(&base), token }.post("/scan/api/confirm", &body).await.status.as_u16()
                });
            }
            let statuses = tries.join_all().await;
            let decided = |status| statuses.iter().filter(|one| **one == status).count();
            if screen.view().await == "confirmed" {
                assert_eq!((decided(200), decided(409)), (1, 2), "{statuses:?}");
            } else {
                assert_eq!(decided(422), 3, "the warning, again and again: {statuses:?}");
            }
        }
    }
}

on_both! {
    async fn of_many_tabs_one_comes_in(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let mut tabs = JoinSet::new();
        for _ in 0..10 {
            let (base, cookies, ticket) = (app.base.clone(), screen.agent.cookies.clone(), screen.ticket());
            tabs.spawn(async move {
                let mut tab = Agent::new(&base);
                tab.cookies = cookies;
                tab.post("/sign-in/qr/finish", &[("ticket", &ticket)]).await
            });
        }
        let replies = tabs.join_all().await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 303).count(), 1);
        assert!(replies.iter().all(|reply| reply.status == 303 || reply.text().contains("该二维码已使用")));
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM sessions WHERE amr = 'mca'").await, 1);
        // A replay, much later.
        assert!(screen.finish().await.text_of("#error-summary p").contains("该二维码已使用"));
    }
}

on_both! {
    async fn confirmed_or_cancelled_but_never_both(app: TestApp) {
        let portal = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal, qr::person(&app).await).await;
        for _ in 0..5 {
            let mut screen = Screen::open(&app).await;
            let scanned = phone.scan(&screen.code()).await.json();
            let number = screen.number().await;
            let code = screen.code();
            let cancel = json!({ "code": code });
            let (confirmed, cancelled) =
                tokio::join!(phone.confirm(&code, &scanned, number), phone.post("/scan/api/cancel", &cancel));
            assert_ne!(confirmed.status == 200, cancelled.status == 200, "{} {}", confirmed.body, cancelled.body);
            let view = screen.view().await;
            assert_eq!(view, if confirmed.status == 200 { "confirmed" } else { "cancelled" });
        }
    }
}

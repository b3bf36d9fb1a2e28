//! `urn:jl-uia:loa:3`: who has signed in with a password confirms it on a second device.

use serde_json::{Value, json};

use crate::support::portal::claims;
use crate::support::qr::{self, PhoneApp, Screen, answer, assert_refused, confirm, scan};
use crate::support::{Agent, Portal, Reply, TestApp};

const LOA_2: &str = "urn:jl-uia:loa:2";
const LOA_3: &str = "urn:jl-uia:loa:3";

fn essential() -> String {
    json!({"id_token": {"acr": {"essential": true, "values": [LOA_3]}}}).to_string()
}

async fn id_token(portal: &Portal, agent: &mut Agent, reply: &Reply) -> Value {
    let code = reply.query("code").unwrap_or_else(|| panic!("{:?} {}", reply.location(), reply.text()));
    let tokens = portal.redeem(agent, &code).await.json();
    claims(tokens["id_token"].as_str().unwrap())
}

/// Where a portal's request for a second device leads a browser.
async fn ask(app: &TestApp, agent: Agent, changes: &[(&str, &str)]) -> (Portal, Screen) {
    let told = json!({ "backchannel_logout_uri": "https://hall.example/logout" });
    let portal = Portal::register_with(app, &format!("hall-{}", changes[0].0.replace('_', "-")), told).await;
    let mut agent = agent;
    let asked = agent.get(&portal.authorize_path(changes)).await;
    let page = asked.location().unwrap();
    assert!(page.starts_with("/sign-in/qr?request="), "{page}");
    (portal, Screen::open_at(agent, &page).await)
}

on_both! {
    async fn the_telephone_of_the_same_account_lifts_the_session(app: TestApp) {
        let essential = essential();
        for changes in [("acr_values", LOA_3), ("claims", essential.as_str())] {
            let desk = qr::person(&app).await;
            let (portal, mut screen) = ask(&app, desk, &[changes]).await;
            assert_eq!(screen.page.text_of("h1"), "手机确认");
            assert!(!screen.page.has(".corner"));
            let mut phone = qr::person(&app).await;
            let shown = scan(&mut phone, &screen.code()).await;
            assert_eq!(shown.text_of("h1"), "确认本次操作");
            let number = screen.number().await;
            assert_eq!(answer(&mut phone, &screen.code(), &shown, number, "confirm").await.status, 200);
            let sid = crate::support::sql::text(&app, "SELECT wanted_sid FROM qr_tickets WHERE stage = 'confirmed'").await;
            let come_in = screen.finish().await;
            assert_eq!(come_in.status, 303, "{}", come_in.text());
            let back = screen.agent.follow(come_in).await;
            let claims = id_token(&portal, &mut screen.agent, &back).await;
            assert_eq!((&claims["acr"], &claims["amr"]), (&json!(LOA_3), &json!(["pwd", "mca"])));
            assert_eq!(claims["sid"], sid, "the same session");
            // It holds for the next portal too, without a word.
            let again = screen.agent.get(&portal.authorize_path(&[changes])).await;
            assert_eq!(id_token(&portal, &mut screen.agent, &again).await["acr"], LOA_3);
            let history = screen.agent.get("/account/history").await.text();
            assert!(history.contains("密码和手机扫码"), "{history}");
        }
    }
}

on_both! {
    |config| config.sign_in.address_codes = 1;
    // Whoever has given their password is not sent to give it again.
    async fn too_many_codes_are_no_dead_end(app: TestApp) {
        let desk = qr::person(&app).await;
        let (portal, mut screen) = ask(&app, desk, &[("acr_values", LOA_3)]).await;
        let asked = screen.agent.get(&portal.authorize_path(&[("acr_values", LOA_3)])).await;
        let page = screen.agent.get(&asked.location().unwrap()).await;
        assert_eq!(page.status, 429);
        let onward = page.attribute("a.button", "href").unwrap();
        let back = screen.agent.get(&onward).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["acr"], LOA_2);
    }
}

on_both! {
    // The password was young enough when it was asked for the telephone, and is not any more: that is nobody's fault.
    async fn who_took_long_signs_in_once_more(app: TestApp) {
        let desk = qr::person(&app).await;
        app.advance_seconds(200);
        let (_, mut screen) = ask(&app, desk, &[("acr_values", LOA_3), ("max_age", "300")]).await;
        app.advance_seconds(90);
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        app.advance_seconds(20);
        let come_in = screen.finish().await;
        let page = screen.agent.follow(come_in).await;
        assert_eq!((page.status.as_u16(), page.text_of("h1")), (200, "账号密码登录".to_owned()), "{}", page.text());
    }
}

on_both! {
    async fn another_account_is_no_answer(app: TestApp) {
        let desk = qr::person(&app).await;
        let (_, mut screen) = ask(&app, desk, &[("acr_values", LOA_3)]).await;
        let mut stranger = qr::unit(&app).await;
        let reply = scan(&mut stranger, &screen.code()).await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (403, "账号不一致".to_owned()));
        let portal = PhoneApp::register(&app).await;
        let stranger = PhoneApp::of(&portal, qr::unit(&app).await).await;
        assert_refused(&stranger.scan(&screen.code()).await, 403, "other_account_wanted");
        assert_eq!(screen.view().await, "waiting", "it is still there for the right one");
        // Nor is the browser's own session, in another window or through an app that signed in there.
        let mut window = screen.agent.stranger();
        window.cookies = screen.agent.cookies.clone();
        let own = PhoneApp::of(&portal, window).await;
        assert_refused(&own.scan(&screen.code()).await, 403, "same_device");
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        assert_eq!(screen.finish().await.status, 303);
    }
}

on_both! {
    // Who could confirm as several confirms as the one who is signed in.
    async fn only_the_account_that_is_signed_in_is_offered(app: TestApp) {
        let operator = [("unit", "92220102TEXT00033F"), ("operator", "19400000003")];
        let desk = qr::phone_of(&app, "/sign-in/operator", &operator).await;
        let (portal, mut screen) = ask(&app, desk, &[("acr_values", LOA_3)]).await;
        let portal_app = PhoneApp::register(&app).await;
        let phone = PhoneApp::of(&portal_app, qr::person(&app).await).await;
        let scanned = phone.scan(&screen.code()).await.json();
        assert_eq!(scanned["second_device"], true);
        let offered = scanned["identities"].as_array().unwrap();
        assert_eq!((offered.len(), &offered[0]["account_type"]), (1, &json!("operator")), "{scanned}");
        let own = phone.get("/scan/api/identities").await.json()["identities"][0]["id"].clone();
        let number = screen.number().await;
        let body = json!({ "code": screen.code(), "number": number, "identity": own });
        assert_refused(&phone.post("/scan/api/confirm", &body).await, 403, "identity_not_allowed");
        assert_eq!(phone.confirm(&screen.code(), &scanned, number).await.status, 200);
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["acr"], LOA_3);
    }
}

on_both! {
    async fn who_has_no_telephone_goes_on_without(app: TestApp) {
        let desk = qr::person(&app).await;
        let (portal, mut screen) = ask(&app, desk, &[("acr_values", LOA_3)]).await;
        let without = screen.page.attribute(".form__links a", "href").unwrap();
        let back = screen.agent.get(&without).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["acr"], LOA_2, "told as it is");
        let asked = screen.agent.get(&portal.authorize_path(&[("claims", &essential())])).await;
        let page = screen.agent.get(&asked.location().unwrap()).await;
        let back = screen.agent.get(&page.attribute(".form__links a", "href").unwrap()).await;
        assert_eq!(back.query("error").as_deref(), Some("unmet_authentication_requirements"));
        // A portal that takes less gets less, without a question.
        let both = format!("{LOA_3} {LOA_2}");
        let back = screen.agent.get(&portal.authorize_path(&[("acr_values", &both)])).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["acr"], LOA_2);
    }
}

on_both! {
    |config| config.sign_in.opens_with = idp::config::OpensWith::Qr;
    async fn the_first_device_signs_in_with_a_password(app: TestApp) {
        // Nobody is signed in: the password first, and no way round it.
        let portal = Portal::register(&app, "hall").await;
        let mut desk = Agent::new(&app.base);
        let asked = desk.get(&portal.authorize_path(&[("acr_values", LOA_3)])).await.location().unwrap();
        assert!(asked.starts_with("/sign-in/personal?request="), "{asked}");
        let form = desk.get(&asked).await;
        assert!(!form.has(".corner") && form.text().contains("请先用密码登录，再用手机扫码确认"), "{}", form.text());
        let qr = asked.replace("/sign-in/personal", "/sign-in/qr");
        assert_eq!(desk.get(&qr).await.location().as_deref(), Some(asked.as_str()));
        let signed_in = desk.sign_in(&asked, &[("account", "liying2026"), ("password", qr::PASSWORD)]).await;
        let resumed = desk.get(&signed_in.location().unwrap()).await;
        let page = desk.get(&resumed.location().unwrap()).await.location().unwrap();
        assert_eq!(page, qr);
        let mut screen = Screen::open_at(desk, &page).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["acr"], LOA_3);

        // Who came in by code alone has used one device only.
        let mut screen = Screen::open(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let come_in = screen.finish().await;
        screen.agent.follow(come_in).await;
        let asked = screen.agent.get(&portal.authorize_path(&[("acr_values", LOA_3)])).await.location().unwrap();
        assert!(asked.starts_with("/sign-in/personal?request="), "{asked}");
    }
}

on_both! {
    async fn another_account_at_the_browser_meanwhile_gets_nothing(app: TestApp) {
        let desk = qr::person(&app).await;
        let (_, mut screen) = ask(&app, desk, &[("acr_values", LOA_3)]).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let fields = [("account", "xinyue0221"), ("password", qr::PASSWORD)];
        assert_eq!(screen.agent.sign_in("/sign-in/legal-entity", &fields).await.status, 303);
        let refused = screen.finish().await;
        assert!(refused.text_of("#error-summary p").contains("当前登录的账号已变化"), "{}", refused.text());
    }
}

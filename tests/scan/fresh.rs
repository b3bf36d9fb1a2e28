//! `prompt=login` and `max_age`: a scan is no younger than the sign-in of the telephone that makes it.

use idp::config::OpensWith;
use serde_json::{Value, json};

use crate::support::portal::claims;
use crate::support::qr::{self, PhoneApp, Screen, answer, assert_step_up, confirm, scan};
use crate::support::{Agent, Portal, Reply, TestApp, sql};

/// What the answer to a portal buys.
async fn id_token(portal: &Portal, agent: &mut Agent, reply: &Reply) -> Value {
    let code = reply.query("code").unwrap_or_else(|| panic!("{:?} {}", reply.location(), reply.text()));
    let tokens = portal.redeem(agent, &code).await.json();
    claims(tokens["id_token"].as_str().unwrap())
}

/// The code that a portal's request is answered with.
async fn ask(agent: Agent, portal: &Portal, changes: &[(&str, &str)]) -> Screen {
    let mut agent = agent;
    let asked = agent.get(&portal.authorize_path(changes)).await.location().unwrap();
    let request = asked.split_once('?').unwrap().1;
    Screen::open_at(agent, &format!("/sign-in/qr?{request}")).await
}

/// When the one session that rests on a password began.
async fn telephone_signed_in_at(app: &TestApp) -> i64 {
    sql::number(app, "SELECT authenticated_at FROM sessions WHERE amr = 'pwd'").await / 1000
}

on_both! {
    |config| config.sign_in.opens_with = OpensWith::Qr;
    async fn prompt_login_wants_a_telephone_that_signs_in_anew(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut phone = qr::person(&app).await;
        app.advance_seconds(1200);
        let mut desk = Agent::new(&app.base);
        let asked = desk.get(&portal.authorize_path(&[("prompt", "login")])).await.location().unwrap();
        assert!(asked.starts_with("/sign-in/personal?"), "the password is the shorter way: {asked}");
        let started = app.app.clock.now().seconds();
        let mut screen = ask(desk, &portal, &[("prompt", "login")]).await;
        assert!(screen.page.text().contains("请先在手机上重新登录再扫码，或使用密码登录"), "{}", screen.page.text());
        let code = screen.code();
        let refused = scan(&mut phone, &code).await;
        assert_eq!((refused.status.as_u16(), refused.text_of("h1")), (403, "请重新登录".to_owned()));
        let app_client = PhoneApp::register(&app).await;
        let mut system_browser = phone.stranger();
        system_browser.cookies = phone.cookies.clone();
        let program = PhoneApp::of(&app_client, system_browser).await;
        assert_eq!(screen.view().await, "waiting");
        assert_step_up(&program.scan(&code).await, "sign_in_again", "Bearer", 0);
        // A way on, and back.
        let action = refused.attribute("main form", "action").unwrap();
        let page = phone.post(&action, &[("action", "sign_in")]).await.location().unwrap();
        let page = phone.get(&page).await.location().unwrap();
        assert!(page.starts_with("/sign-in/personal?"), "{page}");
        let signed_in = phone.sign_in(&page, &[("account", "liying2026"), ("password", qr::PASSWORD)]).await;
        assert_eq!(phone.follow(signed_in).await.text_of("h1"), "扫码登录");
        let opened = phone.post(&action, &[("action", "open")]).await;
        let shown = phone.follow(opened).await;
        let number = screen.number().await;
        assert_eq!(answer(&mut phone, &code, &shown, number, "confirm").await.text_of("h1"), "已确认登录");
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        let told = id_token(&portal, &mut screen.agent, &back).await;
        assert_eq!(told["amr"], json!(["mca"]));
        assert!(told["auth_time"].as_i64().unwrap() >= started, "{told}");
    }
}

on_both! {
    |config| config.sign_in.opens_with = OpensWith::Qr;
    async fn max_age_is_that_of_the_telephones_sign_in(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut phone = qr::person(&app).await;
        let signed_in_at = telephone_signed_in_at(&app).await;
        app.advance_seconds(1200);
        let mut desk = Agent::new(&app.base);
        let asked = desk.get(&portal.authorize_path(&[("max_age", "86400")])).await.location().unwrap();
        assert!(asked.starts_with("/sign-in/qr?"), "{asked}");
        let screen = ask(Agent::new(&app.base), &portal, &[("max_age", "600")]).await;
        assert_eq!(scan(&mut phone, &screen.code()).await.text_of("h1"), "请重新登录");
        let app_client = PhoneApp::register(&app).await;
        let mut system_browser = phone.stranger();
        system_browser.cookies = phone.cookies.clone();
        let program = PhoneApp::of(&app_client, system_browser).await;
        assert_step_up(&program.scan(&screen.code()).await, "sign_in_again", "Bearer", 600);
        // Young enough, and told as it is.
        let mut screen = ask(Agent::new(&app.base), &portal, &[("max_age", "7200")]).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.text_of("h1"), "已确认登录");
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["auth_time"], signed_in_at);
        // What came in by it is no younger at the next portal.
        let next = Portal::register(&app, "next").await;
        let quiet = [("max_age", "600"), ("prompt", "none")];
        let reply = screen.agent.get(&next.authorize_path(&quiet)).await;
        assert_eq!(reply.query("error").as_deref(), Some("login_required"));
        let told = screen.agent.get(&next.authorize_path(&[("max_age", "7200")])).await;
        assert_eq!(id_token(&next, &mut screen.agent, &told).await["auth_time"], signed_in_at);
    }
}

on_both! {
    // Whose sign-in it is was asked, not how old it is.
    async fn to_select_an_account_a_scan_is_enough(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut phone = qr::person(&app).await;
        app.advance_seconds(1200);
        let desk = qr::unit(&app).await;
        let mut screen = ask(desk, &portal, &[("prompt", "select_account")]).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        assert_eq!(id_token(&portal, &mut screen.agent, &back).await["amr"], json!(["mca"]));
        // The same telephone again, at the browser that it has let in.
        app.advance_seconds(60);
        let mut screen = ask(screen.agent, &portal, &[("prompt", "select_account")]).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        id_token(&portal, &mut screen.agent, &back).await;
    }
}

on_both! {
    // Another account than the request names: an error, rather than the same code again and again.
    async fn the_wrong_account_by_a_scan_is_told_to_the_portal(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut unit = qr::unit(&app).await;
        let tokens = portal.tokens(&mut unit, &[]).await;
        let hint = tokens["id_token"].as_str().unwrap();
        let mut phone = qr::person(&app).await;
        app.advance_seconds(60);
        let mut screen = ask(Agent::new(&app.base), &portal, &[("id_token_hint", hint)]).await;
        assert_eq!(confirm(&mut phone, &mut screen).await.status, 200);
        let come_in = screen.finish().await;
        let back = screen.agent.follow(come_in).await;
        assert_eq!(back.query("error").as_deref(), Some("login_required"), "{:?}", back.location());
    }
}

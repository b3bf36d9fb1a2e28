//! What the picture says, and whose it is.

use rqrr::PreparedImage;

use crate::support::qr::{self, Screen, scan};
use crate::support::{Agent, Portal};

/// Draws the SVG that the provider makes: a white ground, and dark rectangles `M{x} {y}h{w}v{h}H{x}V{y}`.
fn draw(svg: &str) -> (usize, Vec<bool>) {
    let number = |text: &str| -> usize {
        text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let width = number(svg.split_once("viewBox=\"0 0 ").unwrap().1);
    let mut dark = vec![false; width * width];
    let path = svg.rsplit_once(" d=\"").unwrap().1;
    for rectangle in path.split('M').skip(1) {
        let (x, rest) = rectangle.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (x, y): (usize, usize) = (number(x), number(y));
        let (w, h) = (number(rest), number(rest.split_once('v').unwrap().1));
        for row in y..y + h {
            dark[row * width + x..row * width + x + w].fill(true);
        }
    }
    (width, dark)
}

on_both! {
    async fn the_picture_is_the_address_of_the_ticket(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let source = screen.page.attribute(".qr__code", "src").unwrap();
        assert!(screen.page.attribute(".qr__code", "alt").is_some_and(|alt| alt.contains("登录二维码")));
        let picture = screen.agent.get(&source).await;
        assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/svg+xml"));
        assert_eq!(picture.header("cache-control"), "no-store");
        let (width, dark) = draw(&picture.body);
        // Four modules of eight points on every side (ISO/IEC 18004 section 6.3.8).
        for at in 0..width {
            for edge in 0..32 {
                assert!(!dark[edge * width + at] && !dark[at * width + edge], "the quiet zone");
            }
        }
        let mut image = PreparedImage::prepare_from_greyscale(width, width, |x, y| if dark[y * width + x] { 0 } else { 255 });
        let grids = image.detect_grids();
        let (meta, text) = grids.first().expect("a code").decode().unwrap();
        assert_eq!(text, format!("{}/scan/{}", app.base, screen.code()));
        assert_eq!(meta.ecc_level, 0, "M");
        // It draws codes of ours, and nobody's texts.
        let (long, other) = (format!("?ticket={}", "A".repeat(9000)), format!("?ticket={}.", "A".repeat(42)));
        for wrong in ["", "?ticket=", "?ticket=x", "?ticket=%00", "?ticket=https://evil.example/", &long, &other] {
            assert_eq!(screen.agent.get(&format!("/sign-in/qr/code.svg{wrong}")).await.status, 404, "{wrong}");
        }
    }
}

on_both! {
    // The ticket's secret and the browser's cookie, both.
    async fn a_ticket_is_its_browsers(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut phone = qr::person(&app).await;
        assert_eq!(qr::confirm(&mut phone, &mut screen).await.status, 200);
        let mut thief = Agent::new(&app.base);
        thief.get("/sign-in/qr").await;
        let state = screen.page.attribute("[data-qr]", "data-state-url").unwrap();
        for path in [state.clone(), state.replace("/state", "/events")] {
            assert_eq!(thief.get(&path).await.status, 404, "{path}");
        }
        let (ticket, code) = (screen.ticket(), screen.code());
        for stolen in [ticket.as_str(), &code] {
            let reply = thief.post("/sign-in/qr/finish", &[("ticket", stolen)]).await;
            assert_eq!(reply.status, 422);
            assert!(reply.text().contains("不属于当前浏览器"), "{}", reply.text());
        }
        assert_eq!(thief.get("/account").await.status, 303);
        // The code, which the telephone has, is no ticket for the browser that showed it either.
        let reply = screen.agent.post("/sign-in/qr/finish", &[("ticket", &code)]).await;
        assert_eq!(reply.status, 422);
        // And the ticket, which the browser has, is no code for a telephone.
        assert_eq!(scan(&mut phone, &ticket).await.status, 404);
        assert_eq!(screen.finish().await.status, 303);
    }
}

on_both! {
    // A browser that confirms to itself proves nothing.
    async fn a_browser_does_not_scan_its_own_screen(app: TestApp) {
        let agent = qr::person(&app).await;
        let screen = Screen::open_at(agent, "/sign-in/qr").await;
        let code = screen.code();
        let mut same = screen.agent;
        let reply = scan(&mut same, &code).await;
        assert_eq!((reply.status.as_u16(), reply.text_of("h1")), (403, "请换一台设备扫码".to_owned()));
    }
}

on_both! {
    |config| config.sign_in.opens_with = idp::config::OpensWith::Qr;
    async fn a_sign_in_opens_with_the_code(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let opened = |changes: &'static [(&'static str, &'static str)]| {
            let (path, base) = (portal.authorize_path(changes), app.base.clone());
            async move { Agent::new(&base).get(&path).await.location().unwrap().split('?').next().unwrap().to_owned() }
        };
        assert_eq!(opened(&[]).await, "/sign-in/qr");
        assert_eq!(opened(&[("account_type", "nonsense")]).await, "/sign-in/qr");
        assert_eq!(opened(&[("account_type", "legal_entity")]).await, "/sign-in/legal-entity");
        assert_eq!(opened(&[("account_type", "natural_person")]).await, "/sign-in/personal");
        assert_eq!(opened(&[("login_hint", "liying2026")]).await, "/sign-in/personal");
        let mut agent = Agent::new(&app.base);
        assert_eq!(agent.get("/sign-in").await.location().as_deref(), Some("/sign-in/qr"));
        // At a telephone there is nothing to scan it with.
        let mobile = agent.request(reqwest::Method::GET, "/sign-in").header("user-agent", "Mozilla/5.0 (iPhone) Mobile/15E148 Safari/604.1");
        assert_eq!(agent.send(mobile).await.location().as_deref(), Some("/sign-in/personal"));

        // The corners lead to and fro, with the request; the browser remembers which way was chosen.
        let asked = agent.get(&portal.authorize_path(&[])).await.location().unwrap();
        let request = asked.split_once('?').unwrap().1.to_owned();
        let page = agent.get(&asked).await;
        assert_eq!(page.text_of("#password-sign-in").replace(char::is_whitespace, ""), "密码登录在这里");
        let password = page.attribute("#password-sign-in", "href").unwrap();
        assert_eq!(password, format!("/sign-in/password?{request}"));
        let there = agent.get(&password).await;
        assert_eq!(there.location(), Some(format!("/sign-in/personal?{request}")));
        assert_eq!(agent.get("/sign-in").await.location().as_deref(), Some("/sign-in/personal"));
        let form = agent.get(&there.location().unwrap()).await;
        assert_eq!(form.text_of(".corner").replace(char::is_whitespace, ""), "扫码登录在这里");
        let back = form.attribute(".corner", "href").unwrap();
        assert_eq!(back, asked);
        agent.get(&back).await;
        assert_eq!(agent.get("/sign-in").await.location().as_deref(), Some("/sign-in/qr"));
    }
}

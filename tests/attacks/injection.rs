//! Markup, SQL and header lines in every field, and links that would lead away.

use serde_json::json;

use super::{assert_alive, assert_error_page, assert_page};
use crate::support::{Agent, Portal, sql};

const MARKUP: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onfocus=alert(1) autofocus x=\"",
    "</title></textarea><svg onload=alert(1)>",
    "{{ 7*7 }}${7*7}<%= 7*7 %>",
    "<!-- --><style>*{display:none}</style>",
    "&lt;script&gt;&#60;b&#62;",
];
const SQL: [&str; 5] =
    ["' OR '1'='1", "xinyue0221' --", "x'; DROP TABLE accounts; --", "$1", "\\'; SELECT pg_sleep(10) --"];

on_both! {
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn what_is_typed_comes_back_as_text(app: TestApp) {
        for payload in MARKUP.into_iter().chain(SQL) {
            for (page, fields) in [
                ("/sign-in/personal", &["account"][..]),
                ("/sign-in/legal-entity", &["account"]),
                ("/sign-in/operator", &["unit", "operator"]),
            ] {
                let mut typed: Vec<(&str, &str)> = fields.iter().map(|field| (*field, payload)).collect();
                typed.extend([("password", payload), ("captcha_id", payload), ("captcha_answer", payload)]);
                let reply = Agent::new(&app.base).post(page, &typed).await;
                assert!([200, 422].contains(&reply.status.as_u16()), "{payload}: {}", reply.status);
                assert_page(&reply, payload);
                for field in fields {
                    assert_eq!(reply.attribute(&format!("#{field}"), "value").as_deref(), Some(payload));
                }
            }
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM accounts").await, 6);
    }
}

on_both! {
    async fn what_portals_say_is_shown_as_text(app: TestApp) {
        for (number, payload) in MARKUP.into_iter().enumerate() {
            let changes = json!({ "client_name": payload, "first_party": false });
            let portal = Portal::register_with(&app, &format!("p{number}"), changes).await;
            let mut agent = Agent::new(&app.base);
            let asked = agent.get(&portal.authorize_path(&[("login_hint", payload), ("state", payload)])).await;
            let page_url = asked.location().unwrap();
            let page = agent.get(&page_url).await;
            assert_page(&page, payload);
            assert_eq!(page.text_of(".card__portal strong"), payload);
            assert_eq!(page.attribute("#account", "value").as_deref(), Some(payload));
            let signed_in = agent.sign_in(&page_url, &[("account", "liying2026"), ("password", "Jlrs2026")]).await;
            let consent = agent.follow(signed_in).await;
            assert_page(&consent, payload);
            assert_eq!(consent.text_of(".card__lead strong"), payload);
            let action = consent.attribute("form", "action").unwrap();
            let sid = consent.attribute("input[name=sid]", "value").unwrap();
            let back = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
            assert_eq!(back.query("state").as_deref(), Some(payload), "state comes back byte by byte");
            assert!(back.location().unwrap().starts_with(&portal.redirect_uri));
            let leaving = agent.get(&format!("/sign-out?client_id=p{number}&state=x")).await;
            assert_page(&leaving, payload);
            assert!(leaving.text().contains("确定退出登录吗？"));
        }
    }
}

on_both! {
    async fn addresses_come_back_as_text(app: TestApp) {
        for payload in MARKUP {
            let encoded: String = url::form_urlencoded::byte_serialize(payload.as_bytes()).collect();
            for path in [
                format!("/{encoded}"),
                format!("/help?{encoded}"),
                format!("/help?x={encoded}#{encoded}"),
                format!("/sign-in/personal?request={encoded}"),
                format!("/authorize?client_id={encoded}&redirect_uri={encoded}&state={encoded}"),
                format!("/authorize/consent?request={encoded}"),
                format!("/sign-out?client_id={encoded}&state={encoded}&post_logout_redirect_uri={encoded}"),
                // As a program sends it that does not encode.
                format!("/help?{}", payload.replace([' ', '#'], "")),
            ] {
                assert_page(&Agent::new(&app.base).get(&path).await, &path);
            }
            let shown = Agent::new(&app.base).get(&format!("/display?switch={encoded}&return_to=/{encoded}")).await;
            assert_eq!(shown.status, 303);
        }
    }
}

on_both! {
    async fn no_header_line_is_smuggled_in(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        for line in ["\r\nx-evil: 1", "\nx-evil: 1", "\rx-evil: 1", "a\r\n\r\n<script>alert(1)</script>", "\u{85}x-evil: 1", "嘊嘍x-evil: 1"] {
            let encoded: String = url::form_urlencoded::byte_serialize(line.as_bytes()).collect();
            let answered = agent.get(&portal.authorize_path(&[("state", line)])).await;
            assert_eq!(answered.query("state").as_deref(), Some(line));
            let refused = agent.get(&portal.authorize_path(&[("state", line), ("prompt", "nonsense")])).await;
            assert_eq!(refused.query("state").as_deref(), Some(line));
            for path in [
                format!("/display?switch=large&return_to=/{encoded}"),
                format!("/display?switch={encoded}&return_to=/help"),
                format!("/sign-in?request={encoded}"),
                format!("/sign-in/finish?request={encoded}"),
            ] {
                let reply = agent.get(&path).await;
                assert_eq!((reply.status.as_u16(), reply.header("x-evil")), (303, ""), "{path}");
                assert!(reply.location().unwrap().is_ascii(), "{path}");
            }
            for reply in [answered, refused] {
                assert_eq!(reply.header("x-evil"), "");
                assert!(!reply.location().unwrap().contains(['\r', '\n']));
            }
            let tokens = portal.tokens(&mut agent, &[]).await;
            let hint = tokens["id_token"].as_str().unwrap();
            let to = "https%3A%2F%2Fhall.example%2F";
            let left = agent.get(&format!("/sign-out?id_token_hint={hint}&post_logout_redirect_uri={to}&state={encoded}")).await;
            assert_eq!(left.query("state").as_deref(), Some(line));
            assert_eq!(left.header("x-evil"), "");
            agent.sign_in_legal_entity().await;
        }
    }
}

on_both! {
    async fn no_link_of_ours_leads_away(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for target in ["https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "///evil.example",
            "/%09/evil.example", "/%0a/evil.example", "javascript:alert(1)", "https:evil.example", "@evil.example", ".evil.example",
            "/%5cevil.example", "%2f%2fevil.example", "http:%2f%2fevil.example", "/ /evil.example", ""] {
            let reply = agent.get(&format!("/display?switch=large&return_to={target}")).await;
            assert_eq!(reply.status, 303, "{target}");
            let to = reply.location().unwrap();
            let landed = url::Url::parse(&app.base).unwrap().join(&to).unwrap();
            assert_eq!(landed.origin().ascii_serialization(), app.base, "{target} leads to {to}");
            for name in ["return_to", "next", "goto", "backUrl", "redirect", "redirect_uri", "request"] {
                for path in ["/", "/sign-in", "/sign-in/finish", "/sign-out/done", "/account"] {
                    let reply = agent.get(&format!("{path}?{name}={target}")).await;
                    let to = reply.location().unwrap_or_else(|| "/".to_owned());
                    let landed = url::Url::parse(&app.base).unwrap().join(&to).unwrap();
                    assert_eq!(landed.origin().ascii_serialization(), app.base, "{path}?{name}={target}");
                }
            }
        }
    }
}

on_both! {
    async fn signing_out_leads_only_where_the_portal_registered(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let tokens = portal.tokens(&mut agent, &[]).await;
        let hint = tokens["id_token"].as_str().unwrap().to_owned();
        for wrong in ["https://evil.example/", "https://hall.example", "https://hall.example/x", "https://hall.example/?a", "//hall.example/"] {
            let target: String = url::form_urlencoded::byte_serialize(wrong.as_bytes()).collect();
            let reply = agent.get(&format!("/sign-out?id_token_hint={hint}&post_logout_redirect_uri={target}")).await;
            assert_error_page(&reply, 400, wrong);
            assert_eq!(agent.get("/account").await.status, 200, "a wrong request signs nobody out");
            // Without a hint the address is not even looked at.
            let reply = agent.get(&format!("/sign-out?client_id=hall&post_logout_redirect_uri={target}")).await;
            assert_page(&reply, wrong);
            assert!(reply.text().contains("确定退出登录吗？"), "{wrong}");
        }
        let left = agent.post("/sign-out/confirm", &[("post_logout_redirect_uri", "https://evil.example/")]).await;
        assert_eq!(left.location().as_deref(), Some("/sign-out/done"));
        assert_alive(&app).await;
    }
}

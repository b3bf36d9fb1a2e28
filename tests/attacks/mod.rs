//! What attackers send: to every endpoint, in every field. The answer is never a fault of ours, never a redirect to
//! them, never their markup on our page.

mod code_injection;
mod cross_site;
mod hints;
mod injection;
mod malformed;
mod mutations;
mod pages;
mod redirect_uris;
mod tokens;

use scraper::{Html, Selector};

use crate::support::{Agent, Reply, TestApp};

/// Our own pages' forms.
pub const OWN_FORMS: [&str; 7] = [
    "/sign-in/personal",
    "/sign-in/legal-entity",
    "/sign-in/operator",
    "/sign-out/confirm",
    "/authorize/consent",
    "/captcha/new",
    "/device",
];
/// Where portals' programs post.
pub const PROTOCOL: [&str; 6] =
    ["/token", "/userinfo", "/introspect", "/revoke", "/device_authorization", "/par"];
/// Where portals send their visitors.
pub const PORTAL_PAGES: [&str; 2] = ["/authorize", "/sign-out"];

/// An HTML page of ours with everything that protects it, and no place for anybody's script or style.
pub fn assert_page(reply: &Reply, what: &str) {
    assert!(reply.header("content-type").starts_with("text/html"), "{what}: {} {}", reply.status, reply.body);
    assert_protected(reply, what);
    let policy = reply.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
    let document = Html::parse_document(&reply.body);
    for element in document.select(&Selector::parse("*").unwrap()) {
        let element = element.value();
        for (name, value) in element.attrs() {
            assert!(
                !name.starts_with("on") && name != "style",
                "{what}: <{} {name}={value}>",
                element.name()
            );
            if ["href", "src", "action", "formaction"].contains(&name) {
                let known = ["/", "#", "tel:", "https://beian."].iter().any(|start| value.starts_with(start));
                assert!(known && !value.starts_with("//"), "{what}: {name}={value}");
            }
        }
        match element.name() {
            "script" => {
                assert!(
                    element.attr("src").is_some_and(|src| src.starts_with("/assets/")),
                    "{what}: a script"
                );
            }
            "style" | "iframe" | "object" | "embed" | "base" => panic!("{what}: <{}>", element.name()),
            _ => (),
        }
    }
    for script in document.select(&Selector::parse("script").unwrap()) {
        assert_eq!(script.inner_html(), "", "{what}: an inline script");
    }
    assert_eq!(document.select(&Selector::parse("html[lang=zh-CN]").unwrap()).count(), 1, "{what}");
}

/// The headers of everything that a browser shows or follows.
pub fn assert_protected(reply: &Reply, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(reply.header(name), value, "{what}: {} {name}", reply.status);
    }
    assert!(!reply.header("permissions-policy").is_empty(), "{what}");
    assert!(!reply.header("content-security-policy").is_empty(), "{what}");
    assert_eq!(reply.header("x-request-id").len(), 22, "{what}");
    assert_eq!(reply.header("server"), "", "{what}");
}

/// An error page that leads nowhere else.
pub fn assert_error_page(reply: &Reply, status: u16, what: &str) {
    assert_eq!(reply.status, status, "{what}: {}", reply.text());
    assert_eq!(reply.location(), None, "{what}");
    assert_page(reply, what);
    assert!(reply.text().contains(&format!("错误代码：{status}")), "{what}: {}", reply.text());
    assert!(
        reply.text().contains(reply.header("x-request-id")),
        "{what}: whoever helps can find the request"
    );
}

/// An OAuth error that a program can read.
pub fn assert_oauth_error(reply: &Reply, status: u16, code: &str, what: &str) {
    assert_eq!(reply.status, status, "{what}: {}", reply.body);
    assert_eq!(reply.header("content-type"), "application/json", "{what}");
    assert_eq!(reply.header("cache-control"), "no-store", "{what}");
    assert_eq!(reply.json()["error"], code, "{what}: {}", reply.body);
    assert!(reply.json()["error_description"].as_str().is_some_and(str::is_ascii), "{what}");
}

/// After whatever was done to it, the server still does its work.
pub async fn assert_alive(app: &TestApp) {
    let mut agent = Agent::new(&app.base);
    let signed_in = agent
        .post(
            "/sign-in/operator",
            &[("unit", "xinyue0221"), ("operator", "19400000001"), ("password", "Jlrs2026")],
        )
        .await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text());
    assert_eq!(agent.get("/account").await.status, 200);
    let ready = agent.get(&format!("{}/readyz", app.operations)).await;
    assert_eq!((ready.status.as_u16(), ready.body.as_str()), (200, "ok"));
}

//! Requests that are no requests.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{OWN_FORMS, PORTAL_PAGES, PROTOCOL, assert_alive, assert_error_page, assert_oauth_error};
use crate::support::{Agent, Portal, Reply, TestApp};

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(
    app: &TestApp,
    path: &str,
    content_type: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> Reply {
    let mut agent = Agent::new(&app.base);
    let mut request = agent.request(Method::POST, path).body(body);
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    let reply = agent.send(request).await;
    // What a portal posts may be asked again as GET, where the cookies are.
    if PORTAL_PAGES.contains(&path) { agent.follow(reply).await } else { reply }
}

/// The forms that read what they are sent.
fn pages_with_fields() -> impl Iterator<Item = &'static str> {
    OWN_FORMS.into_iter().filter(|path| *path != "/captcha/new").chain(PORTAL_PAGES)
}

on_both! {
    async fn bodies_that_are_no_forms(app: TestApp) {
        for body in [&b"a=%ff"[..], b"\xff\xfe=1", b"a=1&a=2", b"account=%00", b"a=%c0%af", b"a=%ed%a0%80"] {
            let what = String::from_utf8_lossy(body);
            for path in pages_with_fields() {
                let reply = send(&app, path, Some(FORM), body.to_vec()).await;
                assert_error_page(&reply, 400, &format!("{path} {what}"));
            }
            for path in PROTOCOL {
                let reply = send(&app, path, Some(FORM), body.to_vec()).await;
                assert_oauth_error(&reply, 400, "invalid_request", &format!("{path} {what}"));
            }
        }
        // Odd, but forms all the same.
        for body in ["", "&&&&", "=", "=&x", "%", "%zz=%", "a", "a==", "\u{feff}a=b"] {
            for path in OWN_FORMS.into_iter().chain(PORTAL_PAGES).chain(PROTOCOL) {
                let reply = send(&app, path, Some(FORM), body).await;
                assert!(!reply.status.is_server_error(), "{path} {body:?}: {}", reply.status);
            }
        }
        assert_alive(&app).await;
    }
}

on_both! {
    async fn bodies_of_other_types(app: TestApp) {
        for content_type in [
            None,
            Some("application/json"),
            Some("text/plain"),
            Some("multipart/form-data; boundary=x"),
            Some("application/x-www-form-urlencoded-not"),
            Some(""),
            Some("*/*"),
        ] {
            for path in pages_with_fields() {
                let reply = send(&app, path, content_type, "account=a&password=b").await;
                assert_error_page(&reply, 415, &format!("{path} {content_type:?}"));
            }
            for path in PROTOCOL {
                let reply = send(&app, path, content_type, "grant_type=x").await;
                if path == "/userinfo" {
                    // The token may be in the header, so it is the token that is missing.
                    assert_oauth_error(&reply, 401, "invalid_token", &format!("{path} {content_type:?}"));
                    continue;
                }
                assert_oauth_error(&reply, 400, "invalid_request", &format!("{path} {content_type:?}"));
            }
        }
        let reply = send(&app, "/sign-in/personal", Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"), "").await;
        assert_eq!(reply.status, 422, "case and parameters of the type do not matter");
    }
}

on_both! {
    async fn bodies_too_large(app: TestApp) {
        let large = format!("account={}", "a".repeat(70_000));
        for path in pages_with_fields() {
            assert_error_page(&send(&app, path, Some(FORM), large.clone()).await, 413, path);
        }
        for path in PROTOCOL {
            assert_oauth_error(&send(&app, path, Some(FORM), large.clone()).await, 413, "invalid_request", path);
        }
        let many = "a&".repeat(30_000);
        for path in pages_with_fields().filter(|path| !PORTAL_PAGES.contains(path)) {
            assert_error_page(&send(&app, path, Some(FORM), many.clone()).await, 400, path);
        }
        assert_alive(&app).await;
    }
}

on_both! {
    async fn methods_that_an_address_does_not_have(app: TestApp) {
        let pages = OWN_FORMS.into_iter().chain(PORTAL_PAGES).chain(["/", "/help", "/account", "/sign-in", "/sign-in/finish",
            "/display", "/authorize/resume", "/sign-out/done", "/recovery", "/captcha/x/picture.png"]);
        for path in pages {
            for method in [Method::PUT, Method::DELETE, Method::PATCH] {
                let mut agent = Agent::new(&app.base);
                let request = agent.request(method.clone(), path);
                let reply = agent.send(request).await;
                assert_error_page(&reply, 405, &format!("{method} {path}"));
                assert!(!reply.header("allow").is_empty(), "{method} {path}");
            }
        }
        for path in PROTOCOL {
            for method in [Method::PUT, Method::DELETE, Method::PATCH] {
                let mut agent = Agent::new(&app.base);
                let request = agent.request(method.clone(), path);
                let reply = agent.send(request).await;
                assert_eq!(reply.status, 405, "{method} {path}");
                assert!(reply.header("allow").contains("POST"), "{method} {path}: {}", reply.header("allow"));
            }
        }
        for path in ["/token", "/introspect", "/revoke"] {
            let reply = Agent::new(&app.base).get(path).await;
            assert_eq!(reply.status, 405, "nothing secret belongs into a URL");
            assert!(!reply.header("allow").contains("GET"), "{path}");
        }
        let mut agent = Agent::new(&app.base);
        let request = agent.request(Method::TRACE, "/help");
        assert_eq!(agent.send(request).await.status, 405);
        for path in ["/jwks.json", "/.well-known/openid-configuration"] {
            assert_eq!(agent.post(path, &[]).await.status, 405);
        }
    }
}

on_both! {
    async fn queries_that_are_no_queries(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        for query in ["request=%ff", "request=1&request=2", "a=%c0%af&request=x", "%ff=1", "request=%00", "&&=&", "request"] {
            for path in ["/sign-in", "/sign-in/personal", "/sign-in/legal-entity", "/sign-in/operator", "/sign-in/finish",
                "/display", "/authorize", "/authorize/resume", "/authorize/consent", "/sign-out", "/account", "/help"] {
                let reply = Agent::new(&app.base).get(&format!("{path}?{query}")).await;
                assert!(!reply.status.is_server_error(), "{path}?{query}: {}", reply.status);
                if reply.status.is_client_error() {
                    assert_error_page(&reply, reply.status.as_u16(), &format!("{path}?{query}"));
                }
            }
        }
        // Parameters of the protocol: each is refused by redirect, or ignored, but breaks nothing.
        let deep = "[".repeat(5_000);
        for (name, value) in [
            ("max_age", "-1"), ("max_age", "99999999999999999999"), ("max_age", "1e3"), ("max_age", "x"),
            ("prompt", "none none"), ("prompt", "\u{0}"), ("scope", "openid \u{0}"), ("scope", "法人"),
            ("claims", "{"), ("claims", "null"), ("claims", "[]"), ("claims", &deep), ("claims", "{\"userinfo\":{\"a\":{\"b\":{}}}}"),
            ("acr_values", "   "), ("acr_values", "\u{7f}"), ("nonce", "\u{0}"), ("nonce", "💣"), ("state", "\u{0}"),
            ("code_challenge", "x"), ("code_challenge_method", "plain"), ("id_token_hint", "a.b.c"), ("ui_locales", "\u{1}"),
            ("response_mode", "fragment"), ("response_type", "token"), ("response_type", "code code"), ("request", "x"),
            ("request_uri", "https://evil.example/"), ("account_type", "💣"), ("login_hint", "\u{1}\u{2}"), ("display", "💣"),
        ] {
            let reply = Agent::new(&app.base).get(&portal.authorize_path(&[(name, value)])).await;
            assert!(!reply.status.is_server_error(), "{name}={value}: {}", reply.status);
            let to = reply.location().unwrap_or_default();
            let fine = to.starts_with("/sign-in/") || ["?", "#"].iter().any(|mark| to.starts_with(&format!("https://hall.example/callback{mark}")))
                || reply.status == 400;
            assert!(fine, "{name}={value}: {} {to}", reply.status);
        }
        assert_alive(&app).await;
    }
}

on_both! {
    async fn cookies_that_are_broken(app: TestApp) {
        for cookie in [
            &b"__Host-session"[..], b"__Host-session=", b"__Host-session=\xff\xfe", b"=;=;;;", b"__Host-session=a; __Host-session=b",
            b"__Host-visitor=\"quoted\"", b"__Host-display=<script>alert(1)</script>", b"__Host-display=lc%00",
            &[b"__Host-session=".as_slice(), &[b'A'; 43]].concat(), &[b"__Host-visitor=".as_slice(), &[b'A'; 60_000]].concat(),
            b"; ".repeat(3_000).as_slice(),
        ] {
            for path in ["/", "/account", "/sign-in/personal", "/sign-out", "/authorize/resume?request=x", "/nowhere"] {
                let mut agent = Agent::new(&app.base);
                let request = agent.request(Method::GET, path).header("cookie", HeaderValue::from_bytes(cookie).unwrap());
                let reply = agent.send(request).await;
                assert!(!reply.status.is_server_error(), "{path} {}", String::from_utf8_lossy(&cookie[..cookie.len().min(60)]));
                assert!(!reply.body.contains("<script>alert"), "{path}");
                assert_ne!((path, reply.status.as_u16()), ("/account", 200));
            }
        }
    }
}

on_both! {
    async fn headers_too_large_or_strange(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for size in [10_000, 100_000, 300_000] {
            let request = agent.request(Method::GET, "/help").header("x-large", "a".repeat(size));
            let status = agent.send(request).await.status.as_u16();
            assert!([200, 431].contains(&status), "{size}: {status}");
        }
        let mut request = agent.request(Method::GET, "/help");
        for number in 0..500 {
            request = request.header(format!("x-{number}"), "1");
        }
        let status = agent.send(request).await.status.as_u16();
        assert!([200, 431].contains(&status), "{status}");
        for (name, value) in [
            ("user-agent", &b"\xff\xfe\x80"[..]), ("authorization", b"\xff"), ("authorization", b"Basic"), ("authorization", b"Basic !!!"),
            ("authorization", b"Basic YQ=="), ("authorization", b"Bearer"), ("authorization", b"Bearer \xff"), ("origin", b"\xff"),
            ("x-forwarded-for", b"\xff, ,,"), ("sec-fetch-site", b"\xff"), ("accept-language", b"\xff;q=9"), ("content-length", b"0"),
        ] {
            for path in ["/sign-in/personal", "/token", "/userinfo", "/authorize", "/sign-out"] {
                let mut agent = Agent::new(&app.base);
                let request = agent.request(Method::POST, path).header(CONTENT_TYPE, FORM).body("");
                let request = request.header(name, HeaderValue::from_bytes(value).unwrap());
                let status = agent.send(request).await.status;
                assert!(!status.is_server_error(), "{path} {name}: {status}");
            }
        }
        assert_alive(&app).await;
    }
}

on_both! {
    async fn paths_that_lead_out(app: TestApp) {
        for path in ["/nowhere", "/%ff", "/..%2f..%2fetc/passwd", "/assets/x/..%2f..%2fCargo.toml", "/assets/x/site.css", "/assets/",
            "/captcha/%ff/picture.png", "/captcha/%00/proof", "/captcha/..%2f/proof", "/sign-in/", "/SIGN-IN", "/.env", "/metrics",
            "/healthz", "/readyz", "/sign-in%00", "/账号", "/<script>alert(1)</script>"] {
            let reply = Agent::new(&app.base).get(path).await;
            assert!([400, 404].contains(&reply.status.as_u16()), "{path}: {}", reply.status);
            assert!(!reply.body.contains("<script>alert"), "{path}");
            if !path.starts_with("/assets/") {
                assert_error_page(&reply, reply.status.as_u16(), path);
            }
        }
        let long = format!("/{}", "a".repeat(50_000));
        assert_eq!(Agent::new(&app.base).get(&long).await.status, 404);
    }
}

/// What comes back for raw bytes; empty if the connection is just closed.
async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

on_both! {
    async fn bytes_that_are_no_http(app: TestApp) {
        for bytes in [
            &b""[..], b"\0\0\0\0", b"\x16\x03\x01\x02\x00\x01", b"GET", b"GET /help\r\n\r\n", b"GET /help HTTP/9.9\r\n\r\n",
            b"GET /help HTTP/1.1\r\nhost: a\r\nx\0y: 1\r\n\r\n", b"GET http://evil.example/help HTTP/1.1\r\nhost: evil.example\r\n\r\n",
            b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n", b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
            b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
            b"POST /token HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        ] {
            let answer = raw(&app, bytes).await;
            assert!(!answer.starts_with("HTTP/1.1 5"), "{}: {answer}", String::from_utf8_lossy(bytes));
        }
        // Two lengths at once are how requests are smuggled past proxies: what follows is no request.
        let smuggled = b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /help HTTP/1.1\r\nhost: a\r\n\r\n";
        let answer = raw(&app, smuggled).await;
        assert!(!answer.contains("帮助"), "{answer}");
        assert_alive(&app).await;
    }
}

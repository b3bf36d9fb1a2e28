//! Forms that another site sends with our visitor's cookies.

use reqwest::Method;

use super::{OWN_FORMS, assert_error_page, assert_page};
use crate::support::{Agent, Portal, Reply};

/// What a browser says of a request that another site made.
const FOREIGN: [&[(&str, &str)]; 9] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "nonsense")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "http://localhost:1")],
    &[("origin", "http://localhost.evil.example")],
    &[("origin", "nonsense")],
];

async fn post(agent: &mut Agent, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
    let mut request = agent.request(Method::POST, path).form(fields);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    agent.send(request).await
}

on_both! {
    async fn our_forms_take_nothing_from_other_sites(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let fields = [("account", "liying2026"), ("password", "Jlrs2026"), ("decision", "sign_out")];
        for headers in FOREIGN {
            for path in OWN_FORMS {
                let before = agent.cookies.clone();
                let reply = post(&mut agent, path, &fields, headers).await;
                assert_error_page(&reply, 403, &format!("{path} {headers:?}"));
                assert!(reply.text().contains("该请求来自其他网站"), "{}", reply.text());
                assert_eq!(agent.cookies, before, "{path} {headers:?}");
            }
            assert!(agent.get("/account").await.text().contains("企业账号：xinyue0221"), "{headers:?}");
        }
        // Our own pages' requests, from browsers old and new.
        let own: [&[(&str, &str)]; 4] = [
            &[("sec-fetch-site", "same-origin"), ("origin", &app.base)],
            &[("sec-fetch-site", "none")],
            &[("origin", &app.base)],
            &[],
        ];
        for headers in own {
            let reply = post(&mut agent, "/sign-in/personal", &fields, headers).await;
            assert_eq!(reply.status, 303, "{headers:?}");
        }
    }
}

on_both! {
    async fn portals_may_post_but_that_alone_does_nothing(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        for headers in FOREIGN {
            let params = portal.authorize_params(&[]);
            let fields: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let asked = post(&mut agent, "/authorize", &fields, headers).await;
            assert_eq!(asked.status, 303, "{headers:?}");
            assert!(asked.location().unwrap().starts_with("/authorize?"), "{headers:?}");
            let left = post(&mut agent, "/sign-out", &[("state", "x")], headers).await;
            let left = agent.follow(left).await;
            assert_page(&left, "/sign-out");
            assert!(left.text().contains("确定退出登录吗？"));
            assert_eq!(agent.get("/account").await.status, 200, "{headers:?}");
        }
    }
}

on_both! {
    async fn pages_are_read_by_nobody_elses_script(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        for path in ["/account", "/authorize", "/sign-in/personal", "/sign-out", "/captcha/new"] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let request = agent
                    .request(method.clone(), path)
                    .header("origin", "https://evil.example")
                    .header("access-control-request-method", "POST");
                let reply = agent.send(request).await;
                assert_eq!(reply.header("access-control-allow-origin"), "", "{method} {path}");
                assert_eq!(reply.header("access-control-allow-credentials"), "", "{method} {path}");
            }
        }
    }
}

//! The picture captcha and its non-visual alternative, without scripts.

use idp::config::CaptchaMode;
use idp::platform::random;
use idp::store::captchas;
use reqwest::Method;
use sha2::{Digest, Sha256};

use super::{PASSWORD, WRONG, alert, as_person, is_signed_in};
use crate::support::{Agent, Reply, TestApp, sql};

const PAGE: &str = "/sign-in/personal";

fn captcha_id(page: &Reply) -> String {
    page.attribute("[name=captcha_id]", "value").unwrap_or_else(|| panic!("no captcha: {}", page.text()))
}

/// What a visitor reads from the picture.
async fn answer(app: &TestApp, id: &str) -> String {
    captchas::find(&app.app.store, &random::hash(id), app.clock.now()).await.unwrap().unwrap()
}

fn told(reply: &Reply) -> String {
    reply.text_of("#captcha_answer-error").trim_start_matches("错误：").to_owned()
}

async fn answer_with(agent: &mut Agent, password: &str, id: &str, answer: &str) -> Reply {
    let account = ("account", "liying2026");
    agent.post(PAGE, &[account, ("password", password), ("captcha_id", id), ("captcha_answer", answer)]).await
}

async fn prove_with(agent: &mut Agent, password: &str, id: &str, proof: &str) -> Reply {
    let account = ("account", "liying2026");
    agent.post(PAGE, &[account, ("password", password), ("captcha_id", id), ("captcha_proof", proof)]).await
}

/// What the page's script does.
fn prove(task: &serde_json::Value) -> String {
    let salt = task["salt"].as_str().unwrap();
    let difficulty = u32::try_from(task["difficulty"].as_u64().unwrap()).unwrap();
    let works = |number: &u64| {
        let hash = Sha256::digest(format!("{salt}:{number}"));
        u32::from_be_bytes(hash[..4].try_into().unwrap()).leading_zeros() >= difficulty
    };
    (0..).find(works).unwrap().to_string()
}

/// The picture's status, type and bytes.
async fn picture(agent: &Agent, url: &str) -> (u16, String, Vec<u8>) {
    let response = agent.request(Method::GET, url).send().await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, response.bytes().await.unwrap().to_vec())
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Always;
    async fn always_means_at_every_sign_in(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let page = agent.get(PAGE).await;
        let id = captcha_id(&page);
        let missing = as_person(&mut agent, "liying2026", PASSWORD).await;
        assert_eq!((missing.status.as_u16(), told(&missing).as_str()), (422, "请输入验证码"));
        let blank = answer_with(&mut agent, PASSWORD, &id, "  ").await;
        assert_eq!(told(&blank), "请输入验证码");
        let described = blank.attribute("#captcha_answer", "aria-describedby");
        assert_eq!(described.as_deref(), Some("captcha_answer-error"));
        let right = answer(&app, &id).await;
        let reply = answer_with(&mut agent, PASSWORD, &id, &format!(" {} ", right.to_lowercase())).await;
        assert_eq!(reply.status, 303, "neither case nor spaces matter: {}", told(&reply));
        assert!(is_signed_in(&mut agent).await);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Always;
    async fn a_picture_is_good_for_one_answer(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let id = captcha_id(&agent.get(PAGE).await);
        let wrong = answer_with(&mut agent, PASSWORD, &id, "????").await;
        assert_eq!((wrong.status.as_u16(), told(&wrong).as_str()), (422, "验证码错误，请重新输入"));
        assert_eq!(wrong.attribute("#account", "value").as_deref(), Some("liying2026"));
        assert_ne!(captcha_id(&wrong), id, "a new picture after every failure");
        // The wrong answer used it up; so does a right one, whatever the password.
        let id = captcha_id(&wrong);
        let right = answer(&app, &id).await;
        let refused = answer_with(&mut agent, WRONG, &id, &right).await;
        assert_eq!(alert(&refused), "账号或密码错误");
        let again = answer_with(&mut agent, PASSWORD, &id, &right).await;
        assert_eq!(told(&again), "验证码已过期，请点击刷新");
        let made_up = answer_with(&mut agent, PASSWORD, "made-up", &right).await;
        assert_eq!(told(&made_up), "验证码已过期，请点击刷新");
        let id = captcha_id(&again);
        let right = answer(&app, &id).await;
        app.advance_seconds(10 * 60 + 1);
        assert_eq!(told(&answer_with(&mut agent, PASSWORD, &id, &right).await), "验证码已过期，请点击刷新");
        // None of those was a try at the password but one.
        let tries = sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'sign_in_refused'").await;
        assert_eq!(tries, 1);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Always;
    async fn one_answer_sent_often_at_once_counts_once(app: TestApp) {
        let id = captcha_id(&Agent::new(&app.base).get(PAGE).await);
        let right = answer(&app, &id).await;
        let mut visits = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (base, id, right) = (app.base.clone(), id.clone(), right.clone());
            visits.spawn(async move { answer_with(&mut Agent::new(&base), WRONG, &id, &right).await });
        }
        let replies = visits.join_all().await;
        assert_eq!(replies.iter().filter(|reply| told(reply).is_empty()).count(), 1);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Always;
    async fn another_picture_without_scripts_keeps_what_was_typed(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let id = captcha_id(&agent.get(PAGE).await);
        let fields = [
            ("account", "typed-so-far"),
            ("password", "secret-typed-1"),
            ("captcha_id", id.as_str()),
            ("captcha_answer", "AB"),
            ("refresh_captcha", "1"),
        ];
        let page = agent.post(PAGE, &fields).await;
        assert_eq!(page.status, 200);
        assert!(!page.has("#error-summary") && !page.has(".field--wrong"), "{}", page.text());
        assert_eq!(page.attribute("#account", "value").as_deref(), Some("typed-so-far"));
        assert!(!page.body.contains("secret-typed-1"));
        assert_ne!(captcha_id(&page), id);
        let fields = [("unit", "u-typed"), ("operator", "o-typed"), ("refresh_captcha", "1")];
        let page = agent.post("/sign-in/operator", &fields).await;
        assert_eq!(page.attribute("#unit", "value").as_deref(), Some("u-typed"));
        assert_eq!(page.attribute("#operator", "value").as_deref(), Some("o-typed"));
        // Enter must not press the refresh button: the first button of the form signs in.
        assert_eq!(page.attribute("form.form button", "name"), None);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Always;
    async fn the_picture_is_a_png_until_it_is_answered(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let page = agent.get(PAGE).await;
        let url = page.attribute(".captcha__image img", "src").unwrap();
        let (status, kind, bytes) = picture(&agent, &url).await;
        assert_eq!((status, kind.as_str()), (200, "image/png"));
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 500);
        let (_, _, again) = picture(&agent, &url).await;
        assert!(again.starts_with(b"\x89PNG"), "it may be loaded again until it is answered");
        let answered = answer_with(&mut agent, PASSWORD, &captcha_id(&page), "????").await;
        assert_eq!(picture(&agent, &url).await.0, 404);
        let proof_url = page.attribute("[data-captcha]", "data-proof-url").unwrap();
        assert_eq!(agent.get(&proof_url).await.status, 404);
        let next = answered.attribute(".captcha__image img", "src").unwrap();
        app.advance_seconds(10 * 60 + 1);
        assert_eq!(picture(&agent, &next).await.0, 404);
        assert_eq!(picture(&agent, "/captcha/made-up/picture.png").await.0, 404);
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Always;
    async fn work_stands_in_for_the_picture_once(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        // As the page's script does: a new captcha, its task, its proof.
        let new = agent.post("/captcha/new", &[]).await.json();
        let id = new["id"].as_str().unwrap();
        assert_eq!(picture(&agent, new["image"].as_str().unwrap()).await.0, 200);
        let task = agent.get(new["proof_url"].as_str().unwrap()).await;
        assert_eq!(task.header("cache-control"), "no-store");
        let proof = prove(&task.json());
        // For another captcha it is worth nothing, and neither is less work.
        let other = agent.post("/captcha/new", &[]).await.json();
        let refused = prove_with(&mut agent, PASSWORD, other["id"].as_str().unwrap(), &proof).await;
        assert_eq!(told(&refused), "验证码错误，请重新输入");
        let lazy = agent.post("/captcha/new", &[]).await.json();
        let refused = prove_with(&mut agent, PASSWORD, lazy["id"].as_str().unwrap(), "0").await;
        assert_eq!(told(&refused), "验证码错误，请重新输入");
        let accepted = prove_with(&mut agent, WRONG, id, &proof).await;
        assert_eq!(alert(&accepted), "账号或密码错误", "{}", told(&accepted));
        let again = prove_with(&mut agent, PASSWORD, id, &proof).await;
        assert_eq!(told(&again), "验证码已过期，请点击刷新");
    }
}

on_both! {
    |config| config.trusted_proxies = 1;
    async fn adaptive_begins_with_the_first_failure_from_an_address(app: TestApp) {
        let mut agent = Agent::at(&app.base, "192.0.2.1");
        assert!(!agent.get(PAGE).await.has("[data-captcha]"));
        let failed = as_person(&mut agent, "liying2026", WRONG).await;
        assert!(failed.has("[data-captcha]"), "the same page brings it");
        for page in ["/sign-in/legal-entity", "/sign-in/operator", PAGE] {
            assert!(Agent::at(&app.base, "192.0.2.1").get(page).await.has("[data-captcha]"), "{page}");
            assert!(!Agent::at(&app.base, "192.0.2.2").get(page).await.has("[data-captcha]"), "{page}");
        }
        let missing = as_person(&mut agent, "liying2026", PASSWORD).await;
        assert_eq!(told(&missing), "请输入验证码");
        let id = captcha_id(&missing);
        let right = answer(&app, &id).await;
        assert_eq!(answer_with(&mut agent, PASSWORD, &id, &right).await.status, 303);
        let elsewhere = as_person(&mut Agent::at(&app.base, "192.0.2.2"), "liying2026", PASSWORD).await;
        assert_eq!(elsewhere.status, 303);
        assert!(!Agent::at(&app.base, "192.0.2.2").get(PAGE).await.has("[data-captcha]"), "a success asks for none");
        app.advance_seconds(30 * 60 + 1);
        assert!(!agent.get(PAGE).await.has("[data-captcha]"));
    }
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Off;
    async fn off_means_none(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for _ in 0..3 {
            assert!(!as_person(&mut agent, "liying2026", WRONG).await.has("[data-captcha]"));
        }
        assert_eq!(as_person(&mut agent, "liying2026", PASSWORD).await.status, 303);
    }
}

//! Several instances on one database: whatever one begins, another can finish.

use idp::config::CaptchaMode;
use idp::platform::random;
use idp::store::captchas;

use crate::support::{Agent, Engine, Portal, TestApp, sql};

/// The same browser, sent to another instance by the load balancer.
fn at(agent: &Agent, instance: &TestApp) -> Agent {
    let mut moved = Agent::new(&instance.base);
    moved.cookies = agent.cookies.clone();
    moved
}

async fn two_with(change: impl FnOnce(&mut idp::config::Config)) -> Option<(TestApp, TestApp)> {
    let first = TestApp::start_with(Engine::Postgres, change).await?;
    let second = first.second_instance().await;
    Some((first, second))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_a_sign_in_may_meet_another_instance() {
    let Some((first, second)) = two_with(|config| config.sign_in.captcha = CaptchaMode::Always).await else {
        return;
    };
    let portal = Portal::register(&first, "hall").await;
    let mut agent = Agent::new(&first.base);
    let asked = agent.get(&portal.authorize_path(&[("login_hint", "hinted")])).await.location().unwrap();
    let mut agent = at(&agent, &second);
    let page = agent.get(&asked).await;
    assert!(page.text().contains("测试门户hall"));
    assert_eq!(page.attribute("#account", "value").as_deref(), Some("hinted"));
    let id = page.attribute("[name=captcha_id]", "value").unwrap();
    let mut agent = at(&agent, &first);
    assert_eq!(
        agent
            .request(reqwest::Method::GET, &format!("/captcha/{id}/picture.png"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let answer =
        captchas::find(&first.app.store, &random::hash(&id), first.clock.now()).await.unwrap().unwrap();
    let fields = [
        ("account", "liying2026"),
        ("password", "Jlrs2026"),
        ("captcha_id", id.as_str()),
        ("captcha_answer", &answer),
    ];
    let signed_in = agent.sign_in(&asked, &fields).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text());
    let mut agent = at(&agent, &second);
    let back = agent.follow(signed_in).await;
    let code = back.query("code").unwrap();
    let mut robot = Agent::new(&first.base);
    let tokens = portal.redeem(&mut robot, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
    for instance in [&first, &second] {
        assert_eq!(portal.userinfo(&Agent::new(&instance.base), &access).await.status, 200);
    }
    // The code again, elsewhere: refused, and what it bought is dead everywhere.
    assert_eq!(portal.redeem(&mut Agent::new(&second.base), &code).await.status, 400);
    assert_eq!(portal.userinfo(&Agent::new(&first.base), &access).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_at_one_is_seen_at_the_other() {
    let Some((first, second)) = two_with(|_| ()).await else { return };
    let portal = Portal::register(&first, "hall").await;
    let mut here = Agent::new(&first.base);
    here.sign_in_legal_entity().await;
    let tokens = portal.tokens(&mut here, &[]).await;
    let access = tokens["access_token"].as_str().unwrap();
    let mut there = at(&here, &second);
    assert_eq!(there.get("/account").await.status, 200);
    there.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
    assert_eq!(here.get("/account").await.status, 303);
    assert_eq!(portal.userinfo(&here, access).await.status, 401);
    assert_eq!(
        here.get(&portal.authorize_path(&[("prompt", "none")])).await.query("error").as_deref(),
        Some("login_required")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_are_counted_across_instances() {
    let Some((first, second)) = two_with(|config| config.sign_in.captcha = CaptchaMode::Off).await else {
        return;
    };
    let wrong = [("account", "liying2026"), ("password", "Wrong2026")];
    for instance in [&first, &second, &first, &second] {
        assert_eq!(Agent::new(&instance.base).post("/sign-in/personal", &wrong).await.status, 422);
    }
    let fifth = Agent::new(&first.base).post("/sign-in/personal", &wrong).await;
    assert!(fifth.text().contains("账号已锁定"), "{}", fifth.text());
    for instance in [&first, &second] {
        let right = [("account", "liying2026"), ("password", "Jlrs2026")];
        let reply = Agent::new(&instance.base).post("/sign-in/personal", &right).await;
        assert!(reply.text().contains("账号已锁定"), "{}", reply.text());
    }
    // And when a hundred come at once to both.
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..100 {
        let base = if number % 2 == 0 { first.base.clone() } else { second.base.clone() };
        let fields = [("account", "xinyue0221"), ("password", "Wrong2026")];
        guesses.spawn(async move {
            Agent::new(&base).post("/sign-in/legal-entity", &fields).await.status.as_u16()
        });
    }
    assert!(guesses.join_all().await.into_iter().all(|status| status == 422));
    let checks =
        sql::number(&first, "SELECT COUNT(*) FROM audit_log WHERE detail = 'legal_entity wrong'").await;
    assert_eq!(checks, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_disabled_is_refused_everywhere_within_seconds() {
    let Some((first, second)) = two_with(|_| ()).await else { return };
    let portal = Portal::register(&first, "hall").await;
    for instance in [&first, &second] {
        assert!(Agent::new(&instance.base).get(&portal.authorize_path(&[])).await.location().is_some());
    }
    idp::store::clients::disable(&first.app.store, "hall", first.clock.now()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(3_200)).await;
    for instance in [&first, &second] {
        assert_eq!(Agent::new(&instance.base).get(&portal.authorize_path(&[])).await.status, 400);
    }
}

//! A stop finishes what is running and takes nothing new.

use std::time::Duration;

use tokio::net::TcpStream;

use super::binary::Home;
use crate::support::{Agent, TestApp, sql};

/// An instance on which checking a password takes about a second.
async fn slow(app: &TestApp) -> TestApp {
    app.second_instance_with(|config| {
        config.password.argon2_memory_kib = 128 * 1024;
        config.password.argon2_iterations = 6;
    })
    .await
}

async fn refuses_connections(base: &str) -> bool {
    TcpStream::connect(base.trim_start_matches("http://")).await.is_err()
}

on_both! {
    async fn a_running_sign_in_is_finished(app: TestApp) {
        let slow = slow(&app).await;
        let (base, operations) = (slow.base.clone(), slow.operations.clone());
        assert!(!refuses_connections(&base).await);
        let visit = {
            let base = base.clone();
            // Nobody's account costs as much as somebody's.
            let fields = [("account", "nobody2026"), ("password", "Jlrs2026")];
            tokio::spawn(async move { Agent::new(&base).post("/sign-in/personal", &fields).await })
        };
        // A try is counted before the password is looked at.
        while sql::number(&app, "SELECT COUNT(*) FROM attempts").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let stopping = tokio::spawn(slow.stop());
        while !refuses_connections(&base).await && !visit.is_finished() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!visit.is_finished(), "no other visit is taken");
        assert!(!stopping.is_finished(), "it waits for the one that runs");
        let reply = visit.await.unwrap();
        assert_eq!(reply.status, 422, "{}", reply.text());
        assert!(reply.text().contains("账号或密码错误"));
        stopping.await.unwrap();
        assert!(refuses_connections(&operations).await);
        // The other instance goes on.
        assert_eq!(Agent::new(&app.base).get("/sign-in/personal").await.status, 200);
    }
}

on_both! {
    async fn idle_connections_do_not_hold_it_up(app: TestApp) {
        let second = app.second_instance().await;
        let mut agent = Agent::new(&second.base);
        assert_eq!(agent.get("/help").await.status, 200); // and its connection stays open
        let silent = TcpStream::connect(second.base.trim_start_matches("http://")).await.unwrap();
        let started = std::time::Instant::now();
        second.stop().await;
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        drop(silent);
    }
}

#[tokio::test]
async fn a_second_start_serves_what_the_first_left() {
    let home = Home::new();
    let unit = [
        "account",
        "add",
        "legal-entity",
        "--login-name",
        "xinyue0221",
        "--credit-code",
        "91220101TEXT00017E",
        "--name",
        "某公司",
    ];
    assert!(home.with_password(&unit, "Jlrs2026").status.success());
    let mut first = home.serve("http", &[]);
    let mut agent = Agent::new(&first.base);
    agent.sign_in_legal_entity().await;
    let keys = agent.get("/jwks.json").await.body;
    assert!(first.terminate());
    let second = home.serve("http", &[]);
    let mut returning = Agent::new(&second.base);
    returning.cookies = agent.cookies.clone();
    assert_eq!(returning.get("/account").await.status, 200, "the session outlives the process");
    assert_eq!(returning.get("/jwks.json").await.body, keys);
    let ready = returning.get(&format!("{}/readyz", second.operations)).await;
    assert_eq!(ready.status, 200);
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_answered() {
    let home = Home::new();
    let unit = [
        "account",
        "add",
        "legal-entity",
        "--login-name",
        "xinyue0221",
        "--credit-code",
        "91220101TEXT00017E",
        "--name",
        "某公司",
    ];
    assert!(home.with_password(&unit, "Jlrs2026").status.success());
    let first = home.serve("http", &[]);
    let mut agent = Agent::new(&first.base);
    agent.sign_in_legal_entity().await;
    drop(first); // SIGKILL
    let second = home.serve("http", &[]);
    let mut returning = Agent::new(&second.base);
    returning.cookies = agent.cookies.clone();
    assert_eq!(returning.get("/account").await.status, 200);
}

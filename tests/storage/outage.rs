//! The database goes away, and comes back.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::attacks::{assert_error_page, assert_oauth_error};
use crate::support::{Agent, Engine, Portal, TestApp};

/// The PostgreSQL server's administrator, and the name of the provider's database there.
struct Administrator {
    connection: PgConnection,
    database: String,
}

impl Administrator {
    async fn of(app: &TestApp) -> Self {
        let url = &app.app.config.database.url;
        let database = url.rsplit_once('/').unwrap().1.to_owned();
        let server = std::env::var("TEST_POSTGRES_URL").unwrap();
        Self { connection: PgConnection::connect(&server).await.unwrap(), database }
    }

    async fn run(&mut self, sql: &str) {
        let sql = sql.replace("DATABASE_NAME", &self.database);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await.unwrap();
    }

    async fn cut_connections(&mut self) {
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'DATABASE_NAME'")
            .await;
    }

    async fn take_away(&mut self) {
        self.run("ALTER DATABASE DATABASE_NAME ALLOW_CONNECTIONS false").await;
        self.cut_connections().await;
    }

    async fn bring_back(&mut self) {
        self.run("ALTER DATABASE DATABASE_NAME ALLOW_CONNECTIONS true").await;
    }
}

async fn start() -> Option<TestApp> {
    start_with_patience(2).await
}

async fn start_with_patience(seconds: u32) -> Option<TestApp> {
    TestApp::start_with(Engine::Postgres, |config| config.database.acquire_timeout_seconds = seconds).await
}

async fn readiness(app: &TestApp) -> u16 {
    Agent::new(&app.base).get(&format!("{}/readyz", app.operations)).await.status.as_u16()
}

/// Everything that needs the database says to come back; everything else goes on.
async fn assert_away(app: &TestApp, portal: &Portal, agent: &mut Agent, access_token: &str) {
    for path in [
        "/account",
        "/sign-in/personal",
        "/sign-in/operator?request=x",
        "/sign-out",
        &portal.authorize_path(&[]),
    ] {
        let reply = agent.get(path).await;
        assert_error_page(&reply, 503, path);
        assert_eq!(reply.header("retry-after"), "2", "{path}");
        assert!(reply.text().contains("服务暂时不可用"), "{path}: {}", reply.text());
    }
    let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
    assert_error_page(&agent.post("/sign-in/personal", &fields).await, 503, "signing in");
    let params =
        [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", &portal.redirect_uri)];
    let token = portal.token(agent, &params).await;
    let info = portal.userinfo(agent, access_token).await;
    let introspected = portal.post(agent, "/introspect", &[("token", access_token)]).await;
    for (reply, what) in [(token, "/token"), (info, "/userinfo"), (introspected, "/introspect")] {
        assert_oauth_error(&reply, 503, "temporarily_unavailable", what);
        assert_eq!(reply.header("retry-after"), "2", "{what}");
    }
    assert_eq!(readiness(app).await, 503);
    for path in [format!("{}/healthz", app.operations), "/help".to_owned(), "/jwks.json".to_owned()] {
        assert_eq!(agent.get(&path).await.status, 200, "{path}");
    }
    assert!(agent.cookies.contains_key("__Host-session"), "nobody is signed out by an outage");
}

async fn assert_back(app: &TestApp, portal: &Portal, agent: &mut Agent) {
    let started = Instant::now();
    while readiness(app).await != 200 {
        assert!(started.elapsed() < Duration::from_secs(10), "it does not come back by itself");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for _ in 0..10 {
        assert_eq!(agent.get("/account").await.status, 200, "the session is still there");
        portal.tokens(agent, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_told_and_survived() {
    let Some(app) = start().await else { return };
    let portal = Portal::register(&app, "hall").await;
    let mut agent = Agent::new(&app.base);
    agent.sign_in_legal_entity().await;
    let tokens = portal.tokens(&mut agent, &[]).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let mut administrator = Administrator::of(&app).await;

    administrator.take_away().await;
    tokio::time::sleep(Duration::from_millis(3_100)).await; // what is cached of the portals is old by now
    assert_away(&app, &portal, &mut agent, access_token).await;
    // Gone altogether, as while a backup is put in its place.
    administrator.run("ALTER DATABASE DATABASE_NAME RENAME TO DATABASE_NAME_aside").await;
    assert_away(&app, &portal, &mut agent, access_token).await;
    administrator.run("ALTER DATABASE DATABASE_NAME_aside RENAME TO DATABASE_NAME").await;
    administrator.bring_back().await;
    assert_back(&app, &portal, &mut agent).await;
    assert_eq!(portal.userinfo(&agent, access_token).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_cost_at_most_a_request() {
    let Some(app) = start_with_patience(30).await else { return };
    let portal = Portal::register(&app, "hall").await;
    let mut agent = Agent::new(&app.base);
    agent.sign_in_legal_entity().await;
    let mut administrator = Administrator::of(&app).await;
    for _ in 0..3 {
        // Many connections are open and idle when they are cut.
        let mut visits = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let base = app.base.clone();
            visits.spawn(async move { Agent::new(&base).get("/sign-in/personal").await.status.as_u16() });
        }
        assert!(visits.join_all().await.into_iter().all(|status| status == 200));
        administrator.cut_connections().await;
        let mut statuses = Vec::new();
        for _ in 0..10 {
            statuses.push(agent.get("/account").await.status.as_u16());
        }
        let failed = statuses.iter().filter(|status| **status != 200).count();
        assert!(failed <= 1 && statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    }
    assert_back(&app, &portal, &mut agent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_cannot_reach_its_database_does_not_start() {
    let mut config = idp::config::Config::default();
    config.database.url = "postgres://idp:secret-word@127.0.0.1:1/idp".to_owned();
    config.database.acquire_timeout_seconds = 1;
    let store = idp::store::Store::open(&config.database).await;
    let error = match store {
        Ok(store) => format!("{:#}", store.migrate().await.unwrap_err()),
        Err(error) => format!("{error:#}"),
    };
    assert!(error.contains("database.url") || error.contains("schema"), "{error}");
    assert!(!error.contains("secret-word"), "{error}");
}

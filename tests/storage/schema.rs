//! The schema: made once, brought up to date by whoever comes first, never run by a release that is older.

use idp::app::App;
use idp::config::Config;
use idp::oidc;
use idp::platform::clock::Clock;

use crate::support::{Agent, Engine, postgres, sql};

on_both! {
    async fn migrating_again_changes_nothing(app: TestApp) {
        let tables = "SELECT COUNT(*) FROM _sqlx_migrations";
        let before = sql::number(&app, tables).await;
        for _ in 0..2 {
            app.app.store.migrate().await.unwrap();
        }
        assert_eq!(sql::number(&app, tables).await, before);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM accounts").await, 6);
        // The demonstration's accounts are made once as well.
        idp::demo::seed(&app.app).await.unwrap();
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM accounts").await, 6);
        Agent::new(&app.base).sign_in_legal_entity().await;
    }
}

on_both! {
    async fn the_release_before_starts_on_a_newer_schema(app: TestApp) {
        sql::execute(&app, "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
            SELECT 9999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1").await;
        app.app.store.migrate().await.unwrap();
        App::open(app.app.config.clone(), Clock::default(), oidc::discovery::document).await.unwrap();
    }
}

on_both! {
    async fn a_migration_that_was_changed_after_its_release_is_refused(app: TestApp) {
        sql::execute(&app, "UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations WHERE version = 1)
            WHERE version = 2").await;
        let started = App::open(app.app.config.clone(), Clock::default(), oidc::discovery::document).await;
        let refused = format!("{:#}", started.err().expect("it must not start"));
        assert!(refused.contains("the schema cannot be migrated"), "{refused}");
    }
}

async fn start_together(engine: Engine) {
    let folder = std::env::temp_dir().join(format!("idp-test-{:016x}", getrandom::u64().unwrap()));
    let mut config = Config::default();
    config.database.url = match engine {
        Engine::Sqlite => format!("sqlite://{}/idp.db", folder.display()),
        Engine::Postgres => match postgres::fresh_database().await {
            Some(url) => url,
            None => return,
        },
    };
    config.keys.directory = folder.join("keys");
    config.password.argon2_memory_kib = 64;
    let open = || App::open(config.clone(), Clock::default(), oidc::discovery::document);
    let started = tokio::join!(open(), open(), open(), open());
    let apps = [started.0, started.1, started.2, started.3].map(Result::unwrap);
    let jwks = |app: &App| app.keys.jwks(app.clock.now());
    for app in &apps {
        app.keys.reload().unwrap();
        assert_eq!(jwks(app), jwks(&apps[0]), "one set of keys for all");
        let sealed = app.vault.seal("f", "o", "text").unwrap();
        assert_eq!(apps[0].vault.open_text("f", "o", &sealed).unwrap(), "text");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_take_turns_on_sqlite() {
    start_together(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_take_turns_on_postgres() {
    start_together(Engine::Postgres).await;
}

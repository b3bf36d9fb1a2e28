//! The janitor deletes what has expired, all of it, and nothing else.

use idp::janitor;
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::support::sql;

/// More than two batches.
const MANY: usize = 450;

/// Each table that expires: its key, whether the key is a text, and how to write a row of `$1` key, `$2` time.
const TABLES: [(&str, bool, &str); 13] = [
    ("sessions", false, "INSERT INTO sessions (token_hash, sid, account_id, acr, amr, authenticated_at, created_at, seen_at, expires_at, address, user_agent)
        SELECT $1, CAST($2 AS TEXT) || '-' || (SELECT COUNT(*) FROM sessions), (SELECT MIN(id) FROM accounts), 'marked', '', 0, 0, 0, $2, '', ''"),
    ("authorization_requests", false, "INSERT INTO authorization_requests (id_hash, visitor_hash, parameters, created_at, expires_at) VALUES ($1, $1, '', 0, $2)"),
    ("initial_access_tokens", false, "INSERT INTO initial_access_tokens (token_hash, note, uses_left, created_at, expires_at) VALUES ($1, '', 1, 0, $2)"),
    ("pushed_requests", false, "INSERT INTO pushed_requests (id_hash, client_id, parameters, visit_before, expires_at) VALUES ($1, '', '', 0, $2)"),
    ("attempts", true, "INSERT INTO attempts (bucket, count, expires_at) VALUES ($1, 1, $2)"),
    ("captchas", false, "INSERT INTO captchas (id_hash, answer, expires_at) VALUES ($1, '', $2)"),
    ("access_tokens", false, "INSERT INTO access_tokens (hash, client_id, scope, issued_at, expires_at) VALUES ($1, '', '', 0, $2)"),
    ("refresh_tokens", false, "INSERT INTO refresh_tokens (hash, grant_id, scope, issued_at, expires_at) VALUES ($1, $1, '', 0, $2)"),
    ("grants", false, "INSERT INTO grants (id, client_id, account_id, sid, scope, redirect_uri, acr, amr, authenticated_at, created_at, code_expires_at, expires_at)
        VALUES ($1, '', '', '', '', '', '', '', 0, 0, 0, $2)"),
    ("used_once", false, "INSERT INTO used_once (key_hash, expires_at) VALUES ($1, $2)"),
    ("audit_log", true, "INSERT INTO audit_log (id, at, event, address, user_agent, detail) VALUES ($1, $2, '', '', '', '')"),
    ("qr_tickets", false, "INSERT INTO qr_tickets (id_hash, code_hash, device_hash, stage, portal_name, number, choices, address, user_agent, created_at, changed_at, expires_at)
        VALUES ($1, $1, $1, '', '', 0, '', '', '', 0, 0, $2)"),
    ("devices", false, "INSERT INTO devices (account_id, device_hash, seen_at) SELECT MIN(id), $1, $2 FROM accounts"),
];

async fn insert(
    connection: &mut AnyConnection,
    statement: &str,
    is_text: bool,
    count: usize,
    mark: &str,
    at: i64,
) {
    sqlx::query("BEGIN").execute(&mut *connection).await.unwrap();
    for number in 0..count {
        let key = format!("{mark}-{number}");
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        let query = if is_text { query.bind(key) } else { query.bind(key.into_bytes()) };
        query.bind(at).execute(&mut *connection).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    sqlx::query("COMMIT").execute(&mut *connection).await.unwrap();
}

on_both! {
    async fn what_has_expired_goes_and_what_lives_stays(app: TestApp) {
        let now = app.clock.now().millis();
        let days = i64::from(app.app.config.operations.audit_days) * 24 * 3_600_000;
        let mut connection = sql::connect(&app).await;
        for (table, is_text, statement) in TABLES {
            // The log and the known browsers are kept by their age, everything else until its own end.
            let kept = match table {
                "audit_log" | "devices" => days,
                // A minute longer, for the janitor to see whose portals must be told.
                "sessions" | "grants" => 60_000,
                // For those who come late to a code.
                "qr_tickets" => 600_000,
                _ => 0,
            };
            insert(&mut connection, statement, is_text, MANY, "expired", now - kept - 1).await;
            insert(&mut connection, statement, is_text, 3, "alive", now - kept + 600_000).await;
        }
        drop(connection);
        janitor::sweep(&app.app).await.unwrap();
        for (table, ..) in TABLES {
            assert_eq!(sql::number(&app, &format!("SELECT COUNT(*) FROM {table}")).await, 3, "{table}");
        }
        let metrics = app.app.metrics.encode().unwrap();
        let counted = metrics.lines().find(|line| line.starts_with("idp_janitor_deleted_total")).unwrap();
        assert_eq!(counted.split(' ').nth(1), Some((TABLES.len() * MANY).to_string().as_str()));
        app.advance_seconds(601);
        janitor::sweep(&app.app).await.unwrap();
        for (table, ..) in TABLES {
            assert_eq!(sql::number(&app, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM accounts").await, 6);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM operators").await, 3);
    }
}

on_both! {
    async fn it_runs_by_itself_beside_others(app: TestApp) {
        let second = app.second_instance().await;
        let mut connection = sql::connect(&app).await;
        let (_, is_text, statement) = TABLES.into_iter().find(|(table, ..)| *table == "attempts").unwrap();
        insert(&mut connection, statement, is_text, 2_000, "expired", 1).await;
        drop(connection);
        let sweeps = tokio::join!(janitor::sweep(&app.app), janitor::sweep(&second.app), janitor::sweep(&app.app));
        assert!(sweeps.0.is_ok() && sweeps.1.is_ok() && sweeps.2.is_ok(), "{sweeps:?}");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM attempts").await, 0);
    }
}

//! 冻结, 删除 and the end of the validity take everything away at once: session, access token, refresh token, at every
//! instance; and portals are told.

use serde_json::Value;

use super::*;
use crate::support::Portal;
use crate::support::portal::claims;

/// What an operator holds: a session, and an offline grant at a portal that wants to be told.
struct Holder {
    agent: Agent,
    portal: Portal,
    tokens: Value,
}

impl Holder {
    async fn new(app: &TestApp) -> Self {
        // Nobody listens: the notice stays in the outbox.
        let metadata = serde_json::json!({ "backchannel_logout_uri": "http://localhost:9/notice" });
        let portal = Portal::register_with(app, "hall", metadata).await;
        let mut agent = operator(app, OPERATOR_PHONE, PASSWORD).await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid operator offline_access")]).await;
        Self { agent, portal, tokens }
    }

    fn at(&self, app: &TestApp) -> Agent {
        let mut agent = Agent::new(&app.base);
        agent.cookies = self.agent.cookies.clone();
        agent
    }

    /// Whether session, access token and refresh token live, as this instance sees them.
    async fn alive(&self, app: &TestApp) -> [bool; 3] {
        let mut agent = self.at(app);
        let session = is_signed_in(&mut agent).await;
        let access =
            self.portal.userinfo(&agent, self.tokens["access_token"].as_str().unwrap()).await.status == 200;
        let token = self.tokens["refresh_token"].as_str().unwrap();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let refreshed = self.portal.token(&mut agent, &refresh).await;
        [session, access, refreshed.status == 200]
    }

    /// The notices that wait for the portal, all of this session.
    async fn notices(&self, app: &TestApp) -> usize {
        let rows = sql::rows(app, "SELECT id, payload FROM outbox WHERE kind = 'backchannel_logout'").await;
        for row in &rows {
            use sqlx::Row;
            let (id, payload): (String, Vec<u8>) = (row.get(0), row.get(1));
            let notice: Value =
                serde_json::from_str(&app.app.vault.open_text("outbox.payload", &id, &payload).unwrap())
                    .unwrap();
            let sid = &claims(self.tokens["id_token"].as_str().unwrap())["sid"];
            assert_eq!((&notice["client_id"], &notice["sid"]), (&"hall".into(), sid));
        }
        rows.len()
    }
}

on_both! {
    async fn freezing_is_at_once_and_everywhere(app: TestApp) {
        let second = app.second_instance().await;
        let holder = Holder::new(&app).await;
        assert_eq!((holder.alive(&second).await, holder.notices(&app).await), ([true; 3], 0));
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let reply = agent.post(&of(&id, "freeze"), &[]).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=frozen"));
        assert_eq!(holder.alive(&second).await, [false; 3]);
        assert_eq!(holder.alive(&app).await, [false; 3]);
        assert_eq!(holder.notices(&app).await, 1);
        agent.post(&of(&id, "freeze"), &[]).await;
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'operator_frozen'").await, 1, "once");
        let list = agent.get(LIST).await;
        assert!(list.has(&format!("form[action='{}'] button", of(&id, "unfreeze"))));
        assert!(list.text().contains("冻结"));
        let mut frozen = Agent::new(&app.base);
        let reply = sign_in(&mut frozen, UNIT, OPERATOR_PHONE, PASSWORD).await;
        assert!(reply.text().contains("经办人账号已冻结，请联系本单位法人或管理员"));
        // 解冻 gives the account back, but nothing of what it held.
        verify(&app, &mut agent, UNIT_PHONE).await;
        agent.post(&of(&id, "unfreeze"), &[]).await;
        assert_eq!(holder.alive(&second).await, [false; 3]);
        assert_eq!(sign_in(&mut frozen, UNIT, OPERATOR_PHONE, PASSWORD).await.status, 303);
    }
}

on_both! {
    async fn removing_asks_once_more_and_then_ends_everything(app: TestApp) {
        let second = app.second_instance().await;
        let holder = Holder::new(&app).await;
        let mut agent = manager(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let page = agent.get(&of(&id, "remove")).await;
        assert!(page.text().contains("确定删除该经办人吗？删除后其将无法登录") && page.text().contains("刘洋"));
        assert_eq!(holder.alive(&second).await, [true; 3], "a look removes nobody");
        let reply = agent.post(&of(&id, "remove"), &[]).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=removed"));
        assert_eq!((holder.alive(&second).await, holder.notices(&app).await), ([false; 3], 1));
        assert_eq!(sign_in(&mut Agent::new(&app.base), UNIT, OPERATOR_PHONE, PASSWORD).await.status, 422);
        let again = agent.post(&of(&id, "remove"), &[]).await;
        assert_eq!(again.location().as_deref(), Some("/account/operators?done=removed"), "the same form twice");
        assert_eq!(agent.get(&of(&id, "remove")).await.status, 404);
        assert_eq!(agent.post(&of("nobody", "remove"), &[]).await.status, 404);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'operator_removed'").await, 1);
        assert!(!agent.get(LIST).await.text().contains("刘洋"));
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM operators WHERE removed_at IS NOT NULL").await, 1, "kept for the record");
    }
}

on_both! {
    async fn a_validity_that_passes_ends_everything(app: TestApp) {
        let second = app.second_instance().await;
        let holder = Holder::new(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let mut agent = unit(&app).await;
        // The running session is shortened with it.
        let today = app.clock.now().china_date().to_string();
        let until = [("validity", "until"), ("valid_to", today.as_str()), ("may_manage", "no")];
        assert_eq!(agent.post(&of(&id, "edit"), &until).await.status, 303);
        let soon = app.clock.now().millis() + 60_000;
        for sql in ["UPDATE operators SET valid_until = {} WHERE account_id = '{}'",
            "UPDATE sessions SET expires_at = {} WHERE account_id = '{}'", "UPDATE grants SET expires_at = {} WHERE account_id = '{}'"] {
            let of_today = sql.replace("SET", "SET ").replacen("{}", &soon.to_string(), 1).replacen("{}", &id, 1);
            assert_eq!(sql::execute(&app, &of_today).await, 1);
        }
        app.advance_seconds(20);
        assert_eq!((holder.alive(&second).await, holder.notices(&app).await), ([true; 3], 0));
        app.advance_seconds(41);
        assert_eq!(holder.alive(&second).await, [false; 3]);
        assert_eq!(holder.alive(&app).await, [false; 3]);
        // The janitors of both instances look every second; one of them tells the portal, and a sweep in between does no
        // harm.
        idp::janitor::sweep(&second.app).await.unwrap();
        idp::janitor::end_lapsed(&app.app).await.unwrap();
        assert_eq!(holder.notices(&app).await, 1);
        // Extended again, the account is back, but nothing of what it held.
        let long = [("validity", "long_term"), ("may_manage", "no")];
        assert_eq!(agent.post(&of(&id, "edit"), &long).await.status, 303);
        assert_eq!(holder.alive(&second).await, [false; 3]);
        operator(&app, OPERATOR_PHONE, PASSWORD).await;
    }
}

on_both! {
    async fn a_shortened_validity_bounds_what_runs(app: TestApp) {
        let holder = Holder::new(&app).await;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let mut agent = unit(&app).await;
        let today = app.clock.now().china_date().to_string();
        let until = [("validity", "until"), ("valid_to", today.as_str()), ("may_manage", "no")];
        assert_eq!(agent.post(&of(&id, "edit"), &until).await.status, 303);
        let end = sql::number(&app, &format!("SELECT valid_until FROM operators WHERE account_id = '{id}'")).await;
        for table in ["sessions", "grants"] {
            let sql = format!("SELECT MAX(expires_at) FROM {table} WHERE account_id = '{id}'");
            assert!(sql::number(&app, &sql).await <= end, "{table}");
        }
        assert_eq!(holder.alive(&app).await, [true; 3]);
        let left = u32::try_from((end - app.clock.now().millis()) / 1000).unwrap();
        app.advance_seconds(left + 2);
        assert_eq!(holder.alive(&app).await, [false; 3]);
    }
}

on_both! {
    async fn a_sign_in_under_way_does_not_escape(app: TestApp) {
        use idp::guard::Caller;
        use idp::guard::sessions::{self, Proof};
        use idp::store::operators::changes;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let caller = Caller { address: "192.0.2.1".to_owned(), user_agent: String::new(), device_hash: vec![7; 32] };
        // The password was right before the end was known.
        let proof = Proof { account_id: &id, holder_id: None, authenticated_at: None, signed_in_at: None, password_set_at: None, acr: "urn:jl-uia:loa:2", amr: "pwd", valid_until: None };
        let end = app.clock.now().millis() + 60_000;
        sql::execute(&app, &format!("UPDATE operators SET valid_until = {end} WHERE account_id = '{id}'")).await;
        let mut tx = app.app.store.begin().await.unwrap();
        assert!(sessions::start(&app.app, &mut tx, &caller, None, &proof).await.unwrap().is_some());
        tx.commit().await.unwrap();
        let sql = format!("SELECT expires_at FROM sessions WHERE account_id = '{id}'");
        assert_eq!(sql::number(&app, &sql).await, end);
        let unit_id = sql::text(&app, &format!("SELECT legal_entity_id FROM operators WHERE account_id = '{id}'")).await;
        let mut tx = app.app.store.begin().await.unwrap();
        changes::hold(&mut tx, &id).await.unwrap();
        assert!(changes::freeze(&mut tx, &unit_id, &id, app.clock.now()).await.unwrap());
        let late = async {
            let mut tx = app.app.store.begin().await.unwrap();
            let started = sessions::start(&app.app, &mut tx, &caller, None, &proof).await.unwrap();
            tx.commit().await.unwrap();
            started
        };
        let freeze = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            tx.commit().await.unwrap();
        };
        assert_eq!(tokio::join!(late, freeze).0, None);
    }
}

//! What rests on an operator's proof ends with the operator's validity, as whomever the operator acts: session, access
//! token, refresh token, at every instance; and portals are told.

use serde_json::Value;

use super::identities::account_of;
use super::*;
use crate::support::{Portal, sql};

const SHOP: &str = "92220102TEXT00033F";
const PHONE: &str = "19400000003";

/// 李颖, who signed in as the shop's operator and acts as herself.
struct Acting {
    agent: Agent,
    portal: Portal,
    tokens: Value,
    operator_id: String,
}

impl Acting {
    async fn new(app: &TestApp) -> Self {
        let metadata = serde_json::json!({ "backchannel_logout_uri": "http://localhost:9/notice" });
        let portal = Portal::register_with(app, "told", metadata).await;
        let mut agent = operator(app, SHOP, PHONE).await;
        let page = agent.get("/sign-in/choose-identity").await;
        let account = account_of(&page, "以本人身份办理");
        let fields = [("account", account.as_str()), ("action", "send_code")];
        assert_eq!(agent.post("/sign-in/choose-identity", &fields).await.status, 200);
        let code = app.code_sent_to(PHONE).await;
        let fields = [("account", account.as_str()), ("phone_code", &code)];
        assert_eq!(agent.post("/sign-in/choose-identity", &fields).await.status, 303);
        let tokens = portal.tokens(&mut agent, &[("scope", "openid offline_access")]).await;
        let sql = format!(
            "SELECT o.account_id FROM operators o JOIN legal_entities e ON e.account_id = o.legal_entity_id
                WHERE e.credit_code = '{SHOP}'"
        );
        Self { agent, portal, tokens, operator_id: sql::text(app, &sql).await }
    }

    /// The shop's own account gives the operator until today.
    async fn until_today(&self, app: &TestApp) {
        let mut chief = Agent::new(&app.base);
        let fields = [("account", "liyingbaihuo"), ("password", PASSWORD)];
        assert_eq!(chief.sign_in("/sign-in/legal-entity", &fields).await.status, 303);
        crate::operators::verify(app, &mut chief, "19400000033").await;
        let today = app.clock.now().china_date().to_string();
        let until = [("validity", "until"), ("valid_to", today.as_str()), ("may_manage", "no")];
        let edit = format!("/account/operators/{}/edit", self.operator_id);
        assert_eq!(chief.post(&edit, &until).await.status, 303);
    }

    /// Whether session, access token and refresh token live, as this instance sees them.
    async fn alive(&self, app: &TestApp) -> [bool; 3] {
        let mut agent = Agent::new(&app.base);
        agent.cookies = self.agent.cookies.clone();
        let session = is_signed_in(&mut agent).await;
        let access = self.tokens["access_token"].as_str().unwrap();
        let access = self.portal.userinfo(&agent, access).await.status == 200;
        let token = self.tokens["refresh_token"].as_str().unwrap();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
        [session, access, self.portal.token(&mut agent, &refresh).await.status == 200]
    }

    async fn notices(app: &TestApp) -> i64 {
        sql::number(app, "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout'").await
    }
}

on_both! {
    async fn a_holders_shortened_validity_bounds_what_rests_on_it(app: TestApp) {
        let second = app.second_instance().await;
        let acting = Acting::new(&app).await;
        let before = Acting::notices(&app).await;
        acting.until_today(&app).await;
        let end = format!("SELECT valid_until FROM operators WHERE account_id = '{}'", acting.operator_id);
        let end = sql::number(&app, &end).await;
        for table in ["sessions", "grants"] {
            let sql = format!("SELECT MAX(expires_at) FROM {table} WHERE holder_id = '{}'", acting.operator_id);
            assert!(sql::number(&app, &sql).await <= end, "{table}");
        }
        assert_eq!(acting.alive(&second).await, [true; 3]);
        let left = u32::try_from((end - app.clock.now().millis()) / 1000).unwrap();
        app.advance_seconds(left + 2);
        assert_eq!(acting.alive(&second).await, [false; 3]);
        idp::janitor::sweep(&second.app).await.unwrap();
        idp::janitor::end_lapsed(&app.app).await.unwrap();
        assert_eq!(Acting::notices(&app).await, before + 1);
    }
}

on_both! {
    async fn a_holders_validity_that_was_known_before_bounds_it_too(app: TestApp) {
        let second = app.second_instance().await;
        let soon = app.clock.now().millis() + 600_000;
        let sql = format!("UPDATE operators SET valid_until = {soon} WHERE legal_entity_id =
            (SELECT account_id FROM legal_entities WHERE credit_code = '{SHOP}')");
        assert_eq!(sql::execute(&app, &sql).await, 1);
        let acting = Acting::new(&app).await;
        let before = Acting::notices(&app).await;
        assert_eq!(acting.alive(&second).await, [true; 3]);
        app.advance_seconds(601);
        assert_eq!(acting.alive(&second).await, [false; 3]);
        assert_eq!(acting.alive(&app).await, [false; 3]);
        idp::janitor::end_lapsed(&second.app).await.unwrap();
        assert_eq!(Acting::notices(&app).await, before + 1);
        // Extended again, the operator is back, but nothing of what was held.
        sql::execute(&app, &sql.replace(&soon.to_string(), "NULL")).await;
        assert_eq!(acting.alive(&app).await, [false; 3]);
        operator(&app, SHOP, PHONE).await;
    }
}

//! A manager never works on another manager, nor on who lasts longer than they do: else they would set the other's
//! password and telephone, sign in as the other, and give themselves what they have not.

use idp::store::operators::changes;
use sqlx::AssertSqlSafe;

use super::*;

const ACTIONS: [&str; 5] = ["edit", "password", "remove", "freeze", "unfreeze"];

/// Whether nothing can be done to an operator, by a link or by a form of one's own, and the list says why.
async fn is_only_the_units(agent: &mut Agent, id: &str) {
    for action in ACTIONS {
        let reply = agent.post(&of(id, action), &form("", &[])).await;
        assert_eq!(reply.status, 403, "{action}");
        assert!(reply.text().contains("请由法人账号办理"), "{action}: {}", reply.text());
    }
    for action in ["edit", "password", "remove"] {
        assert_eq!(agent.get(&of(id, action)).await.status, 403, "{action}");
    }
    let list = agent.get(LIST).await;
    assert!(!list.body.contains(id), "no buttons");
    assert!(list.text().contains("由法人账号办理"), "{}", list.text());
}

async fn untouched(app: &TestApp, id: &str, what: &str) {
    let sql =
        format!("SELECT COUNT(*) FROM operators WHERE account_id = '{id}' AND removed_at IS NULL AND {what}");
    assert_eq!(sql::number(app, &sql).await, 1, "{what}");
}

on_both! {
    async fn another_manager_is_the_units_to_manage(app: TestApp) {
        let mut chief = unit(&app).await;
        let peer = add(&app, &mut chief, &[("may_manage", "yes")]).await;
        let mut agent = manager(&app).await;
        is_only_the_units(&mut agent, &peer).await;
        untouched(&app, &peer, "frozen_at IS NULL AND manager_since IS NOT NULL").await;
        operator(&app, NEW_PHONE, NEW_PASSWORD).await;
        // Nor is who manages, and is frozen.
        assert_eq!(chief.post(&of(&peer, "freeze"), &[]).await.status, 303);
        is_only_the_units(&mut agent, &peer).await;
        untouched(&app, &peer, "frozen_at IS NOT NULL").await;
        // The unit's own account does all of it.
        let list = chief.get(LIST).await;
        assert!(list.body.contains(&peer) && !list.text().contains("由法人账号办理"));
        assert_eq!(chief.post(&of(&peer, "unfreeze"), &[]).await.location().as_deref(), Some("/account/operators?done=unfrozen"));
        let plain = [("validity", "long_term"), ("may_manage", "no")];
        assert_eq!(chief.post(&of(&peer, "edit"), &plain).await.status, 303);
        // Who manages no more may be managed.
        assert_eq!(agent.post(&of(&peer, "freeze"), &[]).await.status, 303);
        untouched(&app, &peer, "frozen_at IS NOT NULL").await;
    }
}

on_both! {
    async fn who_lasts_longer_is_the_units_to_manage(app: TestApp) {
        let mut chief = unit(&app).await;
        let own = id_of(&app, MANAGER_PHONE).await;
        let limited = [("validity", "until"), ("valid_to", "2099-06-30"), ("may_manage", "yes")];
        assert_eq!(chief.post(&of(&own, "edit"), &limited).await.status, 303);
        let mut agent = manager(&app).await;
        let other = id_of(&app, OPERATOR_PHONE).await;
        is_only_the_units(&mut agent, &other).await;
        // 解冻 would give back more than they have.
        assert_eq!(chief.post(&of(&other, "freeze"), &[]).await.status, 303);
        is_only_the_units(&mut agent, &other).await;
        untouched(&app, &other, "frozen_at IS NOT NULL").await;
        let longer = [("validity", "until"), ("valid_to", "2099-07-01"), ("may_manage", "no")];
        assert_eq!(chief.post(&of(&other, "edit"), &longer).await.status, 303);
        is_only_the_units(&mut agent, &other).await;
        // As long as they do is not longer.
        let same = [("validity", "until"), ("valid_to", "2099-06-30"), ("may_manage", "no")];
        assert_eq!(chief.post(&of(&other, "edit"), &same).await.status, 303);
        assert_eq!(agent.post(&of(&other, "unfreeze"), &[]).await.location().as_deref(), Some("/account/operators?done=unfrozen"));
        assert_eq!(agent.post(&of(&other, "edit"), &same).await.status, 303);
    }
}

on_both! {
    async fn who_became_a_manager_meanwhile_is_left_alone(app: TestApp) {
        // Between the look and the transaction; and a manager who was shortened meanwhile.
        let mut chief = unit(&app).await;
        let other = id_of(&app, OPERATOR_PHONE).await;
        let own = id_of(&app, MANAGER_PHONE).await;
        let mut agent = manager(&app).await;
        for (of_whom, change, back) in [
            (&other, "manager_since = 1", "manager_since = NULL"),
            (&own, "valid_until = 4000000000000", "valid_until = NULL"),
        ] {
            let update = |change: &str| format!("UPDATE operators SET {change} WHERE account_id = '{of_whom}'");
            let mut tx = app.app.store.begin().await.unwrap();
            changes::hold_all(&mut tx, [other.as_str(), own.as_str()]).await.unwrap();
            sqlx::query(AssertSqlSafe(update(change))).execute(&mut *tx).await.unwrap();
            let commit = async {
                // So that the manager has come as far as it can.
                for _ in 0..20 {
                    chief.get("/help").await;
                }
                tx.commit().await.unwrap();
            };
            let freeze = of(&other, "freeze");
            let (reply, ()) = tokio::join!(agent.post(&freeze, &[]), commit);
            assert_eq!(reply.status, 403, "{change}: {}", reply.text());
            sql::execute(&app, &update(back)).await;
        }
        untouched(&app, &other, "frozen_at IS NULL").await;
    }
}

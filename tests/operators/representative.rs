//! After 法定代表人变更 the operators stay, until the unit's account has confirmed each.

use super::*;

on_both! {
    async fn operators_are_confirmed_by_the_new_representative(app: TestApp) {
        let mut agent = unit(&app).await;
        assert!(!agent.get(LIST).await.text().contains("待确认"));
        app.advance_seconds(10);
        let now = app.clock.now().millis();
        let change = format!("UPDATE legal_entities SET representative_changed_at = {now} WHERE credit_code = '{UNIT}'");
        sql::execute(&app, &change).await;
        app.advance_seconds(10);
        let added = add(&app, &mut agent, &[]).await;
        let list = agent.get(LIST).await;
        assert!(list.text().contains("法定代表人已变更，请确认以下经办人"));
        let id = id_of(&app, OPERATOR_PHONE).await;
        let button = |id: &str| format!("form[action='{}'] button", of(id, "confirm"));
        assert!(list.has(&button(&id)) && !list.has(&button(&added)), "who was named since needs no confirmation");
        let waiting = agent.get("/account/operators?status=unconfirmed").await;
        assert!(waiting.text().contains("刘洋") && waiting.text().contains("张伟") && !waiting.text().contains("陈静"));
        // An operator can't stand in for the representative, also not with 管理权限.
        let mut operator = operator(&app, MANAGER_PHONE, PASSWORD).await;
        let seen = operator.get(LIST).await;
        assert!(seen.text().contains("待确认") && !seen.has(&button(&id)));
        assert_eq!(operator.post(&of(&id, "confirm"), &[]).await.status, 403);
        let reply = agent.post(&of(&id, "confirm"), &[]).await;
        assert_eq!(reply.location().as_deref(), Some("/account/operators?done=confirmed"));
        assert!(!agent.get(LIST).await.has(&button(&id)));
        agent.post(&of(&id_of(&app, MANAGER_PHONE).await, "confirm"), &[]).await;
        let list = agent.get(LIST).await;
        assert!(!list.text().contains("请确认以下经办人") && !list.has(".tag"));
    }
}

//! A manager who is no manager any more when the form is acted on; and forms that come twice or cross.

use super::*;
use crate::support::registers::{SlowRegisters, with_slow_registers};

/// 添加 by a manager, asked of a register that lets itself wait, while `meanwhile` happens.
async fn added_while(app: &TestApp, meanwhile: impl AsyncFnOnce(&mut Agent, &str)) -> Reply {
    let registers = SlowRegisters::of(app);
    let mut owner = unit(app).await;
    let mut agent = manager(app).await;
    let token = prove(app, &mut agent, NEW_PHONE).await;
    let add = tokio::spawn(async move { agent.post(ADD, &form(&token, &[])).await });
    registers.is_asked().await;
    meanwhile(&mut owner, &id_of(app, MANAGER_PHONE).await).await;
    registers.answer();
    let reply = add.await.unwrap();
    assert_eq!((reply.status.as_u16(), count(app).await), (403, 2), "{}", reply.text());
    reply
}

on_both! {
    with_slow_registers;
    async fn who_is_frozen_meanwhile_adds_nobody(app: TestApp) {
        let reply = added_while(&app, async |owner: &mut Agent, id: &str| {
            assert_eq!(owner.post(&of(id, "freeze"), &[]).await.status, 303);
        }).await;
        assert!(reply.text().contains("本次操作未生效"), "{}", reply.text());
    }
}

on_both! {
    with_slow_registers;
    async fn who_has_lost_the_right_meanwhile_adds_nobody(app: TestApp) {
        let reply = added_while(&app, async |owner: &mut Agent, id: &str| {
            let stripped = [("validity", "long_term"), ("may_manage", "no")];
            assert_eq!(owner.post(&of(id, "edit"), &stripped).await.status, 303);
        }).await;
        assert!(reply.text().contains("没有管理权限"), "{}", reply.text());
    }
}

on_both! {
    async fn a_telephone_that_nobody_edits_is_not_written_back(app: TestApp) {
        use idp::domain::principal::Principal;
        use idp::store::operators::{self, changes};
        let id = id_of(&app, OPERATOR_PHONE).await;
        // Read by the one, changed by the other, written by the one.
        let read = operators::find(&app.app.store, &app.app.vault, &id).await.unwrap();
        let Some((Principal::Operator { operator, unit }, _)) = read else { panic!("刘洋") };
        let mut owner = super::unit(&app).await;
        let token = prove(&app, &mut owner, NEW_PHONE).await;
        let new = [("new_phone", "yes"), ("phone", NEW_PHONE), ("phone_token", &token), ("validity", "long_term"), ("may_manage", "no")];
        assert_eq!(owner.post(&of(&id, "edit"), &new).await.status, 303);
        let mut tx = app.app.store.begin().await.unwrap();
        let edited = idp::domain::principal::Operator { department: "审计部".to_owned(), ..operator };
        let (store, now) = (&mut tx, app.clock.now());
        assert!(changes::update(store, &app.app.vault, &unit.id, &edited, None, now).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(id_of(&app, NEW_PHONE).await, id);
        super::operator(&app, NEW_PHONE, PASSWORD).await;
    }
}

/// What happens in a transaction of somebody else's that is open while `other` is under way.
async fn committed_while<T>(app: &TestApp, tx: idp::store::Tx, other: impl Future<Output = T>) -> T {
    let mut agent = Agent::new(&app.base);
    let commit = async {
        // So that the other has come as far as it can.
        for _ in 0..20 {
            agent.get("/help").await;
        }
        tx.commit().await.unwrap();
    };
    tokio::join!(other, commit).0
}

on_both! {
    async fn an_operator_who_is_added_meanwhile_is_disabled_too(app: TestApp) {
        use idp::domain::principal::{AccountKind, Operator, StoredDocument};
        use idp::guard::sessions;
        use idp::store::operators::{self, changes};
        let find = "SELECT account_id FROM legal_entities WHERE login_name = 'xinyue0221'";
        let (id, before, now) = (sql::text(&app, find).await, count(&app).await, app.clock.now());
        let operator = Operator {
            id: "added-meanwhile".to_owned(),
            name: "孙丽".to_owned(),
            document: StoredDocument { type_code: "111".to_owned(), number: "220102198501010006".to_owned() },
            phone: NEW_PHONE.to_owned(),
            department: String::new(),
            may_manage: false,
            valid_from: now,
            valid_until: None,
            frozen: false,
        };
        let mut tx = app.app.store.begin().await.unwrap();
        changes::hold(&mut tx, &id).await.unwrap();
        let kind = AccountKind::Operator;
        idp::store::accounts::insert(&mut tx, &operator.id, kind, None, 2, now).await.unwrap();
        operators::insert(&mut tx, &app.app.vault, &id, &operator, now).await.unwrap();
        let ended = committed_while(&app, tx, sessions::disable_account(&app.app, &id)).await.unwrap();
        assert_eq!(i64::try_from(ended).unwrap(), 1 + before + 1, "the unit, its operators, and the new one");
        let disabled = "SELECT COUNT(*) FROM accounts WHERE id = 'added-meanwhile' AND disabled_at IS NOT NULL";
        assert_eq!(sql::number(&app, disabled).await, 1);
    }
}

on_both! {
    async fn who_is_denied_meanwhile_is_not_said_to_be_thawed(app: TestApp) {
        use idp::store::operators::changes;
        let id = id_of(&app, OPERATOR_PHONE).await;
        let mut agent = unit(&app).await;
        assert_eq!(agent.post(&of(&id, "freeze"), &[]).await.status, 303);
        let mut tx = app.app.store.begin().await.unwrap();
        changes::hold(&mut tx, &id).await.unwrap();
        assert!(changes::deny(&mut tx, &id, app.clock.now()).await.unwrap());
        let reply = committed_while(&app, tx, agent.post(&of(&id, "unfreeze"), &[])).await;
        assert_eq!(reply.query("done").as_deref(), Some("denied"), "{:?}", reply.location());
        // And a button that is pressed twice says the same twice.
        let id = id_of(&app, MANAGER_PHONE).await;
        assert_eq!(agent.post(&of(&id, "freeze"), &[]).await.status, 303);
        for _ in 0..2 {
            let reply = agent.post(&of(&id, "unfreeze"), &[]).await;
            assert_eq!(reply.query("done").as_deref(), Some("unfrozen"));
        }
    }
}

on_both! {
    async fn a_code_that_is_sent_twice_is_right_twice(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        agent.post(VERIFY, &[("action", "send_code")]).await;
        let code = app.code_sent_to(UNIT_PHONE).await;
        for _ in 0..2 {
            let reply = agent.post(VERIFY, &[("phone_code", &code), ("next", ADD)]).await;
            assert_eq!(reply.location().as_deref(), Some(ADD), "{}", reply.text());
        }
        // Another browser has proved nothing.
        let mut other = Agent::new(&app.base);
        other.sign_in_legal_entity().await;
        let reply = other.post(VERIFY, &[("phone_code", &code)]).await;
        assert_eq!(error(&reply, "phone_code"), "验证码已失效，请重新获取");
    }
}

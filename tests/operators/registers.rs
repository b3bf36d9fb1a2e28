//! 人口库 says whether name and number belong together: at once, or later if it is away.

use axum::Router;
use axum::routing::post;
use idp::config::Config;

use super::*;
use crate::support::registers::{switch, with_registers};

/// A register that answers this.
async fn register(answer: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/resident", listener.local_addr().unwrap().port());
    let router = Router::new().route("/resident", post(async move || answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn ask(config: &mut Config, url: &str) {
    let json = serde_json::json!({
        "request": { "url": url, "body": r#"{"name":"{name}","number":"{document_number}"}"# },
        "matches": { "pointer": "/same", "value": "true" },
    });
    config.registers.residents = Some(serde_json::from_value(json).unwrap());
}

async fn app_with(answer: &'static str) -> TestApp {
    let url = register(answer).await;
    TestApp::start_with(crate::support::Engine::Sqlite, |config| ask(config, &url)).await.unwrap()
}

async fn assurance(app: &TestApp) -> i64 {
    let id = id_of(app, NEW_PHONE).await;
    sql::number(app, &format!("SELECT assurance FROM accounts WHERE id = '{id}'")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_is_worth_more() {
    let app = app_with(r#"{"same":true}"#).await;
    let mut agent = unit(&app).await;
    add(&app, &mut agent, &[]).await;
    assert_eq!(assurance(&app).await, 2);
    assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM register_checks").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mismatch_is_refused_beside_the_number() {
    let app = app_with(r#"{"same":false}"#).await;
    let mut agent = unit(&app).await;
    let token = prove(&app, &mut agent, NEW_PHONE).await;
    let reply = agent.post(ADD, &form(&token, &[])).await;
    assert_eq!(reply.status, 422);
    assert_eq!(error(&reply, "document_number"), "姓名与证件号码不一致，请核对");
    assert_eq!(count(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_not_say_as_often_as_one_likes_who_is_who() {
    let app = app_with(r#"{"same":false}"#).await;
    let mut agent = unit(&app).await;
    let token = prove(&app, &mut agent, NEW_PHONE).await;
    let numbers = ["220102198506150002", "220102199203080005"];
    for guess in 0..12 {
        let reply = agent.post(ADD, &form(&token, &[("document_number", numbers[guess % 2])])).await;
        assert_eq!(reply.status, 422);
        let (beside, above) =
            (error(&reply, "document_number"), reply.text_of("#error-summary[data-whole] p"));
        if guess < 10 {
            assert_eq!(beside, "姓名与证件号码不一致，请核对");
        } else {
            assert_eq!((beside.as_str(), above.as_str()), ("", "操作过于频繁，请稍后再试"));
        }
    }
    for (detail, times) in [("register", 10), ("limit", 2)] {
        let sql = format!(
            "SELECT COUNT(*) FROM audit_log WHERE event = 'operator_refused' AND account_id IS NOT NULL
                AND detail = '{detail}'"
        );
        assert_eq!(sql::number(&app, &sql).await, times, "{detail}");
    }
}

on_both! {
    with_registers;
    async fn nor_by_a_proof_that_is_used_up(app: TestApp) {
        let mut agent = unit(&app).await;
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        assert_eq!(agent.post(ADD, &form(&token, &[])).await.status, 303);
        let before = count(&app).await;
        for changes in [[("name", "王示例")], [("document_number", "220102199203080005")]] {
            let reply = agent.post(ADD, &form(&token, &changes)).await;
            assert_eq!(reply.location().as_deref(), Some("/account/operators?done=added"), "{}", reply.text());
        }
        assert_eq!(count(&app).await, before);
        let refused = "SELECT COUNT(*) FROM audit_log WHERE event = 'operator_refused'";
        assert_eq!(sql::number(&app, refused).await, 0, "the register was not asked");
    }
}

on_both! {
    with_registers;
    async fn nor_by_what_comes_of_it_afterwards(app: TestApp) {
        let mut agent = unit(&app).await;
        let before = count(&app).await;
        let token = prove(&app, &mut agent, OPERATOR_PHONE).await;
        // The register says yes, and the telephone is a colleague's: that said something, too.
        for guess in 0..12 {
            let reply = agent.post(ADD, &form(&token, &[("phone", OPERATOR_PHONE)])).await;
            assert_eq!(reply.status, 422, "{guess}: {}", reply.text());
            let beside = error(&reply, "phone");
            assert_eq!(beside == "该手机号码已被本单位其他经办人使用", guess < 10, "{guess}: {}", reply.text());
        }
        for (detail, times) in [("taken", 10), ("limit", 2)] {
            let sql = format!("SELECT COUNT(*) FROM audit_log WHERE event = 'operator_refused' AND detail = '{detail}'");
            assert_eq!(sql::number(&app, &sql).await, times, "{detail}");
        }
        assert_eq!(count(&app).await, before);
    }
}

/// 添加 while the register is away; gives the new operator's page.
async fn add_unchecked(app: &TestApp, agent: &mut Agent, name: &str) -> String {
    switch(app, true).await;
    let token = prove(app, agent, NEW_PHONE).await;
    let reply = agent.post(ADD, &form(&token, &[("name", name)])).await;
    let list = agent.follow(reply).await;
    assert!(list.text().contains("待核验，核验不一致时账号将被冻结"), "{}", list.text());
    let row = list.text_of("tbody tr");
    assert!(row.contains(name) && row.contains("生效 待核验"), "{row}");
    assert_eq!((assurance(app).await, checks(app).await), (1, 1));
    id_of(app, NEW_PHONE).await
}

async fn checks(app: &TestApp) -> i64 {
    sql::number(app, "SELECT COUNT(*) FROM register_checks").await
}

/// The register answers again, and is asked: by us, or by the server's own janitor a moment before.
async fn answered(app: &TestApp) {
    switch(app, false).await;
    app.advance_seconds(20 * 60);
    idp::guard::evidence::ask_due(&app.app).await.unwrap();
    for _ in 0..500 {
        if checks(app).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the register was never asked");
}

on_both! {
    with_registers;
    async fn where_it_is_away_the_operator_works_meanwhile(app: TestApp) {
        let mut agent = unit(&app).await;
        add_unchecked(&app, &mut agent, "陈静").await;
        let mut clerk = operator(&app, NEW_PHONE, NEW_PASSWORD).await;
        answered(&app).await;
        assert_eq!(assurance(&app).await, 2);
        assert!(is_signed_in(&mut clerk).await);
        assert!(!agent.get(LIST).await.text().contains("待核验"));
    }
}

on_both! {
    with_registers;
    async fn whom_the_register_denies_later_is_frozen_for_good(app: TestApp) {
        let mut agent = unit(&app).await;
        let id = add_unchecked(&app, &mut agent, "陈晶").await;
        let mut clerk = operator(&app, NEW_PHONE, NEW_PASSWORD).await;
        answered(&app).await;
        assert!(!is_signed_in(&mut clerk).await);
        let reply = sign_in(&mut clerk, UNIT, NEW_PHONE, NEW_PASSWORD).await;
        assert!(reply.text().contains("经办人账号已冻结"), "{}", reply.text());
        assert!(app.last_text(UNIT_PHONE).await.unwrap().contains("经办人*晶的姓名与证件号码核验不一致"));
        assert!(app.last_text(NEW_PHONE).await.unwrap().contains("核验不一致已冻结"));
        verify(&app, &mut agent, UNIT_PHONE).await;
        let list = agent.get(LIST).await;
        assert!(list.text_of("tbody tr").contains("冻结 核验不一致"), "{}", list.text());
        assert!(!list.has(&format!("form[action='{}']", of(&id, "unfreeze"))), "there is nothing to give back");
        let reply = agent.post(&of(&id, "unfreeze"), &[]).await;
        assert!(agent.follow(reply).await.text().contains("不能解冻，请删除后重新添加"));
        assert_eq!(sign_in(&mut clerk, UNIT, NEW_PHONE, NEW_PASSWORD).await.status, 422);
        // Removed, the person may be added under the right name.
        assert_eq!(agent.post(&of(&id, "remove"), &[]).await.status, 303);
        app.advance_seconds(61);
        let right = [("name", "陈静")];
        add(&app, &mut agent, &right).await;
        assert_eq!(assurance(&app).await, 2);
    }
}

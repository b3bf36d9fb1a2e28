//! Two submissions at once, of one form or of two: exactly one account each, and everybody is told the truth.

use tokio::task::JoinSet;

use super::*;
use crate::support::registers::{switch, with_registers};
use crate::support::sql;

/// One form six times at once, and once more afterwards: each is told that the account is there.
async fn six_times(app: &TestApp, form: Form) {
    let mut agent = Agent::new(&app.base);
    agent.get(form.page).await;
    let form = form.with_code(app, &mut agent).await;
    let mut tasks = JoinSet::new();
    for _ in 0..6 {
        let (form, base, cookies) = (form.clone(), app.base.clone(), agent.cookies.clone());
        tasks.spawn(async move {
            let mut agent = Agent::new(&base);
            agent.cookies = cookies;
            form.send(&mut agent).await
        });
    }
    while let Some(reply) = tasks.join_next().await {
        let reply = reply.unwrap();
        let there = reply.location().is_some_and(|location| location.starts_with("/registration/done"));
        // Who comes while the first is still at work may be told that the code is being used.
        assert!(there || reply.status == 422, "{} {}", reply.status, reply.text());
    }
    let reply = form.send(&mut agent).await;
    assert!(reply.location().unwrap().starts_with("/registration/done"), "the same form once more");
}

on_both! {
    async fn two_at_once_make_one_unit(app: TestApp) {
        six_times(&app, Form::unit()).await;
        let made = "SELECT COUNT(*) FROM legal_entities WHERE login_name_key = 'shilishiye'";
        assert_eq!(sql::number(&app, made).await, 1);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM accounts WHERE kind = 'legal_entity'").await, 3);
    }
}

on_both! {
    async fn two_at_once_make_one_person(app: TestApp) {
        let persons = "SELECT COUNT(*) FROM persons";
        let accounts = "SELECT COUNT(*) FROM accounts";
        let before = (sql::number(&app, persons).await, sql::number(&app, accounts).await);
        six_times(&app, Form::person()).await;
        let after = (sql::number(&app, persons).await, sql::number(&app, accounts).await);
        assert_eq!(after, (before.0 + 1, before.1 + 1));
    }
}

on_both! {
    async fn two_visitors_race_for_one_name(app: TestApp) {
        let mut forms = Vec::new();
        for (number, code) in [("19400000101", "91220000XXXX00027L"), ("19400000102", "91220101TEXT001640")] {
            let mut agent = Agent::new(&app.base);
            agent.get(LEGAL_ENTITY).await;
            let form = Form::unit().with("phone", number).with("credit_code", code);
            forms.push((form.with_code(&app, &mut agent).await, agent));
        }
        let mut statuses = Vec::new();
        for reply in at_once(forms).await {
            if reply.status == 422 {
                assert_eq!(error(&reply, "login_name"), "该法人账号已被注册");
            }
            statuses.push(reply.status.as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422]);
    }
}

on_both! {
    async fn two_browsers_that_proved_one_number_both_register(app: TestApp) {
        let mut forms = Vec::new();
        for (name, document) in [("陈静", "220102198506150002"), ("孙悦", "220102199203080005")] {
            let mut agent = Agent::new(&app.base);
            agent.get(PERSONAL).await;
            let form = Form::person().with("person_name", name).with("document_number", document);
            // The code becomes a proof, which the next browser's code leaves alone.
            let coded = form.clone().with_code(&app, &mut agent).await;
            let reply = coded.with("new_password", "").send(&mut agent).await;
            let token = reply.attribute("[name=phone_token]", "value").unwrap();
            forms.push((form.with("phone_token", &token), agent));
            app.advance_seconds(61);
        }
        for reply in at_once(forms).await {
            assert_eq!(reply.status, 303, "{}", reply.text());
        }
        // The number is that of whoever came last, by however little.
        let released = "SELECT COUNT(*) FROM account_changes WHERE kind = 'phone_released'";
        assert_eq!(sql::number(&app, released).await, 1);
        let without = "SELECT COUNT(*) FROM persons WHERE phone_index IS NULL";
        assert_eq!(sql::number(&app, without).await, 1);
    }
}

/// Sends all the forms, each by its own browser.
async fn at_once(forms: Vec<(Form, Agent)>) -> Vec<Reply> {
    let mut tasks = JoinSet::new();
    for (form, mut agent) in forms {
        tasks.spawn(async move { form.send(&mut agent).await });
    }
    tasks.join_all().await
}

on_both! {
    with_registers;
    async fn whoever_sends_a_waiting_form_again_is_told_that_it_waits(app: TestApp) {
        switch(&app, true).await;
        for form in [Form::unit(), Form::person()] {
            let mut agent = Agent::new(&app.base);
            agent.get(form.page).await;
            let form = form.with_code(&app, &mut agent).await;
            let first = form.send(&mut agent).await;
            let again = form.send(&mut agent).await;
            assert!(first.location().unwrap().ends_with("&waiting=1"), "{}", first.text());
            assert_eq!(again.location(), first.location());
            assert!(agent.follow(again).await.text().contains("等待核验"));
        }
    }
}

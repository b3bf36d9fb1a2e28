//! 《注册协议》 and 《隐私政策》.

use super::*;

on_both! {
    async fn both_can_be_read_and_are_never_ticked_already(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for (name, title) in [("terms", "注册协议"), ("privacy", "隐私政策")] {
            let reply = agent.get(&format!("/registration/agreements/{name}")).await;
            assert_eq!(reply.text_of("h1"), title);
            assert!(reply.text().contains("版本 2026-11"));
        }
        for page in [LEGAL_ENTITY, PERSONAL] {
            let reply = agent.get(page).await;
            assert!(reply.has("#agreed") && !reply.has("#agreed[checked]"));
        }
        let reply = Form::unit().with("login_name", "").send(&mut agent).await;
        assert!(!reply.has("#agreed[checked]"), "a refusal asks again");
    }
}

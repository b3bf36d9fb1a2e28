//! How old one must be to act for a unit, or to represent it.

use chrono::Datelike;

use super::*;

on_both! {
    |config| config.accounts.min_age = 18;
    async fn how_old_one_must_be_is_configured(app: TestApp) {
        let mut agent = unit(&app).await;
        let token = prove(&app, &mut agent, NEW_PHONE).await;
        let of_age = |age| with_check(&format!("220102{}0101000", app.clock.now().china_date().year() - age));
        let reply = agent.post(ADD, &form(&token, &[("document_number", &of_age(17))])).await;
        assert_eq!(error(&reply, "document_number"), "经办人须年满18周岁");
        let reply = agent.post(ADD, &form(&token, &[("document_number", &of_age(18))])).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        // 企业注册 and 企业信息变更 have the same rule.
        for page in ["/registration/legal-entity", "/account/entity-change"] {
            let fields = [("entity_type", "enterprise"), ("document_type", "111"), ("document_number", &of_age(17))];
            let reply = agent.post(page, &fields).await;
            assert_eq!(error(&reply, "document_number"), "法定代表人须年满18周岁", "{page}: {}", reply.text());
        }
    }
}

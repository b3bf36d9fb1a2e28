//! Full-width digits and stray spaces are no mistake, wherever something is typed.

use super::*;
use crate::support::full_width;
use crate::support::registers::with_registers;

on_both! {
    async fn a_new_telephone(app: TestApp) {
        let mut agent = unit(&app).await;
        agent.post("/account/phone", &[("action", "send_code")]).await;
        let code = full_width(&app.code_sent_to(UNIT_PHONE).await);
        let reply = agent.post("/account/phone", &[("phone_code", &code)]).await;
        assert_eq!(reply.location().as_deref(), Some("/account/new-phone"), "{}", reply.text());
        let phone = full_width("19400000301");
        let sent = agent.post("/account/new-phone", &[("phone", &phone), ("action", "send_code")]).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        let code = full_width(&app.code_sent_to("19400000301").await);
        let reply = agent.post("/account/new-phone", &[("phone", &phone), ("phone_code", &code)]).await;
        let centre = agent.follow(reply).await;
        assert!(centre.text().contains("194****0301"), "{}", centre.text());
    }
}

on_both! {
    with_registers;
    async fn a_renewed_document(app: TestApp) {
        let mut agent = person(&app).await;
        let fields = [
            ("document_type", "111"),
            ("document_number", &*full_width("220102199001010009")),
            ("term", "20"),
            ("valid_from", &full_width("2018-05-20")),
            ("password", PASSWORD),
        ];
        let reply = agent.post("/account/document", &fields).await;
        let centre = agent.follow(reply).await;
        assert!(centre.text().contains("2038-05-20"), "{}", centre.text());
    }
}

on_both! {
    with_registers;
    async fn a_unit_s_data(app: TestApp) {
        let mut agent = unit(&app).await;
        let fields = [
            ("unit_name", " 长春欣悦信息技术有限公司 (演示)　"),
            ("representative_name", "　王 颖 "),
            ("document_type", "111"),
            ("document_number", &*full_width("220102199912310002")),
            ("term", "10"),
            ("valid_from", &full_width("2022-03-01")),
            ("password", PASSWORD),
        ];
        let reply = agent.post("/account/entity-change", &fields).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let page = agent.get("/account/representative").await;
        assert!(page.text().contains("2022-03-01 至 2032-03-01"), "{}", page.text());
    }
}

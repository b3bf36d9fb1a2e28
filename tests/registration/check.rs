//! What the script asks while a form is being filled in.

use super::*;
use crate::support::sql;

async fn ask(agent: &mut Agent, page: &str, fields: &[(&str, &str)]) -> Reply {
    agent.post(&format!("{page}/check"), fields).await
}

on_both! {
    async fn it_knows_the_rules_of_the_form(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        for (field, value, beside, message, warning) in [
            ("login_name", "1xinyue", "login_name", "账号应为6-20位字符，字母开头", false),
            ("credit_code", "91220000XXXX00027F", "credit_code", "统一社会信用代码格式不正确", false),
            ("entity_type", "other_organization", "entity_type", "法人类型与统一社会信用代码不符，请核对", true),
            ("document_number", "220102190001010009", "document_number", "身份证号码格式不正确", false),
            ("valid_to", "2036-01-01", "valid_to", "长期有效的身份证无需填写结束日期", false),
            ("phone", "12000000000", "phone", "手机号码格式不正确", false),
        ] {
            let form = Form::unit().with(field, value);
            let reply = ask(&mut agent, LEGAL_ENTITY, &form.pairs()).await;
            let wanted = serde_json::json!({ beside: { "message": message, "warning": warning } });
            assert_eq!((reply.status.as_u16(), reply.json()), (200, wanted), "{field}={value}");
        }
        let reply = ask(&mut agent, PERSONAL, &Form::person().with("person_name", "王1").pairs()).await;
        assert_eq!(reply.json()["person_name"]["message"], "姓名格式不正确");
    }
}

on_both! {
    async fn it_says_nothing_of_accounts(app: TestApp) {
        let mut agent = Agent::new(&app.base);
        let taken = Form::unit().with("login_name", "xinyue0221").with("credit_code", "91220101TEXT00017E");
        let reply = ask(&mut agent, LEGAL_ENTITY, &taken.with("phone", "15400007850").pairs()).await;
        assert_eq!(reply.json(), serde_json::json!({}));
        let request = agent.request(reqwest::Method::POST, "/registration/personal/check");
        let foreign = request.form(&[("person_name", "1")]).header("sec-fetch-site", "cross-site");
        assert_eq!(agent.send(foreign).await.status, 403);
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log").await, 0, "and nobody keeps it");
    }
}

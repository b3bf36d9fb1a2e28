//! 二 法人注册, 个人注册.

mod agreements;
mod check;
mod gateway;
mod legal_entity;
mod lookups;
mod personal;
mod phone;
mod portal;
mod registers;
mod twice;
mod warnings;

use std::collections::BTreeMap;

use crate::support::{Agent, Reply, TestApp};

pub const LEGAL_ENTITY: &str = "/registration/legal-entity";
pub const PERSONAL: &str = "/registration/personal";
pub const PASSWORD: &str = "Jlrs2026a";

/// A form as a visitor fills it in.
#[derive(Clone)]
pub struct Form {
    page: &'static str,
    fields: BTreeMap<&'static str, String>,
}

impl Form {
    fn of(page: &'static str, fields: &[(&'static str, &str)]) -> Self {
        let common = [
            ("document_type", "111"),
            ("new_password", PASSWORD),
            ("new_password_again", PASSWORD),
            ("agreed", "yes"),
            ("agreement_version", "2026-11"),
        ];
        let all = common.iter().chain(fields);
        Self { page, fields: all.map(|(name, value)| (*name, (*value).to_owned())).collect() }
    }

    /// A unit that the register knows and nobody has registered.
    pub fn unit() -> Self {
        Self::of(
            LEGAL_ENTITY,
            &[
                ("login_name", "shilishiye"),
                ("entity_type", "enterprise"),
                ("unit_name", "吉林示例实业有限公司（演示）"),
                ("credit_code", "91220000XXXX00027L"),
                ("representative_name", "周婷"),
                ("document_number", "22010219700101000X"),
                ("term", "long_term"),
                ("valid_from", "2016-01-01"),
                ("phone", "19400000101"),
            ],
        )
    }

    /// A person whom the register knows and who has no account.
    pub fn person() -> Self {
        Self::of(
            PERSONAL,
            &[
                ("person_name", "陈静"),
                ("document_number", "220102198506150002"),
                ("term", "20"),
                ("valid_from", "2018-05-20"),
                ("phone", "19400000201"),
            ],
        )
    }

    #[must_use]
    pub fn with(mut self, field: &'static str, value: &str) -> Self {
        self.fields.insert(field, value.to_owned());
        self
    }

    pub fn phone(&self) -> String {
        self.fields["phone"].clone()
    }

    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    pub async fn send(&self, agent: &mut Agent) -> Reply {
        agent.post(self.page, &self.pairs()).await
    }

    /// Asks for a code by the button, and types it in.
    pub async fn with_code(self, app: &TestApp, agent: &mut Agent) -> Self {
        let reply = self.clone().with("action", "send_code").send(agent).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let code = app.code_sent_to(&self.phone()).await;
        self.with("phone_code", &code)
    }

    /// The same as a visitor with a new browser, to the end.
    pub async fn register(self, app: &TestApp) -> (Agent, Reply) {
        let mut agent = Agent::new(&app.base);
        agent.get(self.page).await;
        let form = self.with_code(app, &mut agent).await;
        let reply = form.send(&mut agent).await;
        (agent, reply)
    }
}

/// Says what stands beside a field.
pub fn error(reply: &Reply, field: &str) -> String {
    reply.text_of(&format!("#{field}-error")).replace("错误：", "").replace("提示：", "").trim().to_owned()
}

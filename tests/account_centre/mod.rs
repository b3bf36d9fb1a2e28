//! 七 企业中心: what an owner sees and changes.

mod acting;
mod closing;
mod data;
mod document;
mod history;
mod holders;
mod identities;
mod pages;
mod password;
mod phone;
mod portal_links;
mod portals;
mod races;
mod representative;
mod sessions;
mod typing;

use crate::support::{Agent, Reply, TestApp};

pub const PASSWORD: &str = "Jlrs2026";
pub const UNIT_PHONE: &str = "15400007850";

/// The demo's unit, signed in.
pub async fn unit(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    agent.sign_in_legal_entity().await;
    agent
}

/// The demo's person, signed in.
pub async fn person(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [("account", "liying2026"), ("password", PASSWORD)];
    let reply = agent.sign_in("/sign-in/personal", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

/// An operator of the demo, signed in.
pub async fn operator(app: &TestApp, unit: &str, phone: &str) -> Agent {
    let mut agent = Agent::new(&app.base);
    let fields = [("unit", unit), ("operator", phone), ("password", PASSWORD)];
    let reply = agent.sign_in("/sign-in/operator", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

pub async fn is_signed_in(agent: &mut Agent) -> bool {
    agent.get("/account").await.status == 200
}

/// Says what stands beside a field.
pub fn error(reply: &Reply, field: &str) -> String {
    reply.text_of(&format!("#{field}-error")).replace("错误：", "").trim().to_owned()
}

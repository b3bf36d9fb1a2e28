//! 三 我的经办人: who may name whom, and what becomes of what they hold.

mod add;
mod age;
mod captcha;
mod edit;
mod endings;
mod list;
mod peers;
mod plan;
mod races;
mod refusals;
mod registers;
mod representative;
mod who_may;

use idp::platform::vault::Purpose;

use crate::support::{Agent, Reply, TestApp, sql};

pub const PASSWORD: &str = "Jlrs2026";
pub const UNIT: &str = "91220101TEXT00017E";
pub const UNIT_PHONE: &str = "15400007850";
pub const MANAGER_PHONE: &str = "19400000001";
/// 刘洋, who may not manage.
pub const OPERATOR_PHONE: &str = "15400000002";
pub const NEW_PHONE: &str = "19400000101";
pub const NEW_PASSWORD: &str = "Chen#2026";

pub const LIST: &str = "/account/operators";
pub const ADD: &str = "/account/operators/add";
pub const VERIFY: &str = "/account/operators/verify";

/// The unit's own account, which has just proved its telephone.
pub async fn unit(app: &TestApp) -> Agent {
    let mut agent = Agent::new(&app.base);
    agent.sign_in_legal_entity().await;
    verify(app, &mut agent, UNIT_PHONE).await;
    agent
}

/// 张伟, an operator with 管理权限, who has just proved the telephone.
pub async fn manager(app: &TestApp) -> Agent {
    let mut agent = operator(app, MANAGER_PHONE, PASSWORD).await;
    verify(app, &mut agent, MANAGER_PHONE).await;
    agent
}

/// An operator of the demo's first unit, signed in.
pub async fn operator(app: &TestApp, phone: &str, password: &str) -> Agent {
    let mut agent = Agent::new(&app.base);
    let reply = sign_in(&mut agent, UNIT, phone, password).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    agent
}

pub async fn sign_in(agent: &mut Agent, unit: &str, operator: &str, password: &str) -> Reply {
    let fields = [("unit", unit), ("operator", operator), ("password", password)];
    agent.sign_in("/sign-in/operator", &fields).await
}

pub async fn is_signed_in(agent: &mut Agent) -> bool {
    agent.get("/account").await.status == 200
}

/// 验证信息
pub async fn verify(app: &TestApp, agent: &mut Agent, phone: &str) {
    let sent = agent.post(VERIFY, &[("action", "send_code")]).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let code = app.code_sent_to(phone).await;
    let proved = agent.post(VERIFY, &[("phone_code", &code), ("next", ADD)]).await;
    assert_eq!((proved.status.as_u16(), proved.location().as_deref()), (303, Some(ADD)), "{}", proved.text());
}

/// Proves an operator's telephone as the page's script does; gives the token.
pub async fn prove(app: &TestApp, agent: &mut Agent, phone: &str) -> String {
    let fields = [("purpose", "operator_phone"), ("phone", phone)];
    let sent = agent.post("/sms-code/send", &fields).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let code = app.code_sent_to(phone).await;
    let fields = [("purpose", "operator_phone"), ("phone", phone), ("phone_code", &code)];
    let proved = agent.post("/sms-code/verify", &fields).await;
    proved.json()["token"].as_str().unwrap_or_else(|| panic!("{}", proved.body)).to_owned()
}

/// The fields of 添加 for 陈静; later pairs replace earlier ones.
pub fn form<'a>(token: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("name", "陈静"),
        ("document_type", "111"),
        ("document_number", "220102198506150002"),
        ("phone", NEW_PHONE),
        ("phone_token", token),
        ("new_password", NEW_PASSWORD),
        ("new_password_again", NEW_PASSWORD),
        ("validity", "long_term"),
        ("valid_to", ""),
        ("may_manage", "no"),
        ("department", "综合部"),
    ];
    for (name, value) in changes {
        fields.retain(|(key, _)| key != name);
        fields.push((name, value));
    }
    fields
}

/// Adds an operator, who differs from 陈静 by `changes`; gives their account's id.
pub async fn add(app: &TestApp, agent: &mut Agent, changes: &[(&str, &str)]) -> String {
    let phone = changes.iter().find(|(name, _)| *name == "phone").map_or(NEW_PHONE, |(_, phone)| phone);
    let token = prove(app, agent, phone).await;
    let reply = agent.post(ADD, &form(&token, changes)).await;
    assert_eq!(reply.location().as_deref(), Some("/account/operators?done=added"), "{}", reply.text());
    id_of(app, phone).await
}

/// The operator of the demo's first unit with this telephone.
pub async fn id_of(app: &TestApp, phone: &str) -> String {
    let index = app.app.vault.derive(Purpose::PhoneIndex, phone);
    let sql = format!(
        "SELECT account_id FROM operators WHERE phone_index = '{index}' AND removed_at IS NULL
            AND legal_entity_id = (SELECT account_id FROM legal_entities WHERE credit_code = '{UNIT}')"
    );
    sql::text(app, &sql).await
}

pub fn of(id: &str, action: &str) -> String {
    format!("{LIST}/{id}/{action}")
}

/// What stands beside a field.
pub fn error(reply: &Reply, field: &str) -> String {
    reply.text_of(&format!("#{field}-error")).trim_start_matches("错误：").to_owned()
}

/// How many operators the demo's first unit has.
pub async fn count(app: &TestApp) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM operators WHERE removed_at IS NULL
            AND legal_entity_id = (SELECT account_id FROM legal_entities WHERE credit_code = '{UNIT}')"
    );
    sql::number(app, &sql).await
}

/// GB 11643-1999: the check character of 17 digits.
pub fn with_check(digits: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        digits.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    format!("{digits}{}", "10X98765432".chars().nth((sum % 11) as usize).unwrap())
}

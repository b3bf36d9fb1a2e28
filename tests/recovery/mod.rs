//! 五 忘记密码: from the sign-in page through four steps and back.

mod code;
mod identity;
mod limits;
mod password;
mod steps;

use idp::config::CaptchaMode;
use serde_json::json;

use crate::sign_in::{PASSWORD, alert, is_signed_in};
use crate::support::{Agent, Portal, Reply, TestApp, sql};

pub const NEW: &str = "Nanhu-2027";
pub const MISMATCH: &str = "您输入的信息不匹配，请核对后重试";
pub const RESTARTED: &str = "本次操作已失效，为保护账号安全，请重新验证身份";

/// An account of the demo, and what its holder types at the first step.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    /// The word in URLs.
    pub word: &'static str,
    pub account: &'static str,
    pub name: &'static str,
    pub number: &'static str,
    pub phone: &'static str,
}

pub const UNIT: Who = Who {
    word: "legal-entity",
    account: "92220102TEXT00033F",
    name: "赵敏",
    number: "220103190002280006",
    phone: "19400000033",
};
pub const OPERATOR: Who = Who {
    word: "operator",
    account: "91220101TEXT00017E",
    name: "张伟",
    number: "220302200002290002",
    phone: "19400000001",
};
pub const PERSON: Who = Who {
    word: "personal",
    account: "liying2026",
    name: "李颖",
    number: "220102199001010009",
    phone: "19400000003",
};
pub const ALL: [Who; 3] = [UNIT, OPERATOR, PERSON];

impl Who {
    /// The fields of the first step, with some replaced.
    pub fn fields<'a>(&'a self, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("account", self.account),
            ("person_name", self.name),
            ("document_type", "111"),
            ("document_number", self.number),
        ];
        fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        fields.extend(changes);
        fields
    }

    /// The first step's form.
    pub async fn identify(&self, agent: &mut Agent, changes: &[(&str, &str)]) -> Reply {
        let page = format!("/recovery?as={}", self.word);
        if !agent.cookies.contains_key("__Host-visitor") {
            agent.get(&page).await;
        }
        agent.post(&page, &self.fields(changes)).await
    }

    /// Through the first step; gives the second's URL.
    pub async fn begin(&self, agent: &mut Agent) -> String {
        let reply = self.identify(agent, &[]).await;
        let url = reply.location().unwrap_or_else(|| panic!("{}", reply.text()));
        assert!(url.starts_with("/recovery/verify-sms?recovery="), "{url}");
        url
    }

    /// Through the first two; gives the third's URL.
    pub async fn prove(&self, app: &TestApp, agent: &mut Agent) -> String {
        let url = self.begin(agent).await;
        let reply = agent.post(&url, &[("phone_code", &app.code_sent_to(self.phone).await)]).await;
        let url = reply.location().unwrap_or_else(|| panic!("{}", reply.text()));
        assert!(url.starts_with("/recovery/set-password?recovery="), "{url}");
        url
    }

    pub async fn recover(&self, app: &TestApp, agent: &mut Agent, password: &str) {
        let url = self.prove(app, agent).await;
        let reply = set(agent, &url, password).await;
        assert!(is_done(&reply), "{:?} {}", reply.location(), reply.text());
        // Messages that leave together arrive in any order: the next code shall be the newest.
        assert!(app.last_text(self.phone).await.unwrap().contains("重置"));
    }

    pub async fn sign_in(&self, agent: &mut Agent, password: &str) -> Reply {
        let page = format!("/sign-in/{}", self.word);
        let who = match self.word {
            "operator" => vec![("unit", self.account), ("operator", self.phone)],
            _ => vec![("account", self.account)],
        };
        agent.sign_in(&page, &[who, vec![("password", password)]].concat()).await
    }
}

/// Another request of the same browser, for what it sends at once.
pub fn same_browser(agent: &Agent) -> Agent {
    let mut same = agent.stranger();
    same.cookies.clone_from(&agent.cookies);
    same
}

/// The third step's form.
pub async fn set(agent: &mut Agent, url: &str, password: &str) -> Reply {
    agent.post(url, &[("new_password", password), ("new_password_again", password)]).await
}

pub fn is_done(reply: &Reply) -> bool {
    reply.status == 303 && reply.location().is_some_and(|url| url.starts_with("/recovery/done?recovery="))
}

/// Back at the first step, which says so.
pub async fn assert_restarted(agent: &mut Agent, reply: Reply, what: &str) {
    assert_eq!(reply.status, 303, "{what}: {}", reply.text());
    let page = agent.follow(reply).await;
    assert_eq!(page.text_of(".alert--info p"), RESTARTED, "{what}");
    assert_eq!(page.text_of(".steps__step--now .steps__label"), "身份验证", "{what}");
}

/// The message beside a field, checked to be announced with it.
pub fn beside(reply: &Reply, field: &str) -> String {
    let message = reply.text_of(&format!("#{field}-error"));
    if !message.is_empty() {
        assert_eq!(reply.status, 422);
        let described = reply.attribute(&format!("#{field}"), "aria-describedby").unwrap_or_default();
        assert!(described.split(' ').any(|id| id == format!("{field}-error")), "{field}: {described}");
        assert!(reply.has(&format!("#error-summary a[href='#{field}']")), "{field} is not in the summary");
    }
    message.trim_start_matches("错误：").to_owned()
}

on_both! {
    |config| config.sign_in.captcha = CaptchaMode::Off;
    async fn all_three_kinds_recover_and_everything_old_has_ended(app: TestApp) {
        let nowhere = json!({ "backchannel_logout_uri": "http://127.0.0.1:9/logout" });
        let portal = Portal::register_with(&app, "hall", nowhere).await;
        for who in ALL {
            let mut office = Agent::new(&app.base);
            assert_eq!(who.sign_in(&mut office, PASSWORD).await.status, 303);
            let tokens = portal.tokens(&mut office, &[("scope", "openid profile offline_access")]).await;
            sql::execute(&app, "DELETE FROM outbox").await;

            let mut agent = Agent::new(&app.base);
            let sign_in = agent.get(&format!("/sign-in/{}", who.word)).await;
            let link = sign_in.attribute(".form__aside a", "href").unwrap();
            let first = agent.get(&link).await;
            assert_eq!(first.text_of(".steps__step--now .steps__label"), "身份验证");
            let action = first.attribute("form.rows", "action").unwrap();
            let second = agent.post(&action, &who.fields(&[])).await;
            let second = agent.follow(second).await;
            assert!(second.text().contains("验证码已发送至该账号绑定的手机号，请注意查收"), "{}", second.text());
            assert!(!second.body.contains(&who.phone[7..]) && !second.body.contains("***"), "nothing is shown yet");
            let code = app.code_sent_to(who.phone).await;
            let third = agent.post(&second.attribute("form.rows", "action").unwrap(), &[("phone_code", &code)]).await;
            let third = agent.follow(third).await;
            assert!(third.text().contains("密码应为8-16位数字、字母或符号至少2种的组合"), "{}", third.text());
            assert!(is_signed_in(&mut office).await, "nothing has happened yet");
            let fourth = set(&mut agent, &third.attribute("form.rows", "action").unwrap(), NEW).await;
            let fourth = agent.follow(fourth).await;
            assert_eq!(fourth.text_of("h2"), "密码设置成功");
            let back = fourth.attribute(".outcome a.button", "href").unwrap();
            assert_eq!(back, format!("/sign-in/{}", who.word));

            assert!(!is_signed_in(&mut office).await, "{who:?}");
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
            let refused = portal.token(&mut office, &refresh).await;
            assert_eq!(refused.json()["error"], "invalid_grant");
            assert_eq!(portal.userinfo(&office, tokens["access_token"].as_str().unwrap()).await.status, 401);
            let notices = "SELECT COUNT(*) FROM outbox WHERE kind = 'backchannel_logout'";
            assert_eq!(sql::number(&app, notices).await, 1, "the portal is told");
            let told = app.last_text(who.phone).await.unwrap();
            assert!(told.contains("密码已通过“忘记密码”重置"), "{told}");

            let old = who.sign_in(&mut Agent::new(&app.base), PASSWORD).await;
            assert_eq!((old.status.as_u16(), alert(&old).as_str()), (422, "账号或密码错误"));
            assert_eq!(who.sign_in(&mut agent, NEW).await.status, 303);
            assert!(is_signed_in(&mut agent).await);
        }
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM audit_log WHERE event = 'password_reset'").await, 3);
    }
}

on_both! {
    async fn the_portal_that_waits_is_not_forgotten(app: TestApp) {
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let asked = agent.get(&portal.authorize_path(&[("account_type", "natural_person")])).await;
        let mut page = agent.follow(asked).await;
        page = agent.get(&page.attribute(".form__aside a", "href").unwrap()).await;
        let action = page.attribute("form.rows", "action").unwrap();
        let reply = agent.post(&action, &PERSON.fields(&[("account", "19400000003")])).await;
        let code = app.code_sent_to(PERSON.phone).await;
        let reply = agent.post(&reply.location().unwrap(), &[("phone_code", &code)]).await;
        let reply = set(&mut agent, &reply.location().unwrap(), NEW).await;
        let done = agent.follow(reply).await;
        let sign_in = done.attribute(".outcome a.button", "href").unwrap();
        let signed_in = agent.post(&sign_in, &[("account", PERSON.account), ("password", NEW)]).await;
        let back = agent.follow(signed_in).await;
        assert!(back.location().unwrap().starts_with(&portal.redirect_uri), "{:?}", back.location());
    }
}

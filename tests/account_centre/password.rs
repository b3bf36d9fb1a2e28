//! 密码修改.

use super::*;
use crate::support::{Portal, sql};

async fn change(agent: &mut Agent, old: &str, new: &str, again: &str) -> Reply {
    let fields = [("old_password", old), ("new_password", new), ("new_password_again", again)];
    agent.post("/account/password", &fields).await
}

on_both! {
    async fn a_new_password_ends_everything_that_the_old_one_began(app: TestApp) {
        let (mut here, mut there) = (unit(&app).await, unit(&app).await);
        let portal = Portal::register(&app, "held").await;
        let tokens = portal.tokens(&mut there, &[]).await;
        let reply = change(&mut here, PASSWORD, "Nanhu-2027", "Nanhu-2027").await;
        let told = here.follow(reply).await;
        assert!(told.text().contains("密码修改成功") && told.text().contains("所有设备均已退出"));
        assert_eq!(told.attribute(".outcome .button", "href").unwrap(), "/sign-in/legal-entity");
        assert!(!is_signed_in(&mut here).await && !is_signed_in(&mut there).await);
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(portal.userinfo(&there, access).await.status, 401);
        for (password, status) in [("Nanhu-2027", 303), (PASSWORD, 422)] {
            let fields = [("account", "xinyue0221"), ("password", password)];
            assert_eq!(there.sign_in("/sign-in/legal-entity", &fields).await.status, status, "{password}");
        }
        assert!(app.last_text(UNIT_PHONE).await.unwrap().contains("登录密码已修改"));
    }
}

on_both! {
    async fn each_refusal_has_its_text(app: TestApp) {
        let mut agent = unit(&app).await;
        let policy = "密码应为8-16位数字、字母或符号至少2种的组合";
        for (old, new, again, field, message) in [
            ("", "Nanhu-2027", "Nanhu-2027", "old_password", "请输入旧密码"),
            ("Wrong2026", "Nanhu-2027", "Nanhu-2027", "old_password", "旧密码错误"),
            (PASSWORD, "", "", "new_password", "请输入新密码"),
            (PASSWORD, "", "", "new_password_again", "请再次输入新密码"),
            (PASSWORD, "abc123", "abc123", "new_password", policy),
            (PASSWORD, "密码abc12345", "密码abc12345", "new_password", policy),
            (PASSWORD, "xinyue0221!", "xinyue0221!", "new_password", "密码不能包含账号、统一社会信用代码、手机号码或证件号码"),
            (PASSWORD, "Nanhu-2027", "Nanhu-2028", "new_password_again", "两次输入的密码不一致"),
            (PASSWORD, PASSWORD, PASSWORD, "new_password", "新密码不能与旧密码相同"),
        ] {
            let reply = change(&mut agent, old, new, again).await;
            assert_eq!(reply.status, 422);
            assert_eq!(error(&reply, field), message, "{old} {new} {again}");
        }
        assert!(is_signed_in(&mut agent).await);
    }
}

on_both! {
    async fn the_last_five_are_remembered(app: TestApp) {
        let passwords = ["Nanhu-0001", "Nanhu-0002", "Nanhu-0003", "Nanhu-0004", "Nanhu-0005"];
        let mut old = PASSWORD;
        for new in passwords {
            let mut agent = Agent::new(&app.base);
            let fields = [("account", "xinyue0221"), ("password", old)];
            agent.sign_in("/sign-in/legal-entity", &fields).await;
            assert_eq!(change(&mut agent, old, new, new).await.status, 303, "{new}");
            app.advance_seconds(1);
            old = new;
        }
        let mut agent = Agent::new(&app.base);
        agent.sign_in("/sign-in/legal-entity", &[("account", "xinyue0221"), ("password", old)]).await;
        let reply = change(&mut agent, old, passwords[0], passwords[0]).await;
        assert_eq!(error(&reply, "new_password"), "新密码不能与最近5次使用过的密码相同");
        assert_eq!(change(&mut agent, old, PASSWORD, PASSWORD).await.status, 303, "the sixth is forgotten");
        assert_eq!(sql::number(&app, "SELECT COUNT(*) FROM password_history").await, 4);
    }
}

on_both! {
    async fn an_open_session_is_no_place_to_guess(app: TestApp) {
        let mut agent = unit(&app).await;
        for _ in 0..5 {
            change(&mut agent, "Wrong2026", "Nanhu-2027", "Nanhu-2027").await;
        }
        let reply = change(&mut agent, PASSWORD, "Nanhu-2027", "Nanhu-2027").await;
        assert_eq!(error(&reply, "old_password"), "密码错误次数过多，请30分钟后再试");
        app.advance_seconds(29 * 60);
        is_signed_in(&mut agent).await;
        app.advance_seconds(2 * 60);
        assert_eq!(change(&mut agent, PASSWORD, "Nanhu-2027", "Nanhu-2027").await.status, 303);
    }
}

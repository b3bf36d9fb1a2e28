//! What the suite's scripted browser looks for (setup.mjs) is on our pages.

use idp::config::{CaptchaMode, OpensWith};
use serde_json::json;

use crate::support::{Agent, Portal, Reply};

/// Both in the script and on the page; every page that it shows to a human has a heading.
#[track_caller]
fn finds(page: &Reply, in_script: &str, on_page: &str) {
    assert!(include_str!("setup.mjs").contains(in_script), "setup.mjs looks for {in_script} no more");
    assert!(page.has(on_page), "{on_page}: {:?} {}", page.location(), page.text());
    assert!(page.has("h1"), "{}", page.body);
}

on_both! {
    |config| {
        config.sign_in.opens_with = OpensWith::Password;
        config.sign_in.captcha = CaptchaMode::Off;
    };
    async fn the_scripted_browser_finds_what_it_presses(app: TestApp) {
        let changes = json!({ "first_party": false, "frontchannel_logout_uri": "https://hall.example/bye" });
        let portal = Portal::register_with(&app, "hall", changes).await;
        let mut agent = Agent::new(&app.base);
        // The suite's user is nobody else; the demonstration's may act for a unit, and is asked unless the portal says.
        let asked = [("response_mode", "form_post"), ("account_type", "natural_person")];
        let asked = agent.get(&portal.authorize_path(&asked)).await;
        assert!(asked.location().unwrap().starts_with("/sign-in/"), "{:?}", asked.location());
        let page = agent.follow(asked).await;
        finds(&page, r#"["text", "id", "account","#, "input#account");
        finds(&page, r#"["text", "id", "password","#, "input#password");
        finds(&page, r#"["click", "class", "button--primary"]"#, "button.button--primary");
        assert_eq!(page.text_of(".button--primary"), "登录", "the first of that class is pressed");
        let action = page.attribute("form[method=post]", "action").unwrap();
        let came_in = agent.post(&action, &[("account", "liying2026"), ("password", "Jlrs2026")]).await;
        let page = agent.follow(came_in).await;
        finds(&page, r#"button[name="decision"][value="${decision}"]"#, "button[name=decision][value=allow]");
        finds(&page, r#"decision: "deny""#, "button[name=decision][value=deny]");
        let action = page.attribute("form[method=post]", "action").unwrap();
        assert!(action.starts_with("/authorize/consent"), "{action}");
        let sid = page.attribute("input[name=sid]", "value").unwrap();
        let agreed = agent.post(&action, &[("decision", "allow"), ("sid", &sid)]).await;
        let page = agent.follow(agreed).await;
        finds(&page, "form[data-submit-now] button", "form[data-submit-now] button");
        let code = page.attribute("input[name=code]", "value").unwrap();
        let tokens = portal.redeem(&mut agent, &code).await.json();
        finds(&agent.get("/sign-out").await, r#"button[name="decision"][value="sign_out"]"#, "button[name=decision][value=sign_out]");
        let hint = tokens["id_token"].as_str().unwrap();
        let page = agent.get(&format!("/sign-out?id_token_hint={hint}")).await;
        finds(&page, "a[data-when-told]", "a[data-when-told]");
    }
}

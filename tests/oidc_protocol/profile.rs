//! The standard claims that an administrator sets (OpenID Connect Core sections 5.1, 5.4 and 5.5): by scope and by name,
//! and of nobody by themselves.

use super::*;
use crate::support::profile::give;

/// All that a person's account can hold.
pub(super) fn everything() -> Value {
    json!({
        "given_name": "颖", "family_name": "李", "middle_name": "小", "nickname": "小颖",
        "profile": "https://people.example/liying", "picture": "https://people.example/liying.png",
        "website": "https://liying.example/", "gender": "female", "birthdate": "0000-02-29",
        "zoneinfo": "Asia/Shanghai", "locale": "zh-CN", "email": "liying@people.example", "email_verified": true,
        "address": {
            "formatted": "人民大街 1 号\n长春市", "street_address": "人民大街 1 号", "locality": "长春市",
            "region": "吉林省", "postal_code": "130000", "country": "中国",
        },
    })
}

const SCOPES: &str = "openid profile email address phone";
const OF_PROFILE: [&str; 12] = [
    "birthdate",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "nickname",
    "picture",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
];

async fn told(portal: &Portal, agent: &mut Agent, changes: &[(&str, &str)]) -> (Value, Value) {
    let tokens = portal.tokens(agent, changes).await;
    let userinfo = portal.userinfo(agent, &text(&tokens, "access_token")).await.json();
    (userinfo, claims(&text(&tokens, "id_token")))
}

on_both! {
    // Core section 5.4: each scope opens its claims in userinfo; the ID token has none of them.
    async fn each_scope_opens_its_claims(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({ "scope": SCOPES })).await;
        let given = everything();
        give(&app, &given).await;
        let mut agent = signed_in(&app).await;
        for (scope, expected) in [
            ("openid", &["sub"][..]),
            ("openid email", &["email", "email_verified", "sub"]),
            ("openid address", &["address", "sub"]),
            ("address openid", &["address", "sub"]),
        ] {
            let (userinfo, id_token) = told(&portal, &mut agent, &[("scope", scope)]).await;
            assert_eq!(members(&userinfo), expected, "{scope}");
            assert_eq!(userinfo["sub"], id_token["sub"]);
            assert!(id_token.get("email").is_none() && id_token.get("address").is_none(), "{id_token}");
        }
        let (userinfo, id_token) = told(&portal, &mut agent, &[("scope", SCOPES)]).await;
        for (name, value) in given.as_object().unwrap() {
            assert_eq!(&userinfo[name], value, "{name}");
            assert!(id_token.get(name).is_none(), "{name} is told by userinfo");
        }
        // Section 5.1: seconds since 1970.
        assert!((1..=app.clock.now().seconds()).contains(&userinfo["updated_at"].as_i64().unwrap()), "{userinfo}");
        let standard = ["name", "preferred_username", "phone_number", "phone_number_verified"];
        assert!(standard.iter().all(|name| userinfo.get(name).is_some()), "{userinfo}");
    }
}

on_both! {
    // Core section 5.5: in all the forms of section 5.5.1, at both places; a place that nobody knows is ignored.
    async fn each_claim_comes_by_name(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({ "scope": SCOPES })).await;
        give(&app, &everything()).await;
        let mut agent = signed_in(&app).await;
        let ways = [json!(null), json!({}), json!({"essential": true}), json!({"x": "y"}), json!({"essential": false})];
        let names = ["address", "email", "email_verified", "name", "preferred_username"].into_iter().chain(OF_PROFILE);
        let wanted: serde_json::Map<String, Value> =
            names.zip(ways.iter().cycle()).map(|(name, way)| (name.to_owned(), way.clone())).collect();
        let request = json!({ "userinfo": wanted, "id_token": wanted, "elsewhere": { "made_up": null } }).to_string();
        let (userinfo, id_token) = told(&portal, &mut agent, &[("scope", "openid"), ("claims", &request)]).await;
        for name in wanted.keys() {
            assert!(userinfo.get(name).is_some(), "{name}: {userinfo}");
            assert_eq!(userinfo[name], id_token[name], "{name}");
        }
        let expected: Vec<&str> = wanted.keys().map(String::as_str).chain(["sub"]).collect();
        assert!(members(&userinfo).iter().all(|name| expected.contains(name)), "nothing else: {userinfo}");
        // Only what the portal's registration lets it have.
        let narrow = Portal::register_with(&app, "narrow", json!({ "scope": "openid email" })).await;
        let (userinfo, _) = told(&narrow, &mut agent, &[("scope", "openid"), ("claims", &request)]).await;
        assert_eq!(members(&userinfo), ["email", "email_verified", "sub"]);
    }
}

on_both! {
    // What a document number tells of its holder is no claim; and a value that is taken away is gone.
    async fn nobody_has_them_by_themselves(app: TestApp) {
        let portal = Portal::register_with(&app, "hall", json!({ "scope": SCOPES })).await;
        let mut agent = signed_in(&app).await;
        let bare = |userinfo: &Value| {
            let told = OF_PROFILE.iter().filter(|name| **name != "updated_at").chain(&["email", "address"]);
            told.filter(|name| userinfo.get(**name).is_some()).count() == 0
        };
        let (userinfo, _) = told(&portal, &mut agent, &[("scope", SCOPES)]).await;
        assert!(bare(&userinfo), "{userinfo}");
        give(&app, &everything()).await;
        let (userinfo, _) = told(&portal, &mut agent, &[("scope", SCOPES)]).await;
        assert!(!bare(&userinfo), "{userinfo}");
        give(&app, &json!({})).await;
        let (userinfo, _) = told(&portal, &mut agent, &[("scope", SCOPES)]).await;
        assert!(bare(&userinfo), "{userinfo}");
    }
}

on_both! {
    // The page says what a scope opens before anybody agrees to it.
    async fn the_page_names_the_scopes(app: TestApp) {
        let portal = Portal::register_with(&app, "third", json!({ "scope": SCOPES, "first_party": false })).await;
        let mut agent = signed_in(&app).await;
        let asked = agent.get(&portal.authorize_path(&[("scope", SCOPES)])).await;
        let page = agent.follow(asked).await.text();
        for words in ["读取电子邮箱", "包括该邮箱是否已验证", "读取通信地址", "昵称、头像、性别和生日"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}

use super::*;
use proptest::prelude::*;

fn told(claim: &str, value: &Value) -> Option<Value> {
    Profile::parse(&serde_json::json!({ claim: value }).to_string()).ok()?.get(claim).cloned()
}

#[test]
fn every_standard_claim_is_kept_as_it_was_given() {
    let given = serde_json::json!({
        "given_name": "颖", "family_name": "李", "middle_name": "小", "nickname": "小颖",
        "profile": "https://people.example/liying", "picture": "https://people.example/liying.png",
        "website": "https://liying.example", "gender": "female", "birthdate": "1990-01-01",
        "zoneinfo": "Asia/Shanghai", "locale": "zh-CN", "email": "liying@people.example", "email_verified": true,
        "address": { "formatted": "人民大街 1 号\n长春市", "country": "中国" },
    });
    let read = Profile::parse(&given.to_string()).unwrap();
    assert_eq!(Value::Object(read.claims().clone()), given);
    assert!(Profile::parse("{}").unwrap().claims().is_empty());
}

#[test]
fn an_address_that_nobody_has_tried_is_not_verified() {
    let profile = Profile::parse(r#"{"email":"a@b.example"}"#).unwrap();
    assert_eq!(profile.get("email_verified"), Some(&Value::Bool(false)));
    let nothing = Profile::parse(r#"{"email_verified":true}"#).unwrap();
    assert_eq!(nothing.get("email_verified"), None, "no address, nothing to be verified");
}

#[test]
fn a_value_that_cannot_be_is_refused() {
    let wrong: [(&str, &[&str]); 7] = [
        ("nickname", &["", " x", "null", "a\u{7}b", "two\nlines"]),
        ("picture", &["http://a.example", "https://", "javascript:alert(1)", "//a.example"]),
        ("gender", &["", "Female", "x"]),
        (
            "birthdate",
            &["1990-02-30", "1990-1-1", "90-01-01", "1700", "19900101", "+990-01-01", "0000-00-00"],
        ),
        ("zoneinfo", &["", "Asia/", "/x", "Asia Shanghai", "+08:00"]),
        ("locale", &["", "ZH-cn", "zh_CN", "zh-CN-", "chinese", "zh-CN-x-y"]),
        (
            "email",
            &[
                "",
                "a",
                "a@b",
                "a@@b.example",
                ".a@b.example",
                "a b@c.example",
                "a@-b.example",
                "甲@b.example",
            ],
        ),
    ];
    for (claim, values) in wrong {
        for value in values {
            assert_eq!(told(claim, &(*value).into()), None, "{claim}: {value:?}");
        }
    }
    for right in [
        ("birthdate", "0000-02-29"),
        ("birthdate", "1990"),
        ("locale", "zh-Hans-CN"),
        ("locale", "es-419"),
        ("zoneinfo", "America/Argentina/Buenos_Aires"),
        ("zoneinfo", "Etc/GMT+8"),
        ("email", "first.last+tag@sub.example.org"),
    ] {
        assert_eq!(told(right.0, &right.1.into()), Some(right.1.into()), "{right:?}");
    }
    for text in
        ["[]", "1", r#"{"name":"x"}"#, r#"{"address":{}}"#, r#"{"address":{"x":"y"}}"#, r#"{"nickname":1}"#]
    {
        assert!(Profile::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(?s).*") {
        let _ = Profile::parse(&text);
        let value = Value::String(text);
        for claim in ["nickname", "picture", "birthdate", "zoneinfo", "locale", "email"] {
            let _ = told(claim, &value);
        }
    }
}

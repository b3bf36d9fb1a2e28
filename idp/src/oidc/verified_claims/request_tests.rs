use super::*;

/// What is told of a person's verification for this request; `None`: the whole is left out.
fn told(wanted: &Value, age: i64) -> Option<Value> {
    let mark = |text: &str| format!("<{text}>");
    let request = json!({ "verification": wanted, "claims": { "name": null } });
    let kept = reduce(&request, &mark)?;
    assert!(check(&kept).is_ok(), "{kept}");
    let look = Look { mark: &mark, age: Some(Span::seconds(u32::try_from(age).unwrap())) };
    let ours = verification(AccountKind::Person, Some(Timestamp::from_millis(0)));
    look.narrowed(&kept[0]["verification"], &ours)
}

fn evidence(wanted: Value) -> Value {
    json!({ "trust_framework": null, "evidence": wanted })
}

#[test]
fn what_is_demanded_of_the_verification_must_be_so() {
    let with = |name: &str, demand: Value| {
        let mut wanted = json!({ "trust_framework": null });
        wanted[name] = demand;
        wanted
    };
    let record = |record: Value| evidence(json!([{ "type": null, "record": record }]));
    for (wanted, is_met) in [
        (with("time", json!({ "max_age": 60 })), true),
        (with("time", json!({ "max_age": 59 })), false),
        (with("time", json!({ "max_age": -1 })), false),
        (with("time", json!({ "value": Timestamp::from_millis(0).rfc3339() })), true),
        (with("time", json!({ "value": "2020-01-01T00:00:00Z" })), false),
        (with("assurance_level", json!({ "max_age": 60, "value": "high" })), false),
        (with("assurance_level", json!({ "values": ["high", super::super::LEVEL] })), true),
        (with("assurance_level", json!({ "values": ["high", super::super::LEVEL], "value": "high" })), false),
        (with("assurance_level", json!({ "values": "high" })), false),
        (with("assurance_level", json!(true)), false),
        (with("assurance_process", json!({ "policy": null })), true),
        (with("assurance_process", json!({ "policy": { "value": "x" } })), false),
        (record(json!({ "type": { "value": "population_register" } })), true),
        (record(json!({ "type": { "value": "legal_entity_register" } })), false),
        (record(json!({ "source": { "name": { "values": ["人口库", "户籍"] } } })), true),
        (record(json!({ "source": { "country_code": { "value": "DEU" } } })), false),
        (record(json!({ "personal_number": { "value": "1" } })), false),
        (record(json!({ "value": { "type": "population_register" } })), false),
        // A whole object is the same in whatever order its members stand; a list is not.
        (record(json!({ "source": { "value": { "name": "人口库", "country_code": "CHN" } } })), true),
        (record(json!({ "source": { "value": { "country_code": "CHN", "name": "人口库" } } })), true),
        (record(json!({ "source": { "values": [{ "country_code": "CHN" }, { "name": "人口库" }] } })), false),
        (
            record(
                json!({ "value": { "source": { "country_code": "CHN", "name": "人口库" }, "type": "population_register" } }),
            ),
            true,
        ),
        (
            evidence(json!([{ "type": null, "check_details": [{ "check_method": { "value": "vri" } }] }])),
            false,
        ),
        (
            evidence(json!([{ "check_details": [
            { "check_method": { "value": "vri" } }, { "check_method": { "value": "data" } },
        ] }])),
            true,
        ),
        (evidence(json!([])), false),
        (evidence(json!({ "type": { "value": "document" } })), false),
    ] {
        assert_eq!(told(&wanted, 60).is_some(), is_met, "{wanted}");
    }
}

#[test]
fn values_are_compared_as_json() {
    let same = [
        r#"{"a":[1,{"b":"\u4e2d","c":null}],"d":true}"#,
        r#" { "d" : true, "a" : [1, {"c":null,"b":"中"}] } "#,
    ];
    let [one, other] = same.map(|text| canonical(&serde_json::from_str(text).unwrap()));
    assert_eq!(one, other);
    for different in [
        json!({ "a": [{ "b": "中", "c": null }, 1], "d": true }),
        json!({ "a": [1, { "b": "中" }], "d": true }),
        json!({ "a": [1, { "b": "中", "c": "null" }], "d": true }),
        json!({ "a": [1, { "b": "中", "c": null }], "d": "true" }),
    ] {
        assert_ne!(canonical(&different), one, "{different}");
    }
}

#[test]
fn no_more_is_told_than_was_asked_for() {
    let framework = super::super::TRUST_FRAMEWORK;
    let told = |wanted| told(&evidence(wanted), 0).unwrap();
    let of = |evidence: Value| json!({ "trust_framework": framework, "evidence": [evidence] });
    let kind = "electronic_record";
    assert_eq!(told(json!([{ "type": null }])), of(json!({ "type": kind })));
    assert_eq!(
        told(json!([{ "type": { "value": "document" } }, { "check_details": null, "time": null }])),
        of(json!({ "type": kind, "check_details": [{ "check_method": "data" }] }))
    );
    assert_eq!(
        told(json!([{ "record": { "source": { "country_code": { "essential": true } } } }])),
        of(
            json!({ "type": kind, "record": { "type": "population_register", "source": { "country_code": "CHN" } } })
        )
    );
    assert_eq!(told(Value::Null)["evidence"][0].as_object().unwrap().len(), 3);
}

#[test]
fn nothing_that_a_portal_wrote_is_kept() {
    let wanted = json!({
        "verification": { "trust_framework": { "value": "秘密" }, "秘密": null, "time": { "value": "秘密" } },
        "claims": { "name": { "value": "秘密", "purpose": "秘密" }, "秘密": null },
    });
    let kept = reduce(&wanted, &|_| "mark".to_owned()).unwrap();
    assert!(!kept.to_string().contains("秘密"), "{kept}");
    assert!(reduce(&json!({ "verification": {}, "claims": { "x": null } }), &|_| String::new()).is_none());
}

#[test]
fn nobody_asks_without_end() {
    let values = |count: usize| json!({ "verification": { "trust_framework": null }, "claims": { "name": { "values": vec!["x"; count] } } });
    assert!(check(&values(100)).is_ok() && check(&values(101)).is_err());
}

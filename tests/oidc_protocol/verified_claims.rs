//! OpenID Connect for Identity Assurance 1.0: what a register has confirmed, and how.

use super::*;
use crate::support::sql;

const SCOPES: &str = "openid profile legal_entity legal_representative id_document authority";

async fn portal(app: &TestApp, id: &str) -> Portal {
    Portal::register_with(app, id, json!({ "scope": SCOPES })).await
}

/// What userinfo and the ID token say for this `claims` parameter.
async fn ask(portal: &Portal, agent: &mut Agent, scope: &str, claims_parameter: &Value) -> (Value, Value) {
    let asked = claims_parameter.to_string();
    let tokens = portal.tokens(agent, &[("scope", scope), ("claims", &asked)]).await;
    let userinfo = portal.userinfo(agent, &text(&tokens, "access_token")).await.json();
    (userinfo["verified_claims"].clone(), claims(&text(&tokens, "id_token"))["verified_claims"].clone())
}

fn request(verification: Value, claims: &[&str]) -> Value {
    let claims: serde_json::Map<String, Value> =
        claims.iter().map(|claim| ((*claim).to_owned(), Value::Null)).collect();
    json!({ "verification": verification, "claims": claims })
}

on_both! {
    async fn what_a_register_confirmed_is_told_with_its_proof(app: TestApp) {
        let portal = portal(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let everything = json!({ "trust_framework": null, "assurance_level": null, "time": null, "evidence": [
            { "type": { "value": "document" } },
            { "type": { "value": "electronic_record" }, "record": { "source": { "name": { "value": "人口库" } } } },
        ] });
        let wanted = request(everything, &["name", "id_document", "birthdate", "authority"]);
        let both = json!({ "userinfo": { "verified_claims": wanted }, "id_token": { "verified_claims": wanted } });
        let (userinfo, id_token) = ask(&portal, &mut agent, "openid", &both).await;
        let verification = &userinfo["verification"];
        assert_eq!(verification["trust_framework"], "urn:jl-uia:trust-framework:registers");
        assert_eq!(verification["assurance_level"], "urn:jl-uia:loa:2");
        assert!(text(verification, "time").ends_with("+08:00"), "{verification}");
        // Of the evidence what was named, with what it is not valid without.
        let record = json!({ "type": "population_register", "source": { "name": "人口库" } });
        assert_eq!(verification["evidence"], json!([{ "type": "electronic_record", "record": record }]));
        // Unknown claims, and those without a value, are left out.
        let told = json!({ "name": "李颖", "id_document": { "type": "111", "number": "220102199001010009" } });
        assert_eq!(userinfo["claims"], told);
        assert_eq!(id_token["claims"], json!({ "name": "李颖" }), "the number in clear is for userinfo only");
        // Only what is asked for, of the verification as well.
        let least = json!({ "userinfo": { "verified_claims": request(json!({ "trust_framework": null }), &["name"]) } });
        let (userinfo, id_token) = ask(&portal, &mut agent, "openid", &least).await;
        let framework = json!({ "trust_framework": "urn:jl-uia:trust-framework:registers" });
        assert_eq!(userinfo, json!({ "verification": framework, "claims": { "name": "李颖" } }));
        assert!(id_token.is_null());
    }
}

on_both! {
    // Section 6: what can't be met is left out, and the rest of the answer is as ever.
    async fn what_is_not_as_asked_is_left_out(app: TestApp) {
        let portal = portal(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let ours = "urn:jl-uia:trust-framework:registers";
        for (verification, claims, told) in [
            (json!({ "trust_framework": { "value": ours } }), &["name"][..], true),
            (json!({ "trust_framework": { "values": ["eidas", ours] } }), &["name"], true),
            (json!({ "trust_framework": { "value": "eidas" } }), &["name"], false),
            (json!({ "trust_framework": { "values": ["eidas"] } }), &["name"], false),
            (json!({ "trust_framework": null, "assurance_level": { "value": "high" } }), &["name"], false),
            (json!({ "trust_framework": null, "evidence": [{ "type": { "value": "document" } }] }), &["name"], false),
            (json!({ "trust_framework": null, "time": { "max_age": 3600 } }), &["name"], true),
            (json!({ "trust_framework": null, "time": { "max_age": 0 } }), &["name"], false),
            (json!({ "trust_framework": null }), &["birthdate"], false),
        ] {
            app.advance_seconds(2);
            let asked = json!({ "userinfo": { "verified_claims": request(verification, claims) } });
            let (userinfo, _) = ask(&portal, &mut agent, "openid", &asked).await;
            assert_eq!(!userinfo.is_null(), told, "{asked}: {userinfo}");
        }
        // Several requests, several answers.
        let several = json!([
            request(json!({ "trust_framework": null }), &["name"]),
            request(json!({ "trust_framework": { "value": "eidas" } }), &["name"]),
            request(json!({ "trust_framework": null }), &["id_document_masked"]),
        ]);
        let (userinfo, _) = ask(&portal, &mut agent, "openid", &json!({ "userinfo": { "verified_claims": several } })).await;
        assert_eq!(userinfo.as_array().map(Vec::len), Some(2), "{userinfo}");
        for wrong in [
            json!({}), json!([]), json!([1]), json!({ "claims": { "name": null } }),
            json!({ "verification": { "trust_framework": null } }),
            request(json!({ "trust_framework": null }), &[]), request(json!({ "time": null }), &["name"]),
        ] {
            let asked = json!({ "userinfo": { "verified_claims": wrong } }).to_string();
            let reply = agent.get(&portal.authorize_path(&[("scope", "openid"), ("claims", &asked)])).await;
            assert_error_redirect(&app, &portal, &reply, "invalid_request");
        }
        // What nobody confirmed is not verified, and another client's scopes are not this one's.
        let asked = json!({ "userinfo": { "verified_claims": request(json!({ "trust_framework": null }), &["name"]) } });
        let narrow = Portal::register_with(&app, "narrow", json!({ "scope": "openid" })).await;
        assert!(ask(&narrow, &mut agent, "openid", &asked).await.0.is_null());
        sql::execute(&app, "UPDATE accounts SET assurance = 1").await;
        assert!(ask(&portal, &mut agent, "openid", &asked).await.0.is_null());
    }
}

on_both! {
    // Section 5.7.4: a claim that is not what was demanded is left out alone; of the verification, the whole.
    async fn what_is_demanded_of_a_claim_is_so_or_left_out(app: TestApp) {
        let portal = portal(&app, "hall").await;
        let mut agent = signed_in(&app).await;
        let ask_for = async |agent: &mut Agent, claims: Value, evidence: Value| {
            let verification = json!({ "trust_framework": null, "evidence": evidence });
            let wanted = json!({ "verification": verification, "claims": claims });
            ask(&portal, agent, "openid", &json!({ "userinfo": { "verified_claims": wanted } })).await.0
        };
        let masked = ask_for(&mut agent, json!({ "id_document_masked": null }), Value::Null).await["claims"].clone();
        for (name, told) in [
            (json!({ "value": "李颖" }), json!({ "name": "李颖", "id_document_masked": masked["id_document_masked"] })),
            (json!({ "values": ["王某", "李颖"], "essential": true }), json!({ "name": "李颖", "id_document_masked": masked["id_document_masked"] })),
            (json!({ "value": "王某" }), masked.clone()),
            (json!({ "values": [] }), masked.clone()),
        ] {
            let claims = json!({ "name": name, "id_document_masked": null });
            assert_eq!(ask_for(&mut agent, claims, Value::Null).await["claims"], told, "{name}");
        }
        assert!(ask_for(&mut agent, json!({ "name": { "value": "王某" } }), Value::Null).await.is_null(), "nothing is left");
        let record = |kind: &str| json!([{ "type": null, "record": { "type": { "value": kind } } }]);
        assert!(!ask_for(&mut agent, json!({ "name": null }), record("population_register")).await.is_null());
        // A register of ours, but not the one that this account was compared with.
        assert!(ask_for(&mut agent, json!({ "name": null }), record("legal_entity_register")).await.is_null());
        // What a portal demands may be anybody's name: it is not kept in words.
        let kept = "SELECT COUNT(*) FROM grants WHERE claims LIKE '%王某%' OR claims LIKE '%李颖%'";
        assert_eq!(sql::number(&app, kept).await, 0);
        let wrong = json!({ "userinfo": { "verified_claims": {
            "verification": { "trust_framework": null }, "claims": { "name": { "values": vec!["x"; 101] } },
        } } });
        let reply = agent.get(&portal.authorize_path(&[("scope", "openid"), ("claims", &wrong.to_string())])).await;
        assert_error_redirect(&app, &portal, &reply, "invalid_request");
    }
}

on_both! {
    // The authority extension, behind its own scope.
    async fn an_operators_authority_is_told_behind_its_scope(app: TestApp) {
        let portal = portal(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        let fields = [("unit", "91220101TEXT00017E"), ("operator", "15400000002"), ("password", PASSWORD)];
        assert_eq!(agent.sign_in("/sign-in/operator", &fields).await.status, 303);
        let (told, id_token) = ask(&portal, &mut agent, "openid authority", &json!({})).await;
        let authority = &told["claims"]["authority"];
        assert_eq!(authority["applies_to"]["registration_number"], "91220101TEXT00017E");
        assert_eq!(authority["permission"][0]["role"], "经办人");
        assert_eq!(authority["permission"][0]["may_delegate"], false);
        assert_eq!(authority["permission"][0]["function"], "人力资源部");
        assert_eq!(authority["granted_by"]["method"], "delegated");
        assert!(id_token.is_null());
        assert!(ask(&portal, &mut agent, "openid", &json!({})).await.0.is_null(), "not without the scope");
        let mut unit = Agent::new(&app.base);
        unit.sign_in_legal_entity().await;
        let (told, _) = ask(&portal, &mut unit, "openid authority", &json!({})).await;
        assert_eq!(told["claims"]["authority"]["permission"][0]["role"], "法定代表人");
        let mut person = signed_in(&app).await;
        assert!(ask(&portal, &mut person, "openid authority", &json!({})).await.0.is_null(), "acts for nobody");
    }
}

//! `verified_claims` (OpenID Connect for Identity Assurance 1.0): what a register has confirmed of an account, with how
//! it was confirmed. Asked for through the `claims` parameter; the scope `authority` asks for who acts for whom.

use serde_json::{Map, Value, json};

use super::{acr, claims};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::principal::{LegalEntity, Operator, Principal};
use crate::domain::scopes;
use crate::domain::timestamp::{Span, Timestamp};
use crate::store::accounts;

pub const NAME: &str = "verified_claims";
/// Our own: an account was compared with the register that is responsible for it.
pub const TRUST_FRAMEWORK: &str = "urn:jl-uia:trust-framework:registers";
const LEVEL: &str = acr::LEVELS[1];
pub const EVIDENCE: &str = "electronic_record";
pub const RECORDS: [&str; 2] = ["population_register", "legal_entity_register"];

/// What can be verified, and which scope a client needs for it.
pub const CLAIMS: [(&str, &str); 6] = [
    ("name", "profile"),
    ("id_document_masked", "profile"),
    ("id_document", "id_document"),
    ("legal_entity", "legal_entity"),
    ("legal_representative", "legal_representative"),
    (AUTHORITY, AUTHORITY),
];
/// OpenID Connect Authority claims extension (a draft): whom an account may act for, and who said so.
const AUTHORITY: &str = "authority";

/// Section 6: each request names a trust framework and at least one claim.
///
/// # Errors
/// What is wrong with it, for the portal's engineer.
pub fn check(wanted: &Value) -> Result<(), &'static str> {
    let requests = requests(wanted).ok_or("verified_claims is neither an object nor an array of objects")?;
    let complete = |request: &&Map<String, Value>| {
        request.get("verification").and_then(|how| how.get("trust_framework")).is_some()
            && request.get("claims").and_then(Value::as_object).is_some_and(|claims| !claims.is_empty())
    };
    if requests.iter().all(complete) && !requests.is_empty() {
        Ok(())
    } else {
        Err("verified_claims needs verification.trust_framework and claims")
    }
}

/// What is kept of a request: only what we know, since a portal may write anything into a value. `None` if it asks for
/// nothing that we could give.
pub fn reduce(wanted: &Value) -> Option<Value> {
    let reduced: Vec<Value> = requests(wanted)?.into_iter().filter_map(reduce_one).collect();
    (!reduced.is_empty()).then(|| Value::Array(reduced))
}

fn reduce_one(request: &Map<String, Value>) -> Option<Value> {
    let wanted = request.get("verification")?;
    let mut verification = Map::new();
    verification.insert("trust_framework".to_owned(), Value::Null);
    allows(wanted.get("trust_framework")?, TRUST_FRAMEWORK).then_some(())?;
    if let Some(level) = wanted.get("assurance_level") {
        allows(level, LEVEL).then_some(())?;
        verification.insert("assurance_level".to_owned(), Value::Null);
    }
    if let Some(evidence) = wanted.get("evidence") {
        let ours = |one: &Value| one.get("type").is_none_or(|wanted| allows(wanted, EVIDENCE));
        evidence.as_array().is_none_or(|all| all.iter().any(ours)).then_some(())?;
        verification.insert("evidence".to_owned(), Value::Null);
    }
    if let Some(time) = wanted.get("time") {
        let age = time.get("max_age").map_or(Value::Null, |age| json!({ "max_age": age.as_u64() }));
        verification.insert("time".to_owned(), age);
    }
    let wanted = request.get("claims")?.as_object()?;
    let known = CLAIMS.iter().filter(|(claim, _)| wanted.contains_key(*claim));
    let claims: Map<String, Value> = known.map(|(claim, _)| ((*claim).to_owned(), Value::Null)).collect();
    (!claims.is_empty()).then(|| json!({ "verification": verification, "claims": claims }))
}

/// The scopes that open the claims of a request.
pub fn scopes_of(wanted: &Value) -> Vec<&'static str> {
    let requests = requests(wanted).unwrap_or_default();
    let asked = |claim: &str| {
        requests.iter().any(|request| request.get("claims").and_then(|claims| claims.get(claim)).is_some())
    };
    CLAIMS.iter().filter(|(claim, _)| asked(claim)).map(|(_, scope)| *scope).collect()
}

/// What is known of an account, and who asks.
struct Known<'a> {
    client: &'a Client,
    principal: &'a Principal,
    /// When a register confirmed it, if one did; the time itself may be unknown.
    confirmed: Option<Option<Timestamp>>,
    now: Timestamp,
    /// Sensitive claims are told by userinfo only.
    in_userinfo: bool,
}

/// The `verified_claims` of an account: of what was `wanted` (reduced), and of the scope `authority` where it was
/// granted. `None` where nothing was confirmed.
fn answer(known: &Known<'_>, wanted: Option<&Value>, scope: &str) -> Option<Value> {
    let mut asked: Vec<Value> = wanted.and_then(Value::as_array).cloned().unwrap_or_default();
    if known.in_userinfo && scopes::contains(scope, AUTHORITY) {
        asked.push(json!({
            "verification": { "trust_framework": null, "assurance_level": null }, "claims": { AUTHORITY: null },
        }));
    }
    let mut told: Vec<Value> = asked.iter().filter_map(|request| one(known, request)).collect();
    match told.len() {
        0 => None,
        1 => told.pop(),
        _ => Some(Value::Array(told)),
    }
}

/// The same, with what the store knows of the account.
///
/// # Errors
/// When the database fails.
pub async fn of(
    app: &App,
    client: &Client,
    principal: &Principal,
    wanted: Option<&Value>,
    scope: &str,
    in_userinfo: bool,
) -> anyhow::Result<Option<Value>> {
    if wanted.is_none() && !(in_userinfo && scopes::contains(scope, AUTHORITY)) {
        return Ok(None);
    }
    let confirmed = accounts::confirmed(&app.store, principal.account_id()).await?;
    let confirmed = confirmed.map(|at| at.map(Timestamp::from_millis));
    let known = Known { client, principal, confirmed, now: app.clock.now(), in_userinfo };
    Ok(answer(&known, wanted, scope))
}

fn one(known: &Known<'_>, request: &Value) -> Option<Value> {
    let confirmed_at = known.confirmed?;
    let wanted = &request["verification"];
    let mut verification = Map::new();
    let mut set = |name: &str, value: Value| verification.insert(name.to_owned(), value);
    set("trust_framework", json!(TRUST_FRAMEWORK));
    if wanted.get("assurance_level").is_some() {
        set("assurance_level", json!(LEVEL));
    }
    if let Some(time) = wanted.get("time") {
        let limit = time.get("max_age").and_then(Value::as_i64);
        let recent = |at: Timestamp| {
            limit.is_none_or(|limit| known.now - at <= Span::millis(limit.saturating_mul(1000)))
        };
        match confirmed_at {
            Some(at) if recent(at) => drop(set("time", json!(at.rfc3339()))),
            None if limit.is_none() => (),
            _ => return None,
        }
    }
    if wanted.get("evidence").is_some() {
        set("evidence", evidence(known.principal));
    }
    let may = |claim: &str, scope: &str| {
        request["claims"].get(claim).is_some()
            && known.client.may_ask_for(scope)
            && (known.in_userinfo || !claims::USERINFO_ONLY.contains(&claim))
    };
    let told = CLAIMS.iter().filter(|(claim, scope)| may(claim, scope));
    let told: Map<String, Value> =
        told.filter_map(|(claim, _)| Some(((*claim).to_owned(), value(known.principal, claim)?))).collect();
    (!told.is_empty()).then(|| json!({ "verification": verification, "claims": told }))
}

/// Only what a register was asked about.
fn value(principal: &Principal, claim: &str) -> Option<Value> {
    match (claim, principal) {
        (AUTHORITY, Principal::Operator { operator, unit }) => Some(authority(unit, Some(operator))),
        (AUTHORITY, Principal::LegalEntity(unit)) => Some(authority(unit, None)),
        // An operator was compared with the register of persons, their unit when it registered.
        ("legal_entity" | "legal_representative", Principal::Operator { .. }) | (AUTHORITY, _) => None,
        _ => claims::value(principal, claim),
    }
}

fn evidence(principal: &Principal) -> Value {
    let [persons, units] = RECORDS;
    let (record, source) = match principal {
        Principal::LegalEntity(_) => (units, "法人库"),
        Principal::Operator { .. } | Principal::Person(_) => (persons, "人口库"),
    };
    json!([{
        "type": EVIDENCE,
        "check_details": [{ "check_method": "data" }],
        "record": { "type": record, "source": { "name": source, "country_code": "CHN" } },
    }])
}

fn authority(unit: &LegalEntity, operator: Option<&Operator>) -> Value {
    let applies_to = json!({
        "organization_name": unit.name,
        "registration_number": unit.credit_code,
        "legal_jurisdiction": "CN",
        "entity_legal_form": unit.entity_type.label(),
        "organization_identifiers": [{ "identifier_type": "USCC", "identifier": unit.credit_code }],
    });
    let Some(operator) = operator else {
        return json!({
            "applies_to": applies_to,
            "permission": [{ "role": "法定代表人", "may_delegate": true }],
            "granted_by": { "method": "appointed" },
        });
    };
    let mut validity = json!({ "start": operator.valid_from.china_date().to_string() });
    if let Some(end) = operator.valid_until {
        validity["end"] = json!(end.china_date().to_string());
    }
    let mut permission =
        json!({ "role": "经办人", "validity": validity, "may_delegate": operator.may_manage });
    if !operator.department.is_empty() {
        permission["function"] = json!(operator.department);
    }
    json!({
        "applies_to": applies_to,
        "permission": [permission],
        "granted_by": { "method": "delegated", "granting_body": unit.name },
    })
}

fn requests(wanted: &Value) -> Option<Vec<&Map<String, Value>>> {
    match wanted {
        Value::Object(one) => Some(vec![one]),
        Value::Array(all) => all.iter().map(Value::as_object).collect(),
        _ => None,
    }
}

/// Whether ours is what was asked for: anything, one `value`, or one of `values`.
fn allows(wanted: &Value, ours: &str) -> bool {
    match wanted {
        Value::Null => true,
        Value::Object(wanted) => {
            wanted.get("value").is_none_or(|one| one == ours)
                && wanted
                    .get("values")
                    .is_none_or(|all| all.as_array().is_some_and(|all| all.iter().any(|one| one == ours)))
        }
        _ => false,
    }
}

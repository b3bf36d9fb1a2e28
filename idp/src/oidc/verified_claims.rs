//! `verified_claims` (OpenID Connect for Identity Assurance 1.0): what a register has confirmed of an account, with how
//! it was confirmed. Asked for through the `claims` parameter; the scope `authority` asks for who acts for whom.

mod request;

use serde_json::{Map, Value, json};

use self::request::Look;
pub use self::request::{check, reduce, scopes_of};
use super::{acr, claims};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::principal::{AccountKind, LegalEntity, Operator, Principal};
use crate::domain::scopes;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::Purpose;
use crate::store::principals::Confirmed;

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

/// What is known of an account, and who asks.
pub struct Known<'a> {
    pub client: &'a Client,
    pub principal: &'a Principal,
    /// Read together with the principal: it speaks of just these data.
    pub confirmed: Confirmed,
    /// Sensitive claims are told by userinfo only.
    pub in_userinfo: bool,
}

/// The `verified_claims` of an account: of what was `wanted` (reduced), and of the scope `authority` where it was
/// granted. `None` where nothing was confirmed, or nothing is as it was asked for.
pub fn of(app: &App, known: &Known<'_>, wanted: Option<&Value>, scope: &str) -> Option<Value> {
    let confirmed_at = known.confirmed?;
    let now = app.clock.now();
    let look = Look { mark: &|text| mark(app, text), age: confirmed_at.map(|at| now - at) };
    let mut asked: Vec<Value> = wanted.and_then(Value::as_array).cloned().unwrap_or_default();
    if known.in_userinfo && scopes::contains(scope, AUTHORITY) {
        asked.push(json!({
            "verification": { "trust_framework": null, "assurance_level": null }, "claims": { AUTHORITY: null },
        }));
    }
    let verification = verification(known.principal.kind(), confirmed_at);
    let one = |request: &Value| {
        let verification = look.narrowed(&request["verification"], &verification)?;
        let claims = claims_of(known, &request["claims"], &look);
        (!claims.is_empty()).then(|| json!({ "verification": verification, "claims": claims }))
    };
    let mut told: Vec<Value> = asked.iter().filter_map(one).collect();
    match told.len() {
        0 => None,
        1 => told.pop(),
        _ => Some(Value::Array(told)),
    }
}

/// By what the value is kept that a claim must have: it may be anybody's name, and is not told from this.
pub fn mark(app: &App, text: &str) -> String {
    app.vault.derive(Purpose::ClaimValue, text)
}

fn claims_of(known: &Known<'_>, wanted: &Value, look: &Look<'_>) -> Map<String, Value> {
    let may = |claim: &str, scope: &str| {
        known.client.may_ask_for(scope) && (known.in_userinfo || !claims::USERINFO_ONLY.contains(&claim))
    };
    let open = CLAIMS.iter().filter(|(claim, scope)| may(claim, scope));
    let told = open.filter_map(|(claim, _)| {
        let told = look.narrowed(wanted.get(claim)?, &value(known.principal, claim)?)?;
        Some(((*claim).to_owned(), told))
    });
    told.collect()
}

/// How an account of this kind was confirmed, in full.
fn verification(kind: AccountKind, confirmed_at: Option<Timestamp>) -> Value {
    let [persons, units] = RECORDS;
    let (record, source) = match kind {
        AccountKind::LegalEntity => (units, "法人库"),
        AccountKind::Operator | AccountKind::Person => (persons, "人口库"),
    };
    let mut verification = json!({
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": LEVEL,
        "evidence": [{
            "type": EVIDENCE,
            "check_details": [{ "check_method": "data" }],
            "record": { "type": record, "source": { "name": source, "country_code": "CHN" } },
        }],
    });
    if let Some(at) = confirmed_at {
        verification["time"] = json!(at.rfc3339());
    }
    verification
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

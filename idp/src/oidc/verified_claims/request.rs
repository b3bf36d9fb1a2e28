//! What a portal asks for in `verified_claims`: read, reduced to what is kept of it, and held against what is known
//! (Identity Assurance section 5.7.4: what was demanded of the verification and is not so takes the whole with it; what
//! was demanded of a claim, that claim alone).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{CLAIMS, verification};
use crate::domain::principal::AccountKind;
use crate::domain::timestamp::{Span, Timestamp};

/// More values and alternatives no portal needs; each is kept with the grant.
const MOST: usize = 100;

/// The members that an object is not valid without: told whenever something of it is.
const ALWAYS: [&str; 3] = ["trust_framework", "type", "check_method"];

/// What is kept of `value` and `values`: marks of which ours must have one.
const ONE_OF: &str = "one_of";
const MAX_AGE: &str = "max_age";

/// Section 5.7.1: each request names a trust framework and at least one claim.
///
/// # Errors
/// What is wrong with it, for the portal's engineer.
pub fn check(wanted: &Value) -> Result<(), &'static str> {
    let requests = requests(wanted).ok_or("verified_claims is neither an object nor an array of objects")?;
    let complete = |request: &&Map<String, Value>| {
        request.get("verification").and_then(|how| how.get("trust_framework")).is_some()
            && request.get("claims").and_then(Value::as_object).is_some_and(|claims| {
                !claims.is_empty() && claims.values().all(|claim| claim.is_null() || claim.is_object())
            })
    };
    if !requests.iter().all(complete) || requests.is_empty() {
        return Err("verified_claims needs verification.trust_framework and claims");
    }
    if entries(wanted) > MOST { Err("verified_claims asks for too much") } else { Ok(()) }
}

/// In all arrays of a value together.
fn entries(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.len() + all.iter().map(entries).sum::<usize>(),
        Value::Object(members) => members.values().map(entries).sum(),
        _ => 0,
    }
}

/// The scopes that open the claims of a request.
pub fn scopes_of(wanted: &Value) -> Vec<&'static str> {
    let requests = requests(wanted).unwrap_or_default();
    let asked = |claim: &str| {
        requests.iter().any(|request| request.get("claims").and_then(|claims| claims.get(claim)).is_some())
    };
    CLAIMS.iter().filter(|(claim, _)| asked(claim)).map(|(_, scope)| *scope).collect()
}

/// What is kept of a request: names that we know, and of the values that a portal demands only their marks, since it may
/// write anything into them. `None` if it asks for nothing that we could ever give.
pub fn reduce(wanted: &Value, mark: &impl Fn(&str) -> String) -> Option<Value> {
    // All kinds of account have the same members, and any time will do for this.
    let ours = verification(AccountKind::Person, Some(Timestamp::from_millis(0)));
    let one = |request: &Map<String, Value>| {
        let verification = reduced(request.get("verification")?, &ours, mark)?;
        let wanted = request.get("claims")?.as_object()?;
        let known = CLAIMS.iter().filter_map(|(claim, _)| Some((*claim, wanted.get(*claim)?)));
        let claims: Map<String, Value> = known
            .filter_map(|(claim, wanted)| Some((claim.to_owned(), reduced(wanted, &Value::Null, mark)?)))
            .collect();
        (!claims.is_empty()).then(|| json!({ "verification": verification, "claims": claims }))
    };
    let kept: Vec<Value> = requests(wanted)?.into_iter().filter_map(one).collect();
    (!kept.is_empty()).then(|| Value::Array(kept))
}

/// `None` if it demands what `ours` can't have.
fn reduced(wanted: &Value, ours: &Value, mark: &impl Fn(&str) -> String) -> Option<Value> {
    match (wanted, ours) {
        (Value::Null, _) => Some(Value::Null),
        (Value::Array(alternatives), Value::Array(all)) => {
            let element = all.first()?;
            let kept: Vec<Value> =
                alternatives.iter().filter_map(|one| reduced(one, element, mark)).collect();
            (!kept.is_empty()).then(|| Value::Array(kept))
        }
        (Value::Object(_), Value::Array(_)) => reduced(&json!([wanted]), ours, mark),
        (Value::Object(members), _) => {
            let mut kept = demanded(members, mark)?;
            for (name, inner) in members.iter().filter(|(name, _)| !is_demand(name)) {
                match ours.get(name) {
                    Some(ours) => drop(kept.insert(name.clone(), reduced(inner, ours, mark)?)),
                    None if demands(inner) => return None,
                    None => (),
                }
            }
            Some(Value::Object(kept))
        }
        _ => None,
    }
}

/// `value`, `values` and `max_age` as they are kept; `None` if they are not what they must be.
fn demanded(members: &Map<String, Value>, mark: &impl Fn(&str) -> String) -> Option<Map<String, Value>> {
    let mut kept = Map::new();
    let values = match members.get("values") {
        Some(values) => Some(values.as_array()?),
        None => None,
    };
    let allowed: Option<Vec<&Value>> = match (members.get("value"), values) {
        (None, values) => values.map(|values| values.iter().collect()),
        (Some(one), None) => Some(vec![one]),
        (Some(one), Some(values)) => Some(values.iter().filter(|value| *value == one).collect()),
    };
    if let Some(allowed) = allowed {
        let marks: Vec<String> = allowed.iter().map(|value| mark(&canonical(value))).collect();
        kept.insert(ONE_OF.to_owned(), json!(marks));
    }
    if let Some(age) = members.get(MAX_AGE) {
        kept.insert(MAX_AGE.to_owned(), json!(age.as_u64()?));
    }
    Some(kept)
}

/// The same text for the same value, in whatever order its members were written.
fn canonical(value: &Value) -> String {
    fn ordered(value: &Value) -> Value {
        match value {
            Value::Array(all) => all.iter().map(ordered).collect(),
            Value::Object(members) => {
                let sorted: BTreeMap<&String, Value> =
                    members.iter().map(|(name, inner)| (name, ordered(inner))).collect();
                sorted.into_iter().map(|(name, inner)| (name.clone(), inner)).collect()
            }
            other => other.clone(),
        }
    }
    ordered(value).to_string()
}

fn is_demand(name: &str) -> bool {
    matches!(name, "value" | "values" | MAX_AGE)
}

/// Whether something is demanded anywhere inside, by a request or by what is kept of it.
fn demands(wanted: &Value) -> bool {
    match wanted {
        Value::Array(all) => all.iter().any(demands),
        Value::Object(members) => {
            members.iter().any(|(name, inner)| is_demand(name) || name == ONE_OF || demands(inner))
        }
        _ => false,
    }
}

/// With what a reduced request is held against what is known.
pub struct Look<'a> {
    pub mark: &'a dyn Fn(&str) -> String,
    /// How long ago it was confirmed, where that is known.
    pub age: Option<Span>,
}

impl Look<'_> {
    /// Of `ours` what was asked for; `None` if it is not as it was demanded.
    pub fn narrowed(&self, wanted: &Value, ours: &Value) -> Option<Value> {
        match (wanted, ours) {
            (Value::Array(alternatives), Value::Array(all)) => {
                let first = |ours: &Value| alternatives.iter().find_map(|one| self.narrowed(one, ours));
                let told: Vec<Value> = all.iter().filter_map(first).collect();
                (!told.is_empty()).then(|| Value::Array(told))
            }
            (Value::Object(members), _) => {
                self.meets(members, ours).then_some(())?;
                let named = || members.iter().filter(|(name, _)| !matches!(&***name, ONE_OF | MAX_AGE));
                let Some(known) = ours.as_object().filter(|_| named().next().is_some()) else {
                    return Some(ours.clone());
                };
                let always = known.iter().filter(|(name, _)| ALWAYS.contains(&name.as_str()));
                let mut told: Map<String, Value> =
                    always.map(|(name, value)| (name.clone(), value.clone())).collect();
                for (name, inner) in named() {
                    match known.get(name) {
                        Some(ours) => drop(told.insert(name.clone(), self.narrowed(inner, ours)?)),
                        None if demands(inner) => return None,
                        None => (),
                    }
                }
                Some(Value::Object(told))
            }
            _ => Some(ours.clone()),
        }
    }

    fn meets(&self, members: &Map<String, Value>, ours: &Value) -> bool {
        let is_one = |allowed: &Value| {
            let mark = (self.mark)(&canonical(ours));
            allowed.as_array().is_some_and(|allowed| allowed.iter().any(|one| *one == mark))
        };
        let is_recent = |limit: &Value| {
            let limit = limit.as_i64().map(|seconds| Span::millis(seconds.saturating_mul(1000)));
            limit.is_none_or(|limit| self.age.is_some_and(|age| age <= limit))
        };
        members.get(ONE_OF).is_none_or(is_one) && members.get(MAX_AGE).is_none_or(is_recent)
    }
}

fn requests(wanted: &Value) -> Option<Vec<&Map<String, Value>>> {
    match wanted {
        Value::Object(one) => Some(vec![one]),
        Value::Array(all) => all.iter().map(Value::as_object).collect(),
        _ => None,
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;

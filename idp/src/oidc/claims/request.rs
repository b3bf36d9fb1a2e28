//! The `claims` parameter: claims asked for by name (Core section 5.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::oidc::verified_claims;

/// The `claims` parameter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default)]
    pub userinfo: Map<String, Value>,
    #[serde(default)]
    pub id_token: Map<String, Value>,
}

/// Identity Assurance nests six levels. What is kept is this inside of other objects, and must not be too deep to be read
/// again.
const DEEPEST: usize = 20;

fn is_deeper_than(levels: usize, value: &Value) -> bool {
    let inner: Vec<&Value> = match value {
        Value::Array(values) => values.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return false,
    };
    levels == 0 || inner.into_iter().any(|value| is_deeper_than(levels - 1, value))
}

impl ClaimsRequest {
    /// # Errors
    /// What is wrong with it, for the portal's engineer.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let wrong = |_| "claims is not a JSON object of claims";
        // By way of a map, since serde would also read an array as this struct.
        let members: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
        let request: Self = serde_json::from_value(Value::Object(members)).map_err(wrong)?;
        for (claim, wanted) in request.userinfo.iter().chain(&request.id_token) {
            if is_deeper_than(DEEPEST, wanted) {
                return Err("claims is nested too deeply");
            }
            if claim == verified_claims::NAME {
                verified_claims::check(wanted)?;
            } else if !(wanted.is_null() || wanted.is_object()) {
                return Err("a member of claims is neither null nor an object");
            } else if wanted.get("values").is_some_and(|values| !(values.is_array() || values.is_null())) {
                return Err("the values of a claim are no array");
            }
        }
        Ok(request)
    }

    /// What an ID token claim must be: its `value` and `values` as text. What is no text is none of ours, but demanded.
    pub fn wanted(&self, claim: &str) -> Vec<String> {
        let Some(wanted) = self.id_token.get(claim) else { return Vec::new() };
        let one = wanted.get("value").into_iter().filter(|value| !value.is_null());
        let many = wanted.get("values").and_then(Value::as_array).into_iter().flatten();
        one.chain(many).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
    }

    /// Which claims, without what they should be: all that matters once the request is answered, and all that is kept
    /// of it, since a portal may write anything into a `value`. Of verified claims, which must be what was demanded, that is
    /// kept as `mark`s.
    #[must_use]
    pub fn names(&self, mark: &impl Fn(&str) -> String) -> Self {
        let kept = |(name, wanted): (&String, &Value)| {
            let is_verified = name == verified_claims::NAME;
            let kept = if is_verified { verified_claims::reduce(wanted, mark)? } else { Value::Null };
            Some((name.clone(), kept))
        };
        let names = |claims: &Map<String, Value>| claims.iter().filter_map(kept).collect();
        Self { userinfo: names(&self.userinfo), id_token: names(&self.id_token) }
    }

    /// Whether the ID token must have it. What is asked of userinfo demands nothing (Core section 5.5.1): of `acr` it is
    /// the ID token that section 5.5.1.1 speaks of, and userinfo has none.
    pub fn is_essential(&self, claim: &str) -> bool {
        let essential = || self.id_token.get(claim)?.get("essential")?.as_bool();
        essential().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_demanded_is_read_as_text() {
        for (asked, wanted) in [
            (r#"{"value":"a"}"#, &["a"][..]),
            (r#"{"values":["a","b"],"value":"c"}"#, &["c", "a", "b"]),
            (r#"{"values":[2,{"a":null}]}"#, &["2", r#"{"a":null}"#]),
            (r#"{"value":null,"values":null,"essential":true}"#, &[]),
            ("null", &[]),
        ] {
            let request = ClaimsRequest::parse(&format!(r#"{{"id_token":{{"acr":{asked}}}}}"#)).unwrap();
            assert_eq!(request.wanted("acr"), wanted, "{asked}");
        }
    }

    #[test]
    fn only_an_id_token_must_have_what_is_essential() {
        for (text, is_essential) in [
            (r#"{"id_token":{"acr":{"essential":true}}}"#, true),
            (r#"{"id_token":{"acr":{"essential":true}},"userinfo":{"acr":{"essential":false}}}"#, true),
            (r#"{"id_token":{"acr":{"essential":false}}}"#, false),
            (r#"{"id_token":{"acr":{"essential":"true"}}}"#, false),
            (r#"{"id_token":{"acr":null}}"#, false),
            (r#"{"id_token":{"sub":{"essential":true}}}"#, false),
            (r#"{"userinfo":{"acr":{"essential":true}}}"#, false),
            (r#"{"id_token":{"acr":{"values":["a"]}},"userinfo":{"acr":{"essential":true}}}"#, false),
            ("{}", false),
        ] {
            assert_eq!(ClaimsRequest::parse(text).unwrap().is_essential("acr"), is_essential, "{text}");
        }
    }

    #[test]
    fn malformed_claims_are_refused() {
        for wrong in [
            "",
            "[]",
            r#"{"id_token":{"acr":{"values":"a"}}}"#,
            "{\"userinfo\":[]}",
            "{\"userinfo\":{\"name\":true}}",
            "{\"id_token\":{\"acr\":1}}",
        ] {
            assert!(ClaimsRequest::parse(wrong).is_err(), "{wrong}");
        }
        assert!(ClaimsRequest::parse("{}").is_ok());
        let nested = |levels: usize| {
            let value = "[".repeat(levels) + &"]".repeat(levels);
            ClaimsRequest::parse(&format!("{{\"userinfo\":{{\"name\":{{\"value\":{value}}}}}}}"))
        };
        assert!(nested(19).is_ok() && nested(20).is_err() && nested(120).is_err() && nested(10_000).is_err());
    }
}

//! `authorization_details` (RFC 9396): objects of types that the provider knows by configuration, and that the client
//! registered. What is not understood is refused, since a visitor can't agree to what the page can't say.

use serde_json::{Map, Value};

use crate::config::{DetailsTypeConfig, ProtocolConfig};
use crate::domain::client::Client;
use crate::oidc::error::{Code, OAuthError};

/// No portal needs more; they are kept, signed and shown.
const LONGEST: usize = 4096;
const MOST: usize = 10;

const fn refuse(description: &'static str) -> OAuthError {
    OAuthError::new(Code::InvalidAuthorizationDetails, description)
}

/// # Errors
/// `invalid_authorization_details`, whatever is wrong with it.
pub fn read(config: &ProtocolConfig, client: &Client, text: &str) -> Result<Vec<Value>, OAuthError> {
    if text.len() > LONGEST {
        return Err(refuse("authorization_details is too long"));
    }
    let malformed = || refuse("authorization_details is not a JSON array of objects");
    let details: Vec<Value> = serde_json::from_str(text).map_err(|_| malformed())?;
    if details.is_empty() || details.len() > MOST {
        return Err(refuse("authorization_details must hold from one to ten objects"));
    }
    for detail in &details {
        let members = detail.as_object().ok_or_else(malformed)?;
        check(known_type(config, client, members)?, members)?;
    }
    Ok(details)
}

fn known_type<'c>(
    config: &'c ProtocolConfig,
    client: &Client,
    members: &Map<String, Value>,
) -> Result<&'c DetailsTypeConfig, OAuthError> {
    let missing = refuse("each of authorization_details needs a type");
    let name = members.get("type").and_then(Value::as_str).ok_or(missing)?;
    let registered = client.metadata.authorization_details_types.as_deref().unwrap_or_default();
    let is_registered = registered.iter().any(|one| one == name);
    let known = config.details_type(name).filter(|_| is_registered);
    known.ok_or(refuse("the type of authorization_details is unknown, or not registered by the client"))
}

fn check(known: &DetailsTypeConfig, members: &Map<String, Value>) -> Result<(), OAuthError> {
    for (name, value) in members.iter().filter(|(name, _)| *name != "type") {
        if !known.members.iter().any(|member| member.name == *name) {
            return Err(refuse("authorization_details has a member that its type does not have"));
        }
        if in_words(value).is_none() {
            return Err(refuse("a member of authorization_details is empty or nested too deeply"));
        }
    }
    let is_missing = |name: &str| !members.contains_key(name);
    if known.members.iter().any(|member| member.required && is_missing(&member.name)) {
        return Err(refuse("authorization_details lacks a member that its type needs"));
    }
    Ok(())
}

/// What the consent page says of one of them: a title, and its members as (label, value).
pub fn describe(config: &ProtocolConfig, detail: &Value) -> Option<(String, Vec<(String, String)>)> {
    let known = config.details_type(detail.get("type")?.as_str()?)?;
    let lines = known.members.iter().filter_map(|member| {
        let value = detail.get(&member.name).and_then(in_words)?;
        Some((member.title.clone(), value))
    });
    Some((known.title.clone(), lines.collect()))
}

/// A value as a visitor reads it: a plain value, a list of them, or an object of those.
fn in_words(value: &Value) -> Option<String> {
    let parts: Vec<String> = match value {
        Value::Object(members) => {
            let line = |(name, value): (&String, &Value)| Some(format!("{name} {}", list_in_words(value)?));
            members.iter().map(line).collect::<Option<_>>()?
        }
        other => vec![list_in_words(other)?],
    };
    if parts.is_empty() { None } else { Some(parts.join("，")) }
}

fn list_in_words(value: &Value) -> Option<String> {
    let Value::Array(values) = value else { return plain_in_words(value) };
    let words = values.iter().map(plain_in_words).collect::<Option<Vec<_>>>()?;
    if words.is_empty() { None } else { Some(words.join("、")) }
}

fn plain_in_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() || text.chars().any(char::is_control) => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(if *truth { "是" } else { "否" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_said_in_words_or_not_taken() {
        assert_eq!(
            in_words(&json!({"amount": 12.5, "currency": "CNY"})).unwrap(),
            "amount 12.5，currency CNY"
        );
        assert_eq!(in_words(&json!(["增值税", "企业所得税"])).unwrap(), "增值税、企业所得税");
        assert_eq!(in_words(&json!(true)).unwrap(), "是");
        for silent in [
            json!(null),
            json!(""),
            json!([]),
            json!({}),
            json!([[1]]),
            json!({"a": {"b": 1}}),
            json!("a\u{1}"),
        ] {
            assert_eq!(in_words(&silent), None, "{silent}");
        }
    }
}

//! `authorization_details` (RFC 9396): objects of types that the provider knows by configuration, and that the client
//! registered. What is not understood is refused, since a visitor can't agree to what the page can't say.

use serde_json::{Map, Value};

use crate::config::{DetailsTypeConfig, ProtocolConfig};
use crate::domain::client::Client;
use crate::domain::words::in_words;
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
    let details = parse(text)?;
    for detail in &details {
        let members = detail.as_object().ok_or(MALFORMED)?;
        check(known_type(config, client, members)?, members)?;
    }
    Ok(details)
}

/// What a token is asked for (section 6): of the details that were granted all, or those that are named again. A JSON
/// array, as `granted`.
///
/// # Errors
/// `invalid_authorization_details` for what is not one of those granted, letter by letter.
pub fn narrowed(granted: Option<&str>, named: Option<&str>) -> Result<Option<String>, OAuthError> {
    let Some(named) = named else { return Ok(granted.map(str::to_owned)) };
    let named = parse(named)?;
    let granted = granted.map(parse).transpose()?.unwrap_or_default();
    if !named.iter().all(|one| granted.contains(one)) {
        return Err(refuse("authorization_details names what was not granted"));
    }
    Ok(Some(Value::Array(named).to_string()))
}

const MALFORMED: OAuthError = refuse("authorization_details is not a JSON array of objects");

fn parse(text: &str) -> Result<Vec<Value>, OAuthError> {
    if text.len() > LONGEST {
        return Err(refuse("authorization_details is too long"));
    }
    let details: Vec<Value> = serde_json::from_str(text).map_err(|_| MALFORMED)?;
    if details.is_empty() || details.len() > MOST {
        return Err(refuse("authorization_details must hold from one to ten objects"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_no_more_than_was_granted() {
        let both = r#"[{"type":"a","n":1},{"type":"b"}]"#;
        assert_eq!(narrowed(Some(both), None).unwrap().as_deref(), Some(both));
        assert_eq!(narrowed(None, None).unwrap(), None);
        let one = narrowed(Some(both), Some(r#"[ {"n":1,"type":"a"} ]"#)).unwrap().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&one).unwrap(),
            serde_json::json!([{ "type": "a", "n": 1 }])
        );
        for (granted, named) in [
            (Some(both), r#"[{"type":"a","n":2}]"#),
            (Some(both), r#"[{"type":"a"}]"#),
            (Some(both), r#"[{"type":"b"},{"type":"c"}]"#),
            (Some(both), "[]"),
            (Some(both), "x"),
            (None, r#"[{"type":"b"}]"#),
        ] {
            let refused = narrowed(granted, Some(named)).unwrap_err();
            assert_eq!(refused.code, Code::InvalidAuthorizationDetails, "{named}");
        }
    }
}

//! Requests to other people's HTTP interfaces, as configuration describes them.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::config::{ExpectConfig, RequestConfig};

/// No answer that we understand is longer.
const LONGEST_ANSWER: usize = 256 * 1024;

/// Sends the request with `values` in the places of their names; gives the JSON of a 2xx answer (null if it is no
/// JSON).
///
/// # Errors
/// When there is no answer in time, or another one than 2xx. Neither URL nor body is in the message: they hold
/// personal data.
pub async fn ask(
    http: &reqwest::Client,
    request: &RequestConfig,
    values: &[(&str, &str)],
) -> anyhow::Result<Value> {
    let content_type = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let is_form = content_type.is_some_and(|(_, value)| value.contains("form-urlencoded"));
    let url = fill(&request.url, values, percent_encoded);
    let body = fill(&request.body, values, if is_form { percent_encoded } else { json_escaped });
    let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
    let mut outgoing = http.request(method, url).timeout(Duration::from_secs(request.timeout_seconds.into()));
    for (name, value) in &request.headers {
        outgoing = outgoing.header(name, value);
    }
    if content_type.is_none() && !body.is_empty() {
        outgoing = outgoing.header("content-type", "application/json");
    }
    let mut response = outgoing.body(body).send().await.map_err(reqwest::Error::without_url)?;
    ensure!(response.status().is_success(), "it answered {}", response.status());
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        ensure!(answer.len() + chunk.len() <= LONGEST_ANSWER, "its answer is too long");
        answer.extend_from_slice(&chunk);
    }
    Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
}

/// Whether the expected value stands at its place, as text, number or truth.
pub fn meets(answer: &Value, expected: &ExpectConfig) -> bool {
    answer.pointer(&expected.pointer).is_some_and(|found| match found {
        Value::String(text) => *text == expected.value,
        Value::Null => expected.value == "null",
        other => {
            let shown = other.to_string();
            shown == expected.value
        }
    })
}

/// # Errors
/// When it does not; the answer itself stays out of the message.
pub fn demand(answer: &Value, expected: &ExpectConfig) -> anyhow::Result<()> {
    meets(answer, expected).then_some(()).with_context(|| format!("{} is not as expected", expected.pointer))
}

/// Replaces `{name}` by its value. A value is never read again for names.
fn fill(template: &str, values: &[(&str, &str)], escape: fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let named = values
            .iter()
            .find(|(name, _)| from[1..].strip_prefix(name).is_some_and(|after| after.starts_with('}')));
        match named {
            Some((name, value)) => {
                filled.push_str(&escape(value));
                rest = &from[name.len() + 2..];
            }
            None => {
                filled.push('{');
                rest = &from[1..];
            }
        }
    }
    filled + rest
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What may stand between the quotes of a JSON string.
fn json_escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_escaped_for_where_they_stand() {
        let values = [("text", "a\"b\\{phone}&c=法"), ("phone", "154")];
        let json = fill(r#"{"to":"{phone}","text":"{text}","x":{"y":1}}"#, &values, json_escaped);
        let parsed: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed, json!({ "to": "154", "text": "a\"b\\{phone}&c=法", "x": { "y": 1 } }));
        let form = fill("to={phone}&text={text}", &values, percent_encoded);
        assert_eq!(form, "to=154&text=a%22b%5C%7Bphone%7D%26c%3D%E6%B3%95");
        assert_eq!(fill("{", &values, json_escaped), "{");
        assert_eq!(fill("{phone", &values, json_escaped), "{phone");
    }

    #[test]
    fn what_stands_at_a_pointer_is_compared_as_text() {
        let answer = json!({ "code": 0, "data": { "ok": true, "state": "在营" } });
        let expect =
            |pointer: &str, value: &str| ExpectConfig { pointer: pointer.into(), value: value.into() };
        for (pointer, value) in [("/code", "0"), ("/data/ok", "true"), ("/data/state", "在营")] {
            assert!(meets(&answer, &expect(pointer, value)), "{pointer}");
            assert!(demand(&answer, &expect(pointer, "other")).is_err(), "{pointer}");
        }
        assert!(!meets(&answer, &expect("/none", "0")));
    }
}

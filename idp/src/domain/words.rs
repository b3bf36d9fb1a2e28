//! JSON values as a visitor reads them.

use serde_json::Value;

use super::normalize::is_hidden;

/// A plain value, a list of them, or an object of those; `None` for what is empty or nested deeper.
pub fn in_words(value: &Value) -> Option<String> {
    let parts: Vec<String> = match value {
        Value::Object(members) => {
            let line = |(name, value): (&String, &Value)| {
                shown(name).and(list_in_words(value)).map(|value| format!("{name} {value}"))
            };
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
        Value::String(text) => shown(text).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(if *truth { "是" } else { "否" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text, if a page can say it as it is.
fn shown(text: &str) -> Option<&str> {
    let silent = text.trim().is_empty() || text.chars().any(is_hidden);
    if silent { None } else { Some(text) }
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
            json!("1 \u{202e}000 1"),
            json!({"a\n": 1}),
            json!({" ": 1}),
        ] {
            assert_eq!(in_words(&silent), None, "{silent}");
        }
    }
}

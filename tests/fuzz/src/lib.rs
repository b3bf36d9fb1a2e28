//! What the targets share: a provider without a listener, and JWTs that are signed although they are wrong.

mod jwt;
mod provider;

use std::fmt::Write;

use serde_json::Value;

pub use jwt::{By, Key, Wish, wish};
pub use provider::{Provider, folder, metadata};

/// The input's lines, as many as there are names for; what is missing is empty. The last one is all the rest.
pub fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let text = std::str::from_utf8(data).ok()?;
    let mut found = text.splitn(N, '\n');
    Some(std::array::from_fn(|_| found.next().unwrap_or_default()))
}

/// Whether a page, a log or a header can show this without harm.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Equal, but for numbers that are no integers: serde_json reads those with an error in their last digit.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.is_f64() && other.is_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// `%` and two digits for every byte.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let _ = write!(encoded, "%{byte:02x}");
    }
    encoded
}

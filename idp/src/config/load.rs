//! Reads the file and the environment into one [`Config`].

use std::path::Path;

use serde::de::IntoDeserializer;
use toml::{Table, Value};

use super::Config;

/// A configuration that can't be used: which key, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    why: String,
}

impl ConfigError {
    pub fn new(key: impl Into<String>, why: impl Into<String>) -> Self {
        Self { key: key.into(), why: why.into() }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.key, self.why)
    }
}

impl std::error::Error for ConfigError {}

/// Reads `file` (when given) and then `IDP_…` variables: `IDP_DATABASE__URL` sets `database.url`. A value that
/// reads as TOML (`8`, `true`, `["a"]`) is taken as that, anything else as text.
///
/// # Errors
/// Names the key that is unknown, of the wrong type, or unsafe.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let Some(path) = file else { return read("", "", environment) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::new(&name, error.to_string()))?;
    read(&name, &text, environment)
}

/// The same of a file's text; `name` is what an error calls it.
///
/// # Errors
/// As [`load`].
pub fn read(
    name: &str,
    text: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut table: Table =
        text.parse().map_err(|error: toml::de::Error| ConfigError::new(name, error.to_string()))?;
    for (name, value) in environment {
        if let Some(key) = name.strip_prefix("IDP_").filter(|key| *key != "CONFIG") {
            let path: Vec<String> = key.split("__").map(str::to_lowercase).collect();
            set(&mut table, &path, &value).map_err(|why| ConfigError::new(&name, why))?;
        }
    }
    let config: Config =
        serde_path_to_error::deserialize(Value::Table(table).into_deserializer()).map_err(|error| {
            let key = error.path().to_string();
            ConfigError::new(key, error.inner().message())
        })?;
    config.check()?;
    Ok(config)
}

fn set(table: &mut Table, path: &[String], text: &str) -> Result<(), &'static str> {
    match path {
        [] => Err("names no key"),
        [last] => {
            let parsed = format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
            table.insert(last.clone(), parsed.unwrap_or_else(|| Value::String(text.to_owned())));
            Ok(())
        }
        [section, rest @ ..] => {
            let inner = table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
            set(inner.as_table_mut().ok_or("is not a section")?, rest, text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        load(None, pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn variables_set_keys_of_any_type() {
        let config = from(&[
            ("IDP_ISSUER", "http://localhost:8123"),
            ("IDP_DATABASE__URL", "postgres://u:p@h/d"),
            ("IDP_DATABASE__MAX_CONNECTIONS", "3"),
            ("IDP_SIGN_IN__CAPTCHA", "off"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(config.issuer, "http://localhost:8123");
        assert_eq!(config.database.url, "postgres://u:p@h/d");
        assert_eq!(config.database.max_connections, 3);
        assert_eq!(config.sign_in.captcha, super::super::CaptchaMode::Off);
    }

    #[test]
    fn every_error_names_its_key() {
        for (name, value, key) in [
            ("IDP_DATABASE__MAX_CONNECTIONS", "many", "database.max_connections"),
            ("IDP_SIGN_IN__CAPTCHA", "sometimes", "sign_in.captcha"),
            ("IDP_DATABASE__URL", "mysql://h", "database.url"),
            ("IDP_TOKENS__CODE_SECONDS", "601", "tokens.code_seconds"),
            ("IDP_SESSION__IDLE_MINUTES", "-1", "session.idle_minutes"),
            ("IDP_ACCOUNTS__MIN_AGE", "15", "accounts.min_age: must be 16, 17 or 18"),
            ("IDP_ACCOUNTS__MIN_AGE", "19", "accounts.min_age: must be 16, 17 or 18"),
        ] {
            let error = from(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let error = from(&[("IDP_TOKENS__CODE_SECS", "60")]).unwrap_err().to_string();
        assert!(error.contains("code_secs") && error.contains("code_seconds"), "{error}");
        assert!(from(&[("IDP_COLOUR", "red")]).unwrap_err().to_string().contains("colour"));
    }
}

//! Who may have an account.

use serde::Deserialize;

use super::ConfigError;

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsConfig {
    /// How old whoever represents a unit, or acts for it, is at least.
    pub min_age: u32,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self { min_age: 16 }
    }
}

impl AccountsConfig {
    /// # Errors
    /// When the age is none that may be chosen.
    pub fn check(&self) -> Result<(), ConfigError> {
        if (16..=18).contains(&self.min_age) {
            return Ok(());
        }
        Err(ConfigError::new("accounts.min_age", "must be 16, 17 or 18"))
    }
}

//! `prompt` (OpenID Connect Core section 3.1.2.1).

use serde::{Deserialize, Serialize};

use crate::oidc::error::{Code, OAuthError};

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub consent: bool,
    pub select_account: bool,
}

/// # Errors
/// `invalid_request` for an unknown value, and for `none` beside another.
pub fn read(text: &str) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
    for value in &values {
        match *value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(OAuthError::new(Code::InvalidRequest, "prompt has an unknown value")),
        }
    }
    if prompt.none && values.len() > 1 {
        return Err(OAuthError::new(Code::InvalidRequest, "prompt=none can't be combined"));
    }
    Ok(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts() {
        assert!(read("login consent").is_ok_and(|prompt| prompt.login && prompt.consent));
        assert!(read("").is_ok_and(|prompt| !prompt.none));
        for wrong in ["none login", "nonsense", "create"] {
            assert_eq!(read(wrong).unwrap_err().code, Code::InvalidRequest, "{wrong}");
        }
    }
}

//! `response_types` (RFC 7591 section 2): those that never put an access token into a URL (RFC 9700 section 2.1.2).

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ResponseType {
    Code,
    IdToken,
    CodeIdToken,
}

impl TryFrom<String> for ResponseType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text} is not in response_types_supported"))
    }
}

impl From<ResponseType> for &'static str {
    fn from(response_type: ResponseType) -> Self {
        response_type.as_str()
    }
}

impl ResponseType {
    pub const ALL: [Self; 3] = [Self::Code, Self::IdToken, Self::CodeIdToken];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::CodeIdToken => "code id_token",
        }
    }

    /// The names stand in any order (OAuth 2.0 Multiple Response Types section 3).
    pub fn parse(text: &str) -> Option<Self> {
        let mut names: Vec<&str> = text.split(' ').collect();
        names.sort_unstable();
        let sorted = names.join(" ");
        Self::ALL.into_iter().find(|response_type| response_type.as_str() == sorted)
    }

    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken)
    }

    /// An ID token comes by way of the browser.
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::CodeIdToken)
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseType;

    #[test]
    fn the_order_of_the_names_does_not_matter() {
        assert_eq!(ResponseType::parse("id_token code"), Some(ResponseType::CodeIdToken));
        for other in ["token", "code token", "id_token token", "code code", "", "Code", "code  id_token"] {
            assert_eq!(ResponseType::parse(other), None, "{other}");
        }
    }
}

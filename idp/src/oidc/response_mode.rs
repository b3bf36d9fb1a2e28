//! `response_mode`: how an authorization response reaches the portal (OAuth 2.0 Multiple Response Types section 2.1, Form
//! Post Response Mode, JARM section 2.3).

use serde::{Deserialize, Serialize};

use super::error::{Code, OAuthError};
use crate::domain::client::ResponseType;

/// Where the parameters stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    #[default]
    Query,
    Fragment,
    FormPost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResponseMode {
    pub carrier: Carrier,
    /// All in one JWT that we sign.
    pub jwt: bool,
}

impl ResponseMode {
    /// Discovery lists them.
    pub const NAMES: [&str; 7] =
        ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"];

    const fn of(carrier: Carrier) -> Self {
        Self { carrier, jwt: false }
    }

    const fn default_of(response_type: ResponseType) -> Self {
        Self::of(if response_type.has_id_token() { Carrier::Fragment } else { Carrier::Query })
    }

    /// The mode that a request asks for.
    ///
    /// # Errors
    /// `invalid_request` for a mode that there is not, or that would write an ID token into a query.
    pub fn read(response_type: ResponseType, asked: Option<&str>) -> Result<Self, OAuthError> {
        let default = Self::default_of(response_type);
        let (name, jwt) = match asked {
            None => return Ok(default),
            Some("jwt") => return Ok(Self { jwt: true, ..default }),
            Some(name) => name.strip_suffix(".jwt").map_or((name, false), |name| (name, true)),
        };
        let carrier = match name {
            "query" if response_type.has_id_token() => {
                return Err(OAuthError::new(
                    Code::InvalidRequest,
                    "an ID token is not returned in a query: use fragment or form_post",
                ));
            }
            "query" => Carrier::Query,
            "fragment" => Carrier::Fragment,
            "form_post" => Carrier::FormPost,
            _ => return Err(OAuthError::new(Code::InvalidRequest, "this response_mode is not supported")),
        };
        Ok(Self { carrier, jwt })
    }

    /// The mode in which a request is answered whatever is wrong with it: the one that it asks for where that is
    /// clear, otherwise the usual one of its response type.
    pub fn for_errors(response_type: Option<&str>, asked: Option<&str>) -> Self {
        let named = response_type.unwrap_or_default();
        let to_script = named.split(' ').any(|part| part == "token" || part == "id_token");
        let nearest = if to_script { ResponseType::IdToken } else { ResponseType::Code };
        Self::read(nearest, asked).unwrap_or_else(|_| Self::default_of(nearest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_usual_mode_and_none_is_refused_a_safe_one() {
        let read = |response_type, asked| ResponseMode::read(response_type, asked).ok();
        let plain = |carrier| Some(ResponseMode { carrier, jwt: false });
        let signed = |carrier| Some(ResponseMode { carrier, jwt: true });
        assert_eq!(read(ResponseType::Code, None), plain(Carrier::Query));
        assert_eq!(read(ResponseType::CodeIdToken, None), plain(Carrier::Fragment));
        assert_eq!(read(ResponseType::Code, Some("jwt")), signed(Carrier::Query));
        assert_eq!(read(ResponseType::IdToken, Some("jwt")), signed(Carrier::Fragment));
        assert_eq!(read(ResponseType::Code, Some("fragment.jwt")), signed(Carrier::Fragment));
        assert_eq!(read(ResponseType::IdToken, Some("form_post")), plain(Carrier::FormPost));
        for (response_type, asked) in [
            (ResponseType::IdToken, "query"),
            (ResponseType::CodeIdToken, "query.jwt"),
            (ResponseType::Code, "web_message"),
            (ResponseType::Code, "jwt.jwt"),
            (ResponseType::Code, ".jwt"),
            (ResponseType::Code, "Query"),
        ] {
            assert_eq!(read(response_type, Some(asked)), None, "{asked}");
        }
        for name in ResponseMode::NAMES {
            assert!(read(ResponseType::Code, Some(name)).is_some(), "{name}");
        }
    }

    #[test]
    fn errors_go_where_the_answer_would_have_gone() {
        let mode = |response_type, asked| ResponseMode::for_errors(response_type, asked);
        assert_eq!(mode(None, None).carrier, Carrier::Query);
        assert_eq!(mode(Some("token"), None).carrier, Carrier::Fragment);
        assert_eq!(mode(Some("code token"), Some("query")).carrier, Carrier::Fragment);
        assert_eq!(mode(Some("nonsense"), Some("form_post")).carrier, Carrier::FormPost);
        assert_eq!(mode(Some("code"), Some("nonsense")), ResponseMode::default());
        assert!(mode(None, Some("jwt")).jwt);
    }
}

//! What portals may ask for beside scopes: resources, and types of authorization details.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::ConfigError;
use crate::domain::words::in_words;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProtocolConfig {
    /// RFC 9126 section 5: no request that was not pushed.
    pub require_pushed_authorization_requests: bool,
    pub resources: Vec<ResourceConfig>,
    pub authorization_details_types: Vec<DetailsTypeConfig>,
}

/// A protected resource that access tokens can be made for (RFC 8707).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceConfig {
    /// Its identifier, as clients name it and as `aud` carries it.
    pub uri: String,
    pub title: String,
    /// Who may ask for it; empty: any client.
    #[serde(default)]
    pub clients: Vec<String>,
    /// Whose back ends may exchange their users' tokens for one for this resource (RFC 8693).
    #[serde(default)]
    pub exchanged_by: Vec<String>,
    /// The clients that it is itself: they may ask what a token for it is worth (RFC 7662).
    #[serde(default)]
    pub served_by: Vec<String>,
}

/// A `type` of authorization details (RFC 9396 section 2).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailsTypeConfig {
    pub r#type: String,
    pub title: String,
    #[serde(default)]
    pub members: Vec<DetailsMemberConfig>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailsMemberConfig {
    pub name: String,
    pub title: String,
    #[serde(default)]
    pub required: bool,
}

impl ProtocolConfig {
    /// A resource that this client may ask for.
    pub fn resource(&self, uri: &str, client_id: &str) -> Option<&ResourceConfig> {
        let is_open_to = |resource: &&ResourceConfig| {
            resource.clients.is_empty() || resource.clients.iter().any(|client| client == client_id)
        };
        self.resources.iter().find(|resource| resource.uri == uri).filter(is_open_to)
    }

    /// A resource for which this client may exchange tokens.
    pub fn exchangeable(&self, uri: &str, client_id: &str) -> Option<&ResourceConfig> {
        let is_open_to =
            |resource: &&ResourceConfig| resource.exchanged_by.iter().any(|one| one == client_id);
        self.resources.iter().find(|resource| resource.uri == uri).filter(is_open_to)
    }

    /// Whether this client serves the resource, and so may learn of tokens for it.
    pub fn is_served_by(&self, uri: &str, client_id: &str) -> bool {
        let found = self.resources.iter().find(|resource| resource.uri == uri);
        found.is_some_and(|resource| resource.served_by.iter().any(|one| one == client_id))
    }

    pub fn details_type(&self, name: &str) -> Option<&DetailsTypeConfig> {
        self.authorization_details_types.iter().find(|known| known.r#type == name)
    }

    /// What a page says of authorization details of a known type: a title, and the members as (label, value).
    pub fn describe(&self, detail: &Value) -> Option<(String, Vec<(String, String)>)> {
        let known = self.details_type(detail.get("type")?.as_str()?)?;
        let lines = known.members.iter().filter_map(|member| {
            let value = detail.get(&member.name).and_then(in_words)?;
            Some((member.title.clone(), value))
        });
        Some((known.title.clone(), lines.collect()))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, why: &str| Err(ConfigError::new(format!("protocol.{key}"), why));
        for resource in &self.resources {
            // Grants keep them in one text, space separated.
            let is_good = Url::parse(&resource.uri).is_ok_and(|uri| uri.fragment().is_none())
                && resource.uri.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_good {
                return wrong("resources.uri", "must be an absolute URI without a fragment (RFC 8707)");
            }
        }
        for known in &self.authorization_details_types {
            if known.r#type.is_empty() || known.members.iter().any(|member| member.name.is_empty()) {
                return wrong("authorization_details_types", "type and names of members must not be empty");
            }
            if known.members.iter().any(|member| member.name == "type") {
                return wrong("authorization_details_types.members", "type is always a member: leave it out");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> ProtocolConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_resource_is_for_those_that_are_named() {
        let config = config(
            "[[resources]]\nuri = \"https://a.example/\"\ntitle = \"甲\"\nclients = [\"hall\"]
            [[resources]]\nuri = \"urn:b\"\ntitle = \"乙\"\nexchanged_by = [\"hall\"]\nserved_by = [\"b\"]",
        );
        config.check().unwrap();
        assert!(config.resource("https://a.example/", "hall").is_some());
        assert!(config.resource("https://a.example/", "shop").is_none());
        assert!(config.resource("https://a.example", "hall").is_none(), "compared as text");
        assert!(config.resource("urn:b", "shop").is_some());
        assert!(
            config.exchangeable("urn:b", "hall").is_some() && config.exchangeable("urn:b", "shop").is_none()
        );
        assert!(config.exchangeable("https://a.example/", "hall").is_none());
        assert!(config.is_served_by("urn:b", "b") && !config.is_served_by("urn:b", "hall"));
        assert!(!config.is_served_by("https://a.example/", "b") && !config.is_served_by("urn:c", "b"));
    }

    #[test]
    fn what_could_not_work_is_refused() {
        for wrong in [
            "[[resources]]\nuri = \"reports\"\ntitle = \"\"",
            "[[resources]]\nuri = \"https://a.example/#x\"\ntitle = \"\"",
            "[[resources]]\nuri = \"https://a.example/a b\"\ntitle = \"\"",
            "[[authorization_details_types]]\ntype = \"\"\ntitle = \"\"",
            "[[authorization_details_types]]\ntype = \"a\"\ntitle = \"\"\nmembers = [{ name = \"type\", title = \"\" }]",
        ] {
            assert!(config(wrong).check().unwrap_err().to_string().starts_with("protocol."), "{wrong}");
        }
    }
}

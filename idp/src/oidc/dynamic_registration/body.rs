//! What a client sends: JSON whose unknown members are ignored, and whose missing ones have the standard's defaults.

use axum::http::{HeaderMap, header};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::{Map, Value, json};
use url::Url;

use super::refusal::{Refusal, Result};
use crate::domain::client::{ClientMetadata, GrantType, ResponseType, Wrong};
use crate::domain::signing_alg::SigningAlg;

/// The metadata of a registration; `allowed` are the scopes that it may ask for.
///
/// # Errors
/// Says which member can't be read.
pub fn read(headers: &HeaderMap, body: &[u8], allowed: &[String]) -> Result<ClientMetadata> {
    let mut sent = object(headers, body)?;
    sent.retain(|_, value| !value.is_null());
    if !sent.contains_key("sector_identifier_uri") && is_on_several_hosts(&sent) {
        // Core section 8.1: pairwise subjects of several hosts need a sector. Who asked for neither is told which they get;
        // later it would be other subjects for the same people.
        sent.entry("subject_type").or_insert(json!("public"));
    }
    metadata(sent, allowed).map_err(Refusal::from)
}

pub fn object(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = kind.split(';').next().unwrap_or_default().trim();
    let object =
        serde_json::from_slice(body).ok().filter(|_| media_type.eq_ignore_ascii_case("application/json"));
    object.ok_or_else(|| Wrong::new("body", "must be a JSON object, application/json").into())
}

pub fn metadata(mut sent: Map<String, Value>, allowed: &[String]) -> Result<ClientMetadata, Wrong> {
    let known = ClientMetadata::standard_members();
    sent.retain(|name, value| !value.is_null() && known.contains(name));
    keep_ours::<ResponseType>(&mut sent, "response_types");
    keep_ours::<GrantType>(&mut sent, "grant_types");
    let name = name_by_default(&sent);
    let names_alg = sent.contains_key("id_token_signed_response_alg");
    let mut default = |member: &str, value: Value| {
        sent.entry(member).or_insert(value);
    };
    default("client_name", json!(name));
    default("redirect_uris", json!([]));
    default("grant_types", json!(["authorization_code"]));
    default("token_endpoint_auth_method", json!("client_secret_basic"));
    default("id_token_signed_response_alg", json!("RS256"));
    default("scope", json!(allowed.join(" ")));
    sent.insert("self_registered".to_owned(), json!(true));
    let read: Result<ClientMetadata, _> =
        serde_path_to_error::deserialize(Value::Object(sent).into_deserializer());
    let mut metadata =
        read.map_err(|error| Wrong::new(error.path().to_string(), error.inner().to_string()))?;
    // FAPI 2.0 leaves RS256 out, so it can't be what nobody asked for.
    if !names_alg && metadata.is_held_to_fapi() {
        metadata.id_token_signed_response_alg = SigningAlg::ES256;
    }
    // The same in another order of its names.
    let mut kept = Vec::new();
    metadata.response_types.retain(|response_type| {
        let is_new = !kept.contains(response_type);
        kept.push(*response_type);
        is_new
    });
    // RFC 7591 section 2: what it may not have is left out, and the answer says what is left.
    let may_have = |scope: &&str| allowed.iter().any(|one| one == scope);
    metadata.scope = metadata.scope.split(' ').filter(may_have).collect::<Vec<_>>().join(" ");
    Ok(metadata.complete())
}

/// RFC 7591 section 3.2.1: a library that asks for whatever it knows gets what there is, and the answer says what that
/// is. Who asks for nothing that there is hears so.
fn keep_ours<T: DeserializeOwned>(sent: &mut Map<String, Value>, member: &str) {
    let Some(Value::Array(asked)) = sent.get_mut(member) else { return };
    let is_ours = |value: &Value| T::deserialize(value).is_ok();
    if asked.iter().any(is_ours) {
        asked.retain(|value| !value.is_string() || is_ours(value));
    }
}

fn is_on_several_hosts(sent: &Map<String, Value>) -> bool {
    let uris = sent.get("redirect_uris").and_then(Value::as_array).into_iter().flatten();
    let mut hosts = uris.filter_map(|uri| Url::parse(uri.as_str()?).ok()?.host_str().map(str::to_owned));
    let first = hosts.next();
    hosts.any(|host| Some(host) != first)
}

/// Visitors are told something: the host that they come back to.
fn name_by_default(sent: &Map<String, Value>) -> String {
    let first = sent.get("redirect_uris").and_then(|uris| uris.get(0)).and_then(Value::as_str);
    let host = first.and_then(|uri| Url::parse(uri).ok()?.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "未命名应用".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::AuthMethod;

    fn read(sent: Value) -> Result<ClientMetadata, Wrong> {
        let allowed = ["openid", "profile"].map(str::to_owned);
        metadata(sent.as_object().unwrap().clone(), &allowed)
    }

    #[test]
    fn defaults_are_the_standards() {
        let least = read(json!({ "redirect_uris": ["https://rp.example/cb"] })).unwrap();
        assert_eq!(least.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(least.id_token_signed_response_alg, SigningAlg::RS256);
        assert_eq!((&*least.client_name, &*least.scope), ("rp.example", "openid profile"));
        assert!(least.self_registered && !least.first_party);
    }

    #[test]
    fn what_fapi_leaves_out_is_no_default() {
        for member in [
            "dpop_bound_access_tokens",
            "tls_client_certificate_bound_access_tokens",
            "require_pushed_authorization_requests",
        ] {
            for (held, alg) in [(true, SigningAlg::ES256), (false, SigningAlg::RS256)] {
                let sent = json!({ "redirect_uris": ["https://rp.example/cb"], member: held });
                assert_eq!(read(sent).unwrap().id_token_signed_response_alg, alg, "{member}");
            }
            let sent = json!({ member: true, "id_token_signed_response_alg": "PS256" });
            assert_eq!(read(sent).unwrap().id_token_signed_response_alg, SigningAlg::PS256);
        }
    }

    #[test]
    fn unknown_members_and_ours_are_ignored() {
        let sent = json!({
            "redirect_uris": ["https://rp.example/cb"], "first_party": true, "resource_server": true,
            "sector": "other.example", "self_registered": false, "x": 1, "software_statement": "e30.e30.",
            "logo_uri": null, "scope": "openid id_document made_up",
        });
        let read = read(sent).unwrap();
        assert!(!read.first_party && !read.resource_server && read.self_registered && read.sector.is_none());
        assert_eq!(read.scope, "openid");
    }

    #[test]
    fn of_flows_those_that_there_are_are_kept() {
        for (types, grants, kept_types, kept_grants) in [
            (
                json!(["code token", "code"]),
                json!(["password", "authorization_code"]),
                json!(["code"]),
                json!(["authorization_code"]),
            ),
            (
                json!(["id_token token", "id_token"]),
                json!(["implicit", "x"]),
                json!(["id_token"]),
                json!(["implicit"]),
            ),
        ] {
            let read = read(json!({
                "redirect_uris": ["https://rp.example/cb"], "response_types": types, "grant_types": grants,
            }));
            let told = serde_json::to_value(read.unwrap()).unwrap();
            assert_eq!((&told["response_types"], &told["grant_types"]), (&kept_types, &kept_grants));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (sent, member) in [
            (json!({ "redirect_uris": "https://rp.example" }), "redirect_uris"),
            (json!({ "redirect_uris": [1] }), "redirect_uris[0]"),
            (json!({ "grant_types": ["password"] }), "grant_types[0]"),
            (json!({ "grant_types": ["authorization_code", 1] }), "grant_types[1]"),
            (json!({ "response_types": ["code token"] }), "response_types[0]"),
            (json!({ "id_token_signed_response_alg": "none" }), "id_token_signed_response_alg"),
            (json!({ "default_max_age": -1 }), "default_max_age"),
            (json!({ "token_endpoint_auth_method": {} }), "token_endpoint_auth_method"),
        ] {
            assert_eq!(read(sent.clone()).unwrap_err().member, member, "{sent}");
        }
    }
}

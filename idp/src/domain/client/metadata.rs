//! What a client registered: OpenID Connect Registration section 2 and its extensions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AuthMethod, GrantType, ResponseType};
use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};
use crate::domain::signing_alg::{AssertionAlg, SigningAlg};

/// OpenID Connect Core section 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// Another `sub` in each sector, so that portals can't compare their users.
    #[default]
    Pairwise,
    Public,
}

/// OpenID Connect Registration section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    #[default]
    Web,
    Native,
}

/// The members have the names of the registration standards; the last four are ours. An absent one is `null`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMetadata {
    pub client_name: String,
    #[serde(default)]
    pub application_type: ApplicationType,
    pub contacts: Option<Vec<String>>,
    /// Shown where the visitor decides: the picture, the portal's own page, its privacy policy and its terms.
    pub logo_uri: Option<String>,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,

    pub redirect_uris: Vec<String>,
    #[serde(default = "code_only")]
    pub response_types: Vec<ResponseType>,
    pub grant_types: Vec<GrantType>,
    /// The scopes that the client may ask for, space separated.
    pub scope: String,
    pub token_endpoint_auth_method: AuthMethod,
    /// The only algorithm of its assertions; without it, any that we take.
    pub token_endpoint_auth_signing_alg: Option<AssertionAlg>,
    /// The client's public keys, an RFC 7517 JWK Set.
    pub jwks: Option<Value>,
    /// Where its public keys are fetched from; never together with `jwks`.
    pub jwks_uri: Option<String>,

    #[serde(default)]
    pub subject_type: SubjectType,
    /// A JSON array of redirect URIs whose host names the sector (OpenID Connect Core section 8.1).
    pub sector_identifier_uri: Option<String>,
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlg,
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// Without it, userinfo is plain JSON.
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// RFC 9701: without it, introspection answers in plain JSON unless a JWT is asked for.
    pub introspection_signed_response_alg: Option<SigningAlg>,

    pub default_max_age: Option<u32>,
    #[serde(default)]
    pub require_auth_time: bool,
    pub default_acr_values: Option<Vec<String>>,
    pub initiate_login_uri: Option<String>,

    /// The only algorithm of its request objects; without it, any that we take.
    pub request_object_signing_alg: Option<SigningAlg>,
    /// With it, its request objects are encrypted so and not otherwise; without it, as it likes or not at all.
    pub request_object_encryption_alg: Option<KeyManagement>,
    pub request_object_encryption_enc: Option<ContentEncryption>,
    /// Where its request objects may be fetched from.
    pub request_uris: Option<Vec<String>>,
    /// RFC 9101 section 10.5.
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// RFC 9126 section 6.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// JARM section 3: the algorithm of `response_mode=jwt`.
    pub authorization_signed_response_alg: Option<SigningAlg>,
    pub authorization_encrypted_response_alg: Option<KeyManagement>,
    pub authorization_encrypted_response_enc: Option<ContentEncryption>,
    /// RFC 9396 section 10: the `type`s of authorization details that it uses.
    pub authorization_details_types: Option<Vec<String>>,

    /// RFC 9449 section 5.2: no token without a DPoP proof.
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// RFC 8705 section 3.4: no token without a client certificate.
    #[serde(default)]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// RFC 8705 section 2.1.2: exactly one of these five for `tls_client_auth`.
    pub tls_client_auth_subject_dn: Option<String>,
    pub tls_client_auth_san_dns: Option<String>,
    pub tls_client_auth_san_uri: Option<String>,
    pub tls_client_auth_san_ip: Option<String>,
    pub tls_client_auth_san_email: Option<String>,

    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    pub frontchannel_logout_uri: Option<String>,
    #[serde(default)]
    pub frontchannel_logout_session_required: bool,

    pub software_id: Option<String>,
    pub software_version: Option<String>,

    /// The host that pairwise subjects are made for; without it, that of `sector_identifier_uri`, or of the first
    /// redirect URI.
    pub sector: Option<String>,
    /// Of releases before `protocol.resources.served_by`: read from what they kept, and refused where it is registered.
    #[serde(default, skip_serializing)]
    pub resource_server: bool,
    /// A portal of the same public authority: visitors are not asked for consent.
    #[serde(default)]
    pub first_party: bool,
    /// It registered itself (RFC 7591): what it names is asked on the public internet only.
    #[serde(default)]
    pub self_registered: bool,
}

/// The members that are ours: an administrator's, never a client's own.
pub const OURS: [&str; 4] = ["sector", "resource_server", "first_party", "self_registered"];

impl ClientMetadata {
    /// RFC 7591 section 2.1: `implicit` stands beside each response type with an ID token, said or not.
    #[must_use]
    pub fn complete(mut self) -> Self {
        let by_browser = self.response_types.iter().any(|one| one.has_id_token());
        if by_browser && !self.grant_types.contains(&GrantType::Implicit) {
            self.grant_types.push(GrantType::Implicit);
        }
        self
    }

    /// Held to FAPI 2.0: whoever wants bound tokens or pushed requests gets its rules for algorithms and assertions, too.
    pub fn is_held_to_fapi(&self) -> bool {
        self.dpop_bound_access_tokens
            || self.tls_client_certificate_bound_access_tokens
            || self.require_pushed_authorization_requests
    }

    /// The members of the registration standards that we know.
    pub fn standard_members() -> Vec<String> {
        let least = json!({
            "client_name": "", "redirect_uris": [], "grant_types": [], "scope": "",
            "token_endpoint_auth_method": "none",
        });
        let written = serde_json::from_value::<Self>(least).and_then(serde_json::to_value);
        let Ok(Value::Object(members)) = written else { return Vec::new() };
        members.into_iter().map(|(name, _)| name).filter(|name| !OURS.contains(&&**name)).collect()
    }
}

fn code_only() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

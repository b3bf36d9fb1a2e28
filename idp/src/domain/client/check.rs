//! What registration refuses, whoever registers (OpenID Connect Registration section 2, RFC 7591 section 2).

mod keys;
mod uris;

use crate::domain::normalize::is_invisible;

use super::{ApplicationType, AuthMethod, ClientMetadata, GrantType, ResponseType, SubjectType};
use crate::domain::signing_alg::AssertionAlg;

/// A member of the metadata that can't be registered, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {why}")]
pub struct Wrong {
    pub member: String,
    pub why: String,
}

impl Wrong {
    pub fn new(member: impl Into<String>, why: impl Into<String>) -> Self {
        Self { member: member.into(), why: why.into() }
    }
}

pub(super) type Checked = Result<(), Wrong>;

fn refuse_if(wrong: bool, member: &str, why: &str) -> Checked {
    if wrong { Err(Wrong::new(member, why)) } else { Ok(()) }
}

const LONGEST_NAME: usize = 100;
const MOST_URIS: usize = 50;

impl ClientMetadata {
    /// # Errors
    /// The first member that is wrong.
    pub fn check(&self) -> Checked {
        let hidden = |char: char| char.is_control() || is_invisible(char);
        let unreadable = |text: &str| text.trim().is_empty() || text.chars().any(hidden);
        let name = &self.client_name;
        let long = name.chars().count() > LONGEST_NAME;
        refuse_if(unreadable(name) || long, "client_name", "must be 1 to 100 characters that can be shown")?;
        let contacts = self.contacts.iter().flatten();
        refuse_if(contacts.clone().any(|one| unreadable(one)), "contacts", "must be texts")?;
        refuse_if(contacts.count() > 20, "contacts", "must be 20 at most")?;
        let scope = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\') || byte == b' ';
        refuse_if(!self.scope.bytes().all(scope), "scope", "must be names with one blank between them")?;
        refuse_if(
            self.resource_server,
            "resource_server",
            "is said by protocol.resources.served_by in the configuration",
        )?;
        self.check_uris()?;
        self.check_flows()?;
        self.check_authentication()?;
        self.check_keys()?;
        self.check_subjects()
    }

    fn check_flows(&self) -> Checked {
        let by_code = self.may(GrantType::AuthorizationCode);
        let named = |wanted: fn(ResponseType) -> bool| self.response_types.iter().any(|one| wanted(*one));
        refuse_if(
            by_code && self.redirect_uris.is_empty(),
            "redirect_uris",
            "authorization_code needs at least one",
        )?;
        refuse_if(
            by_code && !named(ResponseType::has_code),
            "response_types",
            "authorization_code needs a response type with code",
        )?;
        // The default of response_types is code, also for clients that have no use for any.
        refuse_if(
            !by_code && !self.redirect_uris.is_empty() && named(ResponseType::has_code),
            "grant_types",
            "a response type with code needs authorization_code",
        )?;
        refuse_if(
            named(ResponseType::has_id_token) && self.redirect_uris.is_empty(),
            "redirect_uris",
            "a response type with id_token needs at least one",
        )?;
        // RFC 7591 section 2.1. Of the other way round `ClientMetadata::complete` takes care.
        refuse_if(
            self.may(GrantType::Implicit) && !named(ResponseType::has_id_token),
            "grant_types",
            "implicit needs a response type with id_token",
        )?;
        refuse_if(
            self.may(GrantType::ClientCredentials) && self.is_public(),
            "grant_types",
            "client_credentials needs a client that can prove who it is",
        )
    }

    fn check_authentication(&self) -> Checked {
        let method = self.token_endpoint_auth_method;
        let certificate_names = [
            &self.tls_client_auth_subject_dn,
            &self.tls_client_auth_san_dns,
            &self.tls_client_auth_san_uri,
            &self.tls_client_auth_san_ip,
            &self.tls_client_auth_san_email,
        ];
        let named = certificate_names.into_iter().flatten().count();
        let blank = certificate_names.into_iter().flatten().any(|name| name.trim().is_empty());
        refuse_if(
            method.as_str() == "tls_client_auth" && (named != 1 || blank),
            "tls_client_auth_subject_dn",
            "tls_client_auth needs exactly one of the five tls_client_auth members (RFC 8705 section 2.1.2)",
        )?;
        refuse_if(
            method.as_str() != "tls_client_auth" && named > 0,
            "tls_client_auth_subject_dn",
            "is for tls_client_auth only",
        )?;
        let signed_with = self.token_endpoint_auth_signing_alg;
        let fits = match method {
            AuthMethod::PrivateKeyJwt => signed_with != Some(AssertionAlg::HS256),
            AuthMethod::ClientSecretJwt => matches!(signed_with, None | Some(AssertionAlg::HS256)),
            _ => signed_with.is_none(),
        };
        refuse_if(
            !fits,
            "token_endpoint_auth_signing_alg",
            "is HS256 for client_secret_jwt, another for private_key_jwt, and for nothing else",
        )
    }

    /// OpenID Connect Core section 8.1: of several hosts one must be named, or subjects would depend on their order.
    fn check_subjects(&self) -> Checked {
        let mut hosts = self.redirect_uris.iter().filter_map(|uri| uris::host(uri));
        let first = hosts.next();
        let several = hosts.any(|host| Some(host) != first);
        let named = self.sector.is_some() || self.sector_identifier_uri.is_some();
        refuse_if(
            several && !named && self.subject_type == SubjectType::Pairwise,
            "sector_identifier_uri",
            "redirect_uris on several hosts need one (or subject_type public)",
        )
    }

    fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }

    fn is_native(&self) -> bool {
        self.application_type == ApplicationType::Native
    }

    fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;

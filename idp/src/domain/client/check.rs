//! What registration refuses, whoever registers (OpenID Connect Registration section 2, RFC 7591 section 2).

mod keys;
mod uris;

use std::net::IpAddr;

use url::Url;

use crate::domain::normalize::is_hidden;

use super::{ApplicationType, AuthMethod, ClientMetadata, GrantType, ResponseType, SubjectType};
use crate::domain::distinguished_name::DistinguishedName;
use crate::domain::signing_alg::{AssertionAlg, SigningAlg};

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
        let unreadable = |text: &str| text.trim().is_empty() || text.chars().any(is_hidden);
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
        for (member, text) in
            [("software_id", &self.software_id), ("software_version", &self.software_version)]
        {
            let wrong = |text: &String| unreadable(text) || text.chars().count() > LONGEST_NAME;
            let why = "must be 1 to 100 characters that can be shown";
            refuse_if(text.as_ref().is_some_and(wrong), member, why)?;
        }
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
        let alone = [GrantType::ClientCredentials, GrantType::TokenExchange];
        refuse_if(
            self.is_public() && alone.into_iter().any(|grant| self.may(grant)),
            "grant_types",
            "client_credentials and token-exchange need a client that can prove who it is",
        )?;
        let by_browser = named(ResponseType::has_id_token);
        refuse_if(
            self.is_held_to_fapi() && by_browser,
            "response_types",
            "FAPI 2.0 knows code only (the client wants bound tokens or pushed requests)",
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
        self.check_certificate_names()?;
        self.check_fapi_algorithms()?;
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

    /// RFC 8705 section 2.1.2: what no certificate could have is refused.
    fn check_certificate_names(&self) -> Checked {
        let dns = |name: &str| {
            let label = |label: &str| {
                !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            name.len() <= 253 && name.strip_prefix("*.").unwrap_or(name).split('.').all(label)
        };
        let email = |name: &str| {
            let parts = name.split_once('@').filter(|(local, _)| !local.is_empty());
            parts.is_some_and(|(local, host)| local.bytes().all(|byte| byte.is_ascii_graphic()) && dns(host))
        };
        type Fits<'f> = &'f dyn Fn(&str) -> bool;
        let checks: [(&str, &Option<String>, Fits<'_>, &str); 5] = [
            (
                "tls_client_auth_subject_dn",
                &self.tls_client_auth_subject_dn,
                &|name| DistinguishedName::parse(name).is_some(),
                "must be a distinguished name (RFC 4514) without multi-valued parts",
            ),
            ("tls_client_auth_san_dns", &self.tls_client_auth_san_dns, &dns, "must be a host name"),
            (
                "tls_client_auth_san_uri",
                &self.tls_client_auth_san_uri,
                &|name| Url::parse(name).is_ok() && name.bytes().all(|byte| byte.is_ascii_graphic()),
                "must be an absolute URI",
            ),
            (
                "tls_client_auth_san_ip",
                &self.tls_client_auth_san_ip,
                &|name| name.parse::<IpAddr>().is_ok(),
                "must be an IPv4 or IPv6 address",
            ),
            (
                "tls_client_auth_san_email",
                &self.tls_client_auth_san_email,
                &email,
                "must be an e-mail address",
            ),
        ];
        for (member, name, fits, why) in checks {
            refuse_if(name.as_ref().is_some_and(|name| !fits(name)), member, why)?;
        }
        Ok(())
    }

    /// FAPI 2.0 section 5.4.1 leaves RS256 out.
    fn check_fapi_algorithms(&self) -> Checked {
        let by_key = self.token_endpoint_auth_signing_alg.and_then(AssertionAlg::by_key);
        for (member, alg) in [
            ("token_endpoint_auth_signing_alg", by_key),
            ("id_token_signed_response_alg", Some(self.id_token_signed_response_alg)),
            ("userinfo_signed_response_alg", self.userinfo_signed_response_alg),
            ("introspection_signed_response_alg", self.introspection_signed_response_alg),
            ("request_object_signing_alg", self.request_object_signing_alg),
            ("authorization_signed_response_alg", self.authorization_signed_response_alg),
        ] {
            refuse_if(
                self.is_held_to_fapi() && alg == Some(SigningAlg::RS256),
                member,
                "FAPI 2.0 leaves RS256 out (the client wants bound tokens or pushed requests)",
            )?;
        }
        Ok(())
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

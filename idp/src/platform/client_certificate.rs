//! TLS client certificates (RFC 8705): of a connection, or as a trusted proxy passes them; and whose they are.

use std::net::IpAddr;

use anyhow::{Context, ensure};
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::nid::Nid;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{GeneralNameRef, X509, X509PurposeId, X509StoreContext};
use sha2::{Digest, Sha256};

use super::random;
use crate::config::ClientCertificatesConfig;
use crate::domain::distinguished_name::DistinguishedName;

/// What somebody has proved to have the private key of: to our own TLS, or to a proxy that we trust.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    certificate: X509,
    der: Vec<u8>,
    thumbprint: String,
}

/// Left on each request of the listener that asks for certificates; empty if the client had none.
#[derive(Debug, Clone)]
pub struct PeerCertificate(pub Option<ClientCertificate>);

impl ClientCertificate {
    /// # Errors
    /// When it can't be written as DER, which only lack of memory can cause.
    pub fn new(certificate: X509) -> anyhow::Result<Self> {
        let der = certificate.to_der()?;
        let thumbprint = random::base64url(&Sha256::digest(&der));
        Ok(Self { certificate, der, thumbprint })
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// `x5t#S256` (RFC 8705 section 3.1).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether the subject is this distinguished name, written as RFC 4514 says: `CN=hall,O=…`, the most specific part
    /// first. Types by their short names, or as OIDs.
    pub fn has_subject(&self, name: &str) -> bool {
        let Some(DistinguishedName(wanted)) = DistinguishedName::parse(name) else { return false };
        let mut parts = Vec::new();
        for entry in self.certificate.subject_name().entries() {
            let Ok(value) = entry.data().to_string() else { return false };
            let object = entry.object();
            let short = object.nid().short_name().ok().filter(|_| object.nid() != Nid::UNDEF);
            parts.push((short.map_or_else(|| object.to_string(), str::to_owned), value));
        }
        parts.reverse();
        let same = |(one, other): (&(String, String), &(String, String))| {
            one.0.eq_ignore_ascii_case(&other.0) && one.1 == other.1
        };
        !parts.is_empty() && parts.len() == wanted.len() && parts.iter().zip(&wanted).all(same)
    }

    pub fn has_dns_name(&self, name: &str) -> bool {
        self.has_alternative_name(|one| one.dnsname().is_some_and(|one| one.eq_ignore_ascii_case(name)))
    }

    pub fn has_uri(&self, uri: &str) -> bool {
        self.has_alternative_name(|one| one.uri() == Some(uri))
    }

    pub fn has_email(&self, address: &str) -> bool {
        self.has_alternative_name(|one| one.email() == Some(address))
    }

    pub fn has_address(&self, address: &str) -> bool {
        let Ok(address) = address.parse::<IpAddr>() else { return false };
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        self.has_alternative_name(|one| one.ipaddress() == Some(&octets))
    }

    fn has_alternative_name(&self, is: impl Fn(&GeneralNameRef) -> bool) -> bool {
        self.certificate.subject_alt_names().is_some_and(|names| names.iter().any(is))
    }
}

/// From whom certificates are taken, as configured.
pub struct ClientCertificates {
    authorities: Option<X509Store>,
    header: Option<HeaderName>,
    proxies: Vec<IpAddr>,
}

impl ClientCertificates {
    /// # Errors
    /// When the authorities' file can't be read; the message names the key.
    pub fn open(config: &ClientCertificatesConfig) -> anyhow::Result<Self> {
        let authorities = config.authorities.as_deref().map(|path| {
            let pem = std::fs::read(path).with_context(|| {
                format!("client_certificates.authorities: cannot read {}", path.display())
            })?;
            let certificates =
                X509::stack_from_pem(&pem).context("client_certificates.authorities: no PEM")?;
            ensure!(!certificates.is_empty(), "client_certificates.authorities: holds no certificate");
            let mut store = X509StoreBuilder::new()?;
            for certificate in certificates {
                store.add_cert(certificate)?;
            }
            let mut param = X509VerifyParam::new()?;
            // So that an authority of one's own need not bring along who signed it.
            param.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
            param.set_purpose(X509PurposeId::SSL_CLIENT)?;
            store.set_param(&param)?;
            Ok(store.build())
        });
        Ok(Self {
            authorities: authorities.transpose()?,
            header: config.header.as_deref().map(str::parse).transpose()?,
            proxies: config.proxies.clone(),
        })
    }

    /// What a proxy passes of its client's certificate; nobody else is believed.
    pub fn passed_by_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> Option<ClientCertificate> {
        let header = self.header.as_ref()?;
        self.proxies.contains(&peer.to_canonical()).then_some(())?;
        let mut sent = headers.get_all(header).into_iter();
        let value = sent.next()?.to_str().ok()?;
        sent.next().is_none().then(|| ClientCertificate::new(read_header(value)?).ok())?
    }

    /// Whether one of the configured authorities signed it for clients, and it is valid today.
    pub fn is_signed_by_authority(&self, certificate: &ClientCertificate) -> bool {
        let Some(authorities) = &self.authorities else { return false };
        let verify = || -> Result<bool, openssl::error::ErrorStack> {
            let mut context = X509StoreContext::new()?;
            context
                .init(authorities, &certificate.certificate, &*Stack::new()?, |context| context.verify_cert())
        };
        verify().unwrap_or(false)
    }
}

/// `:base64:` (RFC 9440), base64 alone (HAProxy's `ssl_c_der,base64`), or percent-encoded PEM (nginx's
/// `$ssl_client_escaped_cert`).
fn read_header(value: &str) -> Option<X509> {
    let value = value.trim();
    if value.starts_with("-----BEGIN") {
        let encoded = format!("v={}", value.replace('+', "%2B"));
        let pem = url::form_urlencoded::parse(encoded.as_bytes()).next()?.1.into_owned();
        return X509::from_pem(pem.as_bytes()).ok();
    }
    let inside = value.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).unwrap_or(value);
    X509::from_der(&STANDARD.decode(inside).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::bn::BigNum;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::X509NameBuilder;
    use openssl::x509::extension::SubjectAlternativeName;

    use super::*;

    fn certificate() -> ClientCertificate {
        let key = EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap();
        let key = PKey::from_ec_key(key).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("C", "CN").unwrap();
        name.append_entry_by_text("O", "示例, 单位").unwrap();
        name.append_entry_by_text("CN", "hall").unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        let mut names = SubjectAlternativeName::new();
        names.dns("Hall.example").uri("urn:hall").email("hall@example.cn").ip("192.0.2.7");
        let names = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        ClientCertificate::new(builder.build()).unwrap()
    }

    #[test]
    fn a_name_is_compared_whole() {
        let certificate = certificate();
        assert!(certificate.has_subject("CN=hall,O=示例\\, 单位,C=CN"));
        assert!(certificate.has_subject("cn=hall,o=示例\\2C 单位,c=CN"));
        for other in [
            "CN=hall",
            "C=CN,O=示例\\, 单位,CN=hall",
            "CN=Hall,O=示例\\, 单位,C=CN",
            "CN=hall,O=示例, 单位,C=CN",
            "CN=hall,O=示例\\, 单位,C=CN,L=",
            "",
            "CN",
            "CN=hall\\",
        ] {
            assert!(!certificate.has_subject(other), "{other}");
        }
        assert!(certificate.has_dns_name("hall.example") && !certificate.has_dns_name("example"));
        assert!(certificate.has_uri("urn:hall") && !certificate.has_uri("urn:HALL"));
        assert!(certificate.has_email("hall@example.cn") && !certificate.has_email("hall"));
        assert!(certificate.has_address("192.0.2.7") && !certificate.has_address("192.0.2.8"));
        assert!(!certificate.has_address("hall"));
    }

    #[test]
    fn only_trusted_proxies_pass_certificates() {
        let config = ClientCertificatesConfig {
            header: Some("client-cert".to_owned()),
            proxies: vec!["192.0.2.1".parse().unwrap()],
            ..ClientCertificatesConfig::default()
        };
        let trusted = ClientCertificates::open(&config).unwrap();
        let certificate = certificate();
        let base64 = STANDARD.encode(certificate.der());
        let pem = String::from_utf8(certificate.certificate.to_pem().unwrap()).unwrap();
        let escaped: String = url::form_urlencoded::byte_serialize(pem.as_bytes()).collect();
        let nginx = escaped.replace("-----BEGIN+CERTIFICATE", "-----BEGIN%20CERTIFICATE").replace('+', "%20");
        let passed = |peer: &str, value: &str| {
            let headers = HeaderMap::from_iter([("client-cert".parse().unwrap(), value.parse().unwrap())]);
            trusted.passed_by_proxy(peer.parse().unwrap(), &headers).map(|one| one.thumbprint)
        };
        for value in [&format!(":{base64}:"), &base64, &nginx] {
            assert_eq!(passed("192.0.2.1", value).as_ref(), Some(&certificate.thumbprint), "{value}");
            assert_eq!(passed("::ffff:192.0.2.1", value).as_ref(), Some(&certificate.thumbprint));
            assert_eq!(passed("192.0.2.2", value), None);
        }
        for value in ["", ":AAAA:", "-----BEGIN", "%"] {
            assert_eq!(passed("192.0.2.1", value), None, "{value}");
        }
        assert!(!trusted.is_signed_by_authority(&certificate), "no authority is configured");
    }
}

//! Mutual TLS (RFC 8705 section 2): the client's certificate proves who it is.

use crate::app::App;
use crate::domain::client::{AuthMethod, Client, ClientMetadata};
use crate::platform::client_certificate::ClientCertificate;

/// Whether this certificate is the client's.
pub async fn proves(app: &App, client: &Client, certificate: &ClientCertificate) -> bool {
    match client.metadata.token_endpoint_auth_method {
        AuthMethod::TlsClientAuth => {
            names(&client.metadata, certificate)
                && app.client_certificates.is_signed_by_authority(certificate)
        }
        // Section 2.2.2: one of its keys comes with exactly this certificate.
        AuthMethod::SelfSignedTlsClientAuth => app.has_certificate(client, certificate.der()).await,
        _ => false,
    }
}

/// Section 2.1.2: the one name that is registered is the certificate's.
fn names(metadata: &ClientMetadata, certificate: &ClientCertificate) -> bool {
    let wanted = [
        metadata.tls_client_auth_subject_dn.as_deref().map(|name| certificate.has_subject(name)),
        metadata.tls_client_auth_san_dns.as_deref().map(|name| certificate.has_dns_name(name)),
        metadata.tls_client_auth_san_uri.as_deref().map(|name| certificate.has_uri(name)),
        metadata.tls_client_auth_san_ip.as_deref().map(|name| certificate.has_address(name)),
        metadata.tls_client_auth_san_email.as_deref().map(|name| certificate.has_email(name)),
    ];
    let registered: Vec<bool> = wanted.into_iter().flatten().collect();
    matches!(registered[..], [true])
}
